"""``smtptest release`` and ``smtptest releases``: mail that is sent on."""

from __future__ import annotations

import argparse
import contextlib
import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from lazr_smtptest.cli.argument_values import count
from lazr_smtptest.cli.commands.base import (
    CommandError,
    add_store,
    find_message,
    named_message,
    open_existing,
    parse,
    parser,
    run_command,
    write_json,
    write_line,
)
from lazr_smtptest.cli.commands.table import write_table
from lazr_smtptest.client.address import is_url
from lazr_smtptest.client.api import API
from lazr_smtptest.client.reader import RemoteReader
from lazr_smtptest.model.summary import Summary

__all__ = ["list_releases", "release_message", "release_parser", "releases_parser"]

# Seconds that it waits for the first attempt.
_WAIT = 60.0
_TITLES = ("RELEASE", "STATE", "TRIES", "TO", "MESSAGE", "REPLY")
_ACTIONS = ("retry", "cancel", "transcript")
# An address alone, and not a word of a query such as to:anna@example.com.
_ADDRESS = re.compile(r"[^\s:@\"]+@[^\s:@\"]+")


def release_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest release``."""
    options = parser(
        "release",
        "Send a message on to the relay of a running server, see its --relay-host; "
        "without --to to the recipients that its sender gave. STORE is the URL of the "
        "server here.",
        queries=True,
    )
    add_store(options)
    options.add_argument(
        "words",
        metavar="ID",
        nargs="*",
        help="required: a number, an id, latest, or a query, of which the newest match "
        "is sent",
    )
    options.add_argument(
        "--to",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="send it to this address; may be given several times. By default it goes "
        "to the recipients of its envelope",
    )
    options.add_argument(
        "--from", dest="sender", metavar="ADDRESS", help="the sender of the envelope"
    )
    options.add_argument(
        "--forward",
        action="store_true",
        help="send it to the server of --forward-host instead",
    )
    return options


def release_message(arguments: Sequence[str]) -> int:
    """Run ``smtptest release``; return the exit status: 1 if it is not sent."""
    given = parse(release_parser(), arguments)
    return run_command("release", partial(_release, given))


def releases_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest releases``."""
    options = parser(
        "releases",
        "List what a running server has sent on, newest first, and what waits. "
        "STORE is the URL of the server here.",
        queries=False,
    )
    add_store(options)
    only = options.add_mutually_exclusive_group()
    for action, text in (
        ("retry", "try this release at once"),
        ("cancel", "give this release up"),
        ("transcript", "print the session of the latest attempt"),
    ):
        only.add_argument(f"--{action}", metavar="RELEASE", type=count, help=text)
    options.add_argument(
        "--limit", metavar="COUNT", type=count, default=50, help="(default: 50)"
    )
    options.add_argument(
        "--json", action="store_true", help="print an object a line, for programs"
    )
    return options


def list_releases(arguments: Sequence[str]) -> int:
    """Run ``smtptest releases``; return the exit status."""
    given = parse(releases_parser(), arguments)
    return run_command("releases", partial(_list, given))


@contextlib.contextmanager
def _server(given: Namespace) -> Iterator[tuple[RemoteReader, API]]:
    """Yield the server of the arguments."""
    if not is_url(given.store):
        raise CommandError(
            f"a running server sends mail on: give its URL, not {given.store!r}", 2
        )
    with open_existing(given.store, given.ca_file) as reader:
        yield reader, reader.api


def _release(given: Namespace) -> int:
    if not given.words:
        # It leaves this machine: so nothing is sent that was not asked for.
        raise CommandError(
            "no message is named: smtptest release latest --to ADDRESS sends the "
            "newest to an address, and without --to to the recipients of its envelope",
            2,
        )
    with _server(given) as (reader, api):
        summary = _chosen(reader, given)
        release = api.release(
            summary.id,
            recipients=given.to,
            sender=given.sender,
            route="forward" if given.forward else "relay",
            wait=_WAIT,
        )
    number, reply = release["release"], release["reply"]
    if release["state"] == "sent":
        recipients = ", ".join(release["recipients"])
        write_line(f"release {number}: sent to {recipients}: {reply}")
        return 0
    if release["state"] == "queued":
        reply = f"{reply or 'no reply yet'}; it is tried again"
    raise CommandError(f"release {number} is {release['state']}: {reply}")


def _chosen(reader: RemoteReader, given: Namespace) -> Summary:
    """Return the message to send on.

    Raises:
        CommandError: there is none, or an address lacks its ``--to``.
    """
    first, *rest = given.words
    addresses = [each for each in rest if _ADDRESS.fullmatch(each)]
    hint = f"did you mean --to {addresses[0]}?" if addresses else ""
    # As a query it could match a message that nobody meant.
    if (
        addresses
        and addresses == rest
        and (first == "latest" or named_message(reader, [first]) is not None)
    ):
        raise CommandError(f"{first} is a message, but not {rest[0]}; {hint}", 2)
    try:
        return find_message(reader, given.words)
    except CommandError as error:
        raise CommandError(f"{error}; {hint}" if hint else str(error)) from None


def _list(given: Namespace) -> int:
    with _server(given) as (_, api):
        for action in _ACTIONS:
            number = getattr(given, action)
            if number is not None:
                return _act(api, action, number, given)
        releases = api.releases(limit=given.limit)
    if given.json:
        for each in releases:
            write_json(each)
    else:
        write_table(_TITLES, [_row(each) for each in releases])
    return 0


def _act(api: API, action: str, number: int, given: Namespace) -> int:
    """Change or show a release."""
    change = "" if action == "transcript" else action
    release = api.change_release(number, change) if change else api.one_release(number)
    if given.json:
        write_json(release)
    elif change:
        write_line(f"release {number} is {release['state']}")
    else:
        for line in release["transcript"]:
            write_line(line)
    return 0


def _row(release: Mapping[str, Any]) -> Sequence[str]:
    return (
        str(release["release"]),
        release["state"],
        str(release["attempts"]),
        ", ".join(release["recipients"]),
        release["message"],
        release["reply"],
    )
