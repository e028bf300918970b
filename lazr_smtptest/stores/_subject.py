"""A message of a list, as a search query looks at it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.stores._rows import Row

__all__ = ["GoneError", "Loaded", "Subject"]

# A message and the id of its session; `None` for one that is gone.
Loaded = tuple[Envelope, str]

_OF_ROW = ("number", "id", "flags", "tags", "change")


class GoneError(Exception):
    """A message was removed while it was looked at."""


class Subject:
    """A message that is read, and whose document is made, when that is needed.

    Args:
        row: its row in the list.
        load: reads the message of a row.
        document_of: returns its document.
        facts_of: returns the attributes of its summary that come from the envelope,
            where they are known without reading the message.

    Raises:
        GoneError: by each property that needs the message, if it is gone.
    """

    def __init__(
        self,
        row: Row,
        load: Callable[[Row], Loaded | None],
        document_of: Callable[[Subject], Document],
        facts_of: Callable[[Row], dict[str, Any] | None] = lambda row: None,
    ) -> None:
        self.row = row
        self._load = load
        self._document_of = document_of
        self._facts_of = facts_of

    @cached_property
    def _loaded(self) -> Loaded:
        loaded = self._load(self.row)
        if loaded is None:
            raise GoneError
        return loaded

    @property
    def envelope(self) -> Envelope:
        """The message."""
        return self._loaded[0]

    @cached_property
    def document(self) -> Document:
        """The document of the message."""
        return self._document_of(self)

    @property
    def summary(self) -> Any:
        """An object with the attributes of the summary.

        It reads the message for those that need it, and makes the document for those
        that come from the content: not for a query such as ``is:unread``.
        """
        return _Attributes(self)

    @cached_property
    def of_envelope(self) -> dict[str, Any]:
        """The attributes of the summary that come from the envelope."""
        return self._facts_of(self.row) or self.read_facts()

    def read_facts(self) -> dict[str, Any]:
        """Read the message, and return the attributes that come from the envelope."""
        envelope, session_id = self._loaded
        return {
            "received_at": envelope.received_at,
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "size": envelope.size,
            "user": envelope.user,
            "tls": envelope.tls,
            "session_id": session_id,
        }

    def full_summary(self) -> Summary:
        """Return the summary of the message."""
        document = self.document
        return Summary(
            **{name: getattr(self.row, name) for name in _OF_ROW},
            **self.of_envelope,
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
        if name in _OF_ROW:
            return getattr(self._subject.row, name)
        of_envelope = self._subject.of_envelope
        if name in of_envelope:
            return of_envelope[name]
        value = getattr(self._subject.document, name)
        return len(value) if name in ("attachments", "inlines") else value
