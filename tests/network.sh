#!/bin/sh
# Tests of the command over the network: every command against a whole device (attod), with its exit status, as text and
# as JSON; what is refused, what nobody answers; and all that changes something through a gateway that loses, doubles,
# delays and reorders datagrams, where each must end in done or in a clear error, its effect exactly once.
#
# usage: tests/network.sh       ATTO, ATTOD, GATEWAY: what to test; default: of build/linux-gcc
#                               ATTO_SEED, ATTO_ROUNDS: of the gateway's part, 6 rounds unless set, in the quick check 2
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=network
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
attod=${ATTOD:-$root/build/linux-gcc/attod}
gateway=${GATEWAY:-$root/build/linux-gcc/tests/gateway}
need "$atto" "$attod" "$gateway"
processes=
trap 'kill $processes 2>/dev/null; rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"
device=01234567-89ab-cdef-0123-456789abcdef

# boot NAME [OPTION...]: a device with its own flash; $port is where it listens, $pid its process.
boot() {
    name=$1
    shift
    "$attod" --owner owner.cose --flash "$name.flash" --device $device --vendor example.com --class attod --port 0 \
        "$@" >"$name.out" 2>&1 </dev/null &
    pid=$!
    processes="$processes $pid"
    port=
    tries=0
    while [ -z "$port" ] && [ $tries -lt 100 ]; do
        sleep 0.05
        port=$(sed -n 's/.*coap:\/\/[^,]*:\([0-9]*\),.*/\1/p' "$name.out" | head -n 1)
        tries=$((tries + 1))
    done
}

# Runs a command that is to be tested: with a device that answers at once, so that nothing is waited for.
a() {
    run "$atto" "$@"
}

# field NAME: the value of a member of the JSON object in the file out.
field() {
    sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" out | head -n 1
}

# shellcheck disable=SC2317 # require calls it
# is_json: the file out holds JSON, one value or one a line.
is_json() {
    /usr/bin/python3 -c 'import json, sys
text = open("out").read()
try:
    json.loads(text)
except ValueError:
    [json.loads(line) for line in text.splitlines()]'
}

for name in owner acme other; do
    "$atto" keygen --cose -o $name
done
cat >beacon.c <<'C'
#include <atto.h>
static int64_t count;
ATTO_ENTRY int64_t loop(void)
{
    atto_log("beacon", 6);
    return 0;
}
ATTO_ENTRY int64_t bump(void)
{
    return ++count;
}
ATTO_ENTRY int64_t add(int32_t *context, uint64_t bytes)
{
    if (bytes >= 8)
        context[0] += context[1];
    return 7;
}
ATTO_ENTRY int64_t fault(const int32_t *context)
{
    return context[100000];
}
C
cat >beacon.json <<'JSON'
{ "name": "beacon", "entries": ["loop", "bump", "add", "fault"],
  "rights": [ { "endpoint": "log", "operations": ["write"] } ], "schedule": { "period_us": 20000 } }
JSON
sed 's/return 7/return 8/' beacon.c >other.c
cp beacon.json other.json
cat >broken.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t loop(void)
{
    return ((int64_t(*)(void))200)();
}
C
cat >large.c <<'C'
#include <atto.h>
static int64_t memory[4000];
ATTO_ENTRY int64_t loop(const int32_t *context)
{
    return memory[*context % 4000]++;
}
C
echo '{ "calls": [200], "name": "broken" }' >broken.json
echo '{ "rights": [ { "endpoint": "temperature", "operations": ["read"], "rate": { "calls": 3, "period": "1s" } } ] }' \
    >rights.json
echo '{ "schedule": { "period_us": 100000, "priority": 3 } }' >schedule.json
echo '{ "schedule": { "period_us": 100000, "priority": 1 } }' >urgent.json
for program in beacon other broken; do
    run "$atto" build $program.c -o $program.atto
    expect build_$program 0
done

boot plain --trial 300
plain=coap://127.0.0.1:$port
plain_pid=$pid

# --- contexts

