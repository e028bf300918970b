"""The mailbox of a server that is asked over HTTP, for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any

from lazr_smtptest._guesses import Guessable
from lazr_smtptest.client.box import DISPOSABLE, DisposableMailbox, RemoteMailbox
from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.mailbox.view import Viewable
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Predicate

__all__ = ["AsyncDisposableMailbox", "AsyncMailboxView", "AsyncRemoteMailbox"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


class AsyncMailboxView:
    """A part of the mailbox of a server, whose methods are coroutines.

    They have the arguments, results and errors of the methods of `Mailbox`; requests
    are made in threads, so that the loop runs meanwhile.

    Args:
        messages: the mailbox, or a view of it.
    """

    def __init__(self, messages: Viewable) -> None:
        self._messages = messages

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._messages!r}>"

    def __len__(self) -> int:
        raise TypeError("use await mailbox.count(): len() would block the loop")

    def __bool__(self) -> bool:
        return True

    async def __aiter__(self) -> AsyncIterator[Envelope]:
        """Yield the messages that are there now, oldest first."""
        for each in await self.messages():
            yield each

    def for_recipient(self, recipient: object) -> AsyncMailboxView:
        """Return a view of the messages to a recipient; it makes no request."""
        return AsyncMailboxView(self._messages.for_recipient(recipient))

    def for_user(self, user: object) -> AsyncMailboxView:
        """Return a view of the messages of clients that logged in as a user."""
        return AsyncMailboxView(self._messages.for_user(user))

    async def messages(self) -> list[Envelope]:
        """Return the messages that are there now, oldest first."""
        return await asyncio.to_thread(list, self._messages)

    async def count(self) -> int:
        """Return the number of the messages."""
        return await asyncio.to_thread(len, self._messages)

    async def latest(self) -> Envelope | None:
        """Return the newest message; ``None`` if there is none."""
        return await asyncio.to_thread(lambda: self._messages.latest)

    async def find(self, *predicates: Predicate, **criteria: Any) -> Envelope | None:
        """Return the first message that meets the criteria; ``None`` if none does."""
        return await asyncio.to_thread(self._messages.find, *predicates, **criteria)

    async def find_all(self, *predicates: Predicate, **criteria: Any) -> list[Envelope]:
        """Return the messages that meet the criteria, oldest first."""
        return await asyncio.to_thread(self._messages.find_all, *predicates, **criteria)

    async def wait_for(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Any:
        """Wait until messages are there; see `Mailbox.wait_for`."""
        wait = self._messages.wait_for_async
        return await wait(*predicates, count=count, timeout=timeout, **criteria)

    async def assert_received(
        self,
        *predicates: Predicate,
        count: int | None = None,
        timeout: float = 0.0,
        **criteria: Any,
    ) -> Any:
        """Assert that messages are there; see `Mailbox.assert_received`."""
        if timeout:
            await self.wait_for(
                *predicates, count=count or 1, timeout=timeout, **criteria
            )
        received: Any = self._messages.assert_received
        return await asyncio.to_thread(received, *predicates, count=count, **criteria)

    assert_sent = assert_received

    async def assert_none(
        self, *predicates: Predicate, within: float = 0.2, **criteria: Any
    ) -> None:
        """Assert that no such message is there or comes; see `Mailbox.assert_none`."""
        none = self._messages.assert_none
        await asyncio.to_thread(none, *predicates, within=within, **criteria)

    @property
    def faults(self) -> Scripted:
        """The rules that make the server misbehave; each use blocks for a request.

        A test on a loop uses them in `asyncio.to_thread`.
        """
        return self._messages.faults

    async def clear(self) -> None:
        """Remove these messages from the server."""
        await asyncio.to_thread(self._messages.clear)


class AsyncDisposableMailbox(AsyncMailboxView):
    """A part of the messages of a server; `AsyncRemoteMailbox.disposable` makes it.

    Attributes:
        name: its name, which cannot be guessed, and needs no login.
        address: the address of its recipient; ``""`` if it has none.
    """

    def __init__(self, messages: DisposableMailbox) -> None:
        super().__init__(messages)
        self.name = messages.name
        self.address = messages.address


class AsyncRemoteMailbox(Guessable, AsyncMailboxView):
    """The messages of a server that runs elsewhere, for tests on an asyncio loop.

    It takes the arguments of `RemoteMailbox`, and has its methods as coroutines.

    Attributes:
        url: the URL, without the login.
    """

    guesses = DISPOSABLE
    _messages: RemoteMailbox

    def __init__(self, url: str, **settings: Any) -> None:
        super().__init__(RemoteMailbox(url, **settings))
        self.url = self._messages.url

    async def __aenter__(self) -> AsyncRemoteMailbox:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all waits with a StateError, and close the connections."""
        self._messages.close()

    @contextlib.asynccontextmanager
    async def disposable(
        self, address: str = "", **settings: Any
    ) -> AsyncIterator[AsyncDisposableMailbox]:
        """Make a disposable mailbox, and remove it at the end of ``async with``.

        It takes the arguments of `RemoteMailbox.disposable`.
        """
        make = self._messages.disposable
        made = await asyncio.to_thread(make, address, **settings)
        try:
            yield AsyncDisposableMailbox(made)
        finally:
            await asyncio.to_thread(made.close)

    async def sessions(self) -> Sequence[Session]:
        """Return the sessions since the last `clear`, oldest first."""
        return await asyncio.to_thread(list, self._messages.sessions)
