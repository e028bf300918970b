"""``smtptest completion SHELL``: print a script that completes the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from lazr_smtptest.cli.arguments import ArgumentParser
from lazr_smtptest.cli.command_help import CommandHelp, OptionHelp, describe

__all__ = ["completion", "completion_parser"]

_BASH = """\
# bash completion for smtptest
_smtptest() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command=serve options= number
    # Of --color=never, bash makes three words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    for ((number = 1; number < COMP_CWORD; number++)); do
        case ${{COMP_WORDS[number]}} in
            {commands}) command=${{COMP_WORDS[number]}}; break ;;
        esac
    done
    case $command:$prev in
{values}
    esac
    case $command in
{options}
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
    elif ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{words}" -- "$cur"))
    elif [[ $command == completion ]]; then
        COMPREPLY=($(compgen -W "{shells}" -- "$cur"))
    else
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
}}
complete -o filenames -F _smtptest smtptest
"""

_ZSH = """\
#compdef smtptest
# zsh completion for smtptest
_smtptest() {{
    local -a commands=(
{commands}
    )
    local command=serve
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe command commands
        return
    fi
    if [[ $words[2] != -* ]]; then
        command=$words[2]
        shift words
        (( CURRENT-- ))
    fi
    case $command in
{options}
    esac
}}
if [[ $funcstack[1] == _smtptest ]]; then
    _smtptest "$@"
else
    compdef _smtptest smtptest
fi
"""


def completion_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest completion``."""
    parser = ArgumentParser(
        prog="smtptest completion",
        description="Print a script for a shell that completes commands, options and "
        "their values. For bash: source <(smtptest completion bash)",
    )
    parser.add_argument("shell", metavar="SHELL", choices=sorted(_SHELLS))
    return parser


def completion(arguments: Sequence[str]) -> int:
    """Run ``smtptest completion``; return the exit status."""
    from lazr_smtptest.cli.main import COMMANDS

    shell = completion_parser().parse_args(arguments).shell
    commands = {
        name: describe(name, place, purpose)
        for name, (place, purpose) in COMMANDS.items()
    }
    print(_SHELLS[shell](commands), end="")
    return 0


def _bash(commands: Mapping[str, CommandHelp]) -> str:
    values, options = [], []
    for name, command in commands.items():
        values += [f"        {line}" for line in _bash_values(name, command)]
        names = " ".join(word for each in command.options for word in each.names)
        options.append(f'        {name}) options="{names}" ;;')
    return _BASH.format(
        commands="|".join(commands),
        words=" ".join(commands),
        shells=_shells(),
        values="\n".join(values),
        options="\n".join(options),
    )


def _bash_values(name: str, command: CommandHelp) -> Iterator[str]:
    """Yield the cases for options that have a value."""
    for option in command.options:
        if not option.value:
            continue
        pattern = "|".join(f"{name}:{each}" for each in option.names)
        if option.choices:
            words = f'-W "{" ".join(option.choices)}"'
        elif option.takes_path:
            words = "-f"
        else:
            yield f"{pattern}) return ;;"
            continue
        yield f'{pattern}) COMPREPLY=($(compgen {words} -- "$cur")); return ;;'


def _zsh(commands: Mapping[str, CommandHelp]) -> str:
    rows = [
        f"        {_quoted(f'{each.name}:{each.purpose}')}"
        for each in commands.values()
    ]
    options = []
    for name, command in commands.items():
        specs = [spec for each in command.options for spec in _zsh_options(each)]
        if name == "completion":
            specs.append(_quoted(f"1:shell:({_shells()})"))
        elif command.arguments:
            specs.append(_quoted("*:argument:_files"))
        lines = " \\\n                ".join(["_arguments", *specs])
        options.append(f"        {name})\n            {lines} ;;")
    return _ZSH.format(commands="\n".join(rows), options="\n".join(options))


def _zsh_options(option: OptionHelp) -> Iterator[str]:
    text = re.sub(r"([\[\]:\\])", r"\\\1", option.text)
    value = ""
    if option.value:
        what = f"({' '.join(option.choices)})" if option.choices else " "
        if option.takes_path:
            what = "_files"
        value = f":{option.value}:{what}"
    for name in option.names:
        # --name=VALUE, or --name VALUE.
        equals = "=" if value and name.startswith("--") else ""
        yield _quoted(f"*{name}{equals}[{text}]{value}")


def _fish(commands: Mapping[str, CommandHelp]) -> str:
    names = " ".join(commands)
    others = " ".join(name for name in commands if name != "serve")
    lines = ["# fish completion for smtptest"]
    for name, command in commands.items():
        lines.append(
            "complete -c smtptest -n '__fish_use_subcommand' -a "
            f"{name} -d {_quoted_for_fish(command.purpose)}"
        )
        # Options without a command are those of serve.
        condition = f"__fish_seen_subcommand_from {name}"
        if name == "serve":
            condition = f"not __fish_seen_subcommand_from {others}"
        for option in command.options:
            lines.append(_fish_option(option, condition))
    lines.append(
        "complete -c smtptest -n '__fish_seen_subcommand_from completion' -f "
        f"-a '{_shells()}'"
    )
    lines.append(
        f"complete -c smtptest -n 'not __fish_seen_subcommand_from {names}' -f"
    )
    return "\n".join(lines) + "\n"


def _fish_option(option: OptionHelp, condition: str) -> str:
    words = [f"complete -c smtptest -n {_quoted_for_fish(condition)}"]
    for name in option.names:
        dashes = "-l" if name.startswith("--") else "-s" if len(name) == 2 else "-o"
        words.append(f"{dashes} {name.lstrip('-')}")
    if option.value:
        words.append("-r" if option.takes_path else "-x")
    if option.choices:
        words.append(f"-a {_quoted_for_fish(' '.join(option.choices))}")
    return " ".join([*words, f"-d {_quoted_for_fish(option.text)}"])


def _shells() -> str:
    return " ".join(sorted(_SHELLS))


def _quoted(text: str) -> str:
    """Return a text as one word of bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _quoted_for_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SHELLS: Mapping[str, Callable[[Mapping[str, CommandHelp]], str]] = {
    "bash": _bash,
    "fish": _fish,
    "zsh": _zsh,
}
