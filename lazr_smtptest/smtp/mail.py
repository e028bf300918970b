"""The commands MAIL, RCPT and RSET.

Rules of this module:

1. What is wrong in itself is refused before the fault policy and the delivery are
   asked.
2. Irregular input is refused or gets a warning, depending on the profile; see
   `lazr_smtptest.model.irregularities`.
"""

from __future__ import annotations

import logging
from typing import Any

from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest.model.irregularities import refusal_of_sender
from lazr_smtptest.model.reply import OK, Reply, shown
from lazr_smtptest.model.xtext import xtext_decode
from lazr_smtptest.smtp.errors import ClientError, PolicyError, ReplyError, refusal_in
from lazr_smtptest.smtp.extensions import check_release
from lazr_smtptest.smtp.parameters import parse_parameters
from lazr_smtptest.smtp.path import (
    Address,
    ParsedPath,
    Recipient,
    decode,
    is_mailbox,
    mailbox_irregularities,
    read_path,
)
from lazr_smtptest.smtp.short_path import (
    RECIPIENT_ACCEPTED,
    SENDER_ACCEPTED,
    learn,
)
from lazr_smtptest.smtp.transaction import Options
from lazr_smtptest.smtp.transactions import Transactions

__all__ = ["MailCommands"]

log = logging.getLogger("lazr.smtptest")

_NOT_STARTED = Reply(503, "MAIL first", "5.5.1")

# An address, and the parameters after it.
_Sender = tuple[Address, Options]
_User = tuple[smtp.User, Options]


