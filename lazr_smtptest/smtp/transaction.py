"""Mail transactions: MAIL, RCPT, DATA, RSET and the message that results.

Rules of this module (RFC 5321 section 4.1.4):

1. A transaction begins with an accepted MAIL and ends with the reply to its
   message, with RSET, HELO or EHLO, or with the connection.
2. Each `IMessage` that the delivery gave, one for each recipient, gets the
   message: as an envelope if it takes one, otherwise line by line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.internet import defer
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageSMTP
from twisted.python.failure import Failure

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.interfaces import IEnvelopeMessage
from lazr_smtptest.smtp.connection import Connection
from lazr_smtptest.smtp.header import find_header
from lazr_smtptest.smtp.parameters import (
    MAIL_PARAMETERS,
    RCPT_PARAMETERS,
    ParameterError,
    parse_parameters,
)
from lazr_smtptest.smtp.path import PathSyntaxError, Recipient, parse_path
from lazr_smtptest.smtp.reply import Reply

__all__ = ["Transactions"]

log = logging.getLogger("lazr.smtptest")

_TOO_BIG = Reply(552, "message is too big", "5.3.4")
_TOO_MANY = Reply(452, "too many recipients", "4.5.3")


class Transactions(Connection):
    """The part of a connection that knows mail transactions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the delivery gave, with the recipient that it is for.
        self._messages: list[tuple[IMessageSMTP, smtp.User]] = []

    def abort_transaction(self) -> None:
        """Forget the sender, the recipients and a message on its way."""
        self._from = None
        self._to = []
        messages, self._messages = self._messages, []
        for message, _ in messages:
            try:
                message.connectionLost()
            except Exception:
                log.exception("a message could not be abandoned")

    # MAIL

    def do_MAIL(self, argument: bytes) -> None:
        """Begin a transaction (RFC 5321 section 4.1.1.2)."""
        if self._from is not None:
            self.reply(Reply(503, "sender already given", "5.5.1"))
            return
        try:
            path = parse_path(_text(argument), "FROM", null=True)
            parameters = parse_parameters(path.parameters, MAIL_PARAMETERS)
        except PathSyntaxError as error:
            self.reply(Reply(501, f"{error}: {_shown(argument)}", "5.1.7"))
            return
        except ParameterError as error:
            self.reply(error.reply)
            return
        limit = self.limits.message_size
        if limit is not None and int(parameters.get("SIZE") or 0) > limit:
            self._refuse(_TOO_BIG, path.address)
            return
        self.call(
            self.validateFrom,
            self._helo,
            path.address,
            done=self._sender_accepted,
            failed=lambda failure: self._refuse(self.reply_to(failure), path.address),
        )

    def _sender_accepted(self, sender: smtp.Address) -> None:
        self._from = sender
        self.reply(Reply(250, "sender accepted", "2.1.0"))

    # RCPT

    def do_RCPT(self, argument: bytes) -> None:
        """Add a recipient (RFC 5321 section 4.1.1.3)."""
        sender = self._from
        if sender is None:
            self.reply(Reply(503, "MAIL first", "5.5.1"))
            return
        try:
            path = parse_path(_text(argument), "TO", null=False)
            parse_parameters(path.parameters, RCPT_PARAMETERS)
        except PathSyntaxError as error:
            self.reply(Reply(501, f"{error}: {_shown(argument)}", "5.1.3"))
            return
        except ParameterError as error:
            self.reply(error.reply)
            return
        user = Recipient(path.address, self._helo, self, sender)
        if len(self._to) >= self.limits.recipients:
            self._refuse(_TOO_MANY, sender, [user])
            return
        self.call(
            self.validateTo,
            user,
            done=lambda message: self._recipient_accepted(user, message),
            failed=lambda failure: self._refuse(self.reply_to(failure), sender, [user]),
        )

    def _recipient_accepted(
        self, user: smtp.User, make_message: Callable[[], IMessageSMTP]
    ) -> None:
        self._to.append((user, make_message))
        self.reply(Reply(250, "recipient accepted", "2.1.5"))

    # DATA

    def do_DATA(self, argument: bytes) -> None:
        """Ask for the message (RFC 5321 section 4.1.1.4)."""
        if argument:
            self.reply(Reply(501, "DATA takes no argument", "5.5.4"))
        elif self._from is None:
            self.reply(Reply(503, "MAIL first", "5.5.1"))
        elif not self._to:
            self.reply(Reply(554, "no valid recipients", "5.5.1"))
        elif self._open_messages():
            self._framer.read_content(self.limits.message_size)
            self.reply(Reply(354, "go ahead, end with a line of one dot"))

    def _open_messages(self) -> bool:
        """Ask the delivery for the messages; refuse DATA if it has none."""
        try:
            for user, make_message in self._to:
                self._messages.append((make_message(), user))
        except Exception:
            self._refuse(self.reply_to(Failure()), self._from, self._users())
            self.abort_transaction()
            return False
        return True

    def _users(self) -> list[smtp.User]:
        return [user for user, _ in self._to]

    def content_received(self, content: bytes | None) -> None:
        """Deliver a message that has come to its end; ``None``: it was too big."""
        if content is None:
            self._refuse(_TOO_BIG, self._from, self._users())
            self.abort_transaction()
            return
        envelope = Envelope(
            mail_from=str(self._from),
            rcpt_tos=tuple(str(user) for user in self._users()),
            content=content,
            peer=self.peer,
            helo=_text(self._helo[0] or b""),
        )
        self.call(
            self._deliver_all,
            envelope,
            done=lambda _: self._message_accepted(envelope),
            failed=lambda failure: self._message_refused(envelope, failure),
        )

    def _deliver_all(self, envelope: Envelope) -> defer.Deferred[Any]:
        """Give the message to all that the delivery has opened."""
        messages, self._messages = self._messages, []
        if len(messages) == 1:
            return self._deliver(envelope, *messages[0])
        return defer.gatherResults(
            [
                defer.maybeDeferred(self._deliver, envelope, message, user)
                for message, user in messages
            ],
            consumeErrors=True,
        )

    def _deliver(
        self, envelope: Envelope, message: IMessageSMTP, user: smtp.User
    ) -> defer.Deferred[Any]:
        """Give the message to one `IMessage`, in the way that it takes it."""
        if IEnvelopeMessage.providedBy(message):
            message.envelope_received(envelope)
        else:
            header = self.receivedHeader(self._helo, self._from, [user])
            for line in _lines(header or b"", envelope.content):
                message.lineReceived(line)
        done: defer.Deferred[Any] = message.eomReceived()
        return done

    def _message_accepted(self, envelope: Envelope) -> None:
        self._log("accepted", envelope.mail_from, envelope.rcpt_tos, envelope.content)
        self.abort_transaction()
        self.reply(Reply(250, "message accepted", "2.0.0"))

    def _message_refused(self, envelope: Envelope, failure: Failure) -> None:
        if isinstance(failure.value, defer.FirstError):
            failure = failure.value.subFailure
        reply = self.reply_to(failure)
        self._refuse(reply, self._from, self._users(), envelope.content)
        self.abort_transaction()

    # RSET

    def do_RSET(self, argument: bytes) -> None:
        """Forget the transaction (RFC 5321 section 4.1.1.5)."""
        if argument:
            self.reply(Reply(501, "RSET takes no argument", "5.5.4"))
            return
        self.abort_transaction()
        if self.on_rset is not None:
            self.on_rset()
        self.reply(Reply(250, "OK", "2.0.0"))

    # What became of it

    def _refuse(
        self,
        reply: Reply,
        sender: smtp.Address | None,
        users: Sequence[smtp.User] = (),
        content: bytes | None = None,
    ) -> None:
        """Refuse a sender, a recipient or a message, and log it."""
        self._log("refused", str(sender), [str(user) for user in users], content, reply)
        self.reply(reply)

    def _log(
        self,
        what: str,
        sender: str,
        recipients: Sequence[str],
        content: bytes | None,
        reply: Reply | None = None,
    ) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        words = [f"{what}: from=<{sender}>"]
        if recipients:
            words.append("to=" + ",".join(f"<{recipient}>" for recipient in recipients))
        if content is not None:
            words.append(f"subject={find_header(content, 'Subject')!a}")
            words.append(f"size={len(content)}")
        if reply is not None:
            words.append(f"reply={str(reply)!a}")
        log.info("%s", " ".join(words))


def _text(octets: bytes) -> str:
    """Decode for people: what is not UTF-8 survives as surrogates (PEP 383)."""
    return octets.decode("utf-8", "surrogateescape")


def _shown(argument: bytes) -> str:
    """Show what a client sent in a reply, without its control characters."""
    return ascii(_text(argument[:200]))


def _lines(header: bytes, content: bytes) -> Iterator[bytes]:
    """Give a message in lines without their ends, as `IMessage` takes them."""
    lines = content.split(b"\r\n")
    if not lines[-1]:
        lines.pop()
    if header:
        yield header
        if lines and lines[0] and b":" not in lines[0]:
            # A message without a header of its own must not become one.
            yield b""
    yield from lines
