#!/bin/sh
# A device is started again and again on the same flash, in a file of the host: as a process here and as an emulated
# board. It finds what it had; and when it dies in the middle of an update, wherever that is, it finds the state before or
# after.
#
# usage: tests/flash.sh
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=flash
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"

# device CUT WHAT...: starts it. Its output is the file out, its exit status $status.
device_here() {
    run "$root/build/linux-gcc/tests/flash_device" flash "$@"
}
device_there() {
    ATTO_QEMU_FLASH=flash run "$root/scripts/qemu-run" mps2-an386 "$root/build/cortex-m4/tests/flash_device.elf" - "$@"
}

# Each start is a process of its own.
restarts() {
    rm -f flash
    $device 0 show
    expect "${name}_first_start" 0
    $device 0 install 1 5
    $device 0 confirm 1
    $device 0 install 1 6
    $device 0 install 2 3
    $device 0 show
    expect "${name}_finds_its_state" 0 "component 1: trial 6 whole, kept 5 whole" "component 2: trial 3 whole"
    $device 0 install 1 6
    expect "${name}_old_sequence_number" 1 ATTO_E_SEQUENCE
    $device 0 fault 1
    $device 0 remove 2
    $device 0 show
    expect "${name}_rolls_back" 0 "component 1: healthy 5 whole"
    if grep -q "component 2" out; then
        not_ok "${name}_removes" "component 2 is still there"
    else
        ok "${name}_removes"
    fi
}

# The process dies in operation 1, 2, 3... of an update, until it does not.
dies() {
    rm -f flash
    test=${name}_dies_anywhere
    $device 0 install 1 1
    $device 0 confirm 1
    sequence=2 cut=1
    while [ $cut -lt 1000 ]; do
        $device $cut install 1 $sequence
        [ "$status" -eq 9 ] || break
        $device 0 show
        case $(cat out) in
        "component 1: healthy 1 whole") ;;
        "component 1: trial $sequence whole, kept 1 whole") # it was done when power failed
            $device 0 fault 1
            sequence=$((sequence + 1))
            ;;
        *)
            not_ok "$test" "cut $cut left neither the state before nor that after"
            return
            ;;
        esac
        cut=$((cut + step))
    done
    if [ "$status" -eq 0 ] && [ $cut -gt 10 ]; then
        ok "$test"
    else
        not_ok "$test" "operation $cut"
    fi
}

for name in linux mps2-an386; do
    case $name in
    linux) device=device_here step=1 program=$root/build/linux-gcc/tests/flash_device ;;
    *) device=device_there step=9 program=$root/build/cortex-m4/tests/flash_device.elf ;;
    esac
    if ! [ -e "$program" ] || { [ $name != linux ] && ! command -v qemu-system-arm >/dev/null; }; then
        echo "skip ${suite}_$name: $program is not built, or there is no emulator"
        continue
    fi
    restarts
    dies
done

# What lies in it, explained. The device's digests are no SHA-256, so those are said to be wrong.
fsck() {
    run "$atto" fsck --area 4096 --areas 3 --slot 4096 "$@" flash
}
rm -f flash
device_here 0 install 1 5
device_here 0 confirm 1
device_here 0 install 1 6
fsck
expect fsck_explains 1 "in force: area 0, generation 0" "area 0 at 0: erased once" "damaged: 0" "component   (kind  1)" \
    "1: on trial, started 0 times on trial; highest sequence number 6" "current: sequence number 6, slot 1" \
    "kept: sequence number 5, slot 0" "SHA-256 is wrong" "slot 1 at 16384: in use, erased once" "slot 2 at 20480: free"
fsck --slot-count 0
expect fsck_log_alone 0 "counter"
fsck --json
expect fsck_as_json 1 '"fine": false' '"state": "on trial"' '"whole": false' '"used_bytes"'
cp flash before
printf 'x' | dd of=flash bs=1 seek=60 conv=notrunc 2>dd.err
cp flash damaged
fsck
expect fsck_finds_damage 1 "damaged: 1"
require fsck_writes_nothing cmp -s flash damaged
cp before flash
fsck --unit 16
expect fsck_other_layout 1
head -c 16384 /dev/zero >flash
fsck
expect fsck_no_log 1 "no log"

# What one machine wrote, the other reads.
if [ -e "$root/build/cortex-m4/tests/flash_device.elf" ] && command -v qemu-system-arm >/dev/null; then
    rm -f flash
    device_there 0 install 4 7
    device_here 0 show
    expect here_reads_what_there_wrote 0 "component 4: trial 7 whole"
fi
exit $failures
