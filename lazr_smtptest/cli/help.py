"""The help of ``smtptest`` and ``twistd smtptest``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from lazr_smtptest.cli.option import Groups, Option

__all__ = ["hint_for", "write_help"]

# What getopt says of an option that does not exist.
_UNKNOWN = re.compile(r"option --?([\w-]+) not recognized")

# Columns of the help before the text of an option.
_INDENT = 28

_END = """
Each option can be set in the environment: SMTPTEST_PORT=2525 is --port 2525.
Several endpoints in a variable are separated by spaces; a flag is 1 or 0.
In the file of --config it is port = 2525; a flag is true or false. The command
line overrides the environment, and the environment overrides the file.

Examples:
  smtptest
  smtptest --port 2525 --store maildir:/tmp/mail
  smtptest --smtp tcp:2525:interface=127.0.0.1 --smtp unix:/tmp/s.sock
  smtptest --tls auto --ca-file ca.pem --auth memory:anna:secret
  twistd -n --pidfile= smtptest --port 2525

An ENDPOINT is a server endpoint as Twisted writes them. twistd takes the same
options after "smtptest". Without -n it goes into the background, writes to
twistd.log, and leaves its process id in twistd.pid, unless --pidfile= is given.
"""


def write_help(groups: Groups, purpose: str, width: int) -> str:
    """Return the help text of the options, without the synopsis.

    Args:
        groups: the table of the options.
        purpose: what the command does.
        width: columns of the screen.
    """
    parts = ["", textwrap.fill(purpose, width)]
    for title, options in groups.items():
        parts += ["", f"{title}:"]
        parts += [_explain(option, width) for option in options]
    return "\n".join(parts) + "\n" + _END


def _explain(option: Option, width: int) -> str:
    text = option.help
    if option.default and option.default != "0":
        text += f" [default: {option.default}]"
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=" " * _INDENT,
        subsequent_indent=" " * _INDENT,
        break_on_hyphens=False,
    )
    left = f"  --{option.name} {option.value}".rstrip()
    if len(left) >= _INDENT:
        # Its text begins below it.
        return "\n".join([left, *lines])
    return "\n".join([left.ljust(_INDENT) + lines[0][_INDENT:], *lines[1:]])


def hint_for(problem: str, table: Mapping[str, Option], names: Iterable[str]) -> str:
    """Return the known option that is closest to an unknown one, as a hint.

    Args:
        problem: the error of getopt.
        table: the options, by name.
        names: the names of all options, some of which end in ``=``.
    """
    found = _UNKNOWN.fullmatch(problem)
    if found is None:
        return ""
    option = table.get(found[1].removesuffix("-port"))
    if option is not None and option.value == "ENDPOINT":
        return f"; did you mean --{option.name} PORT?"
    near = get_close_matches(found[1], [each.strip("=") for each in names], 1)
    return f"; did you mean --{near[0]}?" if near else "; --help lists the options"
