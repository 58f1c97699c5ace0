#!/bin/sh
# A device as a process (attod) over the network: libcoap's client sends what the `atto` command has signed and gets
# what there is to read, which python3-cbor2 decodes. Every resource, installs in every block size, observers,
# refusals, a device whose power fails in the middle.
#
# usage: tests/manage.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=manage
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
attod=$root/build/linux-gcc/attod
need "$atto" "$attod"
python=/usr/bin/python3
libcoap=coap-client-notls
if ! $python -c 'import cbor2' 2>/dev/null || ! command -v $libcoap >/dev/null; then
    echo "skip manage: no $libcoap or no python3-cbor2; scripts/setup cli installs them"
    exit 0
fi
for_board="--vendor example.com --class attod"

touch device
# boot [OPTION...]: starts the device; $uri is where. What it says is in the file device.
boot() {
    : >device
    "$attod" --owner owner.cose --port "${port:-0}" --flash flash --name one --trial 300 "$@" >device 2>&1 &
    pid=$!
    tries=0
    until grep -q coap:// device || [ $tries -ge 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    uri=$(sed -n 's/.*\(coap:[^,]*\),.*/\1/p' device)
}

# halt NAME: it ends well.
halt() {
    kill -TERM "$pid"
    wait "$pid"
    ended=$?
    cp device out
    if [ $ended -eq 0 ] && tail -n 1 device | grep -q '^ends$'; then
        ok "$1"
    else
        not_ok "$1" "exit status $ended"
    fi
}

# client ARGUMENT...: libcoap's client. get PATH: into the file got.
client() {
    run $libcoap -B 5 "$@"
}
get() {
    rm -f got
    client -o got -m get "$uri/$1"
}

# see NAME EXPRESSION: of the decoded v from the file got.
see() {
    if $python -c 'import cbor2, sys
v = cbor2.loads(open("got", "rb").read())
print(v)
sys.exit(0 if eval(sys.argv[1]) else 1)' "$2" >out 2>&1; then
        ok "$1"
    else
        not_ok "$1" "not so: $2"
    fi
}

# The command signs for this device; counters go on from 1.
counter=0
sign() {
    counter=$((counter + 1))
    "$atto" command "$@" --device "$device" --counter $counter -o signed || echo "sign: $*"
}
# send PATH METHOD: what was signed.
send() {
    rm -f got
    client -o got -m "${2:-post}" -t 18 -f signed "$uri/$1"
}

for name in owner acme other; do
    "$atto" keygen --cose -o $name
done

# --- usage

run "$attod" --help
expect help 0 "usage: attod" "--owner"
run "$attod"
expect no_owner 2 "--owner has to be there"
run "$attod" --owner owner --flash flash
expect owner_is_no_key 2 "atto keygen --cose"
run "$attod" --owner owner.cose --flash /none/flash --port 0
expect no_flash 1 "cannot be used as flash"
run "$attod" --owner owner.cose --port x
expect no_port 2 "not a port"
booted=$(date +%s)
boot
run "$attod" --owner owner.cose --flash flash --port 0
expect flash_is_taken 1 "another device has it"

# --- what there is to read

client -m get "$uri/.well-known/core"
expect links 0 '</containers>;rt="atto.containers";obs' '</audit>;rt="atto.audit"'
get device
see device 'len(v) == 12 and v[4] == "one" and v[9] == [32768, 15, 15] and v[12]'
see endpoints 'v[11][0] == "log" and v[11][-1] == "coap"'
see device_counts_from_its_start "v[6] <= $(($(date +%s) - booted + 1))"
device=$($python -c 'import cbor2, uuid; print(uuid.UUID(bytes=cbor2.loads(open("got", "rb").read())[1]))')
require device_is_made_of_names test "$device" = "$($python -c 'import uuid
vendor = uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")
print(uuid.uuid5(uuid.uuid5(vendor, "attod"), "one"))')"
get containers
see no_containers 'v == []'

# --- a tenant, and installs in every block size

cat >ceiling.json <<'JSON'
{ "rights": [ { "endpoint": "coap", "operations": ["read"] }, { "endpoint": "log", "operations": ["write"] },
              { "endpoint": "clock", "operations": ["read"] }, { "endpoint": "temperature", "operations": ["read"] } ] }
JSON
counter=$((counter + 1))
"$atto" tenant add acme --id 1 --tenant-key acme.pub --ram 20000 --rights ceiling.json --key owner --device "$device" \
    --counter $counter -o signed
send command
expect enrol 0
get tenants
see tenants 'len(v) == 2 and v[1][1] == "acme" and v[1][5] == 20000 and v[0][4] == 1'

