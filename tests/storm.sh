#!/bin/sh
# Fifty hostile peers against a device (storm.c), whose container has a period of 10 ms meanwhile: it keeps it as well as
# the same container does on a device that nobody disturbs. What is refused is refused honestly, the device's memory stays
# what it was, an honest client is answered during the storm, and installs a few seconds behind it. Both devices have the
# processor before everybody else, so that this does not depend on what the machine does besides.
#
# usage: tests/storm.sh       ATTO_STORM: arguments of storm, e.g. "seconds=600 rate=50000 seed=3"; ATTOD: the device
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=storm
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
attod=${ATTOD:-$root/build/linux-gcc/attod}
storm=$root/build/linux-gcc/tests/storm
need "$atto" "$attod" "$storm"
processes=
trap 'kill $processes 2>/dev/null; rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"
first="chrt -f 20"
if ! $first true 2>/dev/null; then
    echo "skip storm_period: this process may not have real-time priority, so other load would be measured"
    first=
fi

# boot NAME: a device with a container that has a period. $pid is its process.
boot() {
    : >"$1.out"
    $first "$attod" --owner owner.cose --flash "$1.flash" --name "$1" --port 0 >"$1.out" 2>&1 </dev/null &
    pid=$!
    processes="$processes $pid"
    tries=0
    until grep -q coap:// "$1.out" || [ $tries -ge 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    uri=$(sed -n 's/.*\(coap:[^,]*\),.*/\1/p' "$1.out")
    "$atto" context add "$1" --uri "$uri" --key owner
    run "$atto" push ticker.atto --to "$1"
    expect "push_to_$1" 0
}

# counts NAME: activations and misses of the container, into $activations and $misses.
counts() {
    "$atto" ps ticker --to "$1" --json >counts
    activations=$(sed -n 's/^ *"activations": \([0-9]*\),*/\1/p' counts)
    misses=$(sed -n 's/^ *"misses": \([0-9]*\),*/\1/p' counts)
}

# memory PID: what the process has taken for data and stack, and how many files are open. Nothing of that may grow.
memory() {
    grep -E '^Vm(Data|Stk|Size)' "/proc/$1/status"
    find "/proc/$1/fd" -type l | wc -l
}

"$atto" keygen --cose -o owner
"$atto" keygen --cose -o other
cat >ticker.c <<'C'
#include <atto.h>
static uint8_t work[512];
static const uint8_t padding[1600] = { 1, 2, 3 }; /* its envelope takes more than one block */
ATTO_ENTRY int64_t start(void) { atto_heartbeat(); return 0; }
ATTO_ENTRY int64_t loop(void) { return work[work[0] % sizeof work] += padding[work[1] % sizeof padding]; }
C
echo '{ "name": "ticker", "schedule": { "period_us": 10000, "deadline_us": 10000 } }' >ticker.json
run "$atto" build ticker.c -o ticker.atto
expect build 0
cat >busy.c <<'C'
#include <atto.h>
static volatile uint32_t i;
ATTO_ENTRY int64_t loop(void) { atto_heartbeat(); return 0; }
ATTO_ENTRY int64_t coap(struct atto_resource *resource)
{
    for (i = 0; i < 1000; i++)
        ;
    resource->format = ATTO_RESOURCE_NO_FORMAT;
    resource->len = 0;
    return ATTO_RESOURCE_CONTENT;
}
C
echo '{ "name": "busy", "entries": ["loop", "coap"], "schedule": { "period_us": 1000000 }, "rights": [ { "endpoint": "coap", "operations": ["read"] } ] }' >busy.json
run "$atto" build busy.c -o busy.atto
expect build_busy 0
boot calm
calm_pid=$pid
boot victim
victim_pid=$pid
run "$atto" push busy.atto --to victim
expect push_busy 0

# What the storm is made of: an envelope that would be good, one of another key, a command that was carried out.
device=$("$atto" device info --to victim --json | sed -n 's/^ *"device": "\(.*\)",*/\1/p')
"$atto" pack ticker.atto --vendor example.com --class attod --component late --sequence 1 --key other -o late.suit
"$atto" command pause --device "$device" --key owner --component ticker --counter 1 -o pause.cose
run "$atto" push pause.cose --to victim
expect carried_out 0
run "$atto" resume ticker --to victim
expect resumed 0

# The calm device is asked within the time between the two questions to the other one.
counts victim
before=$activations missed=$misses
counts calm
calm_before=$activations calm_missed=$misses
memory "$victim_pid" >memory_before
# shellcheck disable=SC2086 # words
run "$storm" "${uri##*:}" late.suit pause.cose ${ATTO_STORM:-}
cp out storm.out
counts calm
calm=$((activations - calm_before)) calm_missed=$((misses - calm_missed))
counts victim
after=$activations missed=$((misses - missed))
memory "$victim_pid" >memory_after
expect every_answer_is_honest 0
for code in 4.02 4.08 4.13 5.03; do
    require "answers_$code" grep -q "^code $code [1-9]" storm.out
done
require app_is_served sh -c 'test "$("$1" ps busy --to victim --json | sed -n "s/^ *\"activations\": \([0-9]*\),*/\1/p")" -gt 1000' sh "$atto"
require nothing_is_accepted sh -c '! grep -E "^code 2.04" storm.out'
require memory_is_constant cmp memory_before memory_after
asked=$(sed -n 's/^honest \([0-9]*\) asked.*/\1/p' storm.out)
answered=$(sed -n 's/^honest .* \([0-9]*\) answered.*/\1/p' storm.out)
cp storm.out out
require honest_client_is_answered test "$answered" -ge $((asked - 1)) -a "$answered" -gt 10

ran=$((after - before))
cat storm.out
echo "container of 10 ms: activated $ran times in the storm, $calm without; deadlines missed $missed, $calm_missed without"
if [ -n "$first" ]; then
    require period_is_kept test "$ran" -ge $((calm * 99 / 100)) -a "$calm" -gt 100
    require deadlines_are_kept test "$missed" -le $((calm_missed + calm / 100))
fi

# Behind the storm: half-finished transfers are given up after 10 s, or give way after 3.
began=$(date +%s)
run "$atto" push ticker.atto --component later --to victim --timeout 30
expect installs_after_the_storm 0
echo "an honest install was done $(($(date +%s) - began)) s behind the storm"
run "$atto" audit --to victim
expect is_audited 0 ATTO_E_SIGNATURE ATTO_E_SEQUENCE
run "$atto" ps --to victim
match runs_as_before 0 "ticker.*running" "later.*(running|starting)"
kill -TERM "$victim_pid" "$calm_pid"
wait "$victim_pid"
require ends test $? -eq 0
[ $failures -eq 0 ]
