#!/bin/sh
# What `atto flash` does to a flash file is what a device does: a device that boots on the file afterwards, as a process
# here and as an emulated board, runs what was installed. And what a device would refuse leaves the file as it was.
#
# usage: tests/device.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=device
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
need "$atto" "$root/build/linux-gcc/tests/deploy_device"
for_board="--vendor example.com --class board-1"
device=01234567-89ab-cdef-0123-456789abcdef

# flash FILE...: what the owner's device does with them.
flash() {
    # shellcheck disable=SC2086 # $for_board is words
    run "$atto" flash --owner owner.pub $for_board --device $device flash "$@"
}
# pack OPTION... -o FILE
pack() {
    # shellcheck disable=SC2086
    run "$atto" pack $for_board "$@"
    [ "$status" -eq 0 ] || not_ok pack "$*"
}
# tenant ACTION COUNTER ARGUMENT...: a command of the owner's.
tenant() {
    action=$1 counter=$2
    shift 2
    run "$atto" tenant "$action" --device $device --counter "$counter" --key owner "$@"
    [ "$status" -eq 0 ] || not_ok tenant "$action $*"
}
# A refusal: its text, and nothing has changed.
refused() {
    test=$1
    shift
    expect "$test" 1 "$@" "flash is as it was"
    require "${test}_changes_nothing" cmp -s flash before
}
boot_here() {
    run "$root/build/linux-gcc/tests/deploy_device" flash owner.cose "$1"
}

# A container that says something each millisecond, one that says it once more often, one that is no eBPF, and one that
# wants what there is not.
cat >beacon.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t loop(void)
{
    ATTO_LOG("beacon " VERSION);
    return 0;
}
C
cat >beacon.json <<'JSON'
{ "name": "beacon", "schedule": { "period_us": 1000 } }
JSON
for version in 1 2; do
    sed "s/VERSION/\"$version\"/" beacon.c >beacon$version.c
    cp beacon.json beacon$version.json
    run "$atto" build beacon$version.c -o beacon$version.atto
    expect build_$version 0
done
cp beacon1.c greedy.c
sed 's/"name": "beacon"/"name": "greedy", "rights": [{ "endpoint": "nowhere", "operations": ["read"] }]/' beacon.json \
    >greedy.json
run "$atto" build greedy.c -o greedy.atto
expect build_greedy 0
cp beacon1.atto broken.atto
# An opcode that there is not, in the first instruction of the text.
text=$("$atto" inspect beacon1.atto --json | tr -d ' \n' | sed 's/.*"name":"text","offset":\([0-9]*\).*/\1/')
printf '\377' | dd of=broken.atto bs=1 seek="$text" conv=notrunc 2>dd.err
run "$atto" keygen --cose -o owner
run "$atto" keygen --es256 -o acme
run "$atto" keygen -o other

# --- the file is made, in one step

pack beacon1.atto --sequence 1 --key owner -o own.suit
pack beacon1.atto --sequence 7 --tenant acme --key acme -o acme.suit
tenant add 1 acme --id 3 --tenant-key acme.pub --ram 8192 --store 100 --containers 3 -o add.command
flash acme.suit
expect no_such_tenant 1 "acme.suit: signed by tenant 'acme', which is not enrolled here" "flash is not made"
require no_file_after_refusal test ! -e flash
flash own.suit add.command acme.suit
expect flash_makes_the_file 0 "own.suit: beacon is installed, sequence number 1, slot 0" \
    "add.command: set-tenant is done, counter 1" "acme.suit: acme/beacon is installed, sequence number 7, slot 1"
require size_of_the_file test "$(stat -c %s flash)" = 65536
run "$atto" fsck flash
expect fsck_shows_it 0 "0 (beacon): on trial, started 0 times" "1 (acme/beacon): on trial, started 0 times" \
    "damaged: 0" "SHA-256 is right"
run "$atto" fsck flash --json
expect fsck_shows_it_as_json 0 '"fine": true' \
    '"tenant": "acme"' '"name": "beacon"' '"to_run": true' '"highest_sequence": 7'
run "$atto" tenant list flash
expect tenant_list 0 "owner: the key of the firmware; counter 1" "tenant 3 acme: ES256, key id" "RAM 8192 bytes" \
    "fuel without limit" "containers 3 in all" "store 100 bytes"
run "$atto" tenant list flash --json
expect tenant_list_as_json 0 '"id": 3' '"name": "acme"' '"algorithm": "ES256"' '"ram_bytes": 8192' '"revoked": false'

# --- what is damaged, and where

# flip BYTE...: the file `flipped` is the flash with a wrong bit in each of these bytes.
flip() {
    cp flash flipped
    for at in "$@"; do
        old=$(od -An -tu1 -j "$at" -N 1 flash)
        # shellcheck disable=SC2059 # an octal escape
        printf "\\$(printf %o $((old ^ 16)))" | dd of=flipped bs=1 seek="$at" conv=notrunc 2>dd.err
    done
}

