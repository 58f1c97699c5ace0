#!/bin/sh
# Tests of `atto run --scenario`: each action, each mistake that a file can have, what is printed, and the trace, which
# trace_check judges; here, and on the boards whose firmware is built. There time is virtual, and two runs are the same
# to the byte. Prints one line a test, like the test programs.
#
# usage: tests/scenario.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=scenario
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
trace_check=$root/build/linux-gcc/tests/trace_check
need "$atto" "$trace_check" "$root/build/linux-gcc/scenario"

# --- a program with everything that a scenario can do to it

cat >guest.c <<'C'
#include <atto.h>
static uint32_t loops;
ATTO_ENTRY int64_t start(void) { ATTO_LOG("start"); return 0; }
ATTO_ENTRY int64_t loop(void) { return ++loops; }
ATTO_ENTRY int64_t stop(void) { ATTO_LOG("stop"); return 0; }
ATTO_ENTRY int64_t event(const uint8_t *data, uint64_t len)
{
    if (len == 2 && data[0] == 0xca && data[1] == 0xfe)
        ATTO_LOG("cafe");
    return 0;
}
ATTO_ENTRY int64_t on_switch(const struct atto_scheduler_switch *to, uint64_t len)
{
    if (len == sizeof *to && to->previous == 1 && to->next == 2)
        ATTO_LOG("hooked");
    return 0;
}
C
cat >guest.json <<'JSON'
{ "name": "guest", "entries": ["start", "loop", "stop", "event", "on_switch"], "calls": ["atto_log"], "fuel": 1000,
  "hooks": [{ "uuid": "5a1f0c3e-7d24-4b7e-9a53-2f6c8e0d4b11", "entry": "on_switch" }] }
JSON
cat >other.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t start(void) { ATTO_LOG("other"); return 0; }
ATTO_ENTRY int64_t loop(void)
{
    return *(volatile uint32_t *)0x20000008; /* nobody's */
}
C
"$atto" build --quiet other.c -o other.atto >out 2>&1 || not_ok build "other.c is not built"
printf 'long loop(void) { return 7; }\n' >plain.c
clang -target bpf -O2 -g -c plain.c -o object.o 2>out || not_ok build "object.o is not made"
cat >all.json <<'JSON'
{
  "duration_ms": 400, "slice_fuel": 200, "log_bytes": 1000,
  "containers": [
    { "name": "a", "image": "guest.c", "schedule": { "period_us": 20000, "events": 2 }, "start_ms": 10 },
    { "name": "forced", "image": "guest.c", "schedule": { "period_us": 20000 } },
    { "name": "late", "image": "other.atto", "start_ms": null,
      "schedule": { "period_us": 100000, "restart": "never" } },
    { "name": "gone", "image": "guest.c", "start_ms": null },
    { "name": "object", "image": "object.o", "fuel": 500, "schedule": { "priority": 3, "loop_count": 3 } }
  ],
  "actions": [
    { "at_ms": 350, "do": "stop", "container": "a" },
    { "at_ms": 20, "do": "post", "container": "a", "entry": "event", "data_hex": "ca fe" },
    { "at_ms": 25, "do": "post", "container": "a", "entry": "nobody" },
    { "at_ms": 30, "do": "fire", "data_hex": "0100000000000000 0200000000000000" },
    { "at_ms": 60, "do": "pause", "container": "a" },
    { "at_ms": 65, "do": "pause", "container": "a" },
    { "at_ms": 160, "do": "resume", "container": "a" },
    { "at_ms": 200, "do": "set-schedule", "container": "a", "schedule": { "period_us": 50000, "on_miss": "drop" } },
    { "at_ms": 210, "do": "force-stop", "container": "forced" },
    { "at_ms": 220, "do": "update", "container": "late", "image": "guest.c", "schedule": { "priority": 4 } },
    { "at_ms": 225, "do": "start", "container": "late" },
    { "at_ms": 230, "do": "remove", "container": "gone" },
    { "at_ms": 235, "do": "start", "container": "gone" },
    { "at_ms": 250, "do": "update", "container": "late", "image": "other.atto", "schedule": { "period_us": 40000 } }
  ]
}
JSON

