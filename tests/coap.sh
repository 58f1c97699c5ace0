#!/bin/sh
# libcoap's client against the CoAP server: a device on this machine's loopback (coap_device.c) answers it in every
# block size, both ways, and is observed. And the other way round: Atto's client fetches what libcoap's has put.
#
# usage: tests/coap.sh
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=coap
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
device=$root/build/linux-gcc/tests/coap_device
libcoap=coap-client-notls
if ! [ -x "$device" ]; then
    echo "skip coap: $device is not built"
    exit 0
fi
if ! command -v $libcoap >/dev/null; then
    echo "skip coap: no $libcoap; scripts/setup check-fast installs it"
    exit 0
fi

# begin BLOCK: starts a device that sends blocks of at most so many bytes; $uri is where. It ends with its input.
begin() {
    rm -f input port
    mkfifo input
    "$device" "$1" <input >port 2>device.err &
    pid=$!
    exec 9>input
    tries=0
    while [ ! -s port ] && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    uri=coap://127.0.0.1:$(cat port)
}

# The device ends well, and said nothing on its way.
end() {
    exec 9>&-
    wait "$pid"
    ended=$?
    cp device.err out
    if [ $ended -eq 0 ] && [ ! -s device.err ]; then
        ok "device_ends_$1"
    else
        not_ok "device_ends_$1" "exit status $ended"
    fi
}

# client ARGUMENT...: libcoap's client; it gives up after 20 seconds.
client() {
    run $libcoap -B 20 "$@"
}

same() {
    if cmp -s "$2" "$3"; then
        ok "$1"
    else
        cmp "$2" "$3" >out 2>&1
        not_ok "$1" "$2 and $3 differ"
    fi
}

begin 1024

client -m get "$uri/hello"
expect get 0 "hello, world"
client -m get "$uri/.well-known/core"
expect well_known_core 0 "</count>;obs"
client -m get "$uri/none"
expect not_found 0 "4.04"
client -m delete "$uri/store"
expect method_not_allowed 0 "4.05"
client -m get -A application/cbor "$uri/hello"
expect not_acceptable 0 "4.06"
client -N -m get "$uri/hello"
expect non_confirmable 0 "hello, world"
client -m get -O 9,x "$uri/hello"
expect unknown_critical_option 0 "4.02"
client -m get -O 10,x "$uri/hello"
expect unknown_elective_option 0 "hello, world"
client -m post "$uri/later"
expect separate_response 0 "here it is"
client -m fetch -e "twice " "$uri/fetch"
expect fetch 0 "twice twice "
client -m ipatch -t application/cbor -e "new" "$uri/store"
expect ipatch 0
client -v 7 -m get "$uri/store"
expect ipatch_is_stored 0 "c:2.05" "data length 3" "<<6e6577>>" "ETag:0x"
etag=$(sed -n 's/.*ETag:0x\([0-9a-f]*\).*/\1/p' out | head -n 1)
client -v 7 -m get -O "4,0x$etag" "$uri/store"
expect etag_is_valid 0 "c:2.03"
client -m put -e "newer" "$uri/store"
client -v 7 -m get -O "4,0x$etag" "$uri/store"
expect etag_is_old 0 "c:2.05" "<<6e65776572>>"

head -c 6000 /dev/urandom >too_large
client -b 1024 -m put -f too_large "$uri/store"
expect too_large 0 "4.13"
client -m get "$uri/store"
expect too_large_is_not_stored 0 "newer"
head -c 12 /dev/zero >small
client -m put -f small "$uri/store"
client -m get -o got "$uri/store"
same small_payload small got

# --- observation

$libcoap -B 20 -s 4 -m get "$uri/count" >observed 2>&1 &
observer=$!
sleep 0.5
for _ in 1 2 3; do
    client -m post "$uri/count"
    sleep 1.1
done
wait $observer
cp observed out
status=0
if [ "$(tr -d '\n' <observed)" = 0123 ]; then
    ok observe
else
    not_ok observe "not 0, 1, 2 and 3, each once"
fi
client -m post "$uri/count"
expect observer_has_gone 0 "4"

# --- blocks: every size of the client's, and every size of the server's

for block in 16 32 64 128 256 512 1024; do
    head -c $((block * 2 + 700)) /dev/urandom >sent
    rm -f got
    client -b $block -m put -f sent "$uri/store"
    expect put_blocks_of_$block 0
    client -b $block -m get -o got "$uri/store"
    same get_blocks_of_$block sent got
    "$device" fetch "$uri/store" >got
    same fetch_blocks_of_$block sent got
done
run "$device" fetch "$uri/none"
expect fetch_of_nothing 1 "ATTO_E_NOT_FOUND 4.04"
end 1024
for block in 16 32 64 128 256 512; do
    begin $block
    head -c 1500 /dev/urandom >sent
    rm -f got
    client -m put -f sent "$uri/store"
    client -m get -o got "$uri/store"
    same server_of_$block sent got
    end $block
done

[ $failures -eq 0 ]
