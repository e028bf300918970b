"""``smtptest sendmail``: take a message as ``sendmail`` of mail servers does.

PHP, cron, git and others start a program of that name. It reads a message from standard
input, and has options with one letter. A link called ``sendmail`` to the command
``smtptest`` is this command.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import re
import smtplib
import socket
import sys
from collections.abc import Mapping, Sequence

import attrs

from lazr_smtptest.cli.arguments import (
    ArgumentParser,
    parse_arguments,
    split_at_dashes,
)
from lazr_smtptest.cli.bridge import Bridge
from lazr_smtptest.cli.commands.base import CommandError
from lazr_smtptest.cli.commands.transfer import check_target, open_target
from lazr_smtptest.cli.delivery import deliver
from lazr_smtptest.cli.environment import read_variables
from lazr_smtptest.cli.local_message import (
    AddressError,
    LocalMessage,
    read_arguments,
    read_sender,
)
from lazr_smtptest.cli.smtp_client import (
    SERVER_VARIABLES,
    ServerAddress,
    add_server_options,
    quitting,
    reason,
)
from lazr_smtptest.cli.sysexits import Status, status_of
from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.times import with_time

__all__ = ["sendmail", "sendmail_parser"]


# Options that programs give, and that change nothing here: the kind of the body, a
# configuration file, the size of steps, log files, and modes of delivery.
_IGNORED_WITH_VALUE = ("-B", "-C", "-h", "-L", "-O", "-o", "-p", "-X", "-e", "-A", "-D")
_IGNORED = ("-G", "-m", "-n", "-s", "-U")
# These have a value only if it is attached: the level of debugging, and the time
# between two runs of the queue.
_ATTACHED = re.compile(r"-d.*|-q[0-9].*", re.DOTALL)
# Without a time, the queue is run now, or a part of it. It is always empty.
_QUEUE = re.compile(r"-q(?:[^0-9].*)?", re.DOTALL)

_MODES = {
    "m": "send the message on standard input, as without this option",
    "s": "speak SMTP on standard input and standard output",
    "i": "renew the database of aliases, of which there is none; so does -I",
    "p": "list the queue, which is always empty: mail is sent at once",
}
_NOTIFY = ("never", "success", "failure", "delay")
_RETURN = ("full", "hdrs")

_STATUSES = """\
Exit status: 0 (sent), 64 (wrong usage), 65 (the header has a bad address; nothing is
sent), 66 (no message), 67 (a recipient is refused, or the command was interrupted
between two transactions; others may have got it), 69 (the message is refused), 73 (the
store cannot be written), 75 (no server, a refusal for now, or interrupted before that;
nobody got it), 76 (TLS fails, or STARTTLS or a login is not offered), 77 (the login is
refused)."""


def sendmail(arguments: Sequence[str]) -> int:
    """Send the message on standard input; return the exit status, a `Status`.

    Args:
        arguments: the options, and the recipients.
    """
    variables = read_variables(os.environ, SERVER_VARIABLES)
    parser = sendmail_parser(variables)
    before, after = split_at_dashes(arguments)
    if any(map(_QUEUE.fullmatch, before)):
        return int(Status.OK)
    kept = [each for each in before if not _ATTACHED.fullmatch(each)]
    options = parse_arguments(parser, [*kept, "--", *after])
    try:
        return int(_run(options, variables))
    except _UsageError as error:
        parser.error(str(error))
    except _SendingError as error:
        print(f"smtptest sendmail: {error}", file=sys.stderr)
        return int(error.status)


class _UsageError(Exception):
    """The options are wrong."""


class _SendingError(Exception):
    """The message was not sent, or not to all.

    Args:
        status: the exit status.
        message: the reason.
    """

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Parser(ArgumentParser):
    status = int(Status.USAGE)


def sendmail_parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser of ``smtptest sendmail``.

    Args:
        variables: the values of `SERVER_VARIABLES` in the environment, by option.
    """
    parser = _Parser(
        prog="smtptest sendmail",
        description="Send the message on standard input, with the options that "
        "programs give sendmail. A link called sendmail is this command, too.",
        epilog=_STATUSES,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("--help", action="help", help="show this")
    parser.add_argument("recipients", metavar="ADDRESS", nargs="*")
    parser.add_argument(
        "-t",
        dest="reads_header",
        action="store_true",
        help="send to the addresses of To, Cc and Bcc, too, and remove Bcc",
    )
    parser.add_argument(
        "-i",
        dest="ignores_dots",
        action="store_true",
        help="a line of one dot does not end the message; so does -oi",
    )
    parser.add_argument(
        "-f", "-r", dest="sender", metavar="ADDRESS", help="the sender of the envelope"
    )
    parser.add_argument(
        "-F", dest="name", metavar="NAME", default="", help="the name for From"
    )
    parser.add_argument(
        "-b",
        dest="mode",
        choices=sorted(_MODES),
        default="m",
        help="; ".join(f"-b{mode}: {text}" for mode, text in _MODES.items()),
    )
    parser.add_argument(
        "-I", dest="mode", action="store_const", const="i", help=argparse.SUPPRESS
    )
    parser.add_argument(
        "-v", dest="is_verbose", action="store_true", help="print what is said"
    )
    parser.add_argument(
        "-N", dest="notify", metavar="EVENTS", help="reports, such as error,delay"
    )
    parser.add_argument(
        "-R", dest="returned", choices=_RETURN, help="what reports contain"
    )
    parser.add_argument("-V", dest="envelope_id", metavar="ID", help="for reports")
    parser.add_argument(
        "--store",
        metavar="STORE",
        help="keep the message in a store, such as sqlite:FILE, or in a running "
        "server by its URL, instead of sending it by SMTP",
    )
    add_server_options(parser, variables)
    parser.add_argument(
        *_IGNORED_WITH_VALUE,
        dest="ignored",
        action="append",
        default=[],
        metavar="VALUE",
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        *_IGNORED, dest="unused", action="store_true", help=argparse.SUPPRESS
    )
    return parser


def _run(options: argparse.Namespace, variables: Mapping[str, str]) -> Status:
    if options.mode == "i":
        return Status.OK
    if options.mode == "p":
        print("Mail queue is empty")
        return Status.OK
    try:
        server = ServerAddress.from_options(options, variables)
        if options.store is not None:
            check_target(options.store)
    except (ValueError, CommandError) as error:
        raise _UsageError(str(error)) from None
    if options.mode == "s":
        if options.store is not None:
            raise _UsageError("-bs needs a server, not --store")
        return _speak_smtp(server)
    notice = _Notice.from_options(options)
    message = _read_message(options)
    envelope = _envelope(options, message)
    if options.store is not None:
        return _store(options.store, options.ca_file, envelope)
    return _send(server, envelope, notice, is_verbose=options.is_verbose)


# The message


def _read_message(options: argparse.Namespace) -> LocalMessage:
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        problem = f"cannot read standard input: {reason(error)}"
        raise _SendingError(Status.NO_INPUT, problem) from None
    if not (options.ignores_dots or "i" in options.ignored):
        # A line of one dot is the end, as on the wire.
        data = re.split(rb"(?m)^\.\r?$", data, maxsplit=1)[0]
    if not data.strip():
        raise _SendingError(Status.NO_INPUT, "no message on standard input")
    return LocalMessage(data)


def _envelope(options: argparse.Namespace, message: LocalMessage) -> Envelope:
    """Return the message, completed, in its envelope."""
    domain = socket.gethostname()
    author = f"{_user()}@{domain}"
    try:
        sender = author if options.sender is None else read_sender(options.sender)
        recipients = read_arguments(options.recipients)
    except AddressError as error:
        raise _UsageError(str(error)) from None
    if options.reads_header:
        try:
            recipients += message.recipients()
        except AddressError as error:
            raise _SendingError(Status.DATA, f"nothing is sent: {error}") from None
        message.remove_bcc()
    if not recipients:
        raise _UsageError("no recipient; name one, or give -t if the header does")
    sender = _qualified(sender, domain)
    message.complete(sender or author, options.name, domain)
    to = tuple(dict.fromkeys(_qualified(each, domain) for each in recipients))
    return Envelope(mail_from=sender, rcpt_tos=to, content=message.content())


def _user() -> str:
    # A container may have a user without a name, and Windows has no list of them.
    with contextlib.suppress(KeyError, OSError, ImportError):
        return getpass.getuser()
    return "nobody"


def _qualified(address: str, domain: str) -> str:
    """Return an address with a domain: users of this machine need none."""
    return address if "@" in address or not address else f"{address}@{domain}"


# Where it goes


def _store(place: str, ca_file: str | None, envelope: Envelope) -> Status:
    try:
        with contextlib.closing(open_target(place, ca_file)) as store:
            store.add(with_time(envelope))
    except (CommandError, StoreError) as error:
        raise _SendingError(Status.CANNOT_CREATE, str(error)) from None
    return Status.OK


@attrs.frozen
class _Notice:
    """The reports that the sender asks for (RFC 3461).

    Attributes:
        of_message: parameters of MAIL.
        of_recipients: parameters of RCPT.
    """

    of_message: list[str] = attrs.field(factory=list)
    of_recipients: list[str] = attrs.field(factory=list)

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> _Notice:
        notice = cls()
        if options.returned is not None:
            notice.of_message.append(f"RET={options.returned.upper()}")
        if options.envelope_id is not None:
            notice.of_message.append(f"ENVID={_xtext(options.envelope_id)}")
        if options.notify is not None:
            events = options.notify.lower().split(",")
            unknown = [each for each in events if each not in _NOTIFY]
            if unknown or ("never" in events and len(events) > 1):
                allowed = "never, or some of success, failure and delay"
                raise _UsageError(f"-N takes {allowed}, not {options.notify!r}")
            notice.of_recipients.append(f"NOTIFY={','.join(events).upper()}")
        return notice


def _xtext(text: str) -> str:
    """Return a text as a parameter of MAIL has it (RFC 3461 section 4)."""
    return re.sub(r"[^!-*,-<>-~]", lambda found: f"+{ord(found[0]):02X}", text)


def _send(
    server: ServerAddress, envelope: Envelope, notice: _Notice, *, is_verbose: bool
) -> Status:
    try:
        with quitting(_connected(server)) as client:
            # After the login: what is printed has no password.
            client.set_debuglevel(int(is_verbose))
            client.ehlo_or_helo_if_needed()
            if not client.has_extn("dsn"):
                notice = _Notice()
            refused = deliver(client, envelope, notice.of_message, notice.of_recipients)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise _SendingError(status_of(error), reason(error)) from None
    if refused:
        # Some have the message, so the caller must not send it again: no 75.
        refusal = smtplib.SMTPRecipientsRefused(dict(refused))
        raise _SendingError(Status.NO_USER, reason(refusal))
    return Status.OK


def _no_server(server: ServerAddress, error: Exception) -> _SendingError:
    where = f"{server.host}:{server.port}"
    status = status_of(error)
    problem = f"no server at {where}"
    if status == Status.PROTOCOL:
        problem = f"no TLS with the server at {where}"
    return _SendingError(status, f"{problem}: {reason(error)}")


def _connected(server: ServerAddress) -> smtplib.SMTP:
    try:
        client = server.connect()
    except (OSError, smtplib.SMTPException) as error:
        raise _no_server(server, error) from None
    try:
        server.prepare(client)
    except BaseException:
        client.close()
        raise
    return client


def _speak_smtp(server: ServerAddress) -> Status:
    """Connect standard input and output with the server."""
    try:
        connection = socket.create_connection((server.host, server.port))
        if server.context is not None and not server.starttls:
            connection = server.context.wrap_socket(
                connection, server_hostname=server.host
            )
    except OSError as error:
        raise _no_server(server, error) from None
    with connection:
        Bridge(connection).run()
    return Status.OK
