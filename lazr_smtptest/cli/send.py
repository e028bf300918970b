"""``smtptest send FILE...``: send messages from files to a server, by SMTP."""

from __future__ import annotations

import argparse
import os
import smtplib
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lazr_smtptest.cli.arguments import ArgumentParser, parse_arguments
from lazr_smtptest.cli.delivery import deliver
from lazr_smtptest.cli.environment import read_variables
from lazr_smtptest.cli.local_message import LocalMessage, read_arguments, read_sender
from lazr_smtptest.cli.smtp_client import (
    SERVER_VARIABLES,
    ServerAddress,
    add_server_options,
    quitting,
    reason,
)
from lazr_smtptest.model.envelope import Envelope

__all__ = ["send", "send_parser"]


def send(arguments: Sequence[str]) -> int:
    """Send each file as a message; return the exit status.

    Args:
        arguments: the options, and the files.

    Returns:
        0; 1 if a message could not be sent, with a line on standard error for
        each.
    """
    variables = read_variables(os.environ, SERVER_VARIABLES)
    parser = send_parser(variables)
    options = parse_arguments(parser, arguments)
    try:
        server = ServerAddress.from_options(options, variables)
        sender = None if options.sender is None else read_sender(options.sender)
        recipients = options.recipients and read_arguments(options.recipients)
    except ValueError as error:
        parser.error(str(error))
    try:
        client = server.connect()
    except (OSError, smtplib.SMTPException) as error:
        what = "TLS with the server" if isinstance(error, ssl.SSLError) else "server"
        where = f"{options.host}:{options.port}"
        print(f"smtptest send: no {what} at {where}: {reason(error)}", file=sys.stderr)
        return 1
    try:
        server.prepare(client)
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        print(f"smtptest send: {reason(error)}", file=sys.stderr)
        return 1
    failures = 0
    with quitting(client):
        for file in options.files:
            try:
                sent_to = _send_file(client, file, sender, recipients)
            except (OSError, ValueError, smtplib.SMTPException) as error:
                failures += 1
                print(f"smtptest send: {file}: {reason(error)}", file=sys.stderr)
            else:
                print(f"{file}: sent to {', '.join(sent_to)}")
    return int(failures > 0)


def send_parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser of ``smtptest send``.

    Args:
        variables: the values of `SERVER_VARIABLES` in the environment, by option.
    """
    parser = ArgumentParser(
        prog="smtptest send",
        description="Send each FILE as it is, by SMTP. The sender and the recipients "
        "are those of its header, if no others are given.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="- is standard input")
    add_server_options(parser, variables)
    parser.add_argument(
        "--from", dest="sender", metavar="ADDRESS", help="the sender of the envelope"
    )
    parser.add_argument(
        "--to",
        dest="recipients",
        metavar="ADDRESS",
        action="append",
        help="a recipient of the envelope; may be given several times",
    )
    return parser


def _send_file(
    client: smtplib.SMTP, file: str, sender: str | None, recipients: list[str] | None
) -> list[str]:
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    # Lines end in CRLF on the wire (RFC 5321 section 2.3.8), but rarely in files.
    content = b"\r\n".join(content.replace(b"\r\n", b"\n").split(b"\n"))
    if sender is None:
        message = Envelope(mail_from="", rcpt_tos=(), content=content)
        sender = next(iter(message.addresses("From")), "")
    if recipients is None:
        recipients = LocalMessage(content).recipients()
    if not recipients:
        raise ValueError("no recipient in its header; name one with --to ADDRESS")
    envelope = Envelope(mail_from=sender, rcpt_tos=tuple(recipients), content=content)
    refused = deliver(client, envelope)
    if refused:
        raise smtplib.SMTPRecipientsRefused(dict(refused))
    return recipients
