# Reads what Frama-C's WP says and writes a row for each function: file, function, goals, proved, seconds. Other lines
# begin with "!" and say what is wrong: a goal without proof, a warning, a total that does not agree, fewer goals than
# the floor.
#
# variables: file; floor, the fewest goals; ended, "well" or "badly"
# SPDX-License-Identifier: Apache-2.0

# "1.5s", "12ms" or "1m3s" in seconds.
function seconds_of(text, minutes) {
    if (text ~ /ms$/)
        return text / 1000
    if (text ~ /m/) {
        minutes = text + 0
        sub(/^[0-9]*m/, "", text)
    }
    return minutes * 60 + text
}

# The function that a goal is about: goals are named typed_FUNCTION_KIND. The longest name that fits.
function function_of(goal, i, best) {
    sub(/^typed_/, "", goal)
    if (goal ~ /^lemma_/) {
        if (!goals[goal])
            names[++function_count] = goal
        return goal
    }
    for (i = 1; i <= function_count; i++) {
        if (index(goal, names[i] "_") == 1 && length(names[i]) > length(best))
            best = names[i]
    }
    return best == "" ? "?" : best
}

function complain(sentence) {
    print "! " sentence
    wrong = 1
}

/^\[rte:annot\] annotating function / { names[++function_count] = $NF }

/^\[wp\] \[.*\] Goal / {
    match($0, /Goal [^ ]+/)
    goal = substr($0, RSTART + 5, RLENGTH - 5)
    name = function_of(goal)
    goals[name]++
    goal_sum++
    if ($0 !~ / : Valid/) {
        complain("not proved: " goal)
        next
    }
    proved[name]++
    rest = $0
    while (match(rest, /\((Qed:)?[0-9.]+(ms|s|m[0-9]+s)\)/)) {
        time = substr(rest, RSTART + 1, RLENGTH - 2)
        sub(/^Qed:/, "", time)
        seconds[name] += seconds_of(time)
        rest = substr(rest, RSTART + RLENGTH)
    }
}

# An annotation that was ignored, a memory access that the model cannot follow: nothing of that sort may pass.
/Warning:/ { complain($0) }

/^\[wp\] Proved goals:/ { proved_sum = $4; total = $6 }

END {
    for (i = 1; i <= function_count; i++) {
        if (goals[names[i]] > 0)
            printf "%s %s %d %d %.2f\n", file, names[i], goals[names[i]], proved[names[i]], seconds[names[i]]
    }
    if (ended != "well")
        complain(file ": frama-c ended with an error")
    if (total == 0 || goals["?"] > 0 || total != goal_sum || total != proved_sum)
        complain(file ": frama-c counts " proved_sum + 0 " of " total + 0 " goals, its lines " goal_sum + 0)
    if (total < floor)
        complain(file ": " total + 0 " goals, proofs/files wants " floor)
    exit wrong
}
