"""A message of a list, as a search query looks at it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.stores._rows import Row

__all__ = ["Subject"]


class Subject:
    """A message whose document is made when a query or a list needs it.

    Args:
        row: its row in the list.
        envelope: the message.
        make: returns its document.
    """

    def __init__(
        self, row: Row, envelope: Envelope, make: Callable[[], Document]
    ) -> None:
        self.row = row
        self.envelope = envelope
        self._make = make

    @cached_property
    def document(self) -> Document:
        """The document of the message."""
        return self._make()

    @property
    def summary(self) -> Any:
        """An object with the attributes of the summary.

        It makes the document for those that come from the content, and not for a query
        such as ``is:unread`` or ``larger:1M``.
        """
        return _Attributes(self)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The attributes of the summary that do not come from the content."""
        envelope, row = self.envelope, self.row
        session = envelope.session
        return {
            "number": row.number,
            "id": row.id,
            "received_at": envelope.received_at,
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "size": envelope.size,
            "flags": row.flags,
            "tags": row.tags,
            "user": envelope.user,
            "tls": envelope.tls,
            "session_id": "" if session is None else session.id,
        }

    def full_summary(self) -> Summary:
        """Return the summary of the message."""
        document = self.document
        return Summary(
            **self.facts,
            sender=document.sender,
            to=document.to,
            cc=document.cc,
            bcc=document.bcc,
            reply_to=document.reply_to,
            subject=document.subject,
            message_id=document.message_id,
            attachments=len(document.attachments),
            inlines=len(document.inlines),
            snippet=document.snippet,
            warnings=document.warnings,
        )


class _Attributes:
    """The attributes of a summary, each read when it is asked for."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __getattr__(self, name: str) -> Any:
        facts = self._subject.facts
        if name in facts:
            return facts[name]
        value = getattr(self._subject.document, name)
        return len(value) if name in ("attachments", "inlines") else value
