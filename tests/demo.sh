#!/bin/sh
# The demo tells its whole story, several at a time do not disturb each other, and it fails with a clear line if the
# device does not do its part. So does the demo of the engine alone, which the quick check leaves out.
#
# usage: tests/demo.sh
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=demo
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
need "$atto" "$root/build/linux-gcc/tests/gateway"
if ! command -v arm-none-eabi-gcc >/dev/null || ! command -v qemu-system-arm >/dev/null; then
    echo "skip $suite: no arm-none-eabi-gcc or no qemu-system-arm; scripts/setup demo installs them"
    exit 0
fi
story="10. The power comes back"
end="All of this was checked."

"$root/scripts/demo" >other 2>&1 </dev/null &
other=$!
run "$root/scripts/demo"
expect whole_story 0 "$story" "$end"
grep 'The demo took' out
wait $other
status=$?
mv other out
expect two_at_a_time 0 "$story" "$end"

# A board whose power fails at once.
mkdir bin
printf '#!/bin/sh\nexit 0\n' >bin/qemu-system-arm
chmod +x bin/qemu-system-arm
PATH="$PWD/bin:$PATH" run "$root/scripts/demo"
expect nobody_is_there 1 "demo: it is not so that the device starts"
require nothing_is_told_then test "$(grep -cF "$end" out)" -eq 0

if [ -z "${ATTO_QUICK:-}" ]; then
    PATH="$PWD/bin:$PATH" run "$root/scripts/demo-engine"
    require no_engine_is_there test "$status" -ne 0
    require nothing_is_checked_then test "$(grep -c '^Checked' out)" -eq 0
    run "$root/scripts/demo-engine"
    expect engine_whole_story 0 "memory access outside the container's regions" "Checked" "with 0 misses" \
        "broken was restarted after 50, 100, 200 and 400 ms, and given up" "sender was held to its lower rate"
fi
exit $((failures != 0))
