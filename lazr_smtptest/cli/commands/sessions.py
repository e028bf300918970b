"""``smtptest sessions`` and ``smtptest transcript``."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import Any

from lazr_smtptest.cli.argument_values import count
from lazr_smtptest.cli.commands.base import (
    CommandError,
    add_store,
    is_text,
    open_existing,
    parse,
    parser,
    run_command,
    write_json,
)
from lazr_smtptest.cli.commands.table import write_table
from lazr_smtptest.cli.transcripts import describe
from lazr_smtptest.client.address import is_url
from lazr_smtptest.model.session import Session
from lazr_smtptest.readers.http.api.transcripts import session_of, whole_session_of
from lazr_smtptest.stores.sessions import of_number

__all__ = ["list_sessions", "sessions_parser", "show_transcript", "transcript_parser"]

# The most sessions that are searched for one of a number, the newest.
_MOST = 1000
_TITLES = ("ID", "TIME", "CLIENT", "HELLO", "MESSAGES", "REFUSALS")


def sessions_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest sessions``."""
    options = parser(
        "sessions", "List the sessions that a store keeps, newest first.", queries=False
    )
    add_store(options)
    options.add_argument(
        "--limit", metavar="COUNT", type=count, default=50, help="(default: 50)"
    )
    options.add_argument(
        "--failed", action="store_true", help="only those with an error or refusal"
    )
    options.add_argument(
        "--protocol",
        choices=("imap", "pop3"),
        help="those in which mail was read so, of a running server",
    )
    options.add_argument(
        "--json", action="store_true", help="print an object a line, for programs"
    )
    return options


def list_sessions(arguments: Sequence[str]) -> int:
    """Run ``smtptest sessions``; return the exit status."""
    options = sessions_parser()
    given = parse(options, arguments)
    if given.protocol is not None and not is_url(given.store):
        options.error("--protocol needs the URL of a server: a store has mail only")
    return run_command("sessions", partial(_list, given))


def transcript_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest transcript``."""
    options = parser(
        "transcript",
        "Print the transcript of a session; secrets are masked.",
        queries=False,
    )
    add_store(options)
    options.add_argument(
        "id",
        metavar="ID",
        nargs="?",
        default="latest",
        help="an id, a number, or latest",
    )
    options.add_argument(
        "--json", action="store_true", help="print it as an object on one line"
    )
    return options


def show_transcript(arguments: Sequence[str]) -> int:
    """Run ``smtptest transcript``; return the exit status."""
    options = transcript_parser()
    given = parse(options, arguments)
    return run_command("transcript", partial(_show, given))


def _list(given: Namespace) -> int:
    with open_existing(given.store, given.ca_file) as reader:
        failed = True if given.failed else None
        asked = {} if given.protocol is None else {"protocol": given.protocol}
        sessions = reader.sessions(limit=given.limit, failed=failed, **asked)
    if given.json:
        for session in sessions:
            write_json(session_of(session))
    else:
        write_table(_TITLES, [_row(session) for session in sessions])
    return 0


def _row(session: Session) -> list[str]:
    return [
        session.id,
        f"{session.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"{session.peer[0]} port {session.peer[1]}",
        session.helo,
        str(session.delivered),
        str(session.refusals),
    ]


def _of_number(reader: Any, number: str) -> Session | None:
    try:
        return of_number(reader.sessions(limit=_MOST), number)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _show(given: Namespace) -> int:
    with open_existing(given.store, given.ca_file) as reader:
        session = None
        if given.id == "latest":
            session = next(iter(reader.sessions(limit=1)), None)
        elif is_text(given.id):
            session = reader.session(given.id)
            if session is None and given.id.isdecimal() and not is_url(given.store):
                session = _of_number(reader, given.id)
    if session is None:
        raise CommandError(
            "the store keeps no session"
            if given.id == "latest"
            else f"the store keeps no session {given.id!r}"
        )
    if given.json:
        write_json(whole_session_of(session))
    else:
        text = describe(session)
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), end="")
    return 0
