# The second half of tests/network.sh: everything that changes something, again and again, through a gateway that loses,
# doubles, delays and reorders datagrams, in one datagram and in several blocks. Each ends in done (0) or in "no answer"
# (3); and the device, which is asked without the gateway, must have done each exactly once: its counter, its sequence
# numbers and what the container has counted itself agree with what was asked for.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
: "${work:?a part of tests/network.sh}"
rounds=${ATTO_ROUNDS:-${ATTO_QUICK:+2}}
rounds=${rounds:-6}
seed=${ATTO_SEED:-7}

# boot_behind NAME [OPTION...]: a device, known as `near` if it is asked directly, and as `far` through a gateway.
boot_behind() {
    boot "$@"
    "$gateway" "$port" "seed=$seed" lose=15 double=20 delay=40 >gateway.out 2>&1 </dev/null &
    gateway_pid=$!
    processes="$processes $gateway_pid"
    sleep 0.2
    a context add near --uri "coap://127.0.0.1:$port" --key owner --device "$device"
    a context add far --uri "coap://127.0.0.1:$(head -n 1 gateway.out)" --key owner --device "$device" --ack-timeout 60
}

device=01234567-89ab-cdef-0123-456789abcdf1
boot_behind far
# Others talk to the device at the same time, so that it forgets its answers sooner.
noise() {
    while :; do
        "$atto" ps --to far
        "$atto" policy get beacon --to far
        "$atto" tenant list --to far
    done >/dev/null 2>&1 </dev/null
}
noise &
noise_pid=$!
processes="$processes $noise_pid"
unclear=0

# far ARGUMENT...: one change through the gateway; it must be done, or say that it does not know.
far() {
    run "$atto" "$@" --to far --timeout 20
    case $status in
    0) ;;
    3) unclear=$((unclear + 1)) ;;
    *)
        test="gateway_$1"
        not_ok "$test" "atto $*: exit status $status"
        ;;
    esac
}

# near ARGUMENT...: asks the device itself; the file out has the JSON.
near() {
    run "$atto" "$@" --to near --json
}

counter() {
    near tenant list
    field counter
}

# The state of the container, as the device has it.
state() {
    near ps beacon
    field state
}

far push beacon.atto
round=0
wrong=
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    far update beacon other.atto
    near ps beacon
    [ "$(field sequence)" = $((round + 1)) ] || wrong="$wrong update:$round:$(field sequence)"
done
require gateway_updates test -z "$wrong"

# The same with images of several blocks of 1,024 bytes: no piece is lost, doubled or mixed with one of another try.
# Each of the two returns a sum over its constants.
for name in long longer; do
    /usr/bin/python3 - $name <<'PYTHON'
import random, sys
draw = random.Random(sys.argv[1])
count = {"long": 600, "longer": 900}[sys.argv[1]]
numbers = [draw.randrange(1, 1 << 31) for _ in range(count)]
with open(sys.argv[1] + ".c", "w") as file:
    file.write("#include <atto.h>\nstatic const uint32_t numbers[] = {%s};\n" % ", ".join(map(str, numbers)))
    file.write("""ATTO_ENTRY int64_t sum(void)
{
    int64_t all = 0;
    for (uint32_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        all += *(const volatile uint32_t *)&numbers[i];
    return all;
}
""")
with open(sys.argv[1] + ".sum", "w") as file:
    print(sum(numbers), file=file)
PYTHON
    echo '{ "name": "long", "entries": ["sum"] }' >$name.json
    run "$atto" build $name.c -o $name.atto
    expect gateway_build_$name 0
    require gateway_${name}_has_blocks test "$(wc -c <$name.atto)" -gt 2048
done
# runs NAME SEQUENCE: is this the version that runs?
runs() {
    near ps long
    [ "$(field sequence)" = "$2" ] || wrong="$wrong $1:$2:$(field sequence)"
    near call long sum
    [ "$(field result)" = "$(cat "$1.sum")" ] || wrong="$wrong $1:$2:sum"
}
wrong=
far push long.atto
runs long 1
sequence=1
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    sequence=$((sequence + 1))
    if [ $((round % 2)) = 1 ]; then version=longer; else version=long; fi
    far update long $version.atto
    runs $version $sequence