# What must be the same everywhere: all actions, at their times; but a Linux machine may have other things to do, and
# find a container busy when a hook is fired.
judge_all() {
    if [ "$1" = linux ]; then
        at_10="[0-9]+" at_20=$at_10 at_220=$at_10 at_250=$at_10 at_350=$at_10 least=3
        hooked_a=. hooked_forced=.
    else
        at_10=10 at_20="2[0-9]" at_220="2[23][0-9]" at_250="25[0-9]" at_350="35[0-9]" least=11
        hooked_a=" 30\.[0-9]+ ms  a: hooked" hooked_forced=" 30\.[0-9]+ ms  forced: hooked"
    fi
    match "$1_all" 0 '^ +1 +a +owner +stopped +8 +50 ' '^ +2 +forced +owner +stopped +8 +20 ' \
        '^ +3 +late +owner +faulted +8 +40 ' '^ +4 +gone +owner +removed' '^ +5 +object +owner +stopped +3 +- +3 ' \
        " ms  a +started" " ms  a +paused" " ms  a +resumed" " ms  a +rescheduled" " ms  a +stopped" \
        " ms  gone +removed" " ms  late +updated" " ms  late +fault  +memory access outside" \
        " $at_10\.[0-9]+ ms  a: start" " $at_20\.[0-9]+ ms  a: cafe" "$hooked_a" \
        "$hooked_forced" " $at_350\.[0-9]+ ms  a: stop" " $at_220\.[0-9]+ ms  late: start" \
        " $at_250\.[0-9]+ ms  late: other" 'post a: there is no such entry point' \
        'pause a: not allowed in the present state' 'start gone: it is not installed' \
        'late, loop: memory access outside' 'at +other\.c:5 in loop, slot [0-9]+: r0 = ' 'address +0x20000008' \
        'calls +atto_log'
    # It was paused from 60 ms to 160 ms, and had every loop before and after that: 10, 30, 50; 170, 190 ms; ...
    runs=$(awk '$2 == "a" { print $7; exit }' out)
    if [ "${runs:-0}" -ge "$least" ] && [ "$runs" -le 13 ]; then
        ok "$1_pause_and_period"
    else
        not_ok "$1_pause_and_period" "a was activated $runs times"
    fi
    require "$1_force" [ "$(grep -c 'forced: stop' out)" -eq 0 ]
}

# What a container sees of the board, and may do there.
judge_rights() {
    ceiling='pins: .*; arguments 2 to 9 \| .* -> pins: .* \| 3: read \| clock: read, write'
    match "$1_rights" 1 '^ +1 +probe +one +running' '^ +2 +bare +two +running' '^ +3 +wishes +one +running' \
        ' ms  probe: pin 0, sensor set' ' ms  probe: pin 1, sensor set' \
        '^probe +0 +pins +read +2-3 +10,64B/100ms +7$' '^probe +1 +temperature +read +all +- +-$' \
        '^probe +2 +log +- +all ' '^probe +3 +clock +read,write +5- +- +-$' '^bare +- +- +- +- +- +-$' \
        '^wishes +0 +pins +read +2-9 ' '^wishes +1 +temperature +read ' '^wishes +2 +log +- ' \
        ' ms  probe +right +1, temperature: read, as before \(by owner\)' \
        ' ms  probe +right +3, clock: nothing -> read, write; arguments from 5 on' \
        ' ms  bare +denied +atto_pin_read, handle 0: no right' \
        ' ms  probe +denied +atto_pin_read, handle 0: rate or total used up' \
        " ms  one +ceiling +$ceiling \(by owner\)" \
        '^ +probe +cut +2, log: write -> nothing' '^ +wishes +cut +2, log: write -> nothing' \
        'set-rights bare: an argument is outside' \
        'install large: ' 'tenant: its ceiling of RAM is too low by [0-9]+ bytes' \
        'install endless: the schedule' 'tenant: its ceiling of fuel is too low by 1000 in a second'
}

judge_trace() {
    run "$trace_check" "$2"
    match "$1" 0 '^M [0-9]+, X [1-9][0-9]*, b [1-9][0-9]*, e [1-9][0-9]*, i [1-9]'
}