a ps
expect no_context 4 "which device?"
a context add lab --uri "$plain" --key owner --device $device
expect context_add 0
a context add acme --uri "$plain" --key acme --signer acme
a context ls
expect context_ls 0 "* lab" "acme"
a context ls --json
expect context_ls_as_json 0 '"current": "lab"' '"signer": "acme"'
require context_is_private test "$(stat -c %a config/atto)" = 700
a context add bad --uri http://127.0.0.1
expect context_uri 2 "coap://HOST"
a context use nobody
expect context_unknown 4 "no context 'nobody'"
a context dance
expect context_word 2 "no 'atto context dance'"
a ps --to nobody
expect to_unknown 4 "no context 'nobody'"
a context add gone --uri "$plain"
a context rm gone
expect context_rm 0
a ps --to gone
expect context_is_gone 4 "no context 'gone'"
echo '{ "contexts": { "x": { "uri": "coap://h", "colour": 1 } } }' >bad.json
a ps --config bad.json --to x
expect context_file_is_judged 4 "bad.json:1:" "unknown key 'colour'"

# --- reading an empty device

a device info
expect device_info 0 "device             $device" "reading_open       yes" "slots.free"
a device info --json
expect device_info_as_json 0 "\"device\": \"$device\"" '"endpoints"'
require device_info_is_json is_json
a device info --to "$plain"
expect to_uri 0 $device
a context add wrong --uri "$plain" --device 11234567-89ab-cdef-0123-456789abcdef --key owner
a start x --to wrong
expect another_device 1 "this is device $device"
a device
expect device_word 2 "'atto device info'"
a ps
expect ps_empty 0 CONTAINER
a ps --json
expect ps_empty_as_json 0 "[]"

# --- tenants

a tenant add acme --id 1 --tenant-key acme.pub --dry-run
expect tenant_add_dry_run 0 "would POST" "(set-tenant)"
a tenant revoke acme --dry-run
expect tenant_revoke_dry_run_of_nobody 1 "the device has no tenant 'acme'"
a tenant add acme --id 1 --tenant-key acme.pub --ram 16384 --priority 2 --rights beacon.json
expect tenant_add 0 "set-tenant acme: done"
a tenant add acme --id 1 --tenant-key acme.pub --ram 16384 --rights beacon.json --to "$plain" --key other
expect tenant_add_other_key 1 "refused (4.01)" "the device has key " " for its owner, and other is key "
a tenant add acme --id 1 --tenant-key acme.pub --to acme
expect tenant_add_by_tenant 1 "a device would refuse this"
a tenant list
expect tenant_list 0 acme EdDSA 16384
a tenant list --json
expect tenant_list_as_json 0 '"name": "acme"' '"ram_bytes": 16384'
a tenant add acme --id 2 --tenant-key acme.pub
expect tenant_keeps_its_id 1 "refused (4.00)" "the device has tenant 'acme' with id 1"
a tenant add acne --id 1 --tenant-key acme.pub
expect tenant_keeps_its_name 1 "refused (4.00)" "the device has a tenant of another name with id 1"
a tenant revoke nobody
expect tenant_revoke_nobody 1 "refused (4.04)" "the device has no tenant 'nobody'"
a tenant add acme --id 1 --tenant-key missing
expect tenant_key_missing 4 missing
a tenant add acme --id 1 --tenant-key acme.pub -o x --to lab
expect tenant_two_ways 2 "do not go together"

# --- installing

