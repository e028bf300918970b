"""Connections that report the outcome of each mail as it happens.

Their observer has to be an `IMailObserver`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.mime.words import decode_words
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Outcome
from lazr_smtptest.smtp.header import find_subject
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["WatchedLMTP", "WatchedSMTP"]


class WatchedSMTP(SMTPServerProtocol):
    """A connection that reports mail to its observer, and logs it if asked to."""

    # An IMailObserver.
    observer: Any
    # The code of the reply to a message that was accepted.
    _accepting = ""

    def delivered(self, envelope: Envelope, replies: list[Reply]) -> None:
        """Send the replies; remember the accepting code for `log_outcome`."""
        for reply in replies:
            if reply.code < 400:
                self._accepting = str(reply.code)
        super().delivered(envelope, replies)

    def log_outcome(
        self,
        what: str,
        sender: str,
        recipients: Sequence[str],
        content: AnyContent | None,
        reply: Reply | None = None,
    ) -> None:
        """Report the outcome of a sender, a recipient or a message."""
        if self.observer.logs_mail:
            super().log_outcome(what, sender, recipients, content, reply)
        self._tell_of(
            "accepted" if reply is None else "refused",
            sender,
            recipients,
            subject=_subject(content),
            size=None if content is None else len(content),
            reply=self._accepting if reply is None else str(reply),
        )

    def end_transaction(self, outcome: Outcome, reply: Reply | None = None) -> None:
        """Report a transaction that was begun and aborted."""
        transaction = self.transaction.record
        super().end_transaction(outcome, reply)
        if transaction is None or outcome != "aborted":
            return
        # If all recipients were refused, those refusals were reported already.
        if transaction.rcpt_tos or not transaction.refused:
            self._tell_of("aborted", transaction.mail_from, transaction.rcpt_tos)

    def _tell_of(
        self, outcome: Any, sender: str, recipients: Sequence[str], **others: Any
    ) -> None:
        event = MailEvent(
            seconds=self.seconds(),
            session=str(self.session.number),
            outcome=outcome,
            sender=sender,
            recipients=tuple(recipients),
            **others,
        )
        self.tell("an observer raised", self.observer.mail_event, event)


class WatchedLMTP(WatchedSMTP, LMTPServerProtocol):
    """The same for LMTP: it reports each recipient."""


def _subject(content: AnyContent | None) -> str | None:
    body = None if content is None else find_subject(content)
    return None if body is None else decode_words(body.encode())[0]
