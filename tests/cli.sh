#!/bin/sh
# Tests of the `atto` command and of the conformance plug-in as a person uses them: what they print, where they point,
# and what they exit with. Prints one line a test, like the test programs.
#
# usage: tests/cli.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=cli
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
plugin=$(dirname "$atto")/bpf_conformance_plugin
[ -x "$plugin" ] || plugin=$root/build/bpf_conformance_plugin
need "$atto"

# --- the examples: each builds, is accepted and runs

for source in "$root"/examples/*.c "$root"/examples/*.cpp; do
    name=$(basename "$source")
    case $name in hostile_*) continue ;; esac
    run "$atto" build "$source" -o "${name%.*}.atto"
    expect "build_$name" 0
    run "$atto" check "${name%.*}.atto"
    expect "check_$name" 0 accepted
    run "$atto" inspect "${name%.*}.atto"
    expect "inspect_$name" 0 "atto image, executor bpf" "$name:" entry text
    run "$atto" run "${name%.*}.atto" --json
    expect "run_$name" 0 '"status": "ATTO_OK"'
done

# --- results: the published test vectors of Fletcher-32

printf 'abcdef' >abcdef
run "$atto" run fletcher32.atto --ctx abcdef --json
expect fletcher32_of_6_bytes 0 '"result": "0x56502d2a"'
run "$atto" run fletcher32.atto --ctx-hex '61626364 65666768' --json
expect fletcher32_of_8_bytes 0 '"result": "0xebe19591"'

# An entry point by name, activations that keep their data.
run "$atto" run thread_counter.atto -e on_switch -n 5 --ctx-hex 00000000000000000300000000000000 --json
expect activations_keep_data 0 '"result": "0x5"'
run "$atto" run thread_counter.atto -e nobody
expect unknown_entry 1 nobody on_switch
run "$atto" run moving_average.atto -n 3 --json
expect sensor 0 '"result": "0x'

# --- a firmware with a service of its own

run "$atto" build "$root/examples/firmware/greeting.c" -o greeting.atto
expect build_for_own_service 0
if [ -x "$root/build/linux-gcc/display" ]; then
    run "$root/build/linux-gcc/display" greeting.atto
    expect own_service 0 "0 |                    |" "1 |hello from a guest  |" \
        "call 208, handle 0: a right that is needed was not granted"
    run "$root/build/linux-gcc/display" moving_average.atto
    expect own_service_without_the_endpoint 1 "no such entry point, call or object"
fi

# --- hostile containers: refused or stopped, with the line

line_of() {
    grep -n -e "$2" "$1" | head -n 1 | cut -d: -f1
}

run "$atto" check "$root/examples/hostile_refused.c"
expect refused_call_has_its_line 1 "hostile_refused.c:" "host call" "slot"
run "$atto" check --any-call "$root/examples/hostile_refused.c"
expect granted_call 0 accepted
# Bytes in assembly have no source line; they count to the instruction before them.
line=$(line_of "$root/examples/hostile_escape.s" '^ *if r1')
run "$atto" build "$root/examples/hostile_escape.s" -o escape.atto
expect escape_is_not_built 1 "hostile_escape.s:$line:" "wide instruction" "register number"
require refused_image_is_not_written [ ! -e escape.atto ]
run "$atto" build --no-check "$root/examples/hostile_escape.s" -o escape.atto
run "$atto" run escape.atto
expect escape_does_not_run 1 "hostile_escape.s:"
run "$atto" run "$root/examples/hostile_fault.c"
expect fault_has_its_line 1 "memory access outside" "hostile_fault.c:" address

# --- what a program may consist of

cat >many.c <<'C'
#include <atto.h>
static const char *const words[] = { "one", "two", "three" };
static const uint16_t table[4] = { 10, 20, 30, 40 };
static uint32_t counter;          /* bss */
static uint32_t start = 1000;     /* data */
static __attribute__((noinline)) uint32_t length(const char *word)
{
    uint32_t n = 0;
    while (word[n] != 0)
        n++;
    return n;
}
static __attribute__((noinline)) uint32_t twice(const char *word)
{
    volatile uint32_t room[8] = { 0 };
    room[3] = length(word);
    return 2 * room[3];
}
ATTO_ENTRY int64_t first(const uint64_t *which, uint64_t len)
{
    return len == 8 && *which < 3 ? twice(words[*which]) + table[*which] : -1;
}
ATTO_ENTRY int64_t second(void)
{
    counter += 1;
    start += counter;
    return start;
}
ATTO_ENTRY int64_t tree(const uint64_t *n, uint64_t len)
{
    return len == 8 && *n < 2 ? (int64_t)*n : -7;
}
C
run "$atto" build many.c -o many.atto
expect several_functions_and_sections 0
run "$atto" run many.atto -e first --ctx-hex 0200000000000000 --json
expect strings_tables_and_local_calls 0 '"result": "0x28"'
run "$atto" run many.atto -e second -n 3 --json
expect data_and_bss 0 '"result": "0x3ee"'
run "$atto" inspect many.atto
expect inspect_names_functions 0 first second tree rodata bss "many.c:"
run "$atto" inspect many.atto --json
expect inspect_json 0 '"executor": "bpf"' '"sections"' '"entries"'
run "$atto" inspect --where 0 many.atto
expect inspect_where 0 "many.c:"
run "$atto" build --strip many.c -o stripped.atto
run "$atto" run stripped.atto -e second --json
expect stripped_image 0 '"result": "0x3e9"'

