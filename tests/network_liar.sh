# A part of tests/network.sh: whoever is on the way can say what he likes, for answers are not signed. What the command
# signs must not follow him: one answer with the highest number that there is must not be the end of what a key can do.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
: "${work:?a part of tests/network.sh}"
highest=4294967294

# boot_lied NAME [OPTION...]: a device, known as `true`, of which the context `lied` tells lies once lie has said which.
boot_lied() {
    boot "$@"
    true_port=$port
    "$atto" context add true --uri "coap://127.0.0.1:$port" --key owner --device "$device"
}

# lie WHAT NUMBER [FILE]: see tests/liar.py.
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
    "not believed above 32769" "with --counter"
a resume beacon --to lied --json
expect lie_of_a_counter_as_json 1 '"done": false' "is $highest"
elsewhere resume beacon --to lied
expect lie_of_a_counter_elsewhere 1 "is $highest" "none was signed on this machine" "not believed above 2147483648"
elsewhere tenant add acme --id 1 --tenant-key acme.pub --to lied
expect lie_of_a_counter_to_enrol 1 "is $highest"
a resume beacon --to lied --counter 2
expect lie_of_a_counter_is_passed_by 0 "resume beacon: done"
lie counter 32771
a pause beacon --to lied
expect lie_one_too_far 1 "is 32771" "signed on this machine is 2:" "not believed above 32770"
lie counter 32770
a pause beacon --to lied --dry-run
expect lie_that_is_believed 0 "32771"
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

# What a lie has had signed ahead, and was kept from the device, is overtaken by the next command.
lie counter 158307 held
a stop beacon --to lied --timeout 1 --ack-timeout 100
expect signed_ahead 3 "whether it was done is not known"
a tenant list --to true --json
require signed_ahead_is_held test "$(field counter)" = 125539
a resume beacon --to true
expect signed_ahead_goes_on 0 "resume beacon: done"
a push held --to true
expect signed_ahead_is_overtaken 1 "refused (4.09)"
a tenant list --to true --json
require signed_ahead_is_counted test "$(field counter)" = 158309
# What is further ahead than the device takes is not waited for: it cannot be used before the counter comes near.
echo 250000 >"data/atto/numbers/$device/-.counter"
a pause beacon --to true
a tenant list --to true --json
require far_ahead_step test "$(field counter)" = 158310
a resume beacon --to true
a tenant list --to true --json
require far_ahead_goes_on test "$(field counter)" = 158311

lie sequence $highest
a update beacon other.atto --to lied
expect lie_of_a_sequence 1 "the last sequence number of 'beacon' is $highest" "signed on this machine is 1:" \
    "not believed above 32769" "with --sequence"
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
expect lies_use_no_sequence 0 "beacon, sequence 4: installed"
lie last 30000
a push beacon.atto --to lied
expect lie_that_refuses_what_it_told 1 "beacon, sequence 30001: refused (4.09)" "behind the one that it has told"
a push beacon.atto --to true
expect signed_ahead_is_overtaken_by_a_push 0 "beacon, sequence 30002: installed"
a pack beacon.atto --vendor example.com --class attod --device $device --sequence 30001 --key owner -o ahead.suit
a push ahead.suit --to true
expect signed_ahead_is_no_downgrade 1 "refused (4.09)"

# Of two calls in one turn a device refuses one, which is made again. A quota of anything else is told at once.
lie quota 2
a call beacon add --to lied
expect call_in_the_same_turn 0 "result        7"
lie quota 1
a start beacon --to lied
expect quota_of_a_command 1 "refused (5.03)" "a quota is used up"
for try in 1 2 3 4 5 6 7 8; do
    a push broken.atto --sequence 7 --to true
done
expect push_bad_image 1 "refused (4.22)"
a push broken.atto --sequence 7 --to true
expect push_bad_images 1 "refused (5.03)" "8 images that were not good" "sequence number 7" "--sequence" "10 minutes"
a push broken.atto --sequence 8 --to true
expect push_bad_image_again 1 "refused (4.22)"

# A device that has waited for an image as long as it waits goes on fetching it all the same.
if [ -n "${server:-}" ]; then
    lie late 0
    for_lied="--vendor example.com --class attod --device $device --component late --key owner"
    # shellcheck disable=SC2086 # words
    a pack beacon.atto $for_lied --sequence 1 --uri "coap://127.0.0.1:$server/image" -o late.suit
    a push late.suit --to lied
    expect push_that_takes_long 0 "late, sequence 1: installed"
    # shellcheck disable=SC2086 # words
    a pack beacon.atto $for_lied --sequence 2 --uri "coap://127.0.0.1:$server/nothing" -o never.suit
    a push never.suit --to lied --timeout 2
    expect push_that_never_ends 3 "has not fetched its image yet"
fi
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
expect lie_to_a_reader_who_knows 1 "it takes no counter up to 92769"
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
require keyed_anew_counts_up test "$(field counter)" = 1
kill "$pid"