a push beacon.atto --dry-run
expect push_dry_run 0 "would POST" "sequence number 1" "directive fetch"
a push beacon.atto --dry-run --json
expect push_dry_run_as_json 0 '"dry_run": true' '"accepted_here": true'
a ps --json
expect dry_run_does_nothing 0 "[]"
a push beacon.atto
expect push 0 "beacon, sequence 1: installed, running"
a push beacon.atto --to acme --json
expect push_of_tenant_as_json 0 '"done": true' '"tenant": "acme"' '"sequence": 1' '"state": "running"'
a push beacon.c --component again -q
expect push_source_by_another_name 0
require push_quiet test ! -s out
a push beacon.atto --component acme/stolen --to "$plain" --key other
expect push_other_key 1 "refused (4.01)" "the device has key "
a push beacon.atto --signer nobody
expect push_unknown_tenant 1 "refused (4.01)" "the device has no tenant 'nobody'"
"$atto" pack beacon.atto --vendor example.com --class attod --sequence 9 --key owner -o short.suit
dd if=short.suit of=cut.suit bs=1 count=$(($(wc -c <short.suit) - 1)) 2>dd.err
a push cut.suit
expect push_short_file 4 "cut.suit: the file ends too early: at least 1 byte is missing"
a push broken.atto
expect push_refused_with_line 1 "refused (4.22)" "host call" "broken.c:4: "
a push broken.atto --json
expect push_refused_as_json 1 '"done": false' '"status": "ATTO_E_CALL' '"line": 4'
a push large.c --to acme
expect push_not_admitted 1 "refused (4.22)" "its ceiling of RAM is too low by"
sed 's/"endpoint": "log"/"endpoint": "nowhere"/' beacon.json >nowhere.json
cp beacon.c nowhere.c
a push nowhere.c --component nowhere
expect push_right_to_nothing 1 "refused (4.04)" \
    "nowhere.json:$(grep -n nowhere nowhere.json | cut -d: -f1):" "is to 'nowhere', which the device does not have"
a push large.c --to acme --json
expect push_not_admitted_as_json 1 '"status": "ATTO_E_ADMISSION"' '"missing": '

sed 's/"endpoint": "nowhere"/"endpoint": "pins"/' nowhere.json >above.json
cp beacon.c above.c
a push above.c --to acme --component above
expect push_above_the_ceiling 0 "acme/above, sequence 1: installed" \
    "above.json:$(grep -n pins above.json | cut -d: -f1):" "to 'pins': the tenant's ceiling leaves of it: nothing"
a rm above --to acme
a push missing.atto
expect push_missing 4 missing.atto
a push owner
expect push_no_image 4 "not an image"
a push beacon.atto --key owner.pub
expect push_public_key 4 "cannot sign"
a push beacon.atto --to "$plain"
expect push_without_key 2 "--key is missing"
a push beacon.atto --sequence 1
expect push_the_same_again 0 "beacon, sequence 1: installed"
a push other.atto --sequence 1 --component beacon
expect push_replay 1 "refused (4.09)" "not over the last one"
a push beacon.atto --bogus
expect push_bogus 2 "push --help"
a update beacon other.atto
expect update 0 "beacon, sequence 2: installed"
a update nobody other.atto
expect update_needs_one 1 "no container 'nobody'"
a call beacon add
expect updated_program_runs 0 "result        8"
a rollback beacon
expect rollback 0 "beacon, sequence 3: installed"
a call beacon add 0100000002000000
expect rolled_back_program_runs 0 "result        7" "context       0300000002000000"
a rollback beacon --to-sequence 2
expect rollback_to 0 "beacon, sequence 4: installed"
a rollback beacon --to-sequence 77
expect rollback_not_kept 4 "no such version"
run "$atto" pack other.atto --vendor example.com --class attod --sequence 9 --component packed --key owner \
    -o packed.suit
a push packed.suit
expect push_envelope 0 "packed, sequence 9: installed"
a push packed.suit
expect push_envelope_again 0 "packed, sequence 9: installed"
a tenant list --json
run "$atto" command stop --device $device --counter $(($(field counter) + 1)) --component packed --key owner \
    -o stop.command
a push stop.command
expect push_command 0 "stop.command: done"
a push stop.command
expect push_command_again 3 "accepted before, by this command or by another one"
a stop packed
a push stop.command
expect push_command_after_another 1 "not over the last one"
a push stop.command --dry-run --json
expect push_command_dry_run 0 '"dry_run": true' '"command": '
require push_command_dry_run_is_json is_json
a ps packed --json
require pushed_command_has_an_effect test "$(field state)" = stopped
a image ls
expect image_ls 0 beacon acme/beacon packed
a image ls --json
expect image_ls_as_json 0 '"sequence": 9' '"image_digest": "'

# --- what runs

