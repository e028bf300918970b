"""The state of a mail transaction, from MAIL to its end (RFC 5321 section 3.3).

Rules of this module:

1. It is state: no transport, no reactor, no reply is sent.
2. A connection always has a transaction: one that has not started holds what
   belongs to the next one, such as the warnings of the commands before MAIL.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from twisted.mail import smtp
from twisted.mail.interfaces import IMessageSMTP

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Outcome, Session, Transaction
from lazr_smtptest.smtp.body_buffer import Collector
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.path import Address

if TYPE_CHECKING:
    from lazr_smtptest.smtp.delivering import DirectDelivery

__all__ = ["Ask", "MailTransaction", "MakeMessage", "Options"]

# The ESMTP parameters of MAIL or RCPT, by upper-case keyword.
Options = dict[str, "str | None"]

MakeMessage = Callable[[], IMessageSMTP]

# Asks a delivery about a sender and about recipients, all of which it accepts; returns
# the sender, and each recipient with the factory of its message.
Ask = Callable[
    [Address, list[Address]], tuple[Address, list[tuple[smtp.User, MakeMessage]]]
]


class MailTransaction:
    """The sender, the recipients and the message of one transaction.

    Attributes:
        record: the record in the session; ``None`` before the transaction starts.
        sender: the accepted sender; ``None`` before the transaction starts.
        options: the parameters of MAIL.
        recipients: the accepted recipients, each with the factory of its message.
            Whoever reads them has the delivery asked about those of `unasked`.
        unasked: the recipients about which the delivery was not asked: it accepts all;
            ``None``: it was asked about the sender, and about each recipient.
        warnings: keys of `lazr_smtptest.model.irregularities.IRREGULAR`.
        messages: the messages that the delivery made, each with its recipient.
        direct: the delivery, while it has not opened the messages yet.
        early_refusal: the reply that refused the message before its end.
        untold: a message that was kept and whose reply has not been sent yet, with
            the replies for its recipients.
        whole: the message for all recipients, while it is delivered to only some.
        copies: how many copies of the message are kept; a fault may change it.
        discards: returns whether the message is discarded for a recipient; ``None``:
            it is kept for all. A fault may set it.
        in_chunks: whether a part of the message was received by BDAT.
        chunks: the bytes of the chunks; ``None`` before BDAT.
        announced: the size of all chunks announced so far, in bytes.
        earlier: the size of the chunks before the present one, in bytes.
        is_last: whether the present chunk is the last one.
        chunk_refusal: the reply that refuses the present chunk.
    """

    # One transaction is made for each message, and for each greeting. What most of them
    # leave unchanged is here; nothing is added to these lists, `start` makes new ones.
    record: Transaction | None = None
    sender: smtp.Address | None = None
    options: Options = {}
    unasked: list[Address] | None = None
    messages: list[tuple[IMessageSMTP, smtp.User]] = []
    warnings: list[str] = []
    direct: DirectDelivery | None = None
    early_refusal: Reply | None = None
    untold: tuple[Mail, list[Reply]] | None = None
    whole: Envelope | None = None
    copies = 1
    discards: Callable[[str], bool] | None = None
    in_chunks = False
    chunks: Collector | None = None
    announced = 0
    earlier = 0
    is_last = False
    chunk_refusal: Reply | None = None
    _recipients: list[tuple[smtp.User, MakeMessage]] = []
    _rcpt_options: list[Options] = []
    _ask: Ask

    # MAIL and RCPT

    def start(
        self, record: Transaction, sender: smtp.Address, options: Options
    ) -> None:
        """Start the transaction: MAIL was accepted."""
        self.record, self.sender, self.options = record, sender, options
        self._recipients, self._rcpt_options, self.messages = [], [], []

    def start_unasked(
        self,
        record: Transaction,
        sender: Address,
        direct: DirectDelivery,
        ask: Ask,
    ) -> None:
        """Start the transaction with a delivery that accepts all, and is not asked.

        Args:
            record: the record in the session.
            sender: the sender, which sessions may share.
            direct: the delivery.
            ask: asks it all the same, for somebody who reads `recipients`.
        """
        self.record, self.sender, self.direct = record, sender, direct
        self.unasked, self._ask = [], ask

    @property
    def recipients(self) -> list[tuple[smtp.User, MakeMessage]]:
        """See the class."""
        unasked = self.unasked
        if unasked is not None:
            self.unasked = None
            assert isinstance(self.sender, Address)
            self.sender, self._recipients = self._ask(self.sender, unasked)
            self._rcpt_options, self.messages = [{} for _ in unasked], []
        return self._recipients

    def accept(
        self, user: smtp.User, make_message: MakeMessage, options: Options
    ) -> None:
        """Add a recipient that was accepted."""
        assert self.record is not None
        self.record.accept(str(user))
        self.recipients.append((user, make_message))
        self._rcpt_options.append(options)

    def refuse(self, user: smtp.User, reply: Reply) -> None:
        """Record a recipient that was refused."""
        assert self.record is not None
        self.record.refuse(str(user), reply)

    def users(self) -> list[smtp.User]:
        """Return the accepted recipients."""
        return [user for user, _ in self.recipients]

    def warn(self, kind: str) -> None:
        """Add a warning, once."""
        if kind not in self.warnings:
            self.warnings = [*self.warnings, kind]

    # The message

    def check_started(self, without_recipients: int) -> None:
        """Check that a message may be sent now.

        Args:
            without_recipients: the code of the refusal if there is no recipient.

        Raises:
            ClientError: there is no sender, or no recipient.
        """
        if self.sender is None:
            raise ClientError(503, "MAIL first", "5.5.1")
        if not self.recipients:
            raise ClientError(without_recipients, "no valid recipients", "5.5.1")

    def check_data(self, without_recipients: int) -> None:
        """Check that DATA may be sent now.

        Args:
            without_recipients: see `check_started`.

        Raises:
            ClientError: it may not.
        """
        if self.sender is None or not self.recipients:
            self.check_started(without_recipients)
        if self.in_chunks:
            raise ClientError(503, "BDAT has begun, DATA cannot follow", "5.5.1")
        if self.options and (self.options.get("BODY") or "").upper() == "BINARYMIME":
            # RFC 3030 section 3: BINARYMIME needs BDAT.
            raise ClientError(503, "BINARYMIME needs BDAT", "5.5.1")

    def add_chunk(self, size: int, limit: int | None) -> bool:
        """Add a chunk of the message; return whether the message is too big.

        Args:
            size: the size that BDAT announced, in bytes.
            limit: the largest size of a message, in bytes; ``None``: no limit.
        """
        self.in_chunks = True
        self.earlier = self.announced
        self.announced += size
        return limit is not None and self.announced > limit

    def envelope(
        self, content: AnyContent, session: Session, *, tls: bool, now: float
    ) -> Envelope:
        """Return the envelope of a message that was received completely.

        Args:
            content: the message.
            session: the session.
            tls: whether the connection is encrypted.
            now: seconds since 1970.
        """
        record, options = self.record, self._rcpt_options
        assert record is not None
        return Envelope(
            mail_from=record.mail_from,
            rcpt_tos=record.rcpt_tos,
            content=content,
            peer=session.peer,
            helo=session.helo,
            mail_options=self.options or None,
            rcpt_options=tuple(options) if any(options) else None,
            warnings=tuple(self.warnings),
            user=session.user,
            tls=tls,
            id=new_name(),
            received_at=datetime.fromtimestamp(now, timezone.utc),
            session=session,
            transaction=record,
        )

    @property
    def is_plain(self) -> bool:
        """True without parameters and warnings: a `ReceivedMail` has neither."""
        return not (self.options or self.warnings or any(self._rcpt_options))

    # The end

    def end(self, outcome: Outcome, reply: Reply | None) -> None:
        """Record the outcome of the transaction, if it has started.

        Args:
            outcome: the outcome.
            reply: the last reply of the transaction.
        """
        record = self.record
        if record is not None:
            # In this order: another thread may read them at any time.
            record.reply = reply
            record.outcome = outcome
