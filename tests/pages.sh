#!/bin/sh
# What the pages for newcomers show is so: every command of README.md, docs/TUTORIAL.md, OPERATE.md, DEPLOY.md and
# FIRMWARE.md is run, in order, with nothing changed but ports and where files are; the firmware that FIRMWARE.md goes
# through is the one that is built; the table of numbers in README.md has the numbers that were measured; and the tests
# that SECURITY.md names exist.
#
# usage: tests/pages.sh
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=pages
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=tests/start_board.sh
. "$root/tests/start_board.sh"
need "$atto" "$root/build/linux-gcc/attod"
need_python
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"

# Ends the processes that a session has started; it notes them in the file started.
: >started
end_all() {
    while read -r pid; do
        kill "$pid" 2>/dev/null
        turns=0
        while kill -0 "$pid" 2>/dev/null && [ $turns -lt 100 ]; do
            sleep 0.05
            turns=$((turns + 1))
        done
    done <started
    : >started
}
trap 'end_all; rm -rf "$work"' EXIT

# blocks LANGUAGE PAGE: its blocks of code of this language.
blocks() {
    awk -v opens="\`\`\`$1" '
        /^```/ { inside = inside == "" && $0 == opens ? "yes" : inside == "" ? "no" : ""; next }
        inside == "yes"' "$root/$2"
}

# perform NAME: the session in the file session.sh, with contexts of its own.
perform() {
    XDG_CONFIG_HOME=$work/$1 run sh -ec '. ./session.sh' sh "$root/build/linux-gcc"
    end_all
}

# session PORT: turns the commands of a page into a script that can run beside others, in this directory. It waits where
# the pages rely on a person who is slower than a process.
session() {
    # shellcheck disable=SC2016 # for the session
    echo 'PATH=$1:$PATH'
    sed -e "s|coap://127.0.0.1|&:$1|" -e "s|^attod |&--port $1 |" -e "s|ATTO_QEMU_UDP=5683|ATTO_QEMU_UDP=$1|" \
        -e "s|\(\.\./\.\./\)*scripts/|$root/scripts/|; s|\(\.\./\.\./\)*build/cortex|$root/build/cortex|; s|^PATH=.*||" \
        -e "s|& *\(#.*\)*\$|\& echo \$! >>$work/started; sleep 1|" -e '/^atto push/s/ *\(#.*\)*$/; sleep 1/' \
        -e 's/^atto logs -f.*/timeout -s INT 3 atto logs -f || :/'
}

# --- from a C file to a running container

port=$(free_ports 1)
blocks sh docs/TUTORIAL.md | session "$port" >session.sh
require tutorial_is_there grep -q 'atto postmortem watch' session.sh
if command -v arm-none-eabi-gcc >/dev/null && command -v qemu-system-arm >/dev/null; then
    on_board=yes
else
    on_board=
    echo "skip ${suite}_board: no arm-none-eabi-gcc or no qemu-system-arm; scripts/setup cortex-m4-lto installs them"
    sed -i '/setup cortex-m4-lto/,$d' session.sh
fi
perform tutorial
expect tutorial 0 "watch.atto: " "watch, sequence 1: installed, running" "too warm" "result        1900" \
    "5 calls in 1s" "ATTO_E_QUOTA" "watch, sequence 2: installed" "ATTO_FAULT_MEMORY" \
    "broken.c:11: if (reading.value[reading.value[0]] > limit)" "acme/watch, sequence 1: installed, running"
[ -z "$on_board" ] || require tutorial_on_board test "$(grep -c '^watch, sequence 1: installed' out)" -eq 2
match tutorial_is_back_at_version_1 0 '^watch +running +healthy +1 '
require tutorial_goes_on test "$(grep -cE '^watch +running +healthy +1 ' out)" -ge 3
# What the page says that is printed, is printed, but for numbers.
blocks '' docs/TUTORIAL.md | sed 's/[0-9][0-9]*/0/g; s/  */ /g' >told
sed 's/[0-9][0-9]*/0/g; s/  */ /g' out >printed
require tutorial_output sh -c 'test -s told && ! grep -vxFf printed told'

# --- the first page

port=$(free_ports 1)
blocks sh README.md | session "$port" >session.sh
perform first
expect readme 0 "hello, sequence 1: installed, running" "hello      running"
run "$root/scripts/numbers" --check
expect readme_numbers 0

# --- operating, and deploying by hand

port=$(free_ports 1)
{
    blocks sh docs/OPERATE.md
    echo 'atto tenant list; atto ps'
} | session "$port" >session.sh
perform third
expect operating 0 "hello, sequence 1: installed, running" "hello  hello" "set-tenant acme: done" \
    "acme/hello, sequence 1: installed" "rotate.command: done" "100  8192"
require operating_many_devices test "$(grep -cE '^(acme/)?hello +running' out)" -ge 3
require operating_json grep -q '"faults"' ps.json

mkdir by-hand
port=$(free_ports 1)
{
    echo 'cd by-hand'
    blocks sh docs/DEPLOY.md
} | session "$port" >session.sh
perform fourth
expect deploying 0 "0 (acme/blink): on trial" "tenant 1 acme: EdDSA" "right pins: read, write; arguments 8 to 15" \
    "-/blink: runs"
require deploying_without_the_command grep -qa blink by-hand/containers.cbor
blocks '' docs/DEPLOY.md >told
require deploying_output sh -c 'test -s told && ! grep -vxFf out told'

# --- the attacks of SECURITY.md: each test that it names is there

sed -n 's/`/\n/gp' "$root/docs/SECURITY.md" | sed -n 's|^\(test_[a-z0-9_]*\)/\([a-z0-9_]*\)$|\1.c TEST(\2,|p
    s|^\([a-z]*\.sh\)/\([a-z0-9_-]*\)$|\1 \2|p; s|^\(fuzz_[a-z]*\)$|../fuzz/\1.c int|p' | sort -u >named
: >out
while read -r file name; do
    part=$name
    case $name in
    *_*_*) [ "${file%.sh}" = "$file" ] || part=${name#*_} ;; # a part may be a variable
    esac
    # Scripts have parts, which are files that begin like them.
    cat "$root/tests/$file" "$root/tests/${file%.sh}"_*.sh "$root/tests/${file%.sh}"_*.py 2>/dev/null | grep -qF -e "$part" ||
        echo "$file: no $name" >>out
done <named
require attacks_have_tests test ! -s out
require attacks_are_many test "$(grep -c . named)" -gt 100

# --- the smallest firmware

blocks c docs/FIRMWARE.md | sed 's/[ \t]*$//; /^$/d' >shown.c
sed -n '/^#include/,$p' "$root/examples/firmware/smallest.c" | sed '/^$/d' >built.c
require firmware_is_the_one_that_is_built cmp shown.c built.c
if [ -n "$on_board" ]; then
    port=$(free_ports 1)
    rm -f owner owner.*
    blocks sh docs/FIRMWARE.md | session "$port" >session.sh
    perform second
    expect firmware_runs_a_container 0 "hello, sequence 1: installed" " hello"
fi
exit $((failures != 0))