judge_target() {
    target=$1
    run "$atto" run --scenario all.json --on "$target" --trace "$target.trace"
    judge_all "$target"
    judge_trace "${target}_all_trace" "$target.trace"
    run "$atto" run --scenario "$root/examples/scenario.json" --on "$target" --trace example.trace
    match "${target}_example" 0 '^7 containers, 6 of them running' 'heater +owner +running +0 +20 ' \
        'alarm +owner +running +1 +50 ' 'average +owner +running +3 +100 ' 'greedy +owner +running +2 +- ' \
        'broken +owner +faulted +9 +- +5 +- +0 ' 'sender +acme +running +4 +100 ' 'spy +mallory +running +5 +100 ' \
        'greedy +throttled +budget used up.*; [0-9]+ times' 'broken +given up +after 4 restarts' \
        'set-schedule greedy: the schedule cannot be guaranteed' 'unbounded: greedy' 'hostile_fault\.c:15 in run' \
        'broken, loop: memory access.*\(5 times'
    if [ "$(grep -cE 'broken +restarted +[0-9.]+ ms after it faulted' out)" -eq 4 ]; then
        ok "${target}_example_restarts"
    else
        not_ok "${target}_example_restarts" "broken was not restarted four times"
    fi
    match "${target}_example_tenants" 0 '^sender +1 +mailbox +write +all +5/1s +-$' '^spy +0 +memory +- ' \
        '^spy +3 +mailbox +- ' '^spy +4 +log +write ' ' ms  spy +installed +for mallory' \
        ' ms  spy +denied +atto_read, handle 0: no right' ' ms  spy +denied +atto_sensor_read, handle 1: no right' \
        ' ms  spy +denied +atto_actuator_write, handle 2: no right' \
        ' ms  mallory +ceiling +log: write -> log: write \| mailbox: read \(by owner\)' \
        ' ms  spy +right +3, mailbox: nothing -> read \(by owner\)' '^ +spy +cut +3, mailbox: read -> nothing$' \
        ' ms  sender +right +1, mailbox: write; 20 calls in 1s -> write; 5 calls in 1s \(by owner\)' \
        ' ms  sender +denied +atto_send, handle 1: rate or total used up' \
        ' ms  sender +right +0, temperature: read -> nothing' ' ms  sender +right +0, temperature: nothing -> read' \
        ' ms  spy: the mailbox is open' ' ms  spy: the mailbox is closed' ' ms  sender: no reading' \
        ' ms  sender: readings again' 'tenant: its containers may not be so urgent.*larger by 5'
    judge_trace "${target}_example_trace" example.trace
    run "$atto" run --scenario rights.json --on "$target"
    judge_rights "$target"
    run "$atto" run --scenario refused.json --on "$target" --trace refused.trace
    match "${target}_refused" 1 ' fine +owner +running' '^ - +late +owner +refused' \
        'install late: the schedule cannot be guaranteed' \
        'deadline: it would end [0-9]+ us late' 'install call: host call does not exist' \
        'hostile_refused\.c:14 in run' 'install memory: the arena is too small' 'memory: [0-9]+ bytes of the pool' \
        'update fine: host call does not exist'
    judge_trace "${target}_refused_trace" refused.trace
}

# --- what is refused

cat >large.c <<'C'
#include <atto.h>
static uint8_t memory[150000];
ATTO_ENTRY int64_t run(const uint64_t *at, uint64_t len) { return len == 8 && *at < sizeof memory ? ++memory[*at] : 0; }
C
cat >refused.json <<JSON
{
  "duration_ms": 50, "fuel_per_ms": 1000, "slice_fuel": 100,
  "containers": [
    { "name": "fine", "image": "guest.c", "schedule": { "period_us": 20000 } },
    { "name": "late", "image": "guest.c", "schedule": { "period_us": 10000, "deadline_us": 1000 } },
    { "name": "call", "image": "$root/examples/hostile_refused.c" },
    { "name": "memory", "image": "large.c", "schedule": { "priority": 9 } }
  ],
  "actions": [
    { "at_ms": 30, "do": "update", "container": "fine", "image": "$root/examples/hostile_refused.c" }
  ]
}
JSON

# --- rights: what is given counts instead of what the manifest asks for, as far as a ceiling goes