counter=$("$atto" fsck flash | sed -n 's/.*counter  *(kind .*) *0 at \([0-9]*\):.*/\1/p')
flip "$counter"
run "$atto" fsck flipped
expect fsck_says_where 1 "damaged: 1" "bytes $counter to $((counter + 7)), counter 0: its value" "at $counter: damaged"
run "$atto" tenant list flipped
expect tenant_list_of_damaged_counter 1 "owner: damaged; counter damaged" "'atto fsck' tells where"
run "$atto" tenant list flipped --json
expect tenant_list_of_damaged_counter_as_json 1 '"counter": null'
flip $((counter - 8))
run "$atto" fsck flipped
expect fsck_mended_head 1 "bytes $((counter - 8)) to $((counter - 1)), counter 0: one bit of its head"
run "$atto" tenant list flipped
expect tenant_list_of_damaged_log 1 "owner: the key of the firmware; counter 1" "'atto fsck' tells where"
flip 3
run "$atto" fsck flipped
expect fsck_damaged_header 1 "damaged: 1" "bytes 0 to 15: the area's header; the other one counts"
run "$atto" inspect flipped
expect inspect_flash_with_a_damaged_header 1 "'atto fsck' explains it"
flip 3 20
run "$atto" fsck flipped
expect fsck_without_headers 1 "no log: " "bytes 0 to 31: the area's header, and its copy"
flip 16400
run "$atto" fsck flipped
expect fsck_damaged_image 1 "bytes at 16384, SHA-256 is wrong"
run "$atto" fsck --area 4096 flash
expect fsck_of_another_layout 1 "there is none with this layout" "--area 8192?"
run "$atto" inspect flash
expect inspect_flash 1 "'atto fsck' explains it"
head -c 100 /dev/zero >zeros
run "$atto" inspect zeros
require inspect_zeros_is_no_flash sh -c '! grep -q fsck out'
if [ -x /usr/bin/python3 ]; then
    run /usr/bin/python3 "$root/tests/device_flips.py" "$atto" flash ${ATTO_QUICK:+7}
    require fsck_names_each_byte sh -c 'grep -q "^named [0-9][0-9]" out && ! grep -v "^named" out'
else
    echo "skip device_fsck_names_each_byte: no /usr/bin/python3"
fi

# --- a file that ends too early

head -c -1 acme.suit >short.suit
head -c 60 add.command >short.command
for file in suit command; do
    run "$atto" inspect short.$file
    expect inspect_short_$file 1 "short.$file: the file ends too early: at least" "cannot be read any further"
    run "$atto" inspect short.$file --json
    expect inspect_short_${file}_as_json 1 '"readable": false' '"missing_bytes": '
    run "$atto" verify short.$file --key other.pub
    expect verify_short_$file 1 "short.$file: the file ends too early"
    cp flash before
    flash short.$file
    refused short_$file "short.$file: the file ends too early: at least"
done
run "$atto" inspect short.suit
expect one_byte_is_missing 1 "at least 1 byte is missing"

# --- a device boots on it

cp flash made
boot_here 30
expect device_runs_it 0 "event: runs 0 ATTO_OK" "event: runs 1 ATTO_OK" \
    "component 0 /beacon: version 1 on trial, running, was activated" \
    "component 1 acme/beacon: version 7 on trial, running, was activated"
board=$root/build/cortex-m4/tests/deploy_device.elf
if [ -e "$board" ] && command -v qemu-system-arm >/dev/null; then
    cp made there
    ATTO_QEMU_FLASH=there run "$root/scripts/qemu-run" mps2-an386 "$board" - owner.cose 30
    expect board_runs_it 0 "component 0 /beacon: version 1 on trial, running, was activated" \
        "component 1 acme/beacon: version 7 on trial, running, was activated"
else
    echo "skip device_board: $board is not built, or there is no emulator"
fi
run "$atto" fsck flash
expect device_has_counted_its_start 0 "1 (acme/beacon): on trial, started 1 times"

# --- an update; looking at it is no start of the device

pack beacon2.atto --sequence 8 --tenant acme --key acme -o update.suit
flash update.suit
expect update 0 "acme/beacon is installed, sequence number 8, slot 2"
for number in 1 2 3 4; do
    pack beacon1.atto --sequence "$((1 + number))" --key owner -o own.suit
    flash own.suit
    expect flash_again_$number 0
done
run "$atto" fsck flash
expect flash_counts_no_start 0 "1 (acme/beacon): on trial, started 0 times on trial; highest sequence number 8"
boot_here 30
expect device_runs_the_update 0 "component 1 acme/beacon: version 8 on trial, running, was activated"

# --- what is refused changes nothing

