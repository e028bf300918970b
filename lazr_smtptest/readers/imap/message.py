"""A message as the commands of IMAP see it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.readers.imap.structure import Entity

__all__ = ["Message"]


class Message(Protocol):
    """A message of a mailbox.

    A command reads `content` and `structure` only if it needs them: a session may
    load them after it knows that, see `Items.needs_content`.
    """

    @property
    def sequence(self) -> int:
        """Its message sequence number (RFC 3501 section 2.3.1.2)."""

    @property
    def uid(self) -> int:
        """Its unique identifier (RFC 3501 section 2.3.1.1)."""

    @property
    def flags(self) -> Collection[bytes]:
        r"""Its flags and keywords, such as ``\Seen``."""

    @property
    def received_at(self) -> datetime:
        """Its internal date (RFC 3501 section 2.3.3), with a time zone."""

    @property
    def size(self) -> int:
        """The bytes of its content."""

    @property
    def change(self) -> int:
        """The number of its last change (RFC 7162 section 3.1)."""

    @property
    def id(self) -> bytes:
        """Its EMAILID, which copies have too (RFC 8474 section 5.1); of its content."""

    @property
    def content(self) -> AnyContent:
        """Its bytes."""

    @property
    def structure(self) -> Entity:
        """Its parts, as `read_structure` returns them for the content."""
