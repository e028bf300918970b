"""``smtptest show``: one message."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial

from lazr_smtptest.cli.commands.base import (
    CommandError,
    add_store,
    find_message,
    open_existing,
    parse,
    parser,
    run_command,
    write_json,
    write_line,
)
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.readers.http.api.details import headers_of, message_of

__all__ = ["show_message", "show_parser"]


def show_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest show``."""
    options = parser(
        "show",
        "Print a message: its envelope, header, text and the list of its attachments.",
        queries=True,
    )
    add_store(options)
    options.add_argument(
        "words",
        metavar="ID",
        nargs="*",
        help="a number, an id, latest, or a query, of which the newest match is shown",
    )
    only = options.add_mutually_exclusive_group()
    for name, text in (
        ("raw", "print its bytes as they were received"),
        ("html", "print its HTML"),
        ("links", "print its links, one a line"),
        ("code", "print its one-time code"),
        ("json", "print it as an object on one line, for programs"),
    ):
        only.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, help=text
        )
    return options


def show_message(arguments: Sequence[str]) -> int:
    """Run ``smtptest show``; return the exit status: 1 if there is no such message."""
    options = show_parser()
    given = parse(options, arguments)
    return run_command("show", partial(_show, given))


def _show(given: Namespace) -> int:
    with open_existing(given.store, given.ca_file) as reader:
        summary = find_message(reader, given.words)
        envelope = reader.envelope(summary.number)
        if envelope is None:
            raise CommandError("the message has been deleted meanwhile")
        _write(envelope, summary, given.form)
    return 0


def _write(envelope: Envelope, summary: Summary, form: str | None) -> None:
    if form == "raw":
        for block in envelope.blocks():
            sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
    elif form == "json":
        write_json(message_of(envelope, summary))
    elif form == "html":
        for line in _present(envelope.html, "HTML").splitlines():
            write_line(line)
    elif form == "code":
        write_line(_present(envelope.code(), "code"))
    elif form == "links":
        for link in envelope.links:
            write_line(link)
        if not envelope.links:
            print("smtptest show: the message has no links", file=sys.stderr)
    else:
        for line in _lines(envelope, summary):
            write_line(line)


def _present(text: str | None, what: str) -> str:
    if text is None:
        raise CommandError(f"the message has no {what}")
    return text


def _lines(envelope: Envelope, summary: Summary) -> Iterator[str]:
    received = envelope.received_at
    time = "" if received is None else f", {received.astimezone():%Y-%m-%d %H:%M:%S %z}"
    yield f"Message {summary.number}{time}, {summary.size} bytes, id {summary.id}"
    recipients = ", ".join(f"<{each}>" for each in envelope.rcpt_tos)
    yield f"Envelope: from <{envelope.mail_from}> to {recipients or 'nobody'}"
    if envelope.warnings:
        yield f"Warnings: {', '.join(envelope.warnings)}"
    yield ""
    for header in headers_of(envelope):
        yield f"{header.name.title()}: {header.value}"
    yield ""
    text = envelope.text
    yield from ("(no text)",) if text is None else text.splitlines()
    attachments = envelope.attachments
    if attachments:
        yield ""
        yield f"Attachments: {len(attachments)}"
    for attachment in attachments:
        size = len(attachment.content)
        name = attachment.name or "(no name)"
        yield f"  {name}  {attachment.content_type}  {size} bytes"
