"""``smtptest send FILE...``: send messages from files to a server, by SMTP."""

from __future__ import annotations

import argparse
import os
import re
import smtplib
import ssl
import sys
from collections.abc import Mapping, Sequence
from email.utils import getaddresses
from pathlib import Path

from lazr_smtptest.cli.environment import read_variables
from lazr_smtptest.model.envelope import Envelope

__all__ = ["send"]

_SECONDS = 30.0
# The options that variables of the environment set, such as SMTPTEST_PORT.
_VARIABLES = ("host", "port", "user", "password", "password-file")
# A server that listens on every address is reached on these.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def send(arguments: Sequence[str]) -> int:
    """Send each file as a message; return the exit status.

    Args:
        arguments: the options, and the files.

    Returns:
        0; 1 if a message could not be sent, with a line on standard error for
        each.
    """
    variables = read_variables(os.environ, _VARIABLES)
    parser = _parser(variables)
    options = parser.parse_args(arguments)
    try:
        login = _login(options, variables)
        context = _context(options)
    except ValueError as error:
        parser.error(str(error))
    try:
        client = _connect(options, context)
    except (OSError, smtplib.SMTPException) as error:
        where = f"{options.host}:{options.port}"
        print(f"smtptest send: no server at {where}: {error}", file=sys.stderr)
        return 1
    try:
        _prepare(client, options, context, login)
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        print(f"smtptest send: {_reason(error)}", file=sys.stderr)
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


def _connect(
    options: argparse.Namespace, context: ssl.SSLContext | None
) -> smtplib.SMTP:
    if options.tls:
        return smtplib.SMTP_SSL(
            options.host, options.port, timeout=_SECONDS, context=context
        )
    return smtplib.SMTP(options.host, options.port, timeout=_SECONDS)


def _prepare(
    client: smtplib.SMTP,
    options: argparse.Namespace,
    context: ssl.SSLContext | None,
    login: tuple[str, str] | None,
) -> None:
    """Begin TLS and log in, as the options say."""
    if options.starttls:
        client.starttls(context=context)
    if login is not None:
        client.login(*login)


def _context(options: argparse.Namespace) -> ssl.SSLContext | None:
    """Return the TLS context of the client; ``None``: it uses no TLS.

    Raises:
        ValueError: the file of certificates cannot be used.
    """
    if not options.tls and not options.starttls:
        if options.ca_file is not None:
            raise ValueError("--ca-file needs --tls or --starttls")
        return None
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        raise ValueError(f"--ca-file: {options.ca_file}: {_reason(error)}") from error


def _login(
    options: argparse.Namespace, variables: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return the user and the password; ``None``: the client does not log in.

    Args:
        options: the options, which go before the variables.
        variables: the values of the environment, by option.

    Raises:
        ValueError: one is missing, or the file of the password cannot be read.
    """
    password, file = options.password, options.password_file
    if options.user is None:
        if password is not None or file is not None:
            raise ValueError("a password needs --user")
        return None
    if password is None and file is None:
        password = variables.get("password")
        file = variables.get("password-file")
    if password is not None:
        return options.user, password
    if file is None:
        raise ValueError(
            "--user needs --password, --password-file or SMTPTEST_PASSWORD"
        )
    return options.user, _first_line(file)


def _first_line(file: str) -> str:
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--password-file: {file}: {_reason(error)}") from error
    if not lines:
        raise ValueError(f"--password-file: {file}: it is empty")
    return lines[0]


def _parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smtptest send",
        description="Send each FILE as it is, by SMTP. The sender and the recipients "
        "are those of its header, if no others are given.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="- is standard input")
    host = variables.get("host", "127.0.0.1")
    parser.add_argument(
        "--host",
        default=_LOOPBACK.get(host, host),
        help="the address of the server; 127.0.0.1, or SMTPTEST_HOST",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=variables.get("port", "1025"),
        help="its port; 1025, or SMTPTEST_PORT",
    )
    secure = parser.add_mutually_exclusive_group()
    secure.add_argument(
        "--starttls", action="store_true", help="begin TLS with the command STARTTLS"
    )
    secure.add_argument("--tls", action="store_true", help="begin with TLS (SMTPS)")
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        help="certificates to trust, in PEM, in place of those of the system",
    )
    parser.add_argument(
        "--user", default=variables.get("user"), help="log in; or SMTPTEST_USER"
    )
    parser.add_argument(
        "--password",
        help="the password, which other users of the machine may see: "
        "SMTPTEST_PASSWORD and --password-file hide it",
    )
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="a file whose first line is the password; or SMTPTEST_PASSWORD_FILE",
    )
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


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is 1 to 65535, not {text!r}")
    return int(text)


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
