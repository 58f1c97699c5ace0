#!/bin/sh
# Tests that the manual page and the completion of the command say what the command says: no subcommand, word or option
# is missing, and none is left of those that are gone.
#
# usage: tests/manual.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=manual
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
need "$atto"
ln -s "$atto" atto
PATH=$work:$PATH

commands=$("$atto" help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p')
run "$root/scripts/manpage" "$atto"
require page_is_up_to_date cmp -s out "$root/docs/atto.1"
if command -v groff >/dev/null; then
    run groff -man -Tascii -ww -z "$root/docs/atto.1"
    require page_is_sound test ! -s out
fi

# What an operator uses is there, with its exit statuses, and as JSON; what changes something can be tried before.
wrong=
while read -r words; do
    # shellcheck disable=SC2086 # a command and its words
    "$atto" $words --help >out || wrong="$wrong '$words'"
    for text in "usage: atto ${words%% *}" --json "Exit status: 0 " --help; do
        grep -qF -e "$text" out || wrong="$wrong '$words: no $text'"
    done
    case $words in
    push | update | rollback | start | stop | pause | resume | rm | call | policy* | schedule* | *add | *revoke)
        grep -q -e --dry-run out || wrong="$wrong '$words: no --dry-run'"
        ;;
    esac
done <<'COMMANDS'
push
ps
start
stop
pause
resume
rm
logs
stats
top
policy get
policy set
schedule get
schedule set
call
trace
postmortem
audit
device info
image ls
update
rollback
tenant add
tenant revoke
tenant list
fsck
inspect
COMMANDS
"$atto" context --help >out
grep -qF -e --json out || wrong="$wrong context"
echo "$wrong" >out
require operators_commands test -z "$wrong"
for command in $commands; do
    [ "$command" = tenant ] || "$atto" help "$command" | grep -q '^Exit status' || wrong="$wrong $command"
done
echo "$wrong" >out
require exit_statuses test -z "$wrong"
require page_has_exit_statuses grep -qx '.SH EXIT STATUS' "$root/docs/atto.1"

# offer WORD...: what bash would offer behind these words, one a line.
offer() {
    bash -c '. "$0/cli/completion/atto.bash"
        COMP_WORDS=(atto "$@") COMP_CWORD=$#
        _atto
        printf "%s\n" "${COMPREPLY[@]}"' "$root" "$@"
}

require there_are_commands test "$(echo "$commands" | wc -l)" -gt 20
offer "" | sort >offered
printf '%s\nhelp\n' "$commands" | sort >there
require bash_knows_each_command cmp -s offered there
wrong=
for command in $commands; do
    "$atto" help "$command" >out || wrong="$wrong $command"
    grep -q "^usage: atto $command" out || wrong="$wrong $command"
    grep -oE -e '(^| )--[a-z][a-z-]*' out | tr -d ' ' | sort -u >there
    offer "$command" -- | sort -u >offered
    cmp -s offered there || wrong="$wrong $command"
done
: >out
require bash_knows_each_option test -z "$wrong"
require bash_knows_words test "$(offer policy "" | tr '\n' ' ')" = "get set "
require bash_knows_words_of_context test "$(offer context "" | tr '\n' ' ')" = "add ls use rm "
offer tenant add --t >offered
require bash_knows_options_of_words grep -qx -e --tenant-key offered
export XDG_CONFIG_HOME="$work/config"
run "$atto" context add kitchen --uri coap://192.0.2.7
offer ps --to k >offered
require bash_knows_contexts grep -qx kitchen offered
if [ -f "$root/build/linux-gcc/cmake_install.cmake" ] && [ "$atto" = "$root/build/linux-gcc/atto" ]; then
    run cmake --install "$root/build/linux-gcc" --prefix "$work/usr"
    for file in bin/atto share/man/man1/atto.1 share/bash-completion/completions/atto share/zsh/site-functions/_atto; do
        require "installs_$(basename $file)_in_$(dirname $file | tr / _)" test -s "usr/$file"
    done
    run "$work/usr/bin/atto" --version
    expect installed_command_runs 0 atto
fi

# --- zsh

if ! command -v zsh >/dev/null; then
    echo "skip ${suite}_zsh: no zsh; scripts/setup check-fast installs it"
    exit $((failures != 0))
fi
run zsh -n "$root/cli/completion/_atto"
expect zsh_is_sound 0

# zsh_offer WORD...: what zsh would offer behind these words, one a line; FILES where it would be files.
zsh_offer() {
    zsh -f -c '
        _describe() { print -rl -- ${${(P)2}%%:*} }
        _files() { print FILES }
        completion=$1
        shift
        words=(atto "$@")
        CURRENT=$#words
        set --
        . $completion' zsh "$root/cli/completion/_atto" "$@"
}

zsh_offer "" | sort >offered
printf '%s\nhelp\n' "$commands" | sort >there
: >out
require zsh_knows_each_command cmp -s offered there
wrong=
for command in $commands; do
    zsh_offer "$command" -- | sort -u >offered
    offer "$command" -- | sort -u >there
    cmp -s offered there || wrong="$wrong $command"
    zsh_offer "$command" "" | grep -vx FILES | sort >offered
    offer "$command" "" | grep . | sort >there
    cmp -s offered there || wrong="$wrong $command"
done
require zsh_offers_what_bash_offers test -z "$wrong"
zsh_offer tenant add --t >offered
require zsh_knows_options_of_words grep -qx -e --tenant-key offered
require zsh_knows_contexts test "$(zsh_offer ps --to "")" = kitchen
require zsh_knows_boards test "$(zsh_offer run --on m | head -n 1)" = mps2-an386
require zsh_offers_files test "$(zsh_offer push x)" = FILES

# The whole of it: somebody types at a zsh that has loaded the completion, and presses the tab key. ^X shows the line.
cat >typed.zsh <<'Z'
zmodload zsh/zpty
zpty shell zsh -f -i
say() { zpty -w shell "$1"; zpty -r shell heard "*$2*" }
say "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; echo read''y" ready
say 'show() { print -r -- "<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^X" show; echo bou""nd' bound
for line in "atto postm" "atto policy s" "atto ps --tim"; do
    zpty -w -n shell $line$'\t\x18'
    zpty -r shell heard '*<*>*'
    print -r -- ${${heard##*<}%%>*}
done
zpty -d shell
Z
run timeout 120 zsh -f typed.zsh "$root/cli/completion"
expect zsh_completes 0 "atto postmortem" "atto policy set" "atto ps --timeout"
exit $((failures != 0))