cat >other.c <<'C'
#include <atto.h>
int64_t helper(int64_t a);
int64_t helper(int64_t a)
{
    return a * 3;
}
C
cat >main.c <<'C'
#include <atto.h>
int64_t helper(int64_t a);
ATTO_ENTRY int64_t run(void)
{
    return helper(14);
}
C
run "$atto" build main.c other.c -o two.atto
expect two_sources 0
run "$atto" run two.atto -e run --json
expect calls_across_sources 0 '"result": "0x2a"'

# --- errors say where and why

printf 'int x = ;\n' >bad.c
run "$atto" build bad.c
expect compiler_errors 1 "bad.c:1"
run "$atto" build main.c -o lonely.atto
expect missing_function 1 helper main
run "$atto" build nothing.c
expect missing_file 1 nothing.c
cp main.c wish.c
printf '{\n  "name": "wish",\n  "nmae": 3\n}\n' >wish.json
run "$atto" build wish.c other.c
expect unknown_key 1 "wish.json:3" nmae
printf '{ "name": "wish",\n' >wish.json
run "$atto" build wish.c other.c
expect broken_json 1 "wish.json:"
printf '{\n  "\\u0072ights": [{ "endpoint": "led",\n "operations": ["reed"] }]\n}\n' >wish.json
run "$atto" build wish.c -o x.atto
expect key_with_an_escape 1 "wish.json:3" operations
printf '{\n  "fuel": 2\000}\n' >wish.json
run "$atto" build wish.c -o x.atto
expect byte_of_0_in_json 1 "wish.json:2:12: there is a byte of 0"
printf '{ "fuel": 0 }\n' >wish.json
run "$atto" build wish.c other.c
expect value_out_of_range 1 "wish.json:1" fuel
printf '{ "entries": ["nobody"] }\n' >wish.json
run "$atto" build wish.c other.c
expect unknown_entry_in_json 1 nobody
printf '{ "hooks": [{ "uuid": "0123", "entry": "run", "policy": "first" }],
  "stack": 0, "calls": ["nobody", 256] }\n' >wish.json
run "$atto" build wish.c other.c
expect all_mistakes_of_a_manifest 1 "wish.json:1:23: 'uuid'" "wish.json:1:57: 'policy'" '"single"' \
    "wish.json:2:12: 'stack'" "wish.json:2:25: 'calls': there is no host call 'nobody'" "wish.json:2:35: 'calls'"
cat >pointer.c <<'C'
#include <atto.h>
static int64_t one(void) { return 1; }
static int64_t two(void) { return 2; }
ATTO_ENTRY int64_t run(const uint64_t *which, uint64_t len)
{
    int64_t (*volatile f)(void) = len == 8 && *which == 1 ? one : two;
    return f();
}
C
run "$atto" build pointer.c
expect function_pointers 1 pointer.c
cat >floating.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t run(const double *x, uint64_t len)
{
    return len == 8 ? (int64_t)(*x * 2.5) : 0;
}
C
run "$atto" build floating.c
expect floating_point 1 floating.c