"$atto" build "$root/examples/setpoint.c" -o setpoint.atto >out 2>&1
"$atto" build "$root/examples/heater.c" -o heater.atto >out 2>&1
sequence=0
for block in 16 32 64 128 256 512 1024; do
    sequence=$((sequence + 1))
    # shellcheck disable=SC2086 # words
    "$atto" pack setpoint.atto $for_board --tenant acme --sequence $sequence --key acme -o acme.suit
    rm -f got
    client -o got -b $block -m post -f acme.suit "$uri/install"
    see install_in_blocks_of_$block "v == {0: 'acme', 1: 'setpoint', 2: $sequence, 3: 2}"
done
client -m post -f acme.suit "$uri/install"
expect install_replayed 0 "4.09" "-105"
for key in other owner; do
    # shellcheck disable=SC2086 # words
    "$atto" pack setpoint.atto $for_board --tenant acme --sequence 100 --key $key -o bad.suit
    client -m post -f bad.suit "$uri/install"
    expect install_signed_by_$key 0 "4.01"
done
"$atto" pack setpoint.atto --vendor example.com --class board-1 --tenant acme --sequence 100 --key acme -o bad.suit
client -m post -f bad.suit "$uri/install"
expect install_of_another_class 0 "4.03" "-113"
# shellcheck disable=SC2086 # words
"$atto" pack setpoint.atto $for_board --tenant acme --sequence 100 -o bad.suit
client -m post -f bad.suit "$uri/install"
expect install_unsigned 0 "4.01" "-103"
head -c 300 /dev/urandom >bad.suit
client -m post -f bad.suit "$uri/install"
expect install_nonsense 0 "4.00"
# shellcheck disable=SC2086 # words
"$atto" pack heater.atto $for_board --sequence 1 --key owner -o own.suit
client -b 256 -m post -f own.suit "$uri/install"
expect install_of_owner 0

sleep 0.5 # until it is healthy: what changes between two blocks cannot be put together
get containers
see containers 'len(v) == 2 and {(r[0], r[1], r[2]) for r in v} == {("acme", "setpoint", 2), ("", "heater", 2)}'
for block in 16 64 1024; do
    rm -f got
    client -o got -b $block -m get "$uri/containers/acme/setpoint"
    see container_in_blocks_of_$block "len(v) == 25 and v[4] == $sequence and v[18] == 1"
done
get containers/acme/setpoint/rights
see rights 'v == {8: [[12, 1, 0, 65535, 0, 0, 0, 0]]}'
get containers/acme/setpoint/schedule
see schedule 'v == {7: {1: 8}}'
get containers/acme/setpoint/limits
see limits 'len(v) == 3 and v[0] > 100 and v[1] == 1000000 and v[2] == 1024'
get containers/acme/setpoint/counters
see counters "v[0][-2] == 'urn:dev:uuid:$device:acme:setpoint:' and len(v) == 9"
see counter_of_time "v[1][0] == 'time' and v[1][1] == 's' and v[1][2] == 0"
get containers/acme/setpoint/log
see log_of_one 'v == {0: 0, 1: []}'
client -m get "$uri/containers/acme/setpoint/postmortem"
expect no_postmortem 0 "4.04"
get trace?from=0
see trace 'len(v[1]) > 2 and all(len(r) == 5 for r in v[1])'
get log?from=0
see log 'set(v) == {0, 1}'
get audit
see audit 'v[0][0][1] == 4 and any(r[5] == -105 for r in v[0]) and len(v[1]) >= 2'
get inventory
digest=$(sha256sum setpoint.atto | cut -d ' ' -f 1)
see inventory "any(r[:3] == ['acme', 'setpoint', $sequence] and r[3].hex() == '$digest' for r in v)"

# --- commands

