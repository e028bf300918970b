"""The interfaces between the parts of this package.

All methods are called in the thread of the reactor that serves the connection,
unless a method's docstring names another thread.
"""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.mail.interfaces import IMessageSMTP
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from lazr_smtptest.model.change import Change, Changes
    from lazr_smtptest.model.envelope import Envelope
    from lazr_smtptest.model.fault_context import FaultContext, Plan
    from lazr_smtptest.model.found import Counts, Found, IndexProgress
    from lazr_smtptest.model.session import Session
    from lazr_smtptest.model.summary import Flag, Summary
    from lazr_smtptest.query.edit import Edit
    from lazr_smtptest.query.selection import Selection

__all__ = [
    "IAdjustableStore",
    "IEnvelopeMessage",
    "IFaultPolicy",
    "IFaultStep",
    "IMessageHandler",
    "IMessageReader",
    "IMessageStore",
    "ISessionObserver",
    "IWaitingStore",
]


class IMessageHandler(Interface):
    """Handles the messages that arrive: the application's side of the server."""

    def envelope_received(envelope: Envelope) -> object:
        """Handle one message.

        The client is answered when this returns, or when the Deferred that it
        returns fires. The result may be a `Reply` or a `ReplyError`, which is
        the reply, or a dictionary of these by recipient; anything else accepts
        the message. An exception refuses it: a `ReplyError`, or an
        `SMTPServerError` of Twisted's, with its own reply, any other with
        ``451 4.3.0``, also where it is no `Exception`.
        """


class IEnvelopeMessage(IMessageSMTP):
    """An `IMessage` that takes the message whole instead of line by line.

    A protocol of ours calls `envelope_received` once, and neither
    ``lineReceived`` nor ``eomReceived``.
    """

    def envelope_received(envelope: Envelope) -> object:
        """Handle the message; the result is as for `IMessageHandler`."""


class ISessionObserver(Interface):
    """Observes the sessions of a factory's listeners.

    An exception changes no reply; it is logged, and raised by `Server.check`.
    """

    def session_began(session: Session) -> None:
        """Observe that a client has connected; called before the greeting."""

    def session_ended(session: Session) -> None:
        """Observe that a session has ended, whichever side closed it."""


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