# --- the schedule

# with_schedule MEMBERS: builds a program with a schedule of these members, which begin on the third line.
with_schedule() {
    cp main.c timed.c
    printf '{\n  "schedule": {\n    %s\n  }\n}\n' "$1" >timed.json
    run "$atto" build timed.c other.c -o timed.atto
}

with_schedule '"priority": 3, "period_us": 1000, "deadline_us": 1000, "loop_count": 4294967295, "restart": "on-fault",
    "backoff_ms": 16777215, "on_miss": "drop", "on_overrun": "fault", "budget_fuel": 1073676288, "events": 16'
expect schedule_is_built 0
run "$atto" check timed.atto
expect schedule_is_accepted 0 accepted
run "$atto" inspect timed.atto
expect schedule_is_shown 0 "schedule priority 3" "schedule period_us 1000" "schedule deadline_us 1000" \
    "schedule loop_count 4294967295" "schedule restart on-fault" "schedule backoff_ms 16777215" \
    "schedule on_miss drop" "schedule on_overrun fault" "schedule budget_fuel 1073676288" "schedule events 16"
require schedule_shows_what_is_set [ "$(grep -c '^  schedule ' out)" -eq 10 ]
run "$atto" inspect --json timed.atto
expect schedule_in_json 0 '"schedule": {' '"priority": 3' '"restart": "on-fault"' '"on_miss": "drop"' \
    '"on_overrun": "fault"' '"loop_count": 4294967295'
cp timed.atto before.atto
with_schedule "$(sed -n '/"schedule": {/,/}/p' out | sed '1d;$d')"
require schedule_comes_back_from_json cmp -s timed.atto before.atto
with_schedule '"priority": 0'
run "$atto" inspect timed.atto
expect schedule_most_urgent 0 "schedule priority 0"
with_schedule '"priority": 8, "period_us": 0, "restart": "never", "on_miss": "continue", "on_overrun": "throttle"'
cp timed.atto before.atto
printf '{}\n' >timed.json
run "$atto" build timed.c other.c -o timed.atto
require schedule_of_nothing_is_not_written cmp -s timed.atto before.atto
with_schedule '"periods": 1'
expect schedule_unknown_key 1 "timed.json:3:5:" "'periods'" period_us events
with_schedule '"period_us": "soon"'
expect schedule_wrong_type 1 "timed.json:3:18:" "'period_us'" "whole number"
with_schedule '"loop_count": 1.5'
expect schedule_fraction 1 "timed.json:3:19:" "'loop_count'" 4294967295
with_schedule '"priority": 16'
expect schedule_out_of_range 1 "timed.json:3:17:" "'priority'" "0 to 15"
with_schedule '"events": -1'
expect schedule_below_zero 1 "timed.json:3:15:" "'events'" "0 to 16"
with_schedule '"restart": 1'
expect schedule_number_for_a_word 1 "timed.json:3:16:" "'restart'" '"never", "on-fault" or "always"'
with_schedule '"on_miss": "sometimes"'
expect schedule_unknown_word 1 "timed.json:3:16:" "'on_miss'" '"continue", "drop" or "fault"'
with_schedule '"on_overrun": "drop"'
expect schedule_word_of_another_key 1 "timed.json:3:19:" "'on_overrun'" '"throttle" or "fault"'
with_schedule '"deadline_us": 1001, "period_us": 1000'
expect schedule_deadline_over_period 1 "timed.json:3:20:" "'deadline_us'" "'period_us'" 1000
with_schedule '"deadline_us": 1001'
expect schedule_deadline_alone 0
printf '{ "schedule": [] }\n' >timed.json
run "$atto" build timed.c other.c
expect schedule_is_no_object 1 "timed.json:1:15:" "'schedule'" object

# --- rights

# with_rights RIGHTS: builds a program that wishes for these rights, which begin on the second line.
with_rights() {
    printf '{ "rights": [\n%s\n] }\n' "$1" >rightful.json
    run "$atto" build rightful.c -o rightful.atto
}

