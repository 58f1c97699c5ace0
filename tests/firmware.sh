#!/bin/sh
# The reference firmware on the emulated boards: containers come to it by CoAP, are checked, run, and are there again
# when the power comes back. An independent client asks.
#
# usage: tests/firmware.sh
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=firmware
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=tests/start_board.sh
. "$root/tests/start_board.sh"
need "$atto"
need_python
coap=coap-client-notls
if ! command -v $coap >/dev/null; then
    echo "skip $suite: there is no $coap; scripts/setup check installs it"
    exit 0
fi

device_id=01234567-89ab-cdef-0123-456789abcdef
stack_bytes=8192 # ports/CMakeLists.txt

# A container of about 1 KB that says its version, and is healthy then.
make_container() {
    cat >"$1.c" <<C
#include <atto.h>
static uint8_t work[720];
ATTO_ENTRY int64_t start(void) { atto_log("$1 $2", sizeof "$1 $2" - 1); atto_heartbeat(); return 0; }
ATTO_ENTRY int64_t loop(void) { return ++work[work[0] % sizeof work]; }
C
    printf '{ "name": "%s", "schedule": { "period_us": 500000 } }\n' "$1" >"$1.json"
    "$atto" build "$1.c" -o "$1.atto" >out 2>&1 &&
        "$atto" pack "$1.atto" --vendor example.com --class "$board" --sequence "$2" --key "${3:-owner}" \
            -o "$1.suit" >out 2>&1
}

start_device() {
    flash=flash
    if [ "$board" = mps2-an386 ]; then
        ATTO_QEMU_FLASH=flash
        export ATTO_QEMU_FLASH
    fi
    rm -f monitor
    ATTO_QEMU_MONITOR=monitor ATTO_QEMU_UDP=$port start_board "$firmware" owner.cose $device_id $flash
    unset ATTO_QEMU_FLASH
}

# install NAME: what the device answers is in the file out.
install() {
    run $coap -B 10 -b 512 -m post -f "$1.suit" "coap://127.0.0.1:$port/install"
}

# The console has this line, or gets it soon.
says() {
    turns=0
    until grep -qF -e "$2" console || [ $turns -eq 60 ]; do
        sleep 0.1
        turns=$((turns + 1))
    done
    cp console out
    require "${board}_$1" grep -qF -e "$2" console
}

installs() {
    require "${board}_starts" grep -q ready console
    make_container one 1
    install one
    says runs "component 0: runs"
    says is_activated "first container after"
    says logs "one 1"
    says is_healthy "component 0: healthy"
    make_container one 2
    install one
    says updates "one 2"
    install one
    expect "${board}_refuses_a_replay" 0 "4.09"
    make_container two 1 stranger
    install two
    expect "${board}_refuses_a_stranger" 0 "4.01"
    head -c 900 one.suit >cut.suit
    printf 'garbage' >>cut.suit
    install cut
    match "${board}_refuses_garbage" 0 "4\.[0-9][0-9]"
    run $coap -B 5 -m get "coap://127.0.0.1:$port/containers"
    expect "${board}_lists_one" 0 "one"
}

# Room for eight of them, as the table of sizes says.
fills() {
    number=2
    for name in two three four five six seven eight; do
        make_container $name 1
        install $name
        cat out >>answers
        number=$((number + 1))
    done
    says eighth_is_healthy "component 7: healthy"
}

# kill -9 is what a board without power looks like.
survives() {
    stop_board
    start_device
    says comes_back "component 0: runs"
    says runs_again "one 2"
    says all_run_again "eight 1"
    install one
    expect "${board}_remembers_sequence_numbers" 0 "4.09"
    before=$(ticks)
    sleep 4
    after=$(ticks)
    echo "$board: containers activated twice a second for 4 s, $(((after - before) * 1000 / (4 * $(getconf CLK_TCK)))) \
thousandths of a processor"
    grep 'first container' console | sed "s/^/$board: /"
    unused=$($host stack monitor $stack_bytes)
    echo "$board: stack used at most $((stack_bytes - unused)) bytes of $stack_bytes"
    require "${board}_stack" test "$unused" -ge 512
}

for name in mps2-an386:cortex-m4-lto lm3s6965evb:cortex-m3; do
    board=${name%:*} preset=${name#*:}
    if ! command -v arm-none-eabi-gcc >/dev/null || ! command -v qemu-system-arm >/dev/null; then
        echo "skip ${suite}_$board: no arm-none-eabi-gcc or no qemu-system-arm; scripts/setup $preset installs them"
        continue
    fi
    firmware=$root/build/$preset/device.elf
    # The other one belongs to a group of its own.
    [ "$preset" != cortex-m4-lto ] || need_firmware
    if ! [ -e "$firmware" ]; then
        echo "skip ${suite}_$board: $firmware is not built"
        continue
    fi
    rm -f flash owner owner.* stranger
    "$atto" keygen --cose -o owner >out 2>&1 && "$atto" keygen -o stranger >out 2>&1
    port=$(free_ports 1)
    start_device
    installs
    fills
    survives
    stop_board
    [ "$board" = mps2-an386 ] || continue
    # shellcheck disable=SC2046 # two words
    set -- $(free_ports 2)
    ATTO_QEMU_NIC="socket,udp=127.0.0.1:$1,localaddr=127.0.0.1:$2" start_board "$firmware" owner.cose
    host "$board" "$1" "$2" coap6
    stop_board
done
[ "$failures" -eq 0 ]
