"""The arguments, errors and stores of all commands on a store."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lazr_smtptest._guesses import nearest
from lazr_smtptest._json import encode_json
from lazr_smtptest.cli.arguments import ArgumentParser, parse_arguments
from lazr_smtptest.cli.read_copy import is_read_only, open_to_read
from lazr_smtptest.cli.text_width import printable
from lazr_smtptest.cli.trust import add_ca_file, trust
from lazr_smtptest.client.address import is_url
from lazr_smtptest.client.reader import RemoteReader
from lazr_smtptest.errors import QueryError, SearchTimeoutError, StoreError
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.stores import check_spec
from lazr_smtptest.stores.spec import with_forms

__all__ = [
    "INDEXING",
    "CommandError",
    "add_store",
    "find_message",
    "is_text",
    "named_message",
    "open_existing",
    "parse",
    "parser",
    "run_command",
    "server_url",
    "trusted",
    "write_json",
    "write_line",
]

# Seconds to wait until a store has indexed its latest messages.
INDEXING = 60.0
# The kinds of stores that are on a disk.
_KINDS = ("sqlite", "maildir", "mbox", "postgresql", "postgres")
# The most digits of the number of a message.
_DIGITS = 18

# HOST:PORT, which lacks http://. No word of a query has a number after such a name.
_ADDRESS = re.compile(r"(?:localhost|\[[0-9a-fA-F:.]+\]|[\w-]+(?:\.[\w-]+)+):[0-9]+/?")

# The beginning of a URL, of whatever kind.
_SCHEME = re.compile("[a-z][a-z0-9+.-]*://")

# The word that names the newest message.
_LATEST = "latest"

# The server that is asked if no store is given.
_SERVER = "http://127.0.0.1:8025"

_STORES = (
    "STORE is the URL of a running server with --http, or sqlite:FILE, maildir:DIR, "
    "mbox:FILE or postgresql://..., as smtptest --store takes it. Without it, it is "
    f"the variable SMTPTEST_URL, or {_SERVER}."
)
# A store is a file without a kind in front if it ends so.
_DATABASES = (".db", ".sqlite", ".sqlite3")
_QUERIES = (
    'A QUERY is in the search language: words, "phrases", from:anna, '
    "subject:invoice, is:unread, after:2024-01-31; see the manual."
)


class CommandError(Exception):
    """A command cannot do what it should: one line for standard error.

    Args:
        message: the line.
        status: the exit status: 1, or 2 for wrong arguments.
        details: lines that follow it; ``""`` for none.
    """

    def __init__(self, message: str, status: int = 1, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.details = details


def parser(name: str, description: str, *, queries: bool) -> argparse.ArgumentParser:
    """Return the parser of a command, with ``--ca-file``.

    Args:
        name: the name of the command.
        description: what it does.
        queries: whether it takes a query.
    """
    more = f" {_QUERIES}" if queries else ""
    options = ArgumentParser(
        prog=f"smtptest {name}", description=f"{description} {_STORES}{more}"
    )
    add_ca_file(options)
    return options


def parse(
    options: argparse.ArgumentParser, arguments: Sequence[str]
) -> argparse.Namespace:
    """Parse arguments, in any order; words of a query may begin with ``-``: ``-spam``.

    Our own options begin with two dashes, so the others are words, and after ``--``
    all are words.
    """
    given = parse_arguments(
        options, arguments, lambda text: bool(_WORD.match(text)) and text != "-h"
    )
    _choose_store(options, given)
    return given


def _choose_store(options: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Take the server as the store if the first argument is no store."""
    store, *others = [each for each in options._actions if not each.option_strings]
    if store.nargs != "?":
        return
    if given.store is None:
        given.store = server_url()
    if _ADDRESS.fullmatch(given.store):
        options.error(f"{given.store!r} is no URL; did you mean http://{given.store}?")
    if _is_store(given.store) or not others:
        return
    # What was taken for the store is the argument after it, and so on.
    words = [given.store]
    given.store = server_url()
    for each in others:
        value = getattr(given, each.dest)
        if isinstance(value, list):
            setattr(given, each.dest, words + value)
            return
        setattr(given, each.dest, words[0])
        words = [value]


def server_url() -> str:
    """Return the URL of the server that is asked if none is given."""
    return os.environ.get("SMTPTEST_URL") or _SERVER


def _is_store(text: str) -> bool:
    """Return whether an argument is meant to be a store, not a word of a query."""
    name = text.partition("?")[0]
    kind, colon, _ = name.partition(":")
    if is_url(text) or name == "memory" or (colon and kind in _KINDS):
        return True
    if _SCHEME.match(text):
        # No word of a query begins so: it is a mistake.
        return True
    return not colon and (
        "/" in name or name.endswith(_DATABASES) or Path(name).exists()
    )


