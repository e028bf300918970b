"""The manual pages, from the same tables as the help.

``python -m lazr_smtptest.cli.man_pages DIR`` writes ``smtptest.1``, and a page for each
command, into a folder. With ``SOURCE_DATE_EPOCH`` their date is that time.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from lazr_smtptest.cli.command_help import CommandHelp, describe
from lazr_smtptest.cli.main import COMMANDS
from lazr_smtptest.version import __version__

__all__ = ["man_pages", "write_man_pages"]

_PURPOSE = "a mail server for tests"
# Of a line of roff, as its style guides ask for.
_WIDTH = 78
_ENVIRONMENT = (
    "Each option of the server can be set by a variable: SMTPTEST_PORT=2525 is "
    "--port 2525. The command line overrides the environment, and the environment "
    "overrides the file of --config."
)


def man_pages() -> dict[str, str]:
    """Return the pages, by the names of their files."""
    commands = [describe(name, *described) for name, described in COMMANDS.items()]
    pages = {"smtptest.1": _main_page(commands)}
    for command in commands:
        pages[f"smtptest-{command.name}.1"] = _command_page(command)
    return pages


def write_man_pages(folder: Path) -> None:
    """Write the pages into a folder, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in man_pages().items():
        (folder / name).write_text(text, "utf-8")


def _main_page(commands: Sequence[CommandHelp]) -> str:
    serve = commands[0]
    lines = [
        *_head("smtptest", _PURPOSE, "smtptest [COMMAND] [options]"),
        _text(serve.text),
        ".SH COMMANDS",
        _text("Without a command it is serve. Each has a page: smtptest-COMMAND(1)."),
    ]
    for command in commands:
        lines += [".TP", f".B {_word(command.name)}", _text(f"{command.purpose}.")]
    lines += _options(serve)
    lines += [".SH ENVIRONMENT", _text(_ENVIRONMENT)]
    others = sorted(f"smtptest-{each.name}" for each in commands)
    lines += [".SH SEE ALSO", *(f".BR {_word(name)} (1)," for name in others[:-1])]
    lines.append(f".BR {_word(others[-1])} (1)")
    return "\n".join(lines) + "\n"


def _command_page(command: CommandHelp) -> str:
    name = f"smtptest-{command.name}"
    lines = [*_head(name, command.purpose, command.synopsis), _text(command.text)]
    lines += [*_options(command), ".SH SEE ALSO", ".BR smtptest (1)"]
    return "\n".join(lines) + "\n"


def _head(name: str, purpose: str, synopsis: str) -> Iterator[str]:
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    date = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    yield f'.TH {_word(name.upper())} 1 "{date}" "lazr.smtptest {__version__}"'
    yield from (".SH NAME", f"{_word(name)} \\- {_text(purpose)}")
    yield from (".SH SYNOPSIS", _text(synopsis), ".SH DESCRIPTION")


def _options(command: CommandHelp) -> Iterator[str]:
    yield ".SH OPTIONS"
    for title, options in command.groups.items():
        yield f".SS {_word(title)}"
        for option in options:
            names = ", ".join(f"\\fB{_word(name)}\\fR" for name in option.names)
            value = f" \\fI{_word(option.value)}\\fR" if option.value else ""
            choices = f" One of {', '.join(option.choices)}." if option.choices else ""
            yield from (".TP", f"{names}{value}", _text(option.text + choices))


def _text(text: str) -> str:
    """Return a text as lines of roff, none of which is a request; not empty."""
    # A line for each sentence, as roff wants it.
    sentences = re.split(r"(?<=[.;:])\s+(?=[A-Z])", " ".join(text.split()))
    lines = [
        line
        for each in sentences
        for line in wrap(_word(each), _WIDTH, break_on_hyphens=False)
    ]
    # A line that begins so would be a request.
    safe = [f"\\&{each}" if each.startswith((".", "'")) else each for each in lines]
    return "\n".join(safe) or "\\&"


def _word(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m lazr_smtptest.cli.man_pages DIR")
    write_man_pages(Path(sys.argv[1]))
