# What the tests of the `atto` command share: a directory to work in, and one line a test, as the test programs print.
# Sourced by tests/*.sh, which set `suite`, the first part of the names of their tests; not a test by itself.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
root=$(cd "$(dirname "$0")/.." && pwd)
atto=${ATTO:-$root/build/linux-gcc/atto}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# need PROGRAM...: skips all tests if one is not built, or if there is no compiler for containers.
need() {
    for program in "$@"; do
        if ! [ -x "$program" ]; then
            echo "skip $suite: $program is not built"
            exit 0
        fi
    done
    if ! command -v clang >/dev/null || ! clang --print-targets 2>/dev/null | grep -q bpf; then
        echo "skip $suite: no clang that compiles to eBPF; scripts/setup cli installs one"
        exit 0
    fi
}

ok() {
    echo "ok ${suite}_$1"
}

# not_ok NAME REASON: with the file out, which says more.
not_ok() {
    echo "not ok ${suite}_$1: $2"
    sed 's/^/  | /' out | head -n 40
    failures=$((failures + 1))
}

# require NAME COMMAND...: the command says yes.
require() {
    test=$1
    shift
    if "$@"; then
        ok "$test"
    else
        not_ok "$test" "not so: $*"
    fi
}

# Runs a command; $status and the file out hold what became of it.
run() {
    status=0
    "$@" >out 2>&1 </dev/null || status=$?
}

# expect NAME STATUS [TEXT...]: the last command ended with this status and its output has each text.
# match NAME STATUS [PATTERN...]: the same with patterns of grep -E.
expect() {
    judge -F "$@"
}
match() {
    judge -E "$@"
}
judge() {
    kind=$1 test=$2 wanted=$3
    shift 3
    if [ "$status" -ne "$wanted" ]; then
        not_ok "$test" "exit status $status, not $wanted"
        return
    fi
    for text in "$@"; do
        if ! grep -q "$kind" -e "$text" out; then
            not_ok "$test" "nothing in the output is '$text'"
            return
        fi
    done
    ok "$test"
}

# find_board NAME: $preset and $compiler build its programs, $emulator runs them.
find_board() {
    case $1 in
    lm3s6965evb) preset=cortex-m3 compiler=arm-none-eabi-gcc emulator=qemu-system-arm ;;
    mps2-an386) preset=cortex-m4 compiler=arm-none-eabi-gcc emulator=qemu-system-arm ;;
    *) preset=rv32 compiler=riscv64-unknown-elf-gcc emulator=qemu-system-riscv32 ;;
    esac
}
