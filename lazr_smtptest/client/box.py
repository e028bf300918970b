"""The mailbox of a server that is asked over HTTP."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, ClassVar, TypeVar, overload

from twisted.internet.threads import deferToThreadPool

from lazr_smtptest.client.address import Address
from lazr_smtptest.client.api import API
from lazr_smtptest.client.connections import Connections
from lazr_smtptest.client.errors import RemoteError
from lazr_smtptest.client.faults import RemoteFaults
from lazr_smtptest.client.imap_url import imap_url
from lazr_smtptest.client.messages import RemoteMessages
from lazr_smtptest.client.narrowing import query_of_key
from lazr_smtptest.client.records import load
from lazr_smtptest.client.sessions import RemoteSessions, counters_of
from lazr_smtptest.client.watch import Watch
from lazr_smtptest.client.within import Within
from lazr_smtptest.errors import StateError
from lazr_smtptest.mailbox.blocking import blocked
from lazr_smtptest.mailbox.evidence import Evidence
from lazr_smtptest.mailbox.grace import GRACE
from lazr_smtptest.mailbox.view import Viewable
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria, Predicate

__all__ = ["DISPOSABLE", "DisposableMailbox", "RemoteMailbox"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True

_Result = TypeVar("_Result")
_Self = TypeVar("_Self", bound="RemoteMailbox")

# The most messages, the newest ones, that a failure looks at.
_SHOWN = 1000


# What people call `RemoteMailbox.disposable`.
DISPOSABLE = dict.fromkeys(
    (
        *("new_mailbox", "make_mailbox", "create_mailbox", "temporary_mailbox"),
        *("disposable_mailbox", "temporary", "temp_mailbox", "new_address"),
    ),
    ".disposable()",
)


class RemoteMailbox(Viewable):
    """The messages of a server that runs elsewhere, read over HTTP.

    It has the methods of `Mailbox`, which describes the criteria, and returns the same
    `Envelope`. Nothing is polled: a wait is one request, which the server answers when
    a message has come. Any thread may use it.

    A method that asks the server raises a `RemoteError`, with one line, if it does not
    answer, needs a login, or is no server of this package.

    Args:
        url: ``http://HOST:PORT``, or ``https://``; with a path if the server has
            ``--http-base``. It may have ``USER:PASSWORD@`` before the host.
        user: the name to log in with, in place of that in the URL.
        password: the password.
        verify: whether to check the server's certificate; a file of certificates of
            a CA in PEM; or an `ssl.SSLContext`.
        timeout: seconds after which a server that does not answer is given up.
        since: only messages with greater numbers are in this mailbox; 0 for all.
        grace: see `Mailbox`, in seconds.

    Attributes:
        url: the URL, without the login.
        sessions: the sessions of clients, open ones too, since `clear`.
        grace: see `Mailbox`.
        conversations: see `Mailbox`.
        notes: see `Mailbox`.
        appendix: see `Mailbox`.

    Raises:
        ValueError: the URL is wrong.
    """

    guesses: ClassVar = {**Viewable.guesses, **DISPOSABLE}

    def __init__(
        self,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        timeout: float = 30.0,
        since: int = 0,
        grace: float = GRACE,
    ) -> None:
        connections = Connections(
            Address.of(url),
            user=user,
            password=None if password is None and user is None else password or "",
            verify=verify,
            timeout=timeout,
        )
        self._use(connections, since, grace)

    def _use(self, connections: Connections, since: int, grace: float) -> None:
        """Begin to show the messages that connections lead to."""
        self.url = str(connections.address)
        self._api = API(connections)
        self.sessions = RemoteSessions(self._api)
        self._faults = RemoteFaults(connections)
        self.grace = grace
        self.conversations = True
        self.notes: Callable[[], Iterable[str]] | None = None
        self.appendix: Callable[[], str] | None = None
        self._messages = RemoteMessages(self._api, self.sessions, since)
        self._lock = threading.Lock()
        self._watches: dict[Waiter, Watch] = {}

    def __repr__(self) -> str:
        return f"<RemoteMailbox of {self.url}>"

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all waits with a StateError, and close the connections."""
        with self._lock:
            waiters = list(self._watches)
        for waiter in waiters:
            waiter.fail(StateError("the mailbox was closed while a test waited"))
        self._api.connections.close()

    def disposable(
        self,
        address: str = "",
        *,
        user: str = "",
        header: Mapping[str, str] | None = None,
        query: str = "",
        lifetime: float = 3600.0,
        max_messages: int = 1000,
    ) -> DisposableMailbox:
        """Make a disposable mailbox on the server, for one test.

        It gets the messages that come from now on and meet all that is given. Without
        anything it gets an address of its own, which its `address` tells. Use it in a
        ``with`` statement, which removes it at the end.

        Args:
            address: the address of a recipient, which may have the wildcards ``*`` and
                ``?``.
            user: the user that logged in.
            header: fields of the header with their values.
            query: a query (:doc:`queries`).
            lifetime: seconds after which the server removes it.
            max_messages: the most messages; beyond them the oldest are removed.

        Raises:
            ValueError: no message could belong to it.
            RemoteError: the server does not answer, or has too many mailboxes.
        """
        wanted = {"address": address, "user": user, "header": header, "query": query}
        body: dict[str, object] = {"lifetime": lifetime, "max_messages": max_messages}
        body |= {name: value for name, value in wanted.items() if value}
        connections = self._api.connections
        try:
            made = connections.request("POST", "/mailboxes", body=body).json
        except RemoteError as error:
            if error.status == HTTPStatus.BAD_REQUEST:
                raise ValueError(error.detail) from None
            raise
        return DisposableMailbox(connections, made, self.grace)

    # Messages

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Envelope]:
        """Yield the messages that are there now, oldest first."""
        return self._messages.load(list(self._messages.summaries()))

    def __reversed__(self) -> Iterator[Envelope]:
        """Yield the messages that are there now, newest first."""
        return self._messages.load(list(self._messages.summaries())[::-1])

    @overload
    def __getitem__(self, index: int) -> Envelope: ...

    @overload
    def __getitem__(self, index: slice) -> list[Envelope]: ...

    def __getitem__(self, index: int | slice) -> Envelope | list[Envelope]:
        if isinstance(index, str):
            return super().__getitem__(index)
        summaries = list(self._messages.summaries())
        if isinstance(index, slice):
            return list(self._messages.load(summaries[index]))
        [envelope] = self._messages.load([summaries[index]])
        return envelope

    @property
    def latest(self) -> Envelope | None:
        """The newest message; ``None`` if there is none."""
        return next(self._messages.load(self._messages.newest(1)), None)

    @property
    def imap_url(self) -> str:
        """The URL of INBOX over IMAP, without a password (RFC 5092).

        It is such as ``imap://anybody@127.0.0.1:1143/INBOX``. The server is asked for
        it.

        Raises:
            StateError: the server does not answer IMAP.
        """
        return imap_url(self._api, "anybody")

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`; ``None`` if there is none."""
        return next((each for each in self._among("") if each.id == id), None)

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; return whether there was one."""
        return self._api.remove(ids=[id]) > 0

    def clear(self) -> None:
        """Remove every message from the server; show the sessions so far no longer."""
        self._messages.remove()
        self.sessions.clear()

    def skip(self) -> None:
        """Show the messages and sessions so far no longer; the server keeps them."""
        self._messages.skip()
        self.sessions.clear()

    @property
    def faults(self) -> RemoteFaults:
        """The rules that make the server misbehave, for all messages."""
        return self._faults

    # For `Viewable`

    def _among(self, key: str) -> tuple[Envelope, ...]:
        query = query_of_key(key) if key else ""
        return tuple(self._messages.read(self._messages.summaries(query)))

    def _hand_out(self, envelopes: Iterable[Envelope]) -> list[Envelope]:
        return load(envelopes)

    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        return Criteria.of(*predicates, **given)

    def _discard(self, criteria: Criteria) -> None:
        found = filter(criteria, self._among(criteria.key))
        self._api.remove(ids=[each.id for each in found])

    def _summary(self) -> str:
        # A `repr` asks no server.
        return f"messages at {self.url}"

    def _watch(self, waiter: Waiter) -> None:
        watch = Watch(self._api, waiter, self._messages.since, self._messages.read)
        watch.look()
        with self._lock:
            if not waiter.done:
                self._watches[waiter] = watch
                watch.start()

    def _unwatch(self, waiter: Waiter) -> None:
        waiter.cancel()
        with self._lock:
            watch = self._watches.pop(waiter, None)
        if watch is not None:
            watch.stop()

    def _grace(self, blocking: bool) -> float:
        return self.grace

    def _blocked(self) -> str:
        return "" if len(self) else blocked(False)

    def _elsewhere(self) -> str:
        # What sends mail to a server elsewhere is another process, too.
        return ""

    def _on_reactor(self) -> bool:
        return False

    async def _call_on_loop(self, function: Callable[[], _Result]) -> _Result:
        return await asyncio.to_thread(function)

    async def _call_on_reactor(
        self, reactor: Any, function: Callable[[], _Result]
    ) -> _Result:
        if not hasattr(reactor, "getThreadPool"):
            return function()
        result: _Result = await deferToThreadPool(
            reactor, reactor.getThreadPool(), function
        )
        return result

    def _smtp_address(self) -> str:
        """Return where the server takes mail, for a failure; ``""`` if unknown."""
        return ""

    def _sessions(self) -> tuple[Session, ...]:
        return tuple(self.sessions)

    def _evidence(self) -> Evidence:
        newest = self._messages.newest(_SHOWN)
        sessions = self._sessions()
        return Evidence(
            arrived=tuple(self._messages.read(reversed(newest))),
            sessions=sessions,
            counters=counters_of(sessions),
            fired=self._faults.journal,
            address=self._smtp_address(),
            conversations=self.conversations,
            notes=tuple(self.notes() if self.notes is not None else ()),
            faults=self._faults.report(),
            appendix=self.appendix() if self.appendix is not None else "",
        )


class DisposableMailbox(RemoteMailbox):
    """A part of the messages of a server, for one test; see `RemoteMailbox.disposable`.

    It has the methods of `RemoteMailbox`, for its own messages: those of others are
    neither seen nor removed. Its fault rules hold for its address and its user only.
    Leaving a ``with`` statement removes it from the server, with its messages and
    rules. Any thread may use it.

    Attributes:
        name: its name, which cannot be guessed, and needs no login.
        address: the address of its recipient; ``""`` if it has none.
    """

    def __init__(
        self, connections: Connections, record: Mapping[str, Any], grace: float
    ) -> None:
        self.name: str = record["name"]
        self.address: str = record["address"] or ""
        self._server = connections
        self._use(Within(connections, f"/mailboxes/{self.name}"), 0, grace)

    @property
    def imap_url(self) -> str:
        """The URL of INBOX over IMAP; the user is its address, for ``--accounts``."""
        return imap_url(API(self._server), self.address or "anybody")

    def __repr__(self) -> str:
        return f"<DisposableMailbox {self.address!r} of {self.url}>"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except RemoteError:
            # The test that failed tells more.
            if error is None:
                raise

    def close(self) -> None:
        """End all waits with a StateError, and remove the mailbox from the server."""
        super().close()
        gone = (HTTPStatus.NOT_FOUND,)
        self._server.request("DELETE", f"/mailboxes/{self.name}", accept=gone)