cat >probe.c <<'C'
#include <atto.h>
ATTO_ENTRY int64_t run(void)
{
    static int64_t told = -1;
    struct atto_reading reading;
    int64_t pin = atto_pin_read(0, 3);
    if (pin >= 0 && pin != told && atto_sensor_read(1, &reading) == 1 && reading.value[0] == -1234) {
        if (pin == 0)
            ATTO_LOG("pin 0, sensor set");
        else
            ATTO_LOG("pin 1, sensor set");
        told = pin;
    }
    return pin;
}
C
cat >probe.json <<'JSON'
{ "entries": ["run"], "calls": ["atto_log", "atto_pin_read", "atto_sensor_read"], "fuel": 200,
  "rights": [{ "endpoint": "pins", "operations": ["read"], "handle": "A" },
             { "endpoint": "temperature", "operations": ["read"], "handle": "B" }] }
JSON
cat >rights.json <<'JSON'
{
  "duration_ms": 250,
  "tenants": [
    { "name": "one", "store_bytes": 100,
      "rights": [{ "endpoint": "pins", "operations": ["read", "write", "control"], "range": [2, 9] },
                 { "endpoint": 3, "operations": ["read"] }, { "endpoint": "log", "operations": ["write"] },
                 { "endpoint": "clock", "operations": ["read", "write"] }] },
    { "name": "two", "rights": [], "ram_bytes": 700 },
    { "name": "three", "rights": [], "fuel_per_s": 9000 }
  ],
  "containers": [
    { "name": "probe", "tenant": "one", "image": "probe.c", "schedule": { "period_us": 10000 }, "rights": [
      { "endpoint": "pins", "operations": ["read"], "range": [0, 3], "total": 7,
        "rate": { "calls": 10, "bytes": 64, "period": "100ms" } },
      { "endpoint": "temperature", "operations": ["read"] }, { "endpoint": "log", "operations": ["write"] }] },
    { "name": "bare", "tenant": "two", "image": "probe.c", "rights": [], "schedule": { "period_us": 10000 } },
    { "name": "wishes", "tenant": "one", "image": "probe.c" },
    { "name": "large", "tenant": "two", "image": "probe.c", "schedule": { "period_us": 1000000 } },
    { "name": "endless", "tenant": "three", "image": "object.o", "schedule": { "loop_count": 9 } },
    { "name": "busy", "tenant": "three", "image": "object.o", "fuel": 100, "schedule": { "period_us": 10000 } }
  ],
  "actions": [
    { "at_ms": 0, "do": "set-sensor", "endpoint": "temperature", "value": -1234 },
    { "at_ms": 0, "do": "set-pin", "pin": 3, "level": 0 },
    { "at_ms": 30, "do": "set-pin", "pin": 3, "level": 1 },
    { "at_ms": 60, "do": "set-rights", "container": "probe", "first": 1,
      "rights": [{ "endpoint": "temperature", "operations": ["read"] }] },
    { "at_ms": 61, "do": "set-rights", "container": "probe", "first": 3,
      "rights": [{ "endpoint": "clock", "operations": ["read", "write"], "range": [5, 65535] }] },
    { "at_ms": 62, "do": "set-rights", "container": "bare", "first": 3,
      "rights": [{ "endpoint": "clock", "operations": ["read"] }] },
    { "at_ms": 90, "do": "set-ceiling", "tenant": "one",
      "rights": [{ "endpoint": "pins", "operations": ["read", "write", "control"], "range": [2, 9] },
                 { "endpoint": 3, "operations": ["read"] }, { "endpoint": "clock", "operations": ["read", "write"] }] }
  ]
}
JSON

# --- here

judge_target linux
run "$atto" run --json --scenario all.json
if python3 -c 'import json; json.load(open("out"))' 2>/dev/null || ! command -v python3 >/dev/null; then
    match json 0 '"run": "linux"' '"state": "faulted"' '"cpu_percent"' '"response_worst_us": [1-9]' \
        '"throttles": 0' '"event": "resumed"' '"on_miss": "drop"' '"function": "loop"' \
        '"file": "other.c"' '"line": 5' '"log": "cafe"' '"action": "force-stop"'
else
    not_ok json "that is not JSON"
fi
run "$atto" run --json --scenario rights.json
match json_rights 1 '"tenant": "one"' '"audit": "denied"' '"call_name": "atto_pin_read"' '"status": "ATTO_E_QUOTA"' \
    '"audit": "ceiling"' '"actor": "owner"' '"before": \{' '"after": \{' '"period": "100ms"' '"total": 7'