cat >rightful.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t run(void)
{
    return HANDLE_TEMPERATURE + 10 * HANDLE_TEMPERATURE_2 + 100 * HANDLE_12 + 1000 * LAMP + 10000 * HANDLE__RGER_X_Y;
}
C
all_rights='{ "endpoint": "temperature", "operations": ["read"], "range": [0, 3],
    "rate": { "calls": 10, "bytes": 100, "period": "1s" }, "total": 1000 },
{ "endpoint": 12, "operations": ["map"], "rate": { "bytes": 64, "period": "10min" } },
{ "endpoint": "lamp", "operations": ["write", "control"], "range": [5, 65535], "handle": "LAMP" },
{ "endpoint": "\u00e4rger-x.y", "operations": ["read", "write", "map", "control"], "total": 65535 },
{ "endpoint": "temperature", "operations": ["read"], "rate": { "calls": 65535, "period": "1ms" } }'
with_rights "$all_rights"
expect rights_are_built 0
run "$atto" check rightful.atto
expect rights_are_accepted 0 accepted
run "$atto" run rightful.atto --json
expect rights_have_handles 0 '"result": "0x7d8c"' # 0, 4, 1, 2 and 3, as digits: 32140
run "$atto" inspect rightful.atto
expect rights_are_shown 0 \
    "right    0 temperature: read; arguments 0 to 3; 10 calls and 100 bytes in 1s; 1000 calls in all" \
    "right    1 endpoint 12: map; 64 bytes in 10min" "right    2 lamp: write, control; arguments from 5 on" \
    "rger-x.y: read, write, map, control; 65535 calls in all" "right    4 temperature: read; 65535 calls in 1ms"
cp rightful.atto before.atto
run "$atto" inspect --no-text --json rightful.atto
expect rights_in_json 0 '"rights": [' '"endpoint": 12' '"period": "10min"' '"control"' '"total": 65535'
sed -n '/^    "rights": \[/,/^    \]/p' out | sed '1d;$d' >shown
with_rights "$(sed 's/"endpoint": "lamp"/"handle": "LAMP", &/' shown)"
require rights_come_back_from_json cmp -s rightful.atto before.atto
with_rights '{ "endpoint": "lamp", "operations": ["write"] }'
expect rights_name_unknown_handles 1 "rightful.c:4:" HANDLE_TEMPERATURE '"rights" in the JSON file'

# What takes no handle is asked for by the call that is made.
cat >implied.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t run(void)
{
    ATTO_LOG("here");
    return (int64_t)atto_now_us() + atto_timer(0, 1, 2);
}
C
run "$atto" build implied.c -o implied.atto
run "$atto" inspect --no-text implied.atto
expect rights_are_implied 0 "right    0 log: write" "right    1 clock: read, write"
printf '{ "rights": [{ "endpoint": "log", "operations": ["write"], "total": 3 }, { "endpoint": "clock", "operations": ["read"] }] }' >implied.json
run "$atto" build implied.c -m implied.json -o implied.atto
run "$atto" inspect --no-text implied.atto
expect rights_asked_for_stay 0 "right    0 log: write; 3 calls in all"
require rights_asked_for_stay_as_they_are grep -q "right    1 clock: read$" out

# wrong_right NAME RIGHTS PLACE TEXT...: a list of rights that is refused, at a line and column of the file.
wrong_right() {
    name=$1 place=$3
    with_rights "$2"
    shift 3
    expect "right_$name" 1 "rightful.json:$place" "$@"
}

