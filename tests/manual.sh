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

run "$root/scripts/manpage" "$atto"
require page_is_up_to_date cmp -s out "$root/docs/atto.1"
if command -v groff >/dev/null; then
    run groff -man -Tascii -ww -z "$root/docs/atto.1"
    require page_is_sound test ! -s out
fi

# offer WORD...: what bash would offer behind these words, one a line.
offer() {
    bash -c '. "$0/cli/completion/atto.bash"
        COMP_WORDS=(atto "$@") COMP_CWORD=$#
        _atto
        printf "%s\n" "${COMPREPLY[@]}"' "$root" "$@"
}

commands=$("$atto" help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p')
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
if command -v zsh >/dev/null; then
    run zsh -n "$root/cli/completion/_atto"
    expect zsh_is_sound 0
else
    echo "skip manual_zsh_is_sound: no zsh"
fi
exit $((failures != 0))
