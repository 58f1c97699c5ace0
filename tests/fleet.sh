#!/bin/sh
# Twenty emulated boards at once, each with the reference firmware and its own identity: all of them take a container over
# the network at the same time, run it, and say so. Shows what that takes of this machine.
#
# usage: tests/fleet.sh       ATTO_BOARDS: how many, 20 unless set
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=fleet
if [ -n "${ATTO_QUICK:-}" ]; then
    echo "skip $suite: the quick check leaves it out"
    exit 0
fi
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=tests/start_board.sh
. "$root/tests/start_board.sh"
need "$atto"
need_python
need_firmware
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"
boards=${ATTO_BOARDS:-20}
seconds=4 # in which idle boards are looked at
board_pids=
trap 'kill -9 $board_pids 2>/dev/null; rm -rf "$work"' EXIT

# Processor time of all boards, in clock ticks; their memory in KB, what they share counted once.
all_ticks() {
    for pid in $board_pids; do
        cat "/proc/$pid/stat"
    done | awk '{ sum += $14 + $15 } END { print sum }'
}
all_memory() {
    for pid in $board_pids; do
        grep '^Pss:' "/proc/$pid/smaps_rollup"
    done | awk '{ sum += $2 } END { print sum }'
}

# at_once ARGUMENT...: the command on all boards at the same time; what each says is in the file NAME.out. Prints how
# many have done it.
at_once() {
    rm -f -- *.out
    commands=
    for name in $names; do
        "$atto" "$@" --to "$name" --timeout 60 >"$name.out" 2>&1 </dev/null && echo done >"$name.done" &
        commands="$commands $!"
    done
    # shellcheck disable=SC2086 # numbers
    wait $commands
    find . -name '*.done' | wc -l
    rm -f -- *.done
}

"$atto" keygen --cose -o owner >out 2>&1
cat >member.c <<'C'
#include <atto.h>
static uint8_t work[512];
ATTO_ENTRY int64_t start(void) { atto_heartbeat(); return 0; }
ATTO_ENTRY int64_t loop(void) { return ++work[work[0] % sizeof work]; }
C
echo '{ "name": "member", "schedule": { "period_us": 500000 } }' >member.json
run "$atto" build member.c -o member.atto
expect build 0

names=
number=0
for port in $(free_ports "$boards"); do
    number=$((number + 1))
    id=$(printf '01234567-89ab-cdef-0123-4567%08d' $number)
    ATTO_QEMU_UDP=$port "$root/scripts/qemu-run" mps2-an386 "$firmware" owner.cose "$id" >console$number 2>&1 &
    board_pids="$board_pids $!"
    names="$names board$number"
    "$atto" context add board$number --uri "coap://127.0.0.1:$port" --key owner --device "$id"
done
turns=0
while ready=$(grep -l ready console* | wc -l) && [ "$ready" -lt "$boards" ] && [ $turns -lt 600 ]; do
    sleep 0.1
    turns=$((turns + 1))
done
require start test "$ready" = "$boards"

pushed=$(at_once push member.atto)
cat ./*.out >out
require take_a_push test "$pushed" = "$boards"
answered=$(at_once ps --json)
cat ./*.out >out
require answer test "$answered" = "$boards"
require run test "$(grep -l '"state": "running"' ./*.out | wc -l)" = "$boards"
# Each is held to its own identity, and numbers are its own.
require are_themselves test "$(at_once device info --json && cat ./*.out | grep -o '4567[0-9]\{8\}' | sort -u | wc -l)" = "$boards
$boards"

# A fleet that idles: only its containers are due, twice a second.
before=$(all_ticks)
sleep $seconds
after=$(all_ticks)
echo "$boards boards: $(($(all_memory) / 1024)) MB of memory, \
$(((after - before) * 1000 / (seconds * $(getconf CLK_TCK)))) thousandths of a processor"
[ "$failures" -eq 0 ]
