"""The short path of a mail: lines that were parsed before are not parsed again.

Rules of this module:

1. It parses nothing. The table maps a line to the address in it, and only `do_MAIL`,
   `do_RCPT` and `do_DATA` add to it, after they have parsed the line.
2. A function of the table either changes nothing and returns false, and the line goes
   the ordinary way; or it does what the ordinary way does, in the same fields, and
   returns the reply. So each line of a session can go either way.
3. Whatever is not the usual case goes the ordinary way: a fault rule that may match, a
   method of a subclass, a command out of order, irregular input, a login going on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from types import FunctionType
from typing import TYPE_CHECKING, Any

import attrs
from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.mime.lines import longest_line_exceeds
from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.received_mail import Mail, ReceivedMail
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.transcript import CLIENT, SHORT
from lazr_smtptest.smtp.path import Address, Recipient

if TYPE_CHECKING:
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = [
    "GO_AHEAD",
    "KNOWN_CHUNKS",
    "KNOWN_LINES",
    "RECIPIENT_ACCEPTED",
    "SENDER_ACCEPTED",
    "SKIPPED",
    "KnownLine",
    "LibraryMethods",
    "learn",
    "take_content",
]

# The methods that are not called on the short path; a connection whose class or
# instance has its own has no short path.
SKIPPED = (
    *("do_MAIL", "do_RCPT", "do_DATA", "lineReceived", "lookupMethod"),
    *("check_last_in_group", "refuse_verb", "content_ended", "content_received"),
)

SENDER_ACCEPTED = Reply(250, "sender accepted", "2.1.0")
RECIPIENT_ACCEPTED = Reply(250, "recipient accepted", "2.1.5")
GO_AHEAD = Reply(354, "go ahead, end with a line of one dot")

_COMMAND = smtp.COMMAND

# Lines of the table, and the longest of them in bytes.
_MOST = 1024
_LONGEST = 300


class LibraryMethods:
    """The methods that are skipped, to be compared with those of a connection.

    Args:
        owner: the class of the library.
        names: their names.
    """

    def __init__(self, owner: type, names: Iterable[str]) -> None:
        self._functions = attrgetter(*[f"{name}.__func__" for name in names])
        self._library = tuple([getattr(owner, name) for name in names])

    def are_of(self, connection: object) -> bool:
        """Return whether neither its class nor the connection itself has others."""
        try:
            return self._functions(connection) == self._library
        except AttributeError:
            # One is not a method, but for example a mock.
            return False


@attrs.frozen
class KnownLine:
    """A line that was parsed before.

    Attributes:
        handle: handles it, and returns the reply; false: it must go the ordinary way;
            true: it is handled, and its reply was sent, or will be.
        verb: ``"MAIL"``, ``"RCPT"`` or ``"DATA"``.
        line: the line, without its CRLF.
        address: the address in it, which all sessions share; ``None``: DATA has none.
    """

    handle: Callable[[Any, KnownLine], Reply | bool]
    verb: str
    line: bytes
    address: Any


# The table, by line; and by the line with its CRLF, as a client that waits for each
# reply sends it. The reactors of all threads share it: each access is atomic.
KNOWN_LINES: dict[bytes, KnownLine] = {}
KNOWN_CHUNKS: dict[bytes, KnownLine] = {}


def learn(verb: str, argument: bytes, address: Address | None = None) -> None:
    """Add a line whose argument is regular, and has no parameters.

    Args:
        verb: ``"MAIL"``, ``"RCPT"`` or ``"DATA"``.
        argument: the argument, as it was parsed.
        address: the address in it.
    """
    line = b"%s %s" % (verb.encode(), argument) if argument else verb.encode()
    if line in KNOWN_LINES or len(line) > _LONGEST:
        return
    if len(KNOWN_LINES) >= _MOST:
        KNOWN_LINES.clear()
        KNOWN_CHUNKS.clear()
    known = KnownLine(_HANDLE[verb], verb, line, address)
    KNOWN_LINES[line] = KNOWN_CHUNKS[line + b"\r\n"] = known


def _begin(connection: SMTPServerProtocol, known: KnownLine) -> bool:
    """Record a line that is handled; return false if it must go the ordinary way."""
    points, engine, line = connection.points, connection.engine, known.line
    size = len(line)
    if connection.mode != _COMMAND or engine.is_guarded or size > engine.line_limit:
        return False
    if points.policy.armed:
        if points.asks(known.verb) and (
            known.verb != "RCPT" or points.asks_about(known.address.text)
        ):
            return False
        points.line = line
    transcript = connection.session.transcript
    transcript.add((CLIENT, line))
    if size > SHORT:
        transcript.charge(size)
    return True


def _mail(connection: SMTPServerProtocol, known: KnownLine) -> Reply | bool:
    """Handle MAIL as `do_MAIL` does."""
    transaction, helo = connection.transaction, connection._helo
    if transaction.sender is not None or helo[0] is None or connection.has_bad_name:
        return False
    if not _begin(connection, known):
        return False
    direct = connection.direct(connection.deliveryFactory)
    if direct is not None and direct.keeper() is not None:
        record = connection.session.begin(known.address.text)
        ask = connection.ask_delivery
        transaction.start_unasked(record, known.address, direct, ask)
        return SENDER_ACCEPTED
    sender = known.address.copy()
    try:
        answer = connection.validateFrom(helo, sender)
    except BaseException as error:
        raise_interrupt(error)
        connection.sender_failed(Failure(), (sender, {}))
        return True
    if answer is sender:
        transaction.start(connection.session.begin(sender.text), sender, {})
        return SENDER_ACCEPTED
    connection.engine.settle(
        answer, connection.sender_answered, connection.sender_failed, (sender, {})
    )
    return True


def _rcpt(connection: SMTPServerProtocol, known: KnownLine) -> Reply | bool:
    """Handle RCPT as `do_RCPT` does."""
    transaction = connection.transaction
    sender = transaction.sender
    if sender is None or transaction.in_chunks:
        return False
    unasked = transaction.unasked
    accepted = transaction.recipients if unasked is None else unasked
    if len(accepted) >= connection.limits.recipients:
        return False
    if not _begin(connection, known):
        return False
    if unasked is not None:
        assert transaction.record is not None
        transaction.record.accept(known.address.text)
        unasked.append(known.address)
        return RECIPIENT_ACCEPTED
    user = Recipient(known.address, connection._helo, connection, sender)
    try:
        answer = connection.validateTo(user)
    except BaseException as error:
        raise_interrupt(error)
        connection.recipient_failed(Failure(), (user, {}))
        return True
    if type(answer) is FunctionType:
        transaction.accept(user, answer, {})
        return RECIPIENT_ACCEPTED
    connection.engine.settle(
        answer,
        connection.recipient_answered,
        connection.recipient_failed,
        (user, {}),
    )
    return True


def _data(connection: SMTPServerProtocol, known: KnownLine) -> Reply | bool:
    """Handle DATA as `do_DATA` does."""
    transaction = connection.transaction
    unasked = transaction.unasked
    accepted = transaction.recipients if unasked is None else unasked
    if not accepted or transaction.in_chunks or transaction.options:
        return False
    if connection._framer.ready or not _begin(connection, known):
        return False
    connection.points.asked_at = -1
    if unasked is None:
        connection.open_content()
        return True
    connection.read_content()
    return GO_AHEAD


_HANDLE: dict[str, Callable[[SMTPServerProtocol, KnownLine], Reply | bool]] = {
    "MAIL": _mail,
    "RCPT": _rcpt,
    "DATA": _data,
}


def take_content(connection: SMTPServerProtocol, data: bytes) -> bool:
    """Handle a message that has come as a whole, after DATA; or return false.

    Args:
        connection: the connection.
        data: see `Framer.take_whole`.
    """
    points = connection.points
    policy = points.policy
    if policy.armed and points.asks("CONTENT"):
        return False
    content = connection._framer.take_whole(data)
    if content is None:
        return False
    session, transaction = connection.session, connection.transaction
    size = len(content)
    session.transcript.message(content, size)
    limit, record = connection.limits.body_line, transaction.record
    if (
        record is None
        or (policy.armed and points.asks("EOD"))
        or transaction.discards is not None
        or transaction.copies != 1
        or transaction.early_refusal is not None
        or connection.settings.profile == "strict"
        or (size > limit and longest_line_exceeds(content, limit))
    ):
        connection.content_received(content)
        return True
    secure, now = connection.secure, connection.seconds()
    keep = None if transaction.direct is None else transaction.direct.keeper()
    mail: Mail
    if keep is not None and transaction.is_plain:
        mail = ReceivedMail(content, session, record, secure, new_name(), now)
        replies = connection.deliver_directly(keep, mail)
    else:
        mail = transaction.envelope(content, session, tls=secure, now=now)
        replies = connection.deliver_all(mail)
    is_asked = policy.armed and points.asks("KEPT")
    if isinstance(replies, list) and record.outcome == "open" and not is_asked:
        connection.delivered(mail, replies)
    else:
        # The hook waits, has ended the connection, or has added a fault rule.
        connection.settle(mail, replies, record)
    return True