wrong_right unknown_key '{ "endpoint": 1, "operation": ["read"] }' 2:18: "'operation'" operations
wrong_right without_endpoint '{ "operations": ["read"] }' 2:1: "'endpoint'"
wrong_right without_operations '{ "endpoint": "a" }' 2:1: "'operations'"
wrong_right no_object '"temperature"' 2:1: object
wrong_right endpoint_out_of_range '{ "endpoint": 256, "operations": ["read"] }' 2:15: "0 to 255"
wrong_right endpoint_of_another_type '{ "endpoint": [], "operations": ["read"] }' 2:15: "'endpoint'"
wrong_right endpoint_without_name '{ "endpoint": "", "operations": ["read"] }' 2:15: "1 to 32 bytes"
wrong_right endpoint_with_control_character '{ "endpoint": "\u009f", "operations": ["read"] }' 2:15: control
wrong_right no_operation '{ "endpoint": 1, "operations": [] }' 2:32: "'operations'" "one of them"
wrong_right unknown_operation '{ "endpoint": 1, "operations": ["read", "see"] }' 2:41: '"map" or "control"'
wrong_right operation_without_list '{ "endpoint": 1, "operations": "read" }' 2:32: "'operations'" array
wrong_right range_of_one '{ "endpoint": 1, "operations": ["read"], "range": [1] }' 2:51: "'range'" two
wrong_right range_too_far '{ "endpoint": 1, "operations": ["read"], "range": [0, 65536] }' 2:55: "'range'"
wrong_right range_backwards '{ "endpoint": 1, "operations": ["read"], "range": [2, 1] }' 2:51: "'range'" end
wrong_right rate_without_period '{ "endpoint": 1, "operations": ["read"], "rate": { "calls": 1 } }' \
    2:50: "'period'"
wrong_right rate_of_nothing '{ "endpoint": 1, "operations": ["read"], "rate": { "period": "1h" } }' \
    2:50: "'calls' or 'bytes'"
wrong_right rate_of_zero '{ "endpoint": 1, "operations": ["read"], "rate": { "calls": 0, "period": "1h" } }' \
    2:61: "'calls'" "1 to 65535"
wrong_right rate_of_another_period '{ "endpoint": 1, "operations": ["read"], "rate": { "calls": 1, "period": "1d" } }' \
    2:74: "'period'" '"10min" or "1h"'
wrong_right rate_no_object '{ "endpoint": 1, "operations": ["read"], "rate": 5 }' 2:50: "'rate'" object
wrong_right total_of_zero '{ "endpoint": 1, "operations": ["read"], "total": 0 }' 2:51: "'total'"
wrong_right handle_with_a_space '{ "endpoint": 1, "operations": ["read"], "handle": "A B" }' 2:52: "'handle'"
wrong_right handle_with_a_digit '{ "endpoint": 1, "operations": ["read"], "handle": "1A" }' 2:52: "'handle'"
wrong_right handles_that_are_the_same '{ "endpoint": "a-b", "operations": ["read"] },
{ "endpoint": "a.b", "operations": ["read"] }' 3:1: HANDLE_A_B "rights 0 and 1" "'handle'"
wrong_right all_mistakes '{ "endpoint": -1, "operations": ["see"], "range": 0, "rate": [], "total": "a", "handle": 1 },
{ }' "2:15: 'endpoint'" "2:34: 'operations'" "2:51: 'range'" "2:62: 'rate'" "2:75: 'total'" "2:90: 'handle'" \
    "3:1: a right"

# many_rights COUNT: a list of so many.
many_rights() {
    yes '{ "endpoint": 7, "operations": ["read"] }' | head -n "$1" | sed '$!s/$/,/'
}
printf '#include <atto.h>\nATTO_ENTRY int64_t run(void) { return HANDLE_7_32; }\n' >rightful.c
with_rights "$(many_rights 32)"
expect as_many_rights_as_there_can_be 0
run "$atto" run rightful.atto --json
expect as_many_handles 0 '"result": "0x1f"'
with_rights "$(many_rights 33)"
expect one_right_too_many 1 "rightful.json:1:13:" "'rights'" "at most 32"
printf '{ "rights": {} }\n' >rightful.json
run "$atto" build rightful.c
expect rights_are_no_list 1 "rightful.json:1:13:" "'rights'" array
printf '#include <atto.h>\nATTO_ENTRY int64_t run(void) { return 5; }\n' >rightful.c
with_rights ''
cp rightful.atto before.atto
printf '{}\n' >rightful.json
run "$atto" build rightful.c
require rights_of_nothing_are_not_written cmp -s rightful.atto before.atto

# --- images that are broken