a ps
expect ps 0 "acme/beacon  running" "packed"
a ps beacon
expect ps_one 0 "sequence           4" "state              running"
a ps beacon --json
expect ps_one_as_json 0 '"version": "' '"previous_sequence": ' 
a ps nobody
expect ps_nobody 1 "nobody: refused (4.04): the device has no container of this name"
a ps a b
expect ps_two 2 "too many"
a top -n 1 -d 1
expect top 0 CPU% beacon
a top -n 1 -d 1 --json
expect top_as_json 0 '"activations_per_s"'
require top_has_short_shares sh -c '! grep -q "\"cpu_percent\": .*[.][0-9]\{4\}" out'
a top -n 2 -d 0.1
expect top_is_quick 0 CPU%
match top_has_columns 0 "^acme/beacon +running +[0-9]+[.][0-9]{3} "
for delay in 0 0.05 3601 x 1x; do
    a top -n 1 -d $delay
    expect "top_delay_$delay" 2 "--delay must be a number of seconds from 0.1 to 3600, not '$delay'"
done
a stats beacon
expect stats 0 "activations" "fuel"
a stats beacon --json
expect stats_as_json 0 '"bn": "urn:dev:' '"n": "fuel"'
a logs beacon
expect logs 0 beacon
require stats_have_short_fractions sh -c '! grep -q "[.][0-9]\{10\}" out'
a logs beacon --from 99999999
expect logs_of_a_number_that_is_not_there 0 "it has not got to number 99999999, but to " "the oldest first"
a logs
expect logs_of_all 0 "acme/beacon  beacon"
a logs beacon --json
expect logs_as_json 0 '"text":"beacon"'
require logs_are_json is_json
# More lines than the device has kept so far: some must come while it follows.
before=$(wc -l <out)
run sh -c "timeout 30 '$atto' logs -f beacon --json | head -n $((before + 20)) | tail -n 1"
expect logs_follow 0 '"text":"beacon"'
a trace
expect trace 0 "activate loop" "beacon  end"
a trace --json
expect trace_as_json 0 '"kind":"activate"'
run sh -c "timeout 30 '$atto' trace -f | head -n 600 | tail -n 1"
match trace_follow 0 "(beacon|again|packed)  "

cat >rude.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t loop(void)
{
    return atto_log("\033[2Jcleared", 11);
}
C
sed 's/.*"rights"/{ "name": "rude", "rights"/; s/beacon/rude/' beacon.json | tail -n 1 >rude.json
a push rude.c
expect push_rude 0 "rude, sequence 1: installed"
sleep 0.1
a logs rude
expect logs_of_rude 0 "1b5b324a"
require logs_are_harmless test "$(tr -d '\n\040-\176' <out | wc -c)" = 0
a rm rude

# Names are chosen by others, and look like nothing else.
for name in "x  running  healthy  9" "acme/beacon" "grün"; do
    a push beacon.atto --component "/$name" --stopped
done
a ps
expect names_of_others 0 "x\\x20\\x20running\\x20\\x20healthy\\x20\\x209 " "acme\\x2fbeacon " "gr\\xc3\\xbcn "
require names_are_one_word sh -c '! grep -q "^x  running" out'
a image ls
expect names_of_images 0 "acme\\x2fbeacon "
a ps --json
expect names_as_json 0 '"name": "x  running  healthy  9"' '"name": "acme/beacon"' '"name": "grün"'
for name in "x  running  healthy  9" "acme/beacon" "grün"; do
    a rm "/$name"
    expect "rm_$(echo "$name" | tr -c 'a-z\n' _)" 0 "remove $name: "
done

# --- changing it

for verb in stop start pause resume; do
    a $verb beacon --dry-run
    expect ${verb}_dry_run 0 "would POST" "($verb)"
    a $verb beacon
    expect $verb 0 "$verb beacon: done"
    a ps beacon --json
    case $verb in
    stop) state=stopped ;;
    pause) state=paused ;;
    *) state=running ;;
    esac
    require ${verb}_has_an_effect test "$(field state)" = $state
    a $verb beacon --json
    [ "$status" -eq 1 ] || expect ${verb}_as_json 0 '"done": true' "\"operation\": \"$verb\""
    a $verb nobody
    expect ${verb}_nobody 1 "$verb nobody: refused (4.04)" "the device has no container 'nobody'"