sign pause --key acme --signer acme --component setpoint
send command
expect pause 0
get containers/acme/setpoint
see paused 'v[2] == 3'
send command
expect replayed 0 "4.09" "-105"
sign resume --key other --signer acme --component setpoint
send command
expect signed_by_another_key 0 "4.01"
sign resume --key acme --signer acme --component setpoint --expires 1000
send command
expect expired 0 "4.03" "-106"
sign stop --key owner --component heater
$python -c 'b = bytearray(open("signed", "rb").read()); b[-1] ^= 1; open("signed", "wb").write(b)'
send command
expect changed_on_the_way 0 "4.01" "-103"
client -m post -t 18 -e nonsense "$uri/command"
expect no_command 0 "4.00"
client -m post "$uri/command"
expect nothing 0 "4.00"
sign resume --key owner --tenant acme --component setpoint
send command
expect resumed_by_owner 0
# All of these are in the audit trail, with the signer if it is known.
get audit
see audit_of_refusals '{-102, -103, -105, -106, -113} <= {r[5] for r in v[0] if r[1] == 4}'
echo '{ "rights": [] }' >none.json
sign set-rights --key acme --signer acme --component setpoint --json none.json
send containers/acme/setpoint/schedule ipatch
expect rights_are_no_schedule 0 "4.22"
send containers/acme/other/rights ipatch
expect rights_of_another_one 0 "4.22"
send containers/acme/setpoint/rights ipatch
expect set_rights 0
client -m get "$uri/app/acme/setpoint"
expect app_without_right 0 "4.04"
echo '{ "rights": [ { "endpoint": "coap", "operations": ["read"] } ] }' >coap.json
sign set-rights --key acme --signer acme --component setpoint --json coap.json
send containers/acme/setpoint/rights ipatch
expect set_rights_again 0
client -m get "$uri/app/acme/setpoint"
expect app 0 5
client -m put -e 8 "$uri/app/acme/setpoint"
expect app_put 0
client -m get "$uri/app/acme/setpoint"
expect app_has_changed 0 8
client -m put -e x "$uri/app/acme/setpoint"
expect app_refuses 0 "4.00"
client -m delete "$uri/app/acme/setpoint"
expect app_refuses_method 0 "4.05"
$python -c 'import cbor2; open("data", "wb").write(cbor2.dumps(["half", (3).to_bytes(8, "little")]))'
sign call --key acme --signer acme --component setpoint --data data
send containers/acme/setpoint/call
see call 'v == [0, 8, (12).to_bytes(8, "little")]'

# --- observers

$libcoap -B 20 -s 4 -o observed -m get "$uri/containers/acme/setpoint" >out 2>&1 &
observer=$!
sleep 0.5
for operation in pause resume; do
    sign $operation --key acme --signer acme --component setpoint
    send command
    sleep 1.2
done
wait $observer
if $python -c 'import cbor2, sys
file = open("observed", "rb")
states = []
while file.peek(1):
    states.append(cbor2.load(file)[2])
print(states)
sys.exit(0 if states == [2, 3, 2] else 1)' >out 2>&1; then
    ok observe
else
    not_ok observe "not running, paused, running"
fi

# --- every resource in every block size: as in one block

# One with a log, an answer of its own and a fault that take several blocks of each small size.
cat >wide.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t start(void)
{
    for (int i = 0; i < 3; i++)
        atto_log("a line that is not short", 24);
    return 0;
}
ATTO_ENTRY int64_t coap(struct atto_resource *resource)
{
    for (int i = 0; i < 88; i++)
        resource->bytes[i] = 'a' + i % 26;
    resource->len = 88;
    resource->format = ATTO_RESOURCE_TEXT;
    return ATTO_RESOURCE_CONTENT;
}
ATTO_ENTRY int64_t say(void)
{
    return atto_log("said", 4);
}
ATTO_ENTRY int64_t fault(const int32_t *context)
{
    return context[100000];
}
C
cat >wide.json <<'JSON'
{ "name": "wide", "entries": ["start", "coap", "say", "fault"], "schedule": { "period_us": 60000000 },
  "rights": [ { "endpoint": "coap", "operations": ["read"] }, { "endpoint": "log", "operations": ["write"] } ] }
JSON
"$atto" build wide.c -o wide.atto >out 2>&1
# shellcheck disable=SC2086 # words
"$atto" pack wide.atto $for_board --tenant acme --sequence 1 --key acme -o wide.suit
client -o got -m post -f wide.suit "$uri/install"
see install_of_wide "v[1] == 'wide' and v[2] == 1 and v[3] in (1, 2)" # it starts, or has started
sleep 0.5 # until it is healthy
get app/acme/wide
require answers_of_its_own test "$(cut -c 80- got)" = bcdefghij

# What goes on is paused: it must not change between two blocks.
for who in "--key owner --component heater" "--key acme --signer acme --component setpoint" \
    "--key acme --signer acme --component wide"; do
    # shellcheck disable=SC2086 # words
    sign pause $who
    send command
done
for path in .well-known/core tenants inventory audit log?from=0 trace?from=0 containers containers/acme/setpoint \
    containers/acme/setpoint/rights containers/acme/setpoint/schedule containers/acme/setpoint/limits \
    containers/acme/setpoint/counters containers/acme/wide/log containers/acme/wide/log?from=1; do
    get "$path"
    mv got whole
    for block in 16 32 64 128 256 512 1024; do
        rm -f got
        client -o got -b $block -m get "$uri/$path"
        cmp -s whole got || break
    done
    cp got out
    require "blocks_of_$(echo "$path" | tr -d . | tr '/?=' ___)" sh -c 'test -s whole && cmp whole got'
