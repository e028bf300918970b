"""Connections that tell what becomes of each mail, while it happens.

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
    """A connection that tells its observer of mail, and logs it if it is to."""

    # An IMailObserver.
    observer: Any
    # What the client is about to be told of a message that was accepted.
    _accepting = ""

    def delivered(self, envelope: Envelope, replies: list[Reply]) -> None:
        """Answer; what is logged on the way does not say how."""
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
        """Tell what became of a sender, a recipient or a message."""
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
        """Tell of what was begun and not brought to its end."""
        transaction = self._transaction
        super().end_transaction(outcome, reply)
        if transaction is None or outcome != "aborted":
            return
        # A client that had all of its recipients refused gives up, and was told of.
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
    """The same for LMTP: it tells of each recipient."""


def _subject(content: AnyContent | None) -> str | None:
    body = None if content is None else find_subject(content)
    return None if body is None else decode_words(body.encode())[0]
