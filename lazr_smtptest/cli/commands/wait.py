"""``smtptest wait``: wait for a message of a store or a server."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lazr_smtptest.cli.argument_values import seconds
from lazr_smtptest.cli.commands.base import (
    INDEXING,
    CommandError,
    add_store,
    open_existing,
    parse,
    parser,
    run_command,
)
from lazr_smtptest.cli.commands.messages import add_json, write_summaries
from lazr_smtptest.cli.read_copy import is_read_only
from lazr_smtptest.cli.text_width import printable
from lazr_smtptest.client.address import is_url
from lazr_smtptest.client.reader import RemoteReader
from lazr_smtptest.errors import SearchTimeoutError
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.stores import check_spec

__all__ = ["wait_for_message", "wait_parser"]

# Seconds between two looks for a store that does not exist yet.
_PAUSE = 0.1


def wait_parser() -> ArgumentParser:
    """Return the parser of ``smtptest wait``."""
    options = parser(
        "wait",
        "Wait for a message, and print its summary. A message that is there already "
        "counts, unless --new is given. A file or folder that does not exist yet is "
        "waited for, too.",
        queries=True,
    )
    add_store(options)
    options.add_argument("query", metavar="QUERY", nargs="*")
    options.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default=60,
        help="end with status 1 after this time, such as 90 or 2m (default: 60)",
    )
    options.add_argument(
        "--new", action="store_true", help="only a message that comes from now on"
    )
    add_json(options)
    return options


def wait_for_message(arguments: Sequence[str]) -> int:
    """Run ``smtptest wait``; return the exit status: 1 if no message came."""
    options = wait_parser()
    given = parse(options, arguments)
    return run_command("wait", partial(_wait, given))


def _wait(given: Namespace) -> int:
    query = " ".join(given.query)
    found, explanation = _wait_for(given, query)
    if not found:
        what = f"no message that matches {query!r}" if query else "no message"
        raise CommandError(f"{what} came within {given.timeout} s", details=explanation)
    write_summaries(found, as_json=given.json)
    return 0


def _wait_for(given: Namespace, query: str) -> tuple[Sequence[Summary], str]:
    """Return the first message that matches; and why there is none."""
    is_new, seconds = given.new, given.timeout
    path = _missing_store(given.store)
    if path is not None:
        seconds = _wait_for_store(path, given.timeout)
        # All that it has came meanwhile.
        is_new = False
    with open_existing(given.store, given.ca_file) as reader:
        if isinstance(reader, RemoteReader):
            after = reader.newest() if is_new else 0
            return reader.wait(query, since=after, timeout=seconds)
        if is_read_only(given.store):
            # A copy is read, in which no message arrives.
            return _wait_in_copy(reader, given, query), ""
        numbers = reader.numbers() if is_new else ()
        after = numbers[-1] if numbers else 0
        began = time.time()
        found = _wait_in_store(reader, query, after, seconds)
        if found:
            return found, ""
        # Imported here, because only a failure takes the time.
        from lazr_smtptest.readers.http.api.explanation import explain_query

        return (), explain_query(reader, query, after, seconds, began)


def _missing_store(text: str) -> Path | None:
    """Return the file or folder of a store if it does not exist."""
    if is_url(text):
        return None
    # What is wrong with its name is an error of `open_existing`.
    with contextlib.suppress(ValueError, OSError):
        spec = check_spec(text)
        if spec.kind in ("sqlite", "maildir", "mbox"):
            path = Path(spec.path)
            return None if path.exists() else path
    return None


def _wait_for_store(path: Path, timeout: float) -> float:
    """Wait until the server has made its file or folder.

    Args:
        path: the file or folder.
        timeout: seconds to wait.

    Returns:
        the seconds that are left.

    Raises:
        CommandError: it does not exist in time.
    """
    end = time.monotonic() + timeout
    missing = f"there is no {str(path)!r}"
    if timeout:
        print(f"smtptest wait: {printable(missing)} yet: waiting", file=sys.stderr)
    while not path.exists():
        left = end - time.monotonic()
        if left <= 0:
            raise CommandError(f"{missing} within {timeout} s" if timeout else missing)
        time.sleep(min(left, _PAUSE))
    return max(0.0, end - time.monotonic())


def _wait_in_copy(reader: Any, given: Namespace, query: str) -> Sequence[Summary]:
    """Return the first message of a copy that matches.

    Raises:
        CommandError: there is none, or it has to be a new one.
    """
    problem = f"new messages are not noticed: {given.store} is read-only"
    if given.new:
        raise CommandError(problem)
    found: Sequence[Summary] = reader.page(
        query, limit=1, oldest_first=True, timeout=INDEXING
    )
    if not found:
        what = f"no message that matches {query!r}" if query else "no message"
        raise CommandError(f"{what} is there, and {problem}")
    return found


def _wait_in_store(
    reader: Any, query: str, after: int, seconds: float
) -> Sequence[Summary]:
    changed = threading.Event()
    stop = reader.watch(lambda change: changed.set())
    try:
        return _await(reader, query, after, changed, seconds)
    finally:
        stop()


def _await(
    reader: Any, query: str, after: int, changed: threading.Event, seconds: float
) -> Sequence[Summary]:
    """Return the first message that matches, as soon as there is one.

    Args:
        reader: the store.
        query: the query.
        after: the number of the last message that does not count.
        changed: set at each change of the store.
        seconds: the most seconds to wait; then the result is empty.
    """
    end = time.monotonic() + seconds
    while True:
        changed.clear()
        left = end - time.monotonic()
        found: Sequence[Summary] = ()
        with contextlib.suppress(SearchTimeoutError):
            found = reader.page(
                query, after=after, limit=1, oldest_first=True, timeout=max(left, 1.0)
            )
        left = end - time.monotonic()
        if found or left <= 0:
            return found
        changed.wait(left)
