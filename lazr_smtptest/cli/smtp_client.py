"""The client of the commands that send mail, and its options."""

from __future__ import annotations

import argparse
import contextlib
import smtplib
import ssl
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import attrs

from lazr_smtptest.cli.argument_values import port

__all__ = [
    "SERVER_VARIABLES",
    "ServerAddress",
    "add_server_options",
    "message_options",
    "quitting",
    "reason",
]

_SECONDS = 30.0
# Refused recipients that an error has by name.
_SHOWN = 10
# The options that variables of the environment set, such as SMTPTEST_PORT.
SERVER_VARIABLES = ("host", "port", "user", "password", "password-file")
# A server that listens on every address is reached on these.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def add_server_options(
    parser: argparse.ArgumentParser, variables: Mapping[str, str]
) -> None:
    """Add the options that name a server, and say how it is reached.

    Args:
        parser: gets the options.
        variables: the values of `SERVER_VARIABLES` in the environment, by option.
    """
    host = variables.get("host", "127.0.0.1")
    parser.add_argument(
        "--host",
        default=_LOOPBACK.get(host, host),
        help="the address of the server; 127.0.0.1, or SMTPTEST_HOST",
    )
    parser.add_argument(
        "--port",
        type=port,
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


@attrs.frozen
class ServerAddress:
    """A server, and how it is reached.

    Attributes:
        host: its address.
        port: its port.
        context: the TLS context of the client; ``None``: it uses no TLS.
        starttls: whether TLS begins with the command STARTTLS.
        login: the user and the password; ``None``: the client does not log in.
    """

    host: str
    port: int
    context: ssl.SSLContext | None = None
    starttls: bool = False
    login: tuple[str, str] | None = attrs.field(default=None, repr=False)

    @classmethod
    def from_options(
        cls, options: argparse.Namespace, variables: Mapping[str, str]
    ) -> ServerAddress:
        """Return the server that options name.

        Args:
            options: the options of `add_server_options`, which go before the
                variables.
            variables: the values of `SERVER_VARIABLES` in the environment, by option.

        Raises:
            ValueError: one is missing, or a file cannot be used.
        """
        login = _login(options, variables)
        context = _context(options)
        return cls(options.host, options.port, context, options.starttls, login)

    def connect(self) -> smtplib.SMTP:
        """Return a connection, before TLS with STARTTLS and the login.

        Raises:
            OSError: nothing listens there.
            smtplib.SMTPException: the server refuses the client.
        """
        if self.context is not None and not self.starttls:
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=_SECONDS, context=self.context
            )
        return smtplib.SMTP(self.host, self.port, timeout=_SECONDS)

    def prepare(self, client: smtplib.SMTP) -> None:
        """Begin TLS with STARTTLS, and log in, where that was asked for.

        Raises:
            OSError: the TLS handshake fails, or the connection is lost.
            smtplib.SMTPException: the server refuses one of them.
        """
        if self.starttls:
            client.starttls(context=self.context)
        if self.login is not None:
            client.login(*self.login)


@contextlib.contextmanager
def quitting(client: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    """Send QUIT at the end; nothing that happens there takes back what was sent.

    In an interrupted transaction the server may wait for something else than QUIT; so
    then the connection is closed.
    """
    try:
        yield client
    except KeyboardInterrupt:
        client.close()
        raise
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException, KeyboardInterrupt):
            client.quit()
        client.close()


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
        raise ValueError(f"--ca-file: {options.ca_file}: {reason(error)}") from error


def _login(
    options: argparse.Namespace, variables: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return the user and the password; ``None``: the client does not log in.

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
        raise ValueError(f"--password-file: {file}: {reason(error)}") from error
    if not lines:
        raise ValueError(f"--password-file: {file}: it is empty")
    return lines[0]


def reason(error: BaseException) -> str:
    """Return the reason of an error, in one line for people."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refusals = [
            f"{name} refused: {code} {text.decode('utf-8', 'replace')}"
            for name, (code, text) in islice(error.recipients.items(), _SHOWN)
        ]
        if len(error.recipients) > _SHOWN:
            refusals.append(f"{len(error.recipients) - _SHOWN} more refused")
        return "; ".join(refusals)
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        return f"refused: {error.smtp_code} {text}"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return "it answers without TLS"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def message_options(
    client: smtplib.SMTP, addresses: Iterable[str], content: bytes
) -> list[str]:
    """Return the parameters of MAIL that a message needs; sends EHLO if it was not.

    Args:
        client: the connection.
        addresses: those of the envelope.
        content: the message.

    Raises:
        ValueError: an address is not ASCII, and the server does not take such.
    """
    client.ehlo_or_helo_if_needed()
    options = []
    if not content.isascii() and client.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    if not "".join(addresses).isascii():
        if not client.has_extn("smtputf8"):
            raise ValueError("an address is not ASCII, and the server has no SMTPUTF8")
        options.append("SMTPUTF8")
    return options