done
require gateway_updates_in_blocks test -z "$wrong"
# Back and forth: what was before, the one before that, ...
wrong=
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    sequence=$((sequence + 1))
    if [ $version = long ]; then version=longer; else version=long; fi
    far rollback long
    runs $version $sequence
done
require gateway_rollbacks test -z "$wrong"
far rm long

wrong=
expected=$(counter)
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    for verb in stop start pause resume; do
        far $verb beacon
        expected=$((expected + 1))
        case $verb in
        stop) wanted=stopped ;;
        pause) wanted=paused ;;
        *) wanted=running ;;
        esac
        [ "$(state)" = $wanted ] || wrong="$wrong $verb:$round:$(state)"
    done
    far policy set beacon rights.json
    far schedule set beacon schedule.json
    far tenant add acme --id 1 --tenant-key acme.pub --ram $((16384 + round))
    expected=$((expected + 3))
done
require gateway_states test -z "$wrong"
near policy get beacon
expect gateway_policy 0 temperature
near schedule get beacon
expect gateway_schedule 0 '"period_us": 100000'
near tenant list
expect gateway_tenant 0 "\"ram_bytes\": $((16384 + rounds))"
found=$(counter)
require gateway_counters test "$found" = "$expected"

# A container that counts its calls: as many as there were commands, whether or not their answers came.
round=0
while [ $round -lt $((3 * rounds)) ]; do
    round=$((round + 1))
    far call beacon bump
done
near call beacon bump
require gateway_calls test "$(field result)" = $((3 * rounds + 1))

round=0
wrong=
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    far push beacon.atto --component "other$round"
    near ps "other$round"
    [ "$(field sequence)" = 1 ] || wrong="$wrong push:$round"
    far rm "other$round"
    near ps "other$round"
    [ "$status" = 1 ] || wrong="$wrong rm:$round"
done
require gateway_push_and_rm test -z "$wrong"

# A tenant's keys, one after the other; the counter is its own.
tenant() {
    near tenant list
    /usr/bin/python3 -c 'import json, sys
print([row for row in json.load(open("out")) if row["name"] == "acme"][0][sys.argv[1]])' "$1"
}
old=acme
wrong=
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    "$atto" keygen -o "acme$round"
    "$atto" command rotate-key --signer acme --device "$device" --counter $round --new-key "acme$round.pub" --key $old \
        -o rotate.command
    far push rotate.command
    [ "$status" = 0 ] || wrong="$wrong rotate:$round:status"
    [ "$(tenant counter)" = $round ] || wrong="$wrong rotate:$round:counter"
    "$atto" inspect "acme$round.pub" | grep -q "$(tenant key_id)" || wrong="$wrong rotate:$round:key"
    old=acme$round
done
require gateway_rotates_keys test -z "$wrong"
far tenant revoke acme
near tenant list
require gateway_revoke sh -c '! grep -q acme out'
for words in "device info" "image ls" "stats beacon" "logs beacon" trace audit "policy get beacon" \
    "schedule get beacon"; do
    # shellcheck disable=SC2086 # words
    far $words
    require "gateway_$(echo "$words" | tr ' ' _)" test "$status" = 0
done
require gateway_most_is_done test "$unclear" -le $((rounds * 2))
kill "$gateway_pid" "$noise_pid"
wait "$gateway_pid" 2>/dev/null
wait "$noise_pid" 2>/dev/null
require gateway_was_bad grep -Eq "[1-9][0-9]* lost, [1-9][0-9]* doubled" gateway.out
echo "$(grep datagrams gateway.out); $unclear commands ended without an answer"

# The same where reading takes a key, so that every question has a counter too.
device=01234567-89ab-cdef-0123-456789abcdf2
boot_behind keyed_far --keyed
far push beacon.atto
wrong=
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    for verb in stop start; do
        far $verb beacon
        [ "$(state)" = "$([ $verb = stop ] && echo stopped || echo running)" ] || wrong="$wrong $verb:$round:$(state)"
    done
    far call beacon bump
done
require gateway_keyed_states test -z "$wrong"
near tenant list
require gateway_keyed_counters test "$(field counter)" = $((3 * rounds))
kill "$gateway_pid"
