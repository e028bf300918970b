"""The messages of a server elsewhere, read as those of a store."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Sequence

from lazr_smtptest.client.address import Address
from lazr_smtptest.client.api import API
from lazr_smtptest.client.connections import Connections
from lazr_smtptest.client.records import summary_of
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Found
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores._fields import to_bytes

__all__ = ["RemoteReader"]


class RemoteReader:
    """A part of an `IMessageReader`, for the store of a server that runs elsewhere.

    Its methods raise a `RemoteError`, which is a `StoreError`, if the server does not
    answer, or with an error.

    Args:
        url: see `RemoteMailbox`.
        verify: see `RemoteMailbox`.

    Raises:
        ValueError: the URL is wrong.
    """

    def __init__(
        self,
        url: str,
        *,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
    ) -> None:
        self.api = API(Connections(Address.of(url), verify=verify))

    def close(self) -> None:
        """Close the connections."""
        self.api.connections.close()

    def page(
        self,
        query: str = "",
        *,
        after: int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of the messages that match; see `IMessageReader`."""
        return self.api.page(
            query, after=after, limit=limit, oldest_first=oldest_first, timeout=timeout
        )

    def numbers(self, query: str = "") -> Sequence[int]:
        """Return the numbers of all messages that match, ascending."""
        return [each.number for each in self.api.pages(query)]

    def newest(self) -> int:
        """Return the number of the newest message; 0 for none."""
        return next((each.number for each in self.api.page(limit=1)), 0)

    def summary(self, message: str | int) -> Summary | None:
        """Return the summary of a message; ``None`` if there is none."""
        found = self.api.message(message)
        return None if found is None else summary_of(found["summary"])

    def envelope(self, message: str | int) -> Envelope | None:
        """Return a message; ``None`` if there is none."""
        summary = self.summary(message)
        return None if summary is None else self.api.envelope(summary)

    def __len__(self) -> int:
        """Count the messages."""
        return self.api.counts().messages

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages, oldest first, those that are still there."""
        return filter(None, map(self.api.envelope, self.api.pages()))

    def __repr__(self) -> str:
        return str(self.api.connections.address)

    def ids(self) -> list[str]:
        """Return the ids of the messages, oldest first."""
        return [each.id for each in self.api.pages()]

    def add(self, envelope: Envelope) -> bool:
        """Add a message; return false if the server has one with its id already."""
        return bool(self.api.add(to_bytes(envelope, envelope.content, b"\r\n")))

    def remove(self, selection: Selection) -> int:
        """Remove messages; return how many there were."""
        if selection.query is not None:
            return self.api.remove(query=selection.query)
        if selection.ids is not None:
            return self.api.remove(ids=list(selection.ids))
        return self.api.remove(numbers=list(selection.numbers or ()))

    def wait(
        self, query: str, *, since: int, timeout: float
    ) -> tuple[list[Summary], str]:
        """Wait for the first message that matches.

        Args:
            query: the query.
            since: only messages with greater numbers count.
            timeout: seconds to wait.

        Returns:
            the message, none if it did not come in time; and why it did not, several
            lines.
        """
        waited = self.api.wait(query, since=since, timeout=timeout)
        found = [summary_of(each["summary"]) for each in waited.messages]
        return found, waited.explanation

    def sessions(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool | None = None,
        protocol: str | None = None,
    ) -> list[Session]:
        """Return a page of the sessions that have ended, newest first.

        Args:
            after: see `IMessageReader`.
            limit: likewise.
            failed: likewise.
            protocol: ``"imap"`` or ``"pop3"`` for those in which mail was read.
        """
        return self.api.sessions(
            after=after, limit=limit, failed=failed, protocol=protocol
        )

    def session(self, id: str) -> Session | None:
        """Return a session with its transcript; ``None`` if there is none."""
        return self.api.session(id)