# An argument with one dash; argparse takes none for an option that is a number.
_WORD = re.compile(r"-(?!-|\d*\.?\d+\Z)")


def add_store(arguments: argparse.ArgumentParser) -> None:
    """Add the argument STORE."""
    arguments.add_argument("store", metavar="STORE", nargs="?")


def trusted(ca_file: str | None, *places: str) -> bool | ssl.SSLContext:
    """Return what `trust` returns.

    Raises:
        CommandError: the file cannot be read, or no place needs it.
    """
    try:
        return trust(ca_file, *places)
    except ValueError as error:
        raise CommandError(str(error), 2) from None


@contextlib.contextmanager
def open_existing(
    text: str, ca_file: str | None, *, only_read: bool = True
) -> Iterator[Any]:
    """Open a store that exists, or a server, and close it at the end.

    Args:
        text: the store or the URL.
        ca_file: the value of ``--ca-file``.
        only_read: whether the command changes nothing; then a copy is opened of a
            database that is read-only.

    Yields:
        an `IMessageStore` that is an `IMessageReader`, too, or a `RemoteReader`.

    Raises:
        CommandError: there is no such store.
        StoreError: it cannot be read; or changed, if it has to be.
    """
    verify = trusted(ca_file, text)
    if is_url(text):
        with _open_server(text, verify) as reader:
            yield reader
        return
    try:
        spec = check_spec(text)
    except ValueError as error:
        raise CommandError(with_forms(error, ", or the URL of a server"), 2) from None
    if spec.kind == "memory":
        raise CommandError(
            "a store in memory belongs to its server: use sqlite:FILE, maildir:DIR, "
            "mbox:FILE or postgresql://...",
            2,
        )
    if not only_read and is_read_only(text):
        raise StoreError(f"cannot change {spec.path!r}: it is read-only")
    with contextlib.ExitStack() as stack:
        try:
            store = stack.enter_context(open_to_read(text))
        except ValueError as error:
            raise CommandError(str(error), 2) from None
        yield store


@contextlib.contextmanager
def _open_server(url: str, verify: bool | ssl.SSLContext) -> Iterator[RemoteReader]:
    try:
        reader = RemoteReader(url, verify=verify)
    except ValueError as error:
        raise CommandError(str(error), 2) from None
    try:
        yield reader
    finally:
        reader.close()


def find_message(reader: Any, words: Sequence[str]) -> Summary:
    """Return the message that words on the command line name.

    Args:
        reader: an `IMessageReader`.
        words: a number, an id, ``latest``, or a query; then the newest match.

    Raises:
        CommandError: there is none.
    """
    summary = named_message(reader, words)
    if summary is not None:
        return summary
    name = " ".join(words)
    query = "" if name in ("", _LATEST) else name
    found: Sequence[Summary] = reader.page(query, limit=1, timeout=INDEXING)
    if not found:
        problem = f"no message matches {name!r}{nearest(name, [_LATEST])}"
        raise CommandError(problem if query else "the store has no message")
    return found[0]


def named_message(reader: Any, words: Sequence[str]) -> Summary | None:
    """Return the message whose number or id is the only word, if there is one."""
    if len(words) != 1:
        return None
    [word] = words
    if not is_text(word):
        return None
    # Longer numbers are no numbers of messages; a database refuses them.
    is_number = word.isdecimal() and len(word) <= _DIGITS
    summary: Summary | None = reader.summary(int(word) if is_number else word)
    return summary


def is_text(word: str) -> bool:
    """Return whether an argument is text: its bytes may be no UTF-8."""
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def write_line(text: str) -> None:
    """Write a line to standard output, with unprintable characters escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    # A tab is no danger to a terminal.
    print("\t".join(printable(part, encoding) for part in text.split("\t")))


def write_json(value: object) -> None:
    """Write an object as one line of JSON."""
    sys.stdout.buffer.write(encode_json(value) + b"\n")
    sys.stdout.buffer.flush()


def run_command(name: str, run: Callable[[], int]) -> int:
    """Run a command; return its exit status.

    Args:
        name: the name of the command, for errors.
        run: does the work.
    """
    details = ""
    try:
        return run()
    except CommandError as error:
        problem, status, details = str(error), error.status, error.details
    except QueryError as error:
        problem, status = str(error), 2
    except (StoreError, SearchTimeoutError) as error:
        problem, status = str(error), 1
    print(f"smtptest {name}: {printable(problem)}", file=sys.stderr)
    for line in details.split("\n") if details else ():
        print(printable(line), file=sys.stderr)
    return status