cp flash before
flash own.suit
refused sequence_is_used_up "not over the last one" "manifest"
flash add.command
refused counter_is_used_up "not over the last one"
pack beacon1.atto --sequence 20 --tenant acme --key other -o bad.suit
flash bad.suit
refused other_key "bad.suit: "
head -c 400 update.suit >cut.suit
flash cut.suit
refused cut_off "cut.suit: "
pack beacon2.atto --sequence 9 --tenant acme --key acme -o changed.suit
size=$(stat -c %s changed.suit)
printf 'x' | dd of=changed.suit bs=1 seek=$((size - 1)) conv=notrunc 2>dd.err
flash changed.suit
refused image_was_changed "content is not what the digest says"
run "$atto" pack beacon1.atto --vendor example.org --class board-1 --sequence 20 --key owner -o elsewhere.suit
flash elsewhere.suit
refused other_vendor "for another vendor" "shared sequence, condition vendor identifier"
run "$atto" tenant add x --id 4 --tenant-key other --device 11234567-89ab-cdef-0123-456789abcdef --counter 9 \
    --key owner -o elsewhere.command
flash elsewhere.command
refused other_device "for another device"
pack greedy.atto --sequence 1 --key owner -o greedy.suit
flash greedy.suit
refused endpoint_is_not_there "greedy.suit: right 0 is to an endpoint"
pack broken.atto --component broken --sequence 1 --key owner -o broken.suit
flash broken.suit
refused text_is_judged "beacon1.c:4: unknown or unsupported instruction (slot 0"
tenant add 2 tiny --id 4 --tenant-key other --ram 100 -o tiny.command
pack beacon1.atto --sequence 1 --tenant tiny --key other -o tiny.suit
flash tiny.command tiny.suit
refused ceiling_is_kept "tiny.command: set-tenant is done" "its ceiling of RAM is too low by"
pack beacon1.atto --sequence 20 --key owner --uri coap://somewhere/image -o uri.suit
flash uri.suit
refused image_is_elsewhere "coap://somewhere/image"
flash beacon1.atto
refused neither "neither an envelope nor a signed command"
flash missing
refused missing "missing: cannot be read"
flash --log 32768 update.suit
refused other_layout "there is no log with this layout, and the file is not blank"
flash --area 4096 update.suit
refused other_areas "no log with this layout: what was kept in flash is damaged"
flash --block 100 own.suit
refused impossible_layout "no such layout is possible"
# shellcheck disable=SC2086
run "$atto" flash --owner other.pub $for_board --device $device flash own.suit
refused other_owner "own.suit: "
( exec 9<>flash; flock 9; flash own.suit; echo "$status" >held )
require a_file_in_use_is_left_alone test "$(cat held)" = 1

# --- a version that a device would give up is the device's affair

cp flash kept
boot_here 1
boot_here 1
run "$atto" fsck flash
expect trial_is_nearly_used_up 0 "0 (beacon): on trial, started 3 times"
cp flash before
flash --image beacon1.atto uri.suit
refused trial_is_used_up "the version of beacon that is on trial is given up when this device starts" \
    "it was started too often"
boot_here 1
expect device_gives_it_up 0 "component 0 /beacon: version 5 failed"
flash --image beacon1.atto uri.suit
expect a_new_version_replaces_it 0 "beacon would not run: its version was given up" "beacon is installed"
cp made flash
printf 'x' | dd of=flash bs=1 seek=16500 conv=notrunc 2>dd.err
cp flash before
flash own.suit
refused image_is_damaged "the version of beacon that is on trial is given up when this device starts" \
    "content is not what the digest says"
cp kept flash

# --- what else there is

flash --image beacon1.atto uri.suit
expect image_from_a_file 0 "beacon is installed, sequence number 20"
run "$atto" command stop --device $device --counter 2 --component beacon --key owner -o stop.command
flash stop.command
expect stop 0 "stop.command: stop is done, counter 2"
boot_here 5
expect device_has_it_stopped 0 "component 0 /beacon: version 20 on trial, not running, was never activated"
run "$atto" command start --device $device --counter 3 --component beacon --key owner --expires 1000 -o start.command
cp flash before
flash start.command
refused no_clock "start.command: expired, or the time is not known"
flash --now 1001 start.command
refused expired "start.command: expired"
flash --now 1000 start.command
expect in_time 0 "start.command: start is done, counter 3"
tenant revoke 4 acme -o revoke.command
flash revoke.command
expect revoke 0 "revoke-tenant is done"
run "$atto" command set-rights --device $device --counter 1 --component beacon --signer acme --key acme \
    --json greedy.json -o late.command
cp flash before
flash late.command
refused revoked_tenants_sign_nothing "late.command: signed by tenant 'acme', which is not enrolled here"
run "$atto" tenant list flash
expect revoked_tenant_is_gone 0 "owner: the key of the firmware; counter 4"
boot_here 5
if grep -q acme out; then
    not_ok revoked_containers_are_gone "acme is still there"
else
    ok revoked_containers_are_gone
fi
run "$atto" keygen -o next
run "$atto" command rotate-key --device $device --counter 5 --new-key next.pub --key owner -o rotate.command
flash rotate.command
expect rotate 0 "rotate-key is done"
run "$atto" tenant list flash
expect rotated_key_is_shown 0 "owner: EdDSA, key id" "counter 5"
run "$atto" tenant list --slot-count 0 missing
expect list_of_no_file 1 "missing: cannot be read"
run "$atto" flash flash own.suit
expect flash_without_owner 2 "--owner is missing"
exit $((failures != 0))