run "$atto" run --scenario "$root/examples/messages.json"
match example_messages 0 'receiver: value 2150' 'receiver: value -40'

# --- on the boards

for board in mps2-an386 rv32-virt; do
    find_board "$board"
    if ! [ -r "$root/build/$preset/scenario.elf" ] || ! command -v "$emulator" >/dev/null; then
        echo "skip scenario_$board: build/$preset/scenario.elf is not built, or there is no $emulator"
        continue
    fi
    judge_target "$board"
    for number in 1 2; do
        "$atto" run --json --scenario all.json --on "$board" --trace "trace.$number" >"json.$number" 2>&1
        "$atto" run --scenario all.json --on "$board" >"text.$number" 2>&1
    done
    : >out
    if cmp -s json.1 json.2 && cmp -s text.1 text.2 && cmp -s trace.1 trace.2 && cmp -s trace.1 "$board.trace"; then
        ok "${board}_repeats"
    else
        diff text.1 text.2 >out
        not_ok "${board}_repeats" "two runs differ"
    fi
done

# --- mistakes in the file: each with its place and its field

# mistake NAME PLACE FIELD TEXT: a file with this text is refused, there.
mistake() {
    printf '%s\n' "$4" >mistake.json
    run "$atto" run --scenario mistake.json
    match "mistake_$1" 1 "mistake\.json:$2: .*$3"
}
one='"containers": [{ "name": "a", "image": "other.atto" }]'

mistake no_json 2:0 . '{ "duration_ms": '
mistake no_object 1:1 object '[1]'
mistake doubled_key 1:33 duplicate "{ \"duration_ms\": 5, \"duration_ms\": 5, $one }"
mistake unknown_key 2:3 "'colour'" "{ \"duration_ms\": 5,
  \"colour\": 1, $one }"
mistake no_duration 1:1 "'duration_ms' is missing" "{ $one }"
mistake duration 2:1 "'duration_ms'" "{ \"duration_ms\":
0, $one }"
mistake slice_fuel 1:35 "'slice_fuel'" "{ \"duration_ms\": 5, \"slice_fuel\": 0, $one }"
mistake log_bytes 1:34 "'log_bytes'" "{ \"duration_ms\": 5, \"log_bytes\": 65536, $one }"
mistake fuel_per_ms 1:36 "'fuel_per_ms'" "{ \"duration_ms\": 5, \"fuel_per_ms\": 1.5, $one }"
mistake no_containers 1:1 "'containers' is missing" '{ "duration_ms": 5 }'
mistake containers 1:36 "'containers'" '{ "duration_ms": 5, "containers":  [] }'

# The same for a member of a container, and for an action.
container() {
    mistake "container_$1" "$2" "$3" "{ \"duration_ms\": 5, \"containers\": [
$4 ] }"
}
container type 2:1 "'containers'" '7'
container unknown_key 2:36 "'size'" '{ "name": "a", "image": "other.c", "size": 1 }'
container no_name 2:1 "'name' is missing" '{ "image": "other.c" }'
container name 2:11 "'name'" '{ "name": "a b", "image": "other.c" }'
container name_type 2:11 "'name'" '{ "name": 7, "image": "other.c" }'
container same_name 3:11 "'name'.*'a'" '{ "name": "a", "image": "other.c" },
{ "name": "a", "image": "other.c" }'
container no_image 2:1 "'image' is missing" '{ "name": "a" }'
container image 2:25 "'image'.*nothing\.c" '{ "name": "a", "image": "nothing.c" }'
container fuel 2:44 "'fuel'" '{ "name": "a", "image": "other.c", "fuel": -1 }'
container start 2:48 "'start_ms'" '{ "name": "a", "image": "other.c", "start_ms": 5 }'

schedule() {
    container "schedule_$1" "$2" "$3" "{ \"name\": \"a\", \"image\": \"other.c\", \"schedule\":
$4 }"
}
schedule type 3:1 "'schedule'" '[]'
schedule unknown_key 3:3 "'speed'" '{ "speed": 1 }'
schedule number 3:15 "'priority'" '{ "priority": 16 }'
schedule period 3:16 "'period_us'" '{ "period_us": "1 s" }'
schedule restart 3:14 "'restart'.*never.*on-fault.*always" '{ "restart": 1 }'
schedule on_miss 3:14 "'on_miss'.*continue.*drop.*fault" '{ "on_miss": "stop" }'
schedule on_overrun 3:17 "'on_overrun'.*throttle.*fault" '{ "on_overrun": "drop" }'
schedule deadline 3:35 "'deadline_us'" '{ "period_us": 5, "deadline_us":  6 }'

