#!/usr/bin/env python3
"""completion.py SMTPSCOPE [--update]: the completions of bash and zsh are what the option table gives."""

import os
import sys

from manual import COMMANDS, TOP, help_of, options_of

FOLDER = os.path.join(TOP, "cli", "completion")
WHAT = {"analyze": "verdicts and findings", "show": "whole annotated dialogues",
        "capture": "packets to a recording", "keygen": "keys that seal a recording's secrets",
        "report": "incidents, for people", "extract": "messages as files", "explain": "what a code or a finding means"}
# What may stand behind an option, by the name of its value in --help; the rest is free text.
WORDS = {"FORMAT": "text jsonl ecs markdown html json", "LANGUAGE": "en ja", "SEVERITY": "info warning error", "WHEN": "auto always never",
         "VERDICT": "ok refused misordered tolerated consequence contradicted unanswered undecided"}
FINDINGS = "$(smtpscope explain 2>/dev/null | sed -n 's/^  \\([a-z0-9-]*\\) .*/\\1/p')"
NOTE = "# Printed from the option table by tests/style/completion.py --update: do not edit.\n"


def flags(option):
    return [f"-{option.letter}"] * bool(option.letter) + [f"--{option.name}"]


def words_behind(option):
    """The words for the value of an option; "" for a file, None for free text."""
    if option.name == "finding":
        return FINDINGS
    return "" if option.value == "FILE" else WORDS.get(option.value)


def bash(program):
    options = {command: options_of(program, command) for command in COMMANDS}
    values = {}
    for option in (o for command in COMMANDS for o in options[command] if o.value):
        values.setdefault(words_behind(option), {}).update(dict.fromkeys(flags(option)))
    out = "# bash completion of smtpscope\n" + NOTE + """
_smtpscope()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=analyze options words
    COMPREPLY=()
    case ${COMP_WORDS[1]} in
"""
    out += f"    {'|'.join(COMMANDS)}) [ $COMP_CWORD -gt 1 ] && command=${{COMP_WORDS[1]}} ;;\n    esac\n"
    out += "    case $before in\n"
    for words, names in values.items():
        action = "return 0" if words is None else "compopt -o default; return 0" if words == "" else f'words="{words}"'
        out += f"    {'|'.join(names)}) {action} ;;\n"
    out += "    esac\n    case $command in\n"
    for command in COMMANDS:
        names = " ".join(name for option in options[command] for name in flags(option))
        out += f'    {command}) options="{names}" ;;\n'
    out += f"""    esac
    if [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [ "$command" = explain ]; then
        COMPREPLY=($(compgen -W "{FINDINGS}" -- "$word"))
    else
        [ $COMP_CWORD -eq 1 ] && COMPREPLY=($(compgen -W "{' '.join(COMMANDS)}" -- "$word"))
        compopt -o default
    fi
}}
complete -F _smtpscope smtpscope
"""
    return out


def zsh_option(option):
    says = option.help.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    names = flags(option)
    star = "'*'" if option.value else ""  # it may be given again
    head = f"{star}{{{','.join(names)}}}" if len(names) > 1 else f"{star}{names[0]}"
    words = words_behind(option)
    action = {None: " ", "": "_files", FINDINGS: "_smtpscope_findings"}.get(words, f"({words})")
    value = f":{option.value.lower().replace('=', ' and ')}:{action}" if option.value else ""
    return f"{head}'[{says}]{value}'"


def zsh(program):
    out = "#compdef smtpscope\n" + NOTE + f"""
_smtpscope_findings()
{{
    compadd -- ${{(f)"{FINDINGS}"}}
}}

_smtpscope()
{{
    local command=analyze
    local -a kinds options
    kinds=({' '.join(f"'{command}:{what}'" for command, what in WHAT.items())})
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe command kinds
        _files
        return
    fi
    if [[ $words[2] == ({'|'.join(COMMANDS)}) ]]; then
        command=$words[2]
        shift words
        (( CURRENT-- ))
    fi
    case $command in
"""
    for command in COMMANDS:
        lines = "\n".join(f"        {zsh_option(option)}" for option in options_of(program, command))
        rest = "_smtpscope_findings" if command == "explain" else "_files"
        out += f"    {command}) options=(\n{lines}\n        '*: :{rest}'\n        ) ;;\n"
    return out + """    esac
    _arguments -s $options
}

_smtpscope "$@"
"""


def main():
    stale = []
    assert all(command in help_of(sys.argv[1]) for command in COMMANDS)
    for name, text in (("smtpscope.bash", bash(sys.argv[1])), ("_smtpscope", zsh(sys.argv[1]))):
        path = os.path.join(FOLDER, name)
        if "--update" in sys.argv:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            stale.append(path)
    for path in stale:
        print(f"{path} is stale: python3 tests/style/completion.py SMTPSCOPE --update")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