done
for who in "--key owner --component heater" "--key acme --signer acme --component setpoint" \
    "--key acme --signer acme --component wide"; do
    # shellcheck disable=SC2086 # words
    sign resume $who
    send command
done
# Its clock goes on, so that it may change between two blocks, but seldom twice.
for block in 16 32 64 128 256 512 1024; do
    for _ in 1 2 3; do
        rm -f got
        client -o got -b $block -m get "$uri/device"
        [ ! -s got ] || break
    done
    see device_in_blocks_of_$block 'len(v) == 12 and v[4] == "one" and v[11][-1] == "coap"'
    rm -f got
    client -o got -b $block -m get "$uri/app/acme/wide"
    require app_in_blocks_of_$block test "$(wc -c <got) $(cut -c 80- got)" = "88 bcdefghij"
done

# --- every request that changes something in every block size

# send_blocks PATH METHOD BLOCK: what was signed, in blocks.
send_blocks() {
    rm -f got
    client -v 7 -o got -b "$3" -m "$2" -t 18 -f signed "$uri/$1"
    [ "$3" -gt 64 ] || grep -q "Block1:1/" out || unblocked="${unblocked:-} $1:$3"
}
$python -c 'import cbor2; open("data", "wb").write(cbor2.dumps(["half", (3).to_bytes(8, "little")]))'
for block in 16 32 64 128 256 512 1024; do
    sign pause --key acme --signer acme --component setpoint
    send_blocks command post $block
    get containers/acme/setpoint
    see command_in_blocks_of_$block 'v[2] == 3'
    sign resume --key acme --signer acme --component setpoint
    send_blocks command post $block
    sed "s/\\[\"read\"\\]/&, \"rate\": { \"calls\": $((2000 + block)), \"period\": \"1s\" }/" coap.json >rate.json
    sign set-rights --key acme --signer acme --component setpoint --json rate.json
    send_blocks containers/acme/setpoint/rights ipatch $block
    get containers/acme/setpoint/rights
    see rights_in_blocks_of_$block "$((2000 + block)) in v[8][0]"
    echo "{ \"schedule\": { \"period_us\": $((10000000 + block)) } }" >period.json
    sign set-schedule --key acme --signer acme --component setpoint --json period.json
    send_blocks containers/acme/setpoint/schedule ipatch $block
    get containers/acme/setpoint/schedule
    see schedule_in_blocks_of_$block "v[7][2] == $((10000000 + block))"
    echo "{ \"schedule\": { \"period_us\": $((20000000 + block)) } }" >period.json
    sign set-schedule --key acme --signer acme --component setpoint --json period.json
    send_blocks containers/acme/setpoint/limits ipatch $block
    get containers/acme/setpoint/schedule
    see limits_in_blocks_of_$block "v[7][2] == $((20000000 + block))"
    sign call --key acme --signer acme --component setpoint --data data
    send_blocks containers/acme/setpoint/call post $block
    see call_in_blocks_of_$block 'v == [0, 8, (12).to_bytes(8, "little")]'
done

require small_blocks_are_blocks test -z "${unblocked:-}"

# --- everything that can be observed

for path in containers log trace containers/acme/setpoint containers/acme/wide/log; do
    $libcoap -v 7 -B 20 -s 4 -m get "$uri/$path" >"observed_$(echo $path | tr / _)" 2>&1 &
    observers="${observers:-} $!"
done
sleep 0.5
$python -c 'import cbor2; open("data", "wb").write(cbor2.dumps(["say", b""]))'
for operation in pause resume; do
    sign $operation --key acme --signer acme --component setpoint
    send command
    sign call --key acme --signer acme --component wide --data data
    send containers/acme/wide/call
    sleep 1.2
done
# shellcheck disable=SC2086 # numbers
wait $observers
for path in containers log trace containers_acme_setpoint containers_acme_wide_log; do
    cp "observed_$path" out
    require "observes_$path" test "$(grep -c 'c:2.05.*Observe:' out)" -ge 3
done

# --- a post-mortem

$python -c 'import cbor2; open("data", "wb").write(cbor2.dumps(["fault", bytes(4)]))'
sign call --key acme --signer acme --component wide --data data
send containers/acme/wide/call
see call_that_faults 'v[0] < 0'
get containers/acme/wide/postmortem
mv got whole
for block in 16 32 64 128 256 512 1024; do
    rm -f got
    client -o got -b $block -m get "$uri/containers/acme/wide/postmortem"
    cmp -s whole got || break