head -c 100 many.atto >cut.atto
run "$atto" check cut.atto
expect cut_image 1 cut.atto
run "$atto" run cut.atto
expect cut_image_does_not_run 1 cut.atto
run "$atto" inspect cut.atto
require inspect_survives_a_cut_image [ "$status" -le 1 ]
: >empty.atto
run "$atto" check empty.atto
expect empty_file 1 empty.atto
printf '\101\124\124\117\377' >noise.atto
run "$atto" check noise.atto
expect short_image 1 noise.atto

# --- limits

run "$atto" run fletcher32.atto --ctx abcdef --fuel 10
expect too_little_fuel 1 "fuel used up" "fletcher32.c:"
run "$atto" check --stack 8 many.atto
expect stack_limit 1 "stack"
run "$atto" check --json "$root/examples/hostile_refused.c"
expect check_json 1 ATTO_E_CALL '"slot"'

# --- usage

run "$atto"
expect no_command 2 usage
run "$atto" nonsense
expect unknown_command 2 nonsense
run "$atto" build
expect no_source 2 "atto build"
run "$atto" run --nonsense many.atto
expect unknown_option 2 nonsense
run "$atto" run many.atto -f 0
expect number_of_an_option 2 "--fuel: '0'" "from 1 to"
run "$atto" check many.atto stripped.atto
expect two_files 2 "'stripped.atto' is too many"
run "$atto" run many.atto --ctx-hex 0g
expect bad_hex 2
run "$atto" help run
expect help 0 "usage: atto run"

# --- the plug-in of the conformance suite

plug() {
    program=$1
    shift
    status=0
    printf '%s\n' "$program" | "$plugin" "$@" >out 2>err || status=$?
}
plug_failed() {
    [ "$status" -ne 0 ] && [ -s err ]
}
if [ -x "$plugin" ]; then
    plug 'b7000000070000009500000000000000'
    expect plugin_value 0 7
    plug 'b7 00 00 00 07 00 00 00  95 00 00 00 00 00 00 00'
    expect plugin_blanks 0 7
    plug '61100000000000009500000000000000' '78 56 34 12'
    expect plugin_memory 0 12345678
    plug '61100400000000009500000000000000' 78563412
    require plugin_fault plug_failed
    plug 'ff000000000000009500000000000000'
    require plugin_refusal plug_failed
    plug '05000000'
    require plugin_half_a_slot plug_failed
    plug 'b700'
    require plugin_short plug_failed
else
    echo "skip cli_plugin: $plugin is not built"
fi

# --- metadata of TinyContainer, written byte by byte and signed by nobody

filler() {
    printf '%0*d' "$1" 0
}
hash_token() { # 2 + 111 bytes
    printf 'Xo\204@\240X(\241:\000\001\000\000X '
    filler 32
    printf 'X@'
    filler 64
}
# metadata UID [ENDPOINT-PEER]: uid of 4 bytes
metadata() {
    printf '\333TinyPART\243\001XX\243\001D%s\002\003\003XL\204@\240F\241\071\377\377A\033X@' "$1"
    filler 64
    printf '\002K\201\244\001\030{\002%b\004\012\005\002' "${2:-\\001}"
    printf '\003Y\001`\210\030d\031\003\350\0302\031\002X\030F'
    hash_token
    hash_token
    hash_token
}
key=$(filler 64)
metadata demo >demo.metadata
run "$atto" inspect demo.metadata
expect tiny_inspect 0 "TinyContainer metadata" "uid      demo" "type     bpf" "0x1b: heartbeat open read write" \
    "endpoint 123: local 10, read and write" "period_us 1000000" "right    0 endpoint 10: read, write" "not verified"
