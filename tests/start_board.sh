# What the tests with a network share: boards that run in the background, and the host's end. Sourced behind expect.sh;
# not a test by itself. $board is the board's name.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
python=/usr/bin/python3
host="$python $root/tests/net_host.py"
board_pid=
trap 'stop_board; rm -rf "$work"' EXIT

need_python() {
    if ! [ -x $python ]; then
        echo "skip $suite: there is no $python"
        exit 0
    fi
}

# The reference firmware, in $firmware: built if need be, by one test at a time.
need_firmware() {
    if ! command -v arm-none-eabi-gcc >/dev/null || ! command -v qemu-system-arm >/dev/null; then
        echo "skip $suite: no arm-none-eabi-gcc or no qemu-system-arm; scripts/setup cortex-m4-lto installs them"
        exit 0
    fi
    firmware=$root/build/cortex-m4-lto/device.elf
    mkdir -p "$root/build"
    run flock "$root/build/cortex-m4-lto.lock" "$root/scripts/build" cortex-m4-lto device
    if [ "$status" -ne 0 ]; then
        not_ok firmware "it does not build"
        exit 1
    fi
}

# Numbers of ports of 127.0.0.1 that nobody has now.
free_ports() {
    $python -c 'import socket, sys
held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(int(sys.argv[1]))]
[s.bind(("127.0.0.1", 0)) for s in held]
print(*[s.getsockname()[1] for s in held])' "$1"
}

# start_board FIRMWARE [ARGUMENT...]: in the background, its console in the file console; waits until it is ready. The
# network is what ATTO_QEMU_UDP or ATTO_QEMU_NIC says.
start_board() {
    : >console
    "$root/scripts/qemu-run" "$board" "$@" >console 2>&1 &
    board_pid=$!
    turns=0
    until grep -q ready console || [ $turns -eq 100 ]; do
        sleep 0.1
        turns=$((turns + 1))
    done
}

stop_board() {
    if [ -n "$board_pid" ]; then
        kill -9 "$board_pid" 2>/dev/null || true
        wait "$board_pid" 2>/dev/null || true
        board_pid=
    fi
}

# Its tests print for themselves.
host() {
    $host "$@" >told 2>&1
    cat told
    failures=$((failures + $(grep -c '^not ok' told)))
    grep -q '^ok' told || {
        cp told out
        not_ok "$board" "the host's end reported nothing"
    }
}

# Clock ticks of the processor that the board has used.
ticks() {
    awk '{ print $14 + $15 }' "/proc/$board_pid/stat"
}
