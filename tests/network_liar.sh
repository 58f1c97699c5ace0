# A part of tests/network.sh: whoever is on the way can say what he likes, for answers are not signed. What the command
# signs must not follow him: one answer with the highest number that there is must not be the end of what a key can do.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
highest=4294967294

# boot_lied NAME [OPTION...]: a device, known as `true`, of which the context `lied` tells lies once lie has said which.
boot_lied() {
    boot "$@"
    true_port=$port
    "$atto" context add true --uri "coap://127.0.0.1:$port" --key owner --device "$device"
}

# lie WHAT NUMBER: see tests/liar.py.
lie() {
    [ -z "${liar_pid:-}" ] || kill "$liar_pid"
    : >liar.out
    /usr/bin/python3 "$root/tests/liar.py" "$true_port" "$@" >liar.out 2>&1 </dev/null &
    liar_pid=$!
    processes="$processes $liar_pid"
    tries=0
    while ! [ -s liar.out ] && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    "$atto" context add lied --uri "coap://127.0.0.1:$(head -n 1 liar.out)" --key owner --device "$device"
}

# elsewhere ARGUMENT...: the command on a machine that knows nothing of the device.
elsewhere() {
    rm -rf "$work/fresh"
    run env XDG_DATA_HOME="$work/fresh" "$atto" "$@"
}

device=01234567-89ab-cdef-0123-456789abcde1
boot_lied lied
lied_pid=$pid
a push beacon.atto --to true
expect lied_push 0 "beacon, sequence 1: installed"
a pause beacon --to true
expect lied_pause 0 "pause beacon: done"

lie counter $highest
a resume beacon --to lied
expect lie_of_a_counter 1 "the last counter of its owner is $highest" "signed on this machine is 1:" \
    "not believed above 65537" "with --counter"
a resume beacon --to lied --json
expect lie_of_a_counter_as_json 1 '"done": false' "is $highest"
elsewhere resume beacon --to lied
expect lie_of_a_counter_elsewhere 1 "is $highest" "none was signed on this machine" "not believed above 2147483648"
elsewhere tenant add acme --id 1 --tenant-key acme.pub --to lied
expect lie_of_a_counter_to_enrol 1 "is $highest"
a resume beacon --to lied --counter 2
expect lie_of_a_counter_is_passed_by 0 "resume beacon: done"
lie counter 65539
a pause beacon --to lied
expect lie_one_too_far 1 "is 65539" "signed on this machine is 2:" "not believed above 65538"
lie counter 65538
a pause beacon --to lied --dry-run
expect lie_that_is_believed 0 "65539"
a tenant list --to true --json
require lies_use_no_counter test "$(field counter)" = 2
a pause beacon --to true
expect lied_goes_on 0 "pause beacon: done"
# What was chosen by hand is known from then on.
a resume beacon --to true --counter 60000
a pause beacon --to true
expect counter_by_hand_is_known 0 "pause beacon: done"
require numbers_are_kept test "$(cat "data/atto/numbers/$device/-.counter")" = 60001
a resume beacon --to true --counter 125538
expect counter_too_far_for_the_device 1 "refused (4.09)" "too far over it"
a resume beacon --to true --counter 125537
expect counter_over_two_bytes 0 "resume beacon: done"
a pause beacon --to true
expect counter_over_two_bytes_goes_on 0 "pause beacon: done"

lie sequence $highest
a update beacon other.atto --to lied
expect lie_of_a_sequence 1 "the last sequence number of 'beacon' is $highest" "signed on this machine is 1:" \
    "not believed above 65537" "with --sequence"
a push beacon.atto --to lied --json
expect lie_of_a_sequence_as_json 1 '"done": false' "is $highest"
elsewhere push other.atto --component beacon --to lied
expect lie_of_a_sequence_elsewhere 1 "is $highest" "none was signed on this machine" "not believed above 2147483648"
a rollback beacon --to-sequence 1 --to lied
expect lie_to_rollback 1 "is $highest"
a update beacon other.atto --to lied --sequence 2
expect lie_of_a_sequence_is_passed_by 0 "beacon, sequence 2: installed"

lie last $highest
a push beacon.atto --to lied
expect lie_of_a_refusal 1 "the last sequence number of 'beacon' is $highest"
elsewhere push beacon.atto --to lied
expect lie_of_a_refusal_elsewhere 1 "is $highest"
a push beacon.atto --to true
expect lies_use_no_sequence 0 "beacon, sequence 3: installed"
kill "$lied_pid"

device=01234567-89ab-cdef-0123-456789abcde2
boot_lied keyed_lied --keyed
lie read 0
a ps --to lied
expect lie_to_a_reader 1 "it takes no counter up to 4194304" "--counter NUMBER"
a push beacon.atto --to true
expect keyed_lied_goes_on 0 "beacon, sequence 1: installed"
a stop beacon --to true --counter 60000
expect keyed_counter_by_hand 0 "stop beacon: done"
a start beacon --to true
expect keyed_counter_by_hand_is_known 0 "start beacon: done"
a ps --to lied
expect lie_to_a_reader_who_knows 1 "it takes no counter up to 125537"
kill "$pid" "$liar_pid"

# A device whose flash is another one counts from 0 again.
mv keyed_lied.flash old.flash
boot_lied keyed_lied --keyed
echo 200000 >"data/atto/numbers/$device/-.counter"
a push beacon.atto --to true
expect keyed_anew 0 ": installed"
a stop beacon --to true
expect keyed_anew_counts 0 "stop beacon: done"
a tenant list --to true --json
require keyed_anew_counts_from_1 test "$(field counter)" = 1
kill "$pid"
