#!/bin/sh
# A container does the same on every machine: each example and some programs that fault are run by `atto run` here and
# on the emulated boards (the quick check: on one of them), and the reports are compared but for what a machine may differ
# in.
#
# usage: tests/boards.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=boards
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
need "$atto"

# What is compared: how it ended and where, the value, fuel, and the receipt but for sizes that depend on pointers.
keys="status|installed|result|slot|address|at|line|fuel|context|\
stack_bytes|memory_bytes|instruction_count|longest_run|call_depth"
report() {
    "$atto" run --json "$@" >raw 2>raw.err </dev/null
    echo "exit status $?"
    grep -E "\"($keys)\":" raw | tr -d ' ,' | sort
}

# same BOARD NAME ARGUMENT...: one container, here and there.
same() {
    board=$1 test=$1_$2
    shift 2
    report "$@" >here
    report "$@" --on "$board" >there
    if [ ! -s here ] || ! grep -q status raw; then
        cp raw.err out
        not_ok "$test" "no report"
    elif cmp -s here there; then
        ok "$test"
    else
        diff here there >out
        not_ok "$test" "the reports differ"
    fi
}

cat >program.c <<'C'
#include <atto.h>
static const uint8_t powers[8] = { 1, 2, 4, 8, 16, 32, 64, 128 };
static uint32_t calls;
static __attribute__((noinline)) uint64_t power(uint64_t n) { return powers[n % 8]; }
ATTO_ENTRY int64_t run(uint8_t *bytes, uint64_t len)
{
    uint64_t sum = ++calls;
    for (uint64_t i = 0; i < len; i++) {
        sum = sum * 31 + bytes[i] / (i + 1) + power(i);
        bytes[i] ^= (uint8_t)sum;
    }
    return (int64_t)sum;
}
ATTO_ENTRY int64_t forever(void) { for (volatile uint32_t i = 0;; i++); }
ATTO_ENTRY int64_t fault(void) { return *(volatile uint32_t *)0x20000004; }
C
run "$atto" build program.c -o program.atto
expect build 0

boards="mps2-an386 lm3s6965evb rv32-virt"
[ -z "${ATTO_QUICK:-}" ] || boards=mps2-an386
for board in $boards; do
    find_board "$board"
    missing=
    for tool in "$compiler" "$emulator"; do
        command -v "$tool" >/dev/null || missing="$missing $tool"
    done
    if [ -n "$missing" ]; then
        echo "skip boards_$board: no$missing; scripts/setup $preset installs what is needed"
        continue
    fi
    run "$root/scripts/build" "$preset" runner
    if [ "$status" -ne 0 ]; then
        not_ok "$board" "the runner is not built"
        continue
    fi
    same "$board" fletcher32 "$root/examples/fletcher32.c" --ctx-hex 6162636465666768
    same "$board" data_and_context program.atto -e run -n 3 --show --ctx-hex 00ff017f80fe10203040506070
    same "$board" out_of_fuel program.atto -e forever -f 1000
    same "$board" memory_fault program.atto -e fault
    same "$board" hostile_fault "$root/examples/hostile_fault.c"
    same "$board" refused "$root/examples/hostile_refused.c"
    same "$board" answered_call "$root/examples/hostile_refused.c" --call 200=77
done
[ "$failures" -eq 0 ]
