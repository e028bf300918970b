"""``smtptest copy FROM TO``: copy messages from one store to another."""

from __future__ import annotations

import argparse
import contextlib
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from lazr_smtptest.cli.arguments import ArgumentParser
from lazr_smtptest.cli.copying import (
    check_place,
    copy,
    count_of,
    open_place,
    open_source,
)
from lazr_smtptest.cli.trust import add_ca_file, trust
from lazr_smtptest.client.address import Address, is_url
from lazr_smtptest.errors import StoreError

__all__ = ["copy_messages", "copy_parser"]

# Columns of the progress bar, and seconds between two updates.
_BAR = 30
_PACE = 0.1

_FORMS = """
FROM and TO are sqlite:FILE, maildir:DIR, mbox:FILE, postgresql://..., as smtptest
--store takes them, eml:DIR, a folder with a message in each file, or the URL of a
running server, which leaves out a message whose id it has. What is in TO stays there.
A copy that is interrupted leaves in TO what it had copied by then.
"""


class Progress:
    """A progress bar on a terminal; no output elsewhere.

    Args:
        total: the number of messages to copy.
        stream: the output.
    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._shown = stream.isatty()
        self._next = 0.0

    def report(self, count: int) -> None:
        """Update the bar, at most ten times a second."""
        now = time.monotonic()
        if self._shown and (now >= self._next or count >= self._total):
            self._next = now + _PACE
            # Other processes may add messages during the copy.
            done = min(count / self._total, 1.0)
            bar = ("#" * int(done * _BAR)).ljust(_BAR)
            self._stream.write(f"\r[{bar}] {done:4.0%}  {count} of {self._total}")
            self._stream.flush()

    def end(self) -> None:
        """End the line of the bar."""
        if self._shown:
            self._stream.write("\n")


def copy_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest copy``."""
    parser = ArgumentParser(
        prog="smtptest copy",
        description=f"Copy messages from one store to another. {_FORMS}",
    )
    parser.add_argument("source", metavar="FROM")
    parser.add_argument("target", metavar="TO")
    add_ca_file(parser)
    return parser


def copy_messages(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status.

    Args:
        arguments: the options, and two stores.
    """
    parser = copy_parser()
    options = parser.parse_args(arguments)
    try:
        verify = trust(options.ca_file, options.source, options.target)
        source, target = map(_checked, (options.source, options.target))
    except ValueError as error:
        parser.error(str(error))
    if source == target:
        parser.error("FROM and TO are the same")
    if isinstance(source, Path) and not source.exists():
        return _failed(f"there is no {str(source)!r}")
    try:
        _copy(options.source, options.target, verify)
    except (StoreError, KeyboardInterrupt) as error:
        return _failed(f"nothing more was copied: {str(error) or 'interrupted'}")
    return 0


def _failed(problem: str) -> int:
    """Print why nothing, or nothing more, was copied; return the exit status."""
    print(f"smtptest copy: {problem}", file=sys.stderr)
    return 1


def _checked(text: str) -> Path | str:
    """Return the path or the URL of a place, or that of a server without its login.

    Raises:
        ValueError: it is neither.
    """
    return str(Address.of(text)) if is_url(text) else check_place(text)


def _copy(source: str, target: str, verify: bool | ssl.SSLContext) -> None:
    with open_source(source, verify) as messages:
        progress = Progress(len(messages), sys.stderr)
        with contextlib.closing(open_place(target, verify)) as place:
            try:
                copied = copy(messages, place, progress.report)
            finally:
                progress.end()
        print(f"{count_of(copied.count)} copied to {place!r}{copied.left_out}")
