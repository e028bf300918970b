"""The interfaces of stores."""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from lazr_smtptest.model.envelope import Envelope
    from lazr_smtptest.model.node import Node

__all__ = ["IAdjustableStore", "IMessageStore", "ISharedStore", "IWaitingStore"]


class IMessageStore(Interface):
    """Keeps envelopes in the order of arrival.

    Its methods may be called in any thread. Where the messages are on a disk they
    raise a `StoreError` when it cannot be read or written.
    """

    def add(envelope: Envelope) -> Deferred[None] | None:
        """Keep `envelope`; it is kept when this returns or its Deferred fires.

        Kept means durable: it is still there after a crash of the process or the
        machine. An envelope without an `id` gets one. A store does not look for
        duplicates: an envelope that is added twice is stored twice.

        Raises:
            StoreFullError: there is no room for it.
            StoreError: it could not be kept.
            ValueError: its `id` is not a valid id.
        """

    def get(id: str) -> Envelope | None:
        """Return the message with that `id`, or ``None``."""

    def find(*predicates: Callable[[Envelope], object], **criteria: Any) -> Any:
        """Return the first message that meets the criteria, or ``None``.

        The criteria are those of `Mailbox`.
        """

    def find_all(
        *predicates: Callable[[Envelope], object], **criteria: Any
    ) -> list[Envelope]:
        """Return the messages that meet the criteria, oldest first."""

    def delete(id: str) -> bool:
        """Delete the message with that `id`; return whether it existed."""

    def clear() -> None:
        """Delete all messages."""

    def subscribe(function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Call `function` with each message that this store keeps from now on.

        It is called after the message is kept and before its client is answered, in
        the thread that kept it: the store's writer thread, where the messages are on
        a disk, otherwise the one that called `add`. It must be quick, and must not
        add messages. The client also waits for a Deferred or a coroutine that it
        returns. An exception is logged, and raised by `add` once all
        subscribers were called, a StoreError as a SubscriberError: the message is
        kept, and a server answers 451.
        Messages that other processes keep in the same place are not reported.

        Returns:
            a function that ends the subscription.
        """

    def close() -> None:
        """Release the files and threads of the store. The messages stay.

        Messages added before the call are kept first. A closed store can be used
        again: it reopens itself.
        """

    def __iter__() -> Iterator[Envelope]:
        """Iterate over the messages present at the call, oldest first."""

    def __reversed__() -> Iterator[Envelope]:
        """Iterate over the messages present at the call, newest first."""

    def __len__() -> int:
        """Count the messages."""


class IWaitingStore(IMessageStore):
    """A store whose `add` waits for a disk, and so must not run in the reactor."""

    def submit(
        envelope: Envelope, done: Callable[[BaseException | None], object]
    ) -> None:
        """Queue `envelope` to be kept; return without waiting.

        Args:
            envelope: as for `add`.
            done: called once in a thread of the store, when the message is durable,
                with ``None``, or with the error that `add` would raise. It must be
                quick, and must not raise.

        Raises:
            StoreFullError: the message is larger than the bound of the store.
            ValueError: its `id` is not a valid id.
        """


class IAdjustableStore(Interface):
    """A store whose bounds and tag rules can be changed while it is open."""

    bounds = Attribute(
        "The bounds: an object with `max_count`, `max_bytes` and `max_age`, the most "
        "messages, bytes of their contents, and seconds; `None` for none. "
        "`attrs.evolve` makes other ones of it."
    )
    tag_rules = Attribute("The `TagRules` by which it tags messages.")

    def adjust(*, bounds: Any = None, tag_rules: Any = None) -> None:
        """Change the bounds, the tag rules, or both; any thread may call it.

        It waits for a disk. Messages beyond new bounds are removed, the oldest first.
        New rules tag the messages that arrive from now on. Other processes that have
        the same store keep theirs.

        Args:
            bounds: the new bounds; ``None`` to keep them.
            tag_rules: the new rules; ``None`` to keep them.

        Raises:
            StoreError: the store cannot be read or written.
        """


class ISharedStore(Interface):
    """A store that processes of many machines use at the same time.

    Each of these processes is a node. Its methods may be called in any thread.
    """

    def join() -> None:
        """Report this process to the other nodes until the store is closed.

        Return at once: a thread of the store reports every two seconds. Call it after
        a fork. A store that is opened for one command only does not join.
        """

    def connect() -> Any:
        """Return a connection of the caller's own to what the nodes share.

        It is opened at its first use, and opened again when it was lost. It has
        ``read(function)`` and ``change(function)``, which call a function of a
        database (`execute` and `executemany`) and return its result; `change` does so
        in one transaction, which must leave messages alone; and ``close()``. They raise
        a `StoreError`, and wait for the database.
        """

    def lag() -> float:
        """Return for how many seconds messages of this process wait on its own disk.

        0.0: none do; the store has all.
        """

    def nodes() -> Sequence[Node]:
        """Return the nodes, by their names.

        One that has ended is left out. One that was not seen for eight seconds is
        dead, and left out after a day, or when a node of its name has started.

        Raises:
            StoreError: the store cannot be read.
        """
