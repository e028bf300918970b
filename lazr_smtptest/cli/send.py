"""``smtptest send FILE...``: send messages from files to a server, by SMTP."""

from __future__ import annotations

import argparse
import smtplib
import sys
from collections.abc import Sequence
from email.utils import getaddresses
from pathlib import Path

from lazr_smtptest.model.envelope import Envelope

__all__ = ["send"]

_SECONDS = 30.0


def send(arguments: Sequence[str]) -> int:
    """Send each file as a message; return the exit status.

    Args:
        arguments: the options, and the files.

    Returns:
        0; 1 if a message could not be sent, with a line on standard error for
        each.
    """
    options = _parser().parse_args(arguments)
    try:
        client = smtplib.SMTP(options.host, options.port, timeout=_SECONDS)
    except (OSError, smtplib.SMTPException) as error:
        where = f"{options.host}:{options.port}"
        print(f"smtptest send: no server at {where}: {error}", file=sys.stderr)
        return 1
    failures = 0
    with client:
        for file in options.files:
            try:
                sent_to = _send_file(client, file, options.sender, options.recipients)
            except (OSError, ValueError, smtplib.SMTPException) as error:
                failures += 1
                print(f"smtptest send: {file}: {_reason(error)}", file=sys.stderr)
            else:
                print(f"{file}: sent to {', '.join(sent_to)}")
    return int(failures > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smtptest send",
        description="Send each FILE as it is, by SMTP. The sender and the recipients "
        "are those of its header, if no others are given.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="- is standard input")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1025)
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
    message = Envelope(mail_from="", rcpt_tos=(), content=content)
    if sender is None:
        sender = next(iter(_addresses(message, "From")), "")
    if recipients is None:
        recipients = list(message.recipients_in_headers)
    if not recipients:
        raise ValueError("no recipient in its header; name one with --to ADDRESS")
    client.ehlo_or_helo_if_needed()
    options = []
    if not content.isascii() and client.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    if not "".join([sender, *recipients]).isascii():
        if not client.has_extn("smtputf8"):
            raise ValueError("an address is not ASCII, and the server has no SMTPUTF8")
        options.append("SMTPUTF8")
    refused = client.sendmail(sender, recipients, content, options)
    if refused:
        raise smtplib.SMTPRecipientsRefused(refused)
    return recipients


def _addresses(message: Envelope, name: str) -> list[str]:
    return [address for _, address in getaddresses(message.headers(name)) if address]


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(
            f"{name} refused: {code} {text.decode('utf-8', 'replace')}"
            for name, (code, text) in error.recipients.items()
        )
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        return f"refused: {error.smtp_code} {text}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