run "$atto" inspect --json demo.metadata
expect tiny_inspect_json 0 '"format": "tinycontainer"' '"uid": "demo"' '"loop_count": 600' '"meaning": "ATTO_OK"'
run "$atto" inspect --key "$key" demo.metadata
expect tiny_unsigned 1 "mask     the signature does not hold" "code     the signature does not hold"
run "$atto" inspect --json --key "$key" demo.metadata
expect tiny_unsigned_json 1 '"holds": false'
run "$atto" inspect --key 1234 demo.metadata
expect tiny_key_is_short 1 "64 hex digits"
run "$atto" inspect --key "$key" --data nothing.data demo.metadata
expect tiny_data_is_absent 1 nothing.data
run "$atto" inspect --data demo.metadata demo.metadata
expect tiny_data_without_key 2 "need --key"
run "$atto" inspect --key "$key" many.atto
expect tiny_key_for_an_image 1 "not metadata"
run "$atto" inspect --where 0 demo.metadata
expect tiny_has_no_slots 1 "no instructions"
head -c 300 demo.metadata >cut.metadata
run "$atto" inspect cut.metadata
expect tiny_cut 1 "TinyContainer metadata: manifest is not well-formed" "(byte 115)"
metadata demo '\002' >remote.metadata
run "$atto" inspect remote.metadata
expect tiny_remote_peer 0 "endpoint 123: remote 10" "right    0 refused"
metadata "$(printf 'a\033[b')" >escape.metadata
run "$atto" inspect escape.metadata
expect tiny_uid_is_no_text 0 "uid      0x611b5b62" refused
shipped=${ATTO_CONFORMANCE:-$root/../shared/conformance}/tinycontainer/simple_container
key=112ff4c9cddecbe153d72dcd7c5ffaf2bfc77603fd8478e300bafe8dd1946078
if [ -r "$shipped.metadata" ]; then
    run "$atto" inspect "$shipped.metadata"
    expect tiny_shipped 0 "uid      simple_container" "type     wasm" "endpoint 123: local 10"
    run "$atto" inspect --key "$key" --data "$shipped.data" "$shipped.metadata"
    expect tiny_shipped_data_is_wrong 1 "mask     holds" "metadata holds" "data     signed, but" "code     signed; its"
    printf 'not yet implemented' >right.data
    run "$atto" inspect --key "$key" --data right.data "$shipped.metadata"
    expect tiny_shipped_data_is_right 0 "data     holds" "code     signed; its file was not given"
    run "$atto" inspect --json --key "$key" --data right.data "$shipped.metadata"
    expect tiny_shipped_is_not_all_verified 0 '"data": "holds"' '"holds": false'
    run "$atto" inspect --key "$key" "$shipped.metadata"
    expect tiny_shipped_is_no_cose 0 "mask     holds" "mask     the signature does not hold"
    run "$atto" inspect --key "$(filler 64)" "$shipped.metadata"
    expect tiny_shipped_wrong_key 1 "mask     the signature does not hold"
else
    echo "skip cli_tiny_shipped: no $shipped.metadata; set ATTO_CONFORMANCE, see tests/README.md"
fi

# What a stranger's image shows on the terminal.
printf '#include <atto.h>\n# 5 "\\x1b[31mevil.c"\nATTO_ENTRY int64_t run(void) { return 1; }\n' >escape.c
if "$atto" build --quiet escape.c -o escape.atto >out 2>&1 && "$atto" inspect escape.atto >out 2>&1 &&
    grep -q '\[31mevil' out && ! LC_ALL=C grep -q "$(printf '\033')" out; then
    ok escapes_do_not_reach_the_terminal
else
    not_ok escapes_do_not_reach_the_terminal "inspect shows no file name, or a raw one"
fi

# All vectors of the suite, through the plug-in.
vectors=${ATTO_CONFORMANCE:-$root/../shared/conformance}/bpf/rfc9669.jsonl
if [ -x "$plugin" ] && [ -r "$vectors" ]; then
    wrong="" count=0
    # name, code, mem, expect: the 4th, 8th, 12th and 16th piece between quotes
    awk -F'"' '{ print $4, $8, $16, $12 }' "$vectors" >list
    while read -r name code expected memory; do
        count=$((count + 1))
        value=$(printf '%s' "$code" | "$plugin" ${memory:+"$memory"} 2>/dev/null)
        [ "0x${value#0x}" = "$expected" ] || wrong="$wrong $name"
    done <list
    : >out
    if [ -z "$wrong" ] && [ "$count" -ge 226 ]; then
        ok plugin_conformance
    else
        not_ok plugin_conformance "of $count vectors these are wrong:$wrong"
    fi
else
    echo "skip cli_plugin_conformance: no $vectors; set ATTO_CONFORMANCE, see tests/README.md"
fi

[ "$failures" -eq 0 ]
