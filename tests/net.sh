#!/bin/sh
# The network of the emulated boards: datagrams over IPv4 and IPv6, frames that are wrong in every way, and what an idle
# board takes of the host's processor.
#
# usage: tests/net.sh
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=net
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=tests/start_board.sh
. "$root/tests/start_board.sh"
need_python

test_wire() {
    # shellcheck disable=SC2046 # two words
    set -- $(free_ports 2)
    ATTO_QEMU_NIC="socket,udp=127.0.0.1:$1,localaddr=127.0.0.1:$2" start_board "$echo"
    # shellcheck disable=SC2086 # words
    host "$board" "$1" "$2" ipv4 $ipv6 bad
    stop_board
}

test_user_network() {
    port=$(free_ports 1)
    ATTO_QEMU_UDP=$port:7 start_board "$echo"
    host echo "${board}_echo" "$port" 1 100 1000 1232
    before=$(ticks)
    sleep 4
    after=$(ticks)
    echo "$board: idle for 4 s, $(((after - before) * 1000 / (4 * $(getconf CLK_TCK)))) thousandths of a processor"
    $host ask "$port" status >out
    # Nothing ticks: a few wakes for each second of its life, beside those that datagrams caused.
    if awk '{ exit !($6 < 4 + $2 * 4 + $8 / 100) }' out; then
        ok "${board}_sleeps"
    else
        not_ok "${board}_sleeps" "it woke too often"
    fi
    $host ask "$port" stop >out
    run wait "$board_pid"
    cp console out
    expect "${board}_ends" 0 "stopped after 6 datagrams"
    board_pid=
}

# To the host and back by IPv6, through QEMU's own router, which lets nothing in that was not asked for.
test_user_ipv6() {
    port=$(free_ports 2)
    back=${port#* }
    peer=$(printf '0600%04xfec00000000000000000000000000002' "$back")
    ATTO_QEMU_UDP=${port% *}:7 start_board "$echo" "$peer"
    host back "$board" "$back"
    stop_board
}

for name in mps2-an386:cortex-m4 lm3s6965evb:cortex-m3; do
    board=${name%:*}
    echo=$root/build/${name#*:}/tests/net_echo.elf
    if ! [ -e "$echo" ] || ! command -v qemu-system-arm >/dev/null; then
        echo "skip ${suite}_$board: $echo is not built, or there is no emulator"
        continue
    fi
    ipv6=
    [ "$board" = lm3s6965evb ] || ipv6=ipv6
    test_wire
    test_user_network
    [ -z "$ipv6" ] || test_user_ipv6
done
[ "$failures" -eq 0 ]
