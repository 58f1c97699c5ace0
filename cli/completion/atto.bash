# Completion of the `atto` command for bash. It asks the command itself what there is: subcommands from `atto help`,
# words and options from `atto help COMMAND`, so it never knows more or less than the command does.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# The subcommands.
_atto_commands() {
    "$1" help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\)  *.*/\1/p'
}

# The words that may stand behind a subcommand: of "usage: atto context add NAME ...".
_atto_words() {
    "$1" help "$2" 2>/dev/null | sed -n "s/^\(usage:\|      \) atto $2 \([a-z]\{1,\}\) .*/\2/p"
}

# The options of a subcommand, and of one with a word of its own.
_atto_options() {
    {
        "$1" help "$2" 2>/dev/null
        [ -z "${3:-}" ] || "$1" "$2" "$3" --help 2>/dev/null
    } | grep -oE -e '(^| )--[a-z][a-z-]*' | tr -d ' ' | sort -u
}

_atto() {
    local command=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local subcommand=${COMP_WORDS[1]:-} word=

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_atto_commands "$command") help" -- "$current")
        return
    fi
    case $before in
    --to)
        word=$("$command" context ls 2>/dev/null | cut -c3- | cut -d' ' -f1)
        mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
        return
        ;;
    --on)
        mapfile -t COMPREPLY < <(compgen -W "mps2-an386 rv32-virt" -- "$current")
        return
        ;;
    esac
    [ "$subcommand" != tenant ] || [ "$COMP_CWORD" -eq 2 ] || word=${COMP_WORDS[2]}
    case $current in
    -*)
        mapfile -t COMPREPLY < <(compgen -W "$(_atto_options "$command" "$subcommand" "$word")" -- "$current")
        return
        ;;
    esac
    if [ "$COMP_CWORD" -eq 2 ] && [ "$subcommand" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_atto_commands "$command")" -- "$current")
    elif [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_atto_words "$command" "$subcommand")" -- "$current")
    fi
    # With nothing of these, a file: the default that -o gives.
}
complete -o default -F _atto atto