done
a stop acme/beacon
expect owner_stops_tenants 0 "stop acme/beacon: done"
a start beacon --to acme -q
expect tenant_starts_its_own 0
a stop /beacon
expect owners_by_path 0 "stop beacon: done"
a start beacon
a stop --to acme /beacon
expect tenant_stops_no_other 1 "a device would refuse this"
a stop beacon --counter 1
expect old_counter 1 "nothing is done twice"
a stop
expect stop_without_name 2 "a name is missing"
a policy get beacon
expect policy_get 0 "log: write"
a policy get beacon --json
expect policy_get_as_json 0 '"endpoint": "log"'
cp out kept.json
a policy set beacon rights.json
expect policy_set 0 "set-rights beacon: done"
a policy get beacon
expect policy_is_set 0 "temperature: read; 3 calls in 1s"
a policy set beacon kept.json --json
expect policy_round 0 '"done": true'
a policy get beacon --json
require policy_round_is_true cmp -s out kept.json
a policy set beacon schedule.json
expect policy_without_rights 4 'no "rights"'
a policy set beacon missing.json
expect policy_file 4 missing.json
a policy set beacon rights.json --to acme
a policy get beacon --to acme
expect policy_is_cut_by_the_ceiling 0 "temperature: nothing"
a policy dance beacon
expect policy_word 2 "get NAME"
a schedule get beacon
expect schedule_get 0 "period_us          20000"
a schedule set beacon schedule.json
expect schedule_set 0 "set-schedule beacon: done"
a schedule get beacon --json
expect schedule_is_set 0 '"period_us": 100000' '"priority": 3'
a schedule set acme/beacon urgent.json
expect schedule_refused 1 "refused (4.22)" "cannot be guaranteed"
a call beacon bump
expect call 0 "result        1"
a call beacon bump --json
expect call_as_json 0 '"result": 2' '"status": "ATTO_OK"' '"done": true'
a call beacon nothing
expect call_nothing 1 "refused (4.04)" "'beacon' has no entry point 'nothing'"
a start ""
expect name_that_is_none 2 "atto: NAME: a name has 1 to 32 bytes"
a call beacon ""
expect entry_that_is_none 2 "atto: ENTRY: a name has"
a start beacon --signer ""
expect signer_that_is_none 2 "atto: --signer: a name has"
a call beacon add 0g
expect call_hex 2 hexadecimal
a call beacon fault
expect call_that_faults 1 "ATTO_FAULT_MEMORY"
a start beacon
a call beacon fault --json
expect call_that_faults_as_json 1 '"status": "ATTO_FAULT_MEMORY"'
a audit
expect audit 0 "in the name of the owner, ATTO_E_SIGNER" "in the name of somebody who is not known, ATTO_E_SIGNER"
match audit_changes 0 '  acme/beacon +install +of acme, by acme$' '  - +ceiling +of acme, by the owner$'
a audit --json
expect audit_as_json 0 '"kind": "refused"' '"changes"'

# --- post-mortems, with the line of the source, from the image that was kept when it was sent

a postmortem beacon
expect postmortem 0 "ATTO_FAULT_MEMORY in hook" "memory access outside" "other.c:20" "context[100000]" "slot" "address" "r0="
a postmortem beacon --json
expect postmortem_as_json 0 '"status": "ATTO_FAULT_MEMORY"' '"line": 20'
require postmortem_is_json is_json
run env XDG_DATA_HOME="$work/nothing" "$atto" postmortem beacon
expect postmortem_without_image 0 "ATTO_FAULT_MEMORY" "at            slot"
run env XDG_DATA_HOME="$work/nothing" "$atto" postmortem beacon --image other.atto
expect postmortem_with_image 0 "other.c:20"
a postmortem again
expect postmortem_none 1 "again: there is no post-mortem: it has not faulted"
a postmortem nobody
expect postmortem_nobody 1 "the device has no container of this name"

# --- a version that the device has rolled back has used its number up, and is the one that the post-mortem is of