action() {
    mistake "action_$1" "$2" "$3" "{ \"duration_ms\": 5, $one, \"actions\": [
$4 ] }"
}
mistake actions 1:88 "'actions'" "{ \"duration_ms\": 5, $one, \"actions\": {} }"
action type 2:1 "'actions'" '"stop"'
action no_do 2:1 "'do'" '{ "at_ms": 1, "container": "a" }'
action do 2:21 "'do'.*force-stop.*set-schedule" '{ "at_ms": 1, "do": "explode", "container": "a" }'
action unknown_key 2:47 "'entry'" '{ "at_ms": 1, "do": "stop", "container": "a", "entry": "x" }'
action no_time 2:1 "'at_ms' is missing" '{ "do": "stop", "container": "a" }'
action time 2:12 "'at_ms'" '{ "at_ms": 5, "do": "stop", "container": "a" }'
action no_container 2:1 "'container' is missing" '{ "at_ms": 1, "do": "stop" }'
action container 2:42 "'container'.*'b'" '{ "at_ms": 1, "do": "stop", "container": "b" }'
action no_image 2:1 "'image' is missing" '{ "at_ms": 1, "do": "update", "container": "a" }'
action no_schedule 2:1 "'schedule' is missing" '{ "at_ms": 1, "do": "set-schedule", "container": "a" }'
action no_entry 2:1 "'entry' is missing" '{ "at_ms": 1, "do": "post", "container": "a" }'
action data 2:73 "'data_hex'" '{ "at_ms": 1, "do": "post", "container": "a", "entry": "x", "data_hex": "0g" }'
action data_length 2:73 "'data_hex'.*8" \
    '{ "at_ms": 1, "do": "post", "container": "a", "entry": "x", "data_hex": "000102030405060708" }'

action no_rights 2:1 "'rights' is missing" '{ "at_ms": 1, "do": "set-rights", "container": "a" }'
action rights_first 2:67 "'first'.*31" \
    '{ "at_ms": 1, "do": "set-rights", "container": "a",      "first": 32, "rights": [] }'
action rights_operation 2:100 "'operations' must be \"read\"" \
    '{ "at_ms": 1, "do": "set-rights", "container": "a", "rights": [{ "endpoint": "log", "operations": ["eat"] }] }'
action rights_rate 3:52 "rate needs" '{ "at_ms": 1, "do": "set-rights", "container": "a", "rights": [
    { "endpoint": "log", "operations": [], "rate": { "calls": 5 } }] }'
action ceiling_no_tenant 2:1 "'tenant' is missing" '{ "at_ms": 1, "do": "set-ceiling", "rights": [] }'
action ceiling_tenant 2:46 "'tenant': there is no tenant 'x'" \
    '{ "at_ms": 1, "do": "set-ceiling", "tenant": "x", "rights": [] }'
action no_pin 2:1 "'pin' is missing" '{ "at_ms": 1, "do": "set-pin", "level": 1 }'
action pin 2:40 "'pin'.*15" '{ "at_ms": 1, "do": "set-pin", "pin":  16, "level": 1 }'
action level 2:51 "'level'.*1" '{ "at_ms": 1, "do": "set-pin", "pin": 3, "level": 2 }'
action sensor_value 2:71 "'value'.*32767" \
    '{ "at_ms": 1, "do": "set-sensor", "endpoint": "temperature", "value": 32768 }'
action no_value 2:1 "'value' is missing" '{ "at_ms": 1, "do": "set-sensor", "endpoint": "temperature" }'
action sensor 2:47 "'endpoint': heater is no sensor" '{ "at_ms": 1, "do": "set-sensor", "endpoint": "heater", "value": 1 }'
action sensor_endpoint 2:47 "'endpoint': the board has no endpoint \"moon\"; there are: log, " \
    '{ "at_ms": 1, "do": "set-sensor", "endpoint": "moon", "value": 1 }'