class IMessageReader(Interface):
    """The read side of a store: lists, searches, flags, tags, changes and sessions.

    Everything that reads captured mail, in whatever protocol, uses this interface and
    no other. Its methods may be called in any thread, and may wait for a disk: on a
    reactor, use the `DeferredReader` of the store.

    A query is a text in the search language, see `lazr_smtptest.query`. Every method
    that takes one raises a `QueryError`, a ValueError with the position, if it cannot
    be parsed, and a `StoreError` if the store cannot be read or written.

    A message is named by its id, or by its number. Numbers are positive, grow in the
    order of arrival, and are never used again (RFC 3501 section 2.3.1.1).
    """

    validity = Attribute(
        "An `int` from 1 to 2**32 - 1 that is another one if the numbers are counted "
        "anew: UIDVALIDITY of RFC 3501 section 2.3.1.1."
    )

    folders = Attribute("The `Folders` that readers make, see `lazr_smtptest.stores`.")

    def page(
        query: str = "",
        *,
        after: str | int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of the messages that match, newest first.

        Args:
            query: ``""`` for all messages.
            after: the number, or the id, of the last message of the previous page;
                ``None`` for the first page. A number need not exist any more.
            limit: the most messages, 0 or more.
            oldest_first: whether the order is that of arrival.
            timeout: seconds to wait until the messages that were kept before the call
                are indexed, if the query needs the index; then a SearchTimeoutError.
                ``None``: search what is indexed now; `Found.missing` counts the rest.

        Raises:
            KeyError: there is no message with the id `after`.
            ValueError: `limit` is negative.
        """

    def counts(query: str = "", *, timeout: float | None = None) -> Counts:
        """Count the messages: all, the unread ones, and those that match."""

    def numbers(query: str = "", *, timeout: float | None = None) -> Sequence[int]:
        """Return the numbers of all messages that match, ascending."""

    def summary(message: str | int) -> Summary | None:
        """Return the summary of a message; ``None`` if there is none."""

    def envelope(message: str | int) -> Envelope | None:
        """Return a message; ``None`` if there is none."""

    def numbered(ids: Collection[str]) -> Mapping[str, int]:
        """Return the numbers of messages by their ids, without those that are gone."""

    def change(
        selection: Selection,
        *,
        set_flags: Collection[Flag] = (),
        clear_flags: Collection[Flag] = (),
        add_tags: Collection[str] = (),
        remove_tags: Collection[str] = (),
        tags: Collection[str] | None = None,
    ) -> int:
        """Change flags and tags of messages, all or none; return how many changed.

        A tag is shown as it was written when the first message got it. The arguments
        are checked and applied as by `Edit`.

        Args:
            selection: the messages.
            set_flags: flags to set.
            clear_flags: flags to clear.
            add_tags: tags to add, see `check_tag`.
            remove_tags: tags to remove; a tag's letter case does not matter.
            tags: the tags that replace all others, before tags are removed and added;
                ``None`` to keep them.

        Raises:
            TypeError: a single str is given instead of a collection.
            ValueError: a flag or a tag is not valid, or a flag is to be set and
                cleared.
        """

    def change_unchanged(
        numbers: Collection[int], since: int, edit: Edit
    ) -> Sequence[int]:
        """Change messages as `change`, except for those that have changed since.

        Nothing else changes them in between: UNCHANGEDSINCE of RFC 7162.

        Args:
            numbers: the numbers of the messages.
            since: the number of a change: those whose `Summary.change` is greater are
                left as they are.
            edit: the change of each of the others.

        Returns:
            the numbers of the messages that were left, ascending.
        """

    def touch(selection: Selection) -> int:
        """Count messages as changed, as if their flags had; return how many there are.

        It tells the watchers that messages are in another folder.
        """

    def remove(selection: Selection) -> int:
        """Remove messages; return how many there were."""

    def tags() -> Mapping[str, int]:
        """Return each tag in use and the number of its messages, sorted by name."""

    def rename_tag(old: str, new: str) -> int:
        """Rename a tag, or merge it into another; return how many messages had it.

        A tag may be renamed to another spelling of itself.

        Raises:
            ValueError: `new` is not a valid tag.
        """

    def changes(since: int, limit: int = 1000) -> Changes:
        """Return the changes after the one with a number; 0 for all there ever were.

        `Changes.is_reset` is true if some of them are no longer known, and if `since`
        is greater than the number of the latest change: it is one of another store.

        Raises:
            ValueError: `since` or `limit` is negative.
        """

    def next_number() -> int:
        """Return a number that no message had so far, and no earlier one will have.

        It is the number of the next message (UIDNEXT of RFC 3501 section 2.3.1.1),
        whatever was removed, and after a restart.
        """

    def last_change() -> int:
        """Return the number of the latest change; 0 if there was none."""

    def watch(function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change from now on, in order.

        Changes by other processes that use the same file count too. It is called in a
        thread of the store, after the change is durable. It must be quick, and must not
        use the store; an exception is logged.

        Returns:
            a function that ends the calls.
        """

    def keep_session(session: Session) -> None:
        """Keep a session that has ended, within bounds of the store.

        It does not wait for a disk, so a reactor may call it: a store on a disk writes
        the session in a thread of its own soon after, and before `close` returns. A
        crash of the machine may take the latest ones.
        """

    def sessions(
        *, after: str | None = None, limit: int = 50, failed: bool | None = None
    ) -> list[Session]:
        """Return a page of the kept sessions, newest first, those without mail too.

        Args:
            after: the id of the last session of the previous page.
            limit: the most sessions, 0 or more.
            failed: whether `Session.failed` is to be true or false; ``None`` for all.

        Raises:
            KeyError: there is no session with the id `after`.
            ValueError: `limit` is negative.
        """

    def session(id: str) -> Session | None:
        """Return a kept session with its transcript; ``None`` if there is none."""

    def index_progress() -> IndexProgress:
        """Return how many messages can be searched now, and how many cannot."""


class IFaultPolicy(Interface):
    """Decides where a server misbehaves. Its methods must not raise.

    A policy may also have a method ``asks(phase: str) -> bool``. Where it returns
    false, no context is made, and `decide` is not called. A method
    ``asks_about(recipient: str) -> bool`` may say the same of a recipient at RCPT.
    """

    armed = Attribute(
        "Whether any fault may be due; the protocol reads it at each fault point."
    )

    def marks() -> Sequence[int]:
        """Return the sizes of a received message, in bytes, at which to decide."""

    def decide(context: FaultContext) -> Plan | None:
        """Return the plan for a context; ``None`` for the normal behaviour."""

    def failed(error: BaseException) -> None:
        """Report that a plan could not be carried out."""


class IFaultStep(Interface):
    """One step of a fault."""

    def run(wire: Any) -> Awaitable[object] | None:
        """Carry out the step.

        Args:
            wire: the `FaultRunner` that carries out the plan.

        Returns:
            the result to wait for before the next step; ``None`` to go on at once.
        """