cat >faulty.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t loop(const int32_t *context)
{
    return context[100000];
}
C
sed '/entries/s/\[.*\],/["loop"],/' beacon.json >faulty.json
a update again faulty.c
expect update_that_faults 0 "again, sequence 2: installed"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    a ps again --json
    [ "$(field sequence)" = 2 ] || break
    sleep 0.2
done
expect update_is_rolled_back 0 '"sequence": 1' '"state": "running"'
a postmortem again
expect postmortem_of_what_was_rolled_back 0 "version       sequence 2" "faulty.c:4"
run env XDG_DATA_HOME="$work/nothing" "$atto" update again other.atto --dry-run
expect elsewhere_that_number_is_not_known 0 "sequence number 2"
run env XDG_DATA_HOME="$work/nothing" "$atto" update again other.atto --sequence 2
expect number_that_was_chosen_is_kept 1 "refused (4.09)"
run env XDG_DATA_HOME="$work/nothing" "$atto" update again other.atto
expect next_number_is_found 0 "again, sequence 3: installed"
a update again beacon.atto
expect update_after_a_rollback 0 "again, sequence 4: installed"

# A number far away is found if the device tells it; or else there is a clear end.
run env XDG_DATA_HOME="$work/elsewhere" "$atto" update again faulty.c --sequence 40
for _ in 1 2 3 4 5 6 7 8 9 10; do
    a ps again --json
    [ "$(field sequence)" = 40 ] || break
    sleep 0.2
done
require far_update_is_rolled_back test "$(field sequence)" -lt 40
run env XDG_DATA_HOME="$work/nothing" "$atto" update again other.atto
if [ "$status" -eq 0 ]; then
    expect far_number_is_found 0 "again, sequence 41: installed"
else
    expect far_number_is_not_found 1 "refused (4.09)" "8 numbers were tried: --sequence gives another one"
fi

a rm packed --dry-run
expect rm_dry_run 0 "would POST"
a rm packed
expect rm 0 "remove packed: done"
a rm packed --dry-run
expect rm_dry_run_of_what_is_gone 1 "there is no such thing" "the device has no container 'packed'"
a rm packed --dry-run --json
expect rm_dry_run_of_what_is_gone_as_json 1 '"done": false'
a ps packed
expect rm_has_an_effect 1 "4.04"
a rm packed
expect rm_again 1 "4.04"
a push beacon.atto --component packed
expect push_over_a_removed_one 0 "packed, sequence 10: installed"
a tenant revoke acme --dry-run
expect tenant_revoke_dry_run 0 "would POST" "(revoke-tenant)"
a tenant revoke acme
expect tenant_revoke 0 "revoke-tenant acme: done"
a ps acme/beacon
expect tenant_is_gone 1 "4.04"

# --- an image that the device fetches, from a server that somebody else has written

if command -v coap-server-notls >/dev/null; then
    server=$((20000 + $$ % 20000))
    coap-server-notls -A 127.0.0.1 -p "$server" -d 4 >/dev/null 2>&1 &
    processes="$processes $!"
    sleep 0.3
    run coap-client-notls -m put -f beacon.atto "coap://127.0.0.1:$server/image"
    run "$atto" pack beacon.atto --vendor example.com --class attod --sequence 1 --component fetched --key owner \
        --uri "coap://127.0.0.1:$server/image" -o fetched.suit
    a push fetched.suit
    expect push_fetched 0 "fetched, sequence 1: installed"
    a call fetched add
    expect fetched_program_runs 0 "result        7"
    run "$atto" pack beacon.atto --vendor example.com --class attod --sequence 2 --component fetched --key owner \
        --uri "coap://127.0.0.1:$server/nothing" -o nothing.suit
    a push nothing.suit --timeout 3
    require push_fetches_nothing test "$status" -ne 0
else
    echo "skip network_push_fetched: no coap-server-notls; scripts/setup linux-gcc installs it"
fi

# --- small blocks