container tenant 2:53 "'tenant': there is no tenant 'b'" '{ "name": "a", "image": "other.c",        "tenant": "b" }'
container rights 2:48 "'rights' must be an array" '{ "name": "a", "image": "other.c", "rights":   7 }'
container endpoint 2:60 "'endpoint': the board has no endpoint \"moon\"" \
    '{ "name": "a", "image": "other.c", "rights": [{"endpoint": "moon", "operations": []}] }'
container endpoint_number 2:60 "'endpoint': the board has no endpoint 12" \
    '{ "name": "a", "image": "other.c", "rights": [{"endpoint": 12, "operations": []}] }'

tenant() {
    mistake "tenant_$1" "$2" "$3" "{ \"duration_ms\": 5, $one, \"tenants\": [
$4 ] }"
}
mistake tenants 1:88 "'tenants'" "{ \"duration_ms\": 5, $one, \"tenants\": 7 }"
tenant type 2:1 "'tenants'" '"a"'
tenant unknown_key 2:30 "'key'" '{ "name": "a", "rights": [], "key": 1 }'
tenant no_name 2:1 "'name' is missing" '{ "rights": [] }'
tenant name 2:11 "'name'" '{ "name": "a b", "rights": [] }'
tenant owner 2:11 "'name': 'owner'" '{ "name": "owner", "rights": [] }'
tenant doubled_name 3:11 "'name': there is a tenant 'b'" '{ "name": "b", "rights": [] },
{ "name": "b", "rights": [] }'
tenant no_rights 2:1 "'rights' is missing" '{ "name": "b" }'
tenant endpoint 2:40 "'endpoint'.*moon" '{ "name": "b", "rights": [{"endpoint": "moon", "operations": []}] }'
tenant ram_bytes 2:43 "'ram_bytes'" '{ "name": "b", "rights": [], "ram_bytes": 0 }'
tenant fuel_per_s 2:44 "'fuel_per_s'" '{ "name": "b", "rights": [], "fuel_per_s": "1" }'
tenant priority_first 2:48 "'priority_first'.*15" '{ "name": "b", "rights": [], "priority_first": 16 }'
tenant store_bytes 2:45 "'store_bytes'.*65535" '{ "name": "b", "rights": [], "store_bytes": 65536 }'

# The firmware judges a job by itself, whoever has written it.
job() {
    printf '%b' "$2" >job
    run "$root/build/linux-gcc/scenario" job
    match "job_$1" 2 "\"error\":\"line [0-9]+ of the job: $3"
}
job endpoint 'duration\t5\ntenant\tt\t0\t0\t0\t0\t1:0:9:0:0:0:moon\n' 'this firmware has no endpoint moon'
job right 'duration\t5\ntenant\tt\t0\t0\t0\t0\t1:0:log\n' 'a right is not OPERATIONS'
job tenant 'duration\t5\nimage\tother.atto\ncontainer\ta\tt\t0\t0\n' 'there is no such tenant'
job sensor 'duration\t5\nat\t1\tset-sensor\theater\t1\n' 'that endpoint is no sensor'
job pin 'duration\t5\nat\t1\tset-pin\t16\t1\n' 'a pin and its level'

# All mistakes are told, not only the first one.
printf '{ "duration_ms": 5, "slice_fuel": 0, "containers": [{ "name": "" }], "x": 1 }\n' >mistake.json
run "$atto" run --scenario mistake.json
match several_mistakes 1 slice_fuel "'name'" "'image'" "'x'"

# --- usage

run "$atto" run --scenario
match no_file 2 'no file'
run "$atto" run --scenario nothing.json
match missing_file 1 nothing.json
run "$atto" run --scenario all.json other.json
match two_files 2 other.json
run "$atto" run --scenario all.json --on moon
match unknown_board 2 moon
run "$atto" run --scenario all.json --trace
match trace_needs_a_file 2 trace
run "$atto" run --scenario all.json --fuel 5
match option_of_other_form 2 fuel
run "$atto" run --scenario --help
match help 0 'usage: atto run --scenario'
run "$atto" run --scenario=refused.json --trace /nonexistent/trace
match trace_cannot_be_written 1 /nonexistent/trace
run "$atto" run --trace other.c -e start
match instructions_are_traced_as_before 0 'call 160 <atto_log>' 'r1=0x'

[ "$failures" -eq 0 ]