done
see blocks_of_a_postmortem 'len(v[5]) == 11'
require blocks_of_a_postmortem_are_whole sh -c 'test -s whole && cmp whole got'
sign remove --key acme --signer acme --component wide
send command

# --- an image that is elsewhere

if command -v coap-server-notls >/dev/null; then
    coap-server-notls -A 127.0.0.1 -p 57683 -d 10 >server 2>&1 &
    server=$!
    sleep 0.3
    client -m put -f heater.atto coap://127.0.0.1:57683/image
    # shellcheck disable=SC2086 # words
    "$atto" pack heater.atto $for_board --sequence 2 --key owner --uri coap://127.0.0.1:57683/image -o uri.suit
    rm -f got
    client -o got -m post -f uri.suit "$uri/install"
    see install_by_uri 'v == {2: 2, 3: 2}'
    # shellcheck disable=SC2086 # words
    "$atto" pack heater.atto $for_board --sequence 3 --key owner --uri coap://127.0.0.1:57683/none -o uri.suit
    client -m post -f uri.suit "$uri/install"
    expect install_by_uri_of_nothing 0 "4.04"
    kill $server
else
    echo "skip manage_install_by_uri: no coap-server-notls"
fi
# --- one that runs now and then

echo '{ "schedule": { "period_us": 50000 } }' >period.json
sign set-schedule --key owner --component heater --json period.json
send containers/-/heater/schedule ipatch
expect set_schedule 0
get containers/-/heater/schedule
see schedule_has_changed 'v == {7: {1: 8, 2: 50000}}'

sleep 0.5
halt ends

# --- after a reset

boot
get containers
see reset_keeps_containers 'len(v) == 2 and all(r[2] == 2 for r in v)'
get tenants
see reset_keeps_counters "v[1][4] > 5 and v[0][4] > 5"
sleep 0.3
require tells_first_instruction grep -q "first instruction of a container after [0-9]* us" device
kill -9 "$pid"
wait "$pid" 2>/dev/null
round=0
fine=yes
sequence=10
while [ $round -lt 12 ]; do
    round=$((round + 1))
    boot
    get containers/acme/setpoint
    $python -c 'import cbor2, sys
v = cbor2.loads(open("got", "rb").read())
sys.exit(0 if v[2] == 2 and v[4] >= 7 else 1)' || fine=$round
    sequence=$((sequence + 1))
    # shellcheck disable=SC2086 # words
    "$atto" pack setpoint.atto $for_board --tenant acme --sequence $sequence --key acme -o acme.suit
    $libcoap -B 1 -b 16 -m post -f acme.suit "$uri/install" >/dev/null 2>&1 &
    sender=$!
    sleep 0.0$((round % 10))
    kill -9 "$pid"
    wait "$pid" 2>/dev/null
    kill $sender 2>/dev/null
    wait $sender 2>/dev/null
done
cp device out
require survives_kill_9 test $fine = yes

# --- where reading is not open

boot --keyed
for path in device containers containers/acme/setpoint log; do
    client -m get "$uri/$path"
    expect "keyed_get_$(echo $path | tr / _)" 0 "4.01"
done
client -m get "$uri/.well-known/core"
expect keyed_links 0 "</device>"
sign read --key owner --resource containers
send containers fetch
see keyed_owner 'len(v) == 2'
send containers/acme/setpoint/rights fetch
see keyed_owner_below '8 in v'
send device fetch
expect keyed_for_another_path 0 "4.22"
sign read --key acme --signer acme --resource containers
send containers fetch
see keyed_tenant '[r[0] for r in v] == ["acme"]'
send containers/-/heater fetch
expect keyed_tenant_sees_its_own 0 "4.04"
sign read --key acme --signer acme --resource audit
send audit fetch
expect keyed_tenant_sees_no_audit 0 "4.03"
sign read --key other --signer acme --resource containers
send containers fetch
expect keyed_another_key 0 "4.01"
client -m get "$uri/app/acme/setpoint"
expect keyed_app 0 5

# --- removed

sign remove --key acme --signer acme --component setpoint
send command
expect remove 0
sign read --key owner --resource containers
send containers fetch
see removed 'len(v) == 1'
halt ends_again

# --- IPv6

if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then
    boot --address ::1
    require ipv6_uri test "${uri%:*}" = "coap://[::1]"
    get device
    see ipv6 'v[4] == "one"'
    halt ends_with_ipv6
else
    echo "skip manage_ipv6: this machine has no IPv6"
fi
exit $((failures != 0))