device=01234567-89ab-cdef-0123-456789abcde0
boot small --block 16
small=coap://127.0.0.1:$port
a push beacon.atto --to "$small" --key owner
expect small_blocks_push 0 "beacon, sequence 1: installed"
a call beacon add --to "$small" --key owner
expect small_blocks_call 0 "result        7"
a ps --to "$small"
expect small_blocks_ps 0 "beacon"
a device info --to "$small"
expect small_blocks_device 0 "endpoints"
a logs beacon --to "$small"
expect small_blocks_logs 0 beacon
kill $pid

# --- nobody there, and not the same device

kill "$plain_pid"
wait "$plain_pid" 2>/dev/null
a ps --timeout 2 --ack-timeout 100
expect nobody_listens 3 "nobody listens"
a stop beacon --timeout 2 --ack-timeout 100 --json
expect nobody_listens_as_json 3 '"done": false'
# One that was just started may not listen yet.
soon=$((20000 + ($$ + 1) % 20000))
(
    sleep 0.3
    exec "$attod" --owner owner.cose --flash soon.flash --device $device --vendor example.com --class attod --port $soon
) >soon.out 2>&1 </dev/null &
processes="$processes $!"
a ps --to "coap://127.0.0.1:$soon"
expect listens_soon 0 CONTAINER
a ps --to coap://192.0.2.1 --timeout 1 --ack-timeout 100
expect nobody_answers 3
a ps --to coap://nobody.invalid
expect no_such_host 2 nobody.invalid
a ps --to http://127.0.0.1
expect not_coap 2 "not a URI of a device"
for uri in coap:// coap://127.0.0.1:99999 coap://127.0.0.1/x coap://[::1; do
    a stop beacon --to "$uri" --key owner
    expect "no_uri_$(echo "$uri" | tr -c 'a-z0-9\n' _)" 2 "'$uri' is not a URI of a device"
done
a stop beacon --to "coap://[fe80::1%25nowhere]" --key owner
expect scope_that_is_none 2 "fe80::1%nowhere: "
device=01234567-89ab-cdef-0123-456789abcde3
boot six --address ::1
if [ -n "$port" ]; then
    a device info --to "coap://[::1]:$port"
    expect ipv6 0 "$device"
    a device info --to "coap://[::1%251]:$port" # the scope by its number, which every address may have
    expect ipv6_with_a_scope 0 "$device"
    kill "$pid"
else
    echo "skip network_ipv6: this machine has no ::1"
fi

# --- reading takes a key

device=01234567-89ab-cdef-0123-456789abcdf0
boot keyed --keyed
keyed=coap://127.0.0.1:$port
a context add keyed --uri "$keyed" --key owner --device $device
a context use keyed
a ps --to "$keyed"
expect keyed_without_key 1 "takes a key to be read"
a ps
expect keyed_ps 0 CONTAINER
a tenant add acme --id 1 --tenant-key acme.pub --ram 16384 --rights beacon.json
expect keyed_tenant_add 0
a push beacon.atto
expect keyed_push 0 "sequence 1: installed"
for verb in stop start stop start; do
    a $verb beacon
    expect "keyed_$verb" 0 "beacon: done"
done
a ps --json
expect keyed_ps_as_json 0 '"name": "beacon"'
a context add keyed-acme --uri "$keyed" --key acme --signer acme --device $device
a push beacon.atto --to keyed-acme
expect keyed_push_of_tenant 0 "acme/beacon, sequence 1: installed"
a ps --to keyed-acme --json
expect keyed_tenant_sees_its_own 0 '"tenant": "acme"'
require keyed_tenant_sees_no_other test "$(grep -c '"name"' out)" = 1
a logs --to keyed-acme beacon
expect keyed_logs 0 beacon
a ps --to keyed --key other
expect keyed_other_key 1 "refused (4.01)"
kill $pid

# --- a liar on the way

if /usr/bin/python3 -c 'import cbor2' 2>/dev/null; then
    # shellcheck source=tests/network_liar.sh
    . "$root/tests/network_liar.sh"
else
    echo "skip network_lies: no python3-cbor2; scripts/setup cli installs it"
fi

# --- through a gateway that loses, doubles, delays and reorders

# shellcheck source=tests/network_gateway.sh
. "$root/tests/network_gateway.sh"
exit $((failures != 0))