class MailCommands(Transactions):
    """The part of a connection that handles MAIL, RCPT and RSET."""

    # MAIL

    def do_MAIL(self, argument: bytes) -> None:
        """Handle MAIL: start a transaction (RFC 5321 section 4.1.1.2)."""
        try:
            path = self._read_sender(argument)
        except ReplyError as error:
            self._refuse_command(error.reply, b"MAIL " + argument)
            return
        sender = path.address.copy()
        try:
            # Most clients send a regular path and nothing else.
            regular = path.plain and not path.parameters
            options = {} if regular else self._parse_mail_options(path)
            if regular:
                learn("MAIL", argument, path.address)
        except ReplyError as error:
            self._sender_refused(error.reply, (sender, {}))
            return
        self.points.at(
            "MAIL", self._validate_sender, self._sender_refused, (sender, options)
        )

    def _validate_sender(self, subject: _Sender) -> None:
        self.engine.call(
            self._ask_for_sender, self.sender_answered, self.sender_failed, subject
        )

    def _ask_for_sender(self, subject: _Sender) -> Any:
        return self.validateFrom(self._helo, subject[0])

    def sender_failed(self, failure: Failure, subject: _Sender) -> None:
        """Refuse a sender because the delivery raised."""
        self._sender_refused(self.reporter.reply_to(failure), subject)

    def _sender_refused(self, reply: Reply, subject: _Sender) -> None:
        sender = subject[0]
        self.transaction.record = self.session.begin(str(sender))
        self.end_transaction("refused", reply)
        self.refuse(reply, sender)

    def _read_sender(self, argument: bytes) -> ParsedPath:
        if self.transaction.sender is not None:
            raise ClientError(503, "sender already given", "5.5.1")
        path = read_path(argument, "FROM", "5.1.7")
        if self._helo[0] is None:
            self.note("no-hello")
        elif self.has_bad_name:
            self.transaction.warn("bad-hello")
        return path

    def _parse_mail_options(self, path: ParsedPath) -> Options:
        if not path.parameters:
            self._note_path(path, False)
            return {}
        if "REQUIRETLS" in path.parameters.upper().split(" ") and not self.secure:
            # RFC 8689 section 4.2.1
            raise PolicyError(530, "REQUIRETLS needs TLS", "5.7.10")
        options = parse_parameters(path.parameters, self.offered().mail)
        self.note_extension()
        self._check_mail_options(options)
        self._note_path(path, "SMTPUTF8" in options)
        return options

    def _check_mail_options(self, options: Options) -> None:
        size, limit = options.get("SIZE"), self.limits.message_size
        if size is not None and limit is not None and int(size) > limit:
            raise PolicyError(552, "message is too big", "5.3.4")
        by = options.get("BY")
        if by is not None and "R" in by.upper() and int(by.partition(";")[0]) <= 0:
            # RFC 2852 section 4: the time until the return must be positive.
            raise ClientError(501, f"bad BY: {by!a}", "5.5.4")
        identity = options.get("AUTH")
        if identity is not None:
            self._check_identity(identity)
        check_release(options.get("HOLDFOR"), options.get("HOLDUNTIL"), self.seconds())

    def _check_identity(self, value: str) -> None:
        """Check that the value of AUTH= is a mailbox or ``<>`` (RFC 4954 section 5)."""
        text = xtext_decode(value)
        if text == "<>":
            return
        bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        refusal = Reply(501, f"bad AUTH: {shown(value)}", "5.5.4")
        if not is_mailbox(bare):
            raise ClientError(501, refusal.text, refusal.enhanced)
        for kind in mailbox_irregularities(bare):
            self.note(kind, refusal)
        if bare != text:
            self.note("auth-in-brackets")

    def _note_path(self, path: ParsedPath, utf8: bool) -> None:
        """Note or refuse each irregularity of a path.

        Args:
            path: the path of the sender or, within a transaction, of a recipient.
            utf8: whether the client has used SMTPUTF8.
        """
        is_sender = self.transaction.sender is None
        irregular = list(path.irregular)
        if not (utf8 or bytes(path.address).isascii()):
            irregular.insert(irregular[:1] == ["no-domain"], "undeclared-utf8")
        for kind in irregular:
            self.note(kind, refusal_of_sender(kind) if is_sender else None)

    def validateFrom(self, helo: tuple[bytes | None, bytes], origin: Address) -> Any:
        """Ask the delivery to validate the sender; get a delivery first if needed."""
        if self.deliveryFactory is not None:
            self.delivery = self.deliveryFactory.getMessageDelivery()
        if self.delivery is not None:
            return self.delivery.validateFrom(helo, origin)
        return super().validateFrom(helo, origin)

    def sender_answered(self, answer: Any, subject: _Sender) -> None:
        """Handle the delivery's answer to the sender, an address or a refusal."""
        sender, options = subject
        if answer is sender:
            # Most deliveries return what they were asked about.
            text = sender.text
        else:
            refusal = refusal_in(answer)
            if refusal is not None:
                self._sender_refused(refusal, subject)
                return
            text = str(answer)
        self.transaction.start(self.session.begin(text), answer, options)
        self.reply(SENDER_ACCEPTED)

    # RCPT

    def do_RCPT(self, argument: bytes) -> None:
        """Handle RCPT: add a recipient (RFC 5321 section 4.1.1.3)."""
        transaction = self.transaction
        sender = transaction.sender
        if sender is None:
            self.reply(_NOT_STARTED)
            return
        try:
            if transaction.in_chunks:
                raise ClientError(503, "the message has begun", "5.5.1")
            path = read_path(argument, "TO", "5.1.3")
        except ReplyError as error:
            self._refuse_command(error.reply, b"RCPT " + argument)
            return
        user = Recipient(path.address, self._helo, self, sender)
        try:
            regular = path.plain and not path.parameters
            options = {} if regular else self._parse_rcpt_options(path)
            if regular:
                learn("RCPT", argument, path.address)
            if len(transaction.recipients) >= self.limits.recipients:
                raise PolicyError(452, "too many recipients", "4.5.3")
        except ReplyError as error:
            self._recipient_refused(error.reply, (user, {}))
            return
        self.points.at(
            "RCPT", self._validate_recipient, self._recipient_refused, (user, options)
        )

    def _validate_recipient(self, subject: _User) -> None:
        self.engine.call(
            self._ask_for_recipient,
            self.recipient_answered,
            self.recipient_failed,
            subject,
        )

    def _ask_for_recipient(self, subject: _User) -> Any:
        return self.validateTo(subject[0])

    def recipient_failed(self, failure: Failure, subject: _User) -> None:
        """Refuse a recipient because the delivery raised."""
        self._recipient_refused(self.reporter.reply_to(failure), subject)

    def _parse_rcpt_options(self, path: ParsedPath) -> Options:
        utf8 = "SMTPUTF8" in self.transaction.options
        if not path.parameters:
            self._note_path(path, utf8)
            return {}
        options = parse_parameters(path.parameters, self.offered().rcpt)
        self.note_extension()
        self._note_path(path, utf8)
        if not (utf8 or (options.get("ORCPT") or "").isascii()):
            # RFC 6533 section 3 defines an ASCII form for it.
            self.note("undeclared-utf8")
        return options

    def recipient_answered(self, answer: Any, subject: _User) -> None:
        """Handle the delivery's answer to a recipient: a message factory or refusal."""
        refusal = refusal_in(answer)
        if refusal is not None:
            self._recipient_refused(refusal, subject)
            return
        self.transaction.accept(subject[0], answer, subject[1])
        self.reply(RECIPIENT_ACCEPTED)

    def _recipient_refused(self, reply: Reply, subject: _User) -> None:
        user = subject[0]
        self.transaction.refuse(user, reply)
        self.refuse(reply, self.transaction.sender, [user])

    # RSET

    def do_RSET(self, argument: bytes) -> None:
        """Handle RSET: end the transaction (RFC 5321 section 4.1.1.5)."""
        if argument:
            self.reply(Reply(501, "RSET takes no argument", "5.5.4"))
            return
        if self.count_junk():
            return
        self.abort_transaction()
        on_rset = self.on_rset
        if on_rset is None:
            self.reply(OK)
        else:
            self.engine.call(lambda _: on_rset(), self._was_reset, self._not_reset, OK)

    def _was_reset(self, result: object, reply: Reply) -> None:
        self.reply(reply)

    def _not_reset(self, failure: Failure, reply: Reply) -> None:
        self.reply(self.reporter.reply_to(failure))

    def _refuse_command(self, reply: Reply, line: bytes) -> None:
        """Refuse a MAIL or RCPT for an error of its own, and log it."""
        log.info("refused: %s reply=%a", shown(decode(line)), str(reply))
        self.reply(reply)
