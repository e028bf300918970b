"""What the parts of this package promise each other.

All methods are called in the thread of the reactor that serves the connection,
unless something else is said.
"""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.mail.interfaces import IMessageSMTP
from zope.interface import Attribute, Interface

from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.fault_context import Moment, Plan
from lazr_smtptest.model.session import Session

__all__ = [
    "IEnvelopeMessage",
    "IFaultPolicy",
    "IFaultStep",
    "IMailObserver",
    "IMessageHandler",
    "IMessageStore",
    "ISessionObserver",
    "IWaitingStore",
]


class IMessageHandler(Interface):
    """Takes the messages that arrive: the hook behind the wire."""

    def envelope_received(envelope: Envelope) -> object:
        """Take one message.

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
        """Take the message; what `IMessageHandler` says of results holds here."""


class ISessionObserver(Interface):
    """Hears of the sessions of a factory's listeners.

    What it raises changes no reply; it is logged, and raised by `Server.check`.
    """

    def session_began(session: Session) -> None:
        """Take note of a client that has connected, before it is greeted."""

    def session_ended(session: Session) -> None:
        """Take note of a session that has ended, whoever ended it."""


class IMailObserver(ISessionObserver):
    """Hears what becomes of each mail, too; what it raises changes no reply."""

    logs_mail = Attribute("Whether what it hears of is to be logged, too: a `bool`.")

    def mail_event(event: MailEvent) -> None:
        """Take note of what became of a mail."""


class IMessageStore(Interface):
    """Keeps envelopes, in the order in which they came.

    Its methods may be called in any thread. Where the messages are on a disk they
    raise a `StoreError` when it cannot be read or written.
    """

    def add(envelope: Envelope) -> Deferred[None] | None:
        """Keep `envelope`; it is kept when this returns or its Deferred fires.

        Kept means durable: it is still there after the process, or the machine,
        came to a sudden end. An envelope without an `id` gets one. A store does
        not look for duplicates: what is added twice is there twice.

        Raises:
            StoreFullError: there is no room for it.
            StoreError: it could not be kept.
            ValueError: its `id` is no name.
        """

    def get(id: str) -> Envelope | None:
        """Give the message with that `id`; ``None`` if there is none."""

    def find(*predicates: Callable[[Envelope], object], **criteria: Any) -> Any:
        """Give the first message that meets the criteria, ``None`` if none does.

        The criteria are those of `Mailbox`.
        """

    def find_all(
        *predicates: Callable[[Envelope], object], **criteria: Any
    ) -> list[Envelope]:
        """Give the messages that meet the criteria, oldest first."""

    def delete(id: str) -> bool:
        """Forget the message with that `id`; say whether there was one."""

    def clear() -> None:
        """Forget every message."""

    def subscribe(function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Have `function` called with each message that this store keeps.

        It is called after the message is kept and before its client hears of it,
        in the thread that kept it: one of the store's own, where the messages are
        on a disk, otherwise the one that called `add`. It must be quick, and must
        not add messages. What it raises is logged, and raised by `add` once all
        subscribers were called: the message is kept, and a server answers 451. It
        does not hear of messages that other processes keep in the same place.

        Returns:
            what ends the subscription.
        """

    def close() -> None:
        """Release what the store holds open. The messages stay.

        What was added by then is kept first. A store that is used again opens
        itself again.
        """

    def __iter__() -> Iterator[Envelope]:
        """Go through the messages, oldest first, as they are at the beginning."""

    def __reversed__() -> Iterator[Envelope]:
        """Go through the messages, newest first, as they are at the beginning."""

    def __len__() -> int:
        """Count the messages."""


class IWaitingStore(IMessageStore):
    """A store whose `add` waits for a disk, and which a reactor must not wait for."""

    def submit(
        envelope: Envelope, done: Callable[[BaseException | None], object]
    ) -> None:
        """Keep `envelope` soon; does not wait.

        Args:
            envelope: as for `add`.
            done: called once in a thread of the store's own, when the message is
                durable, with ``None``, or with the error that `add` would raise.
                It must be quick, and must not raise.

        Raises:
            StoreFullError: there can never be room for it.
            ValueError: its `id` is no name.
        """


class IFaultPolicy(Interface):
    """Says where a server is to misbehave. It must not raise."""

    armed = Attribute(
        "Whether there is anything to ask for; the wire reads it at each point."
    )

    def marks() -> Sequence[int]:
        """Give the numbers of octets of a message at which to ask, in order."""

    def decide(moment: Moment) -> Plan | None:
        """Say what to do at a moment; ``None``: what is usual."""

    def failed(error: BaseException) -> None:
        """Take note that a plan could not be carried out."""


class IFaultStep(Interface):
    """One thing that a server does wrong."""

    def run(wire: Any) -> Awaitable[object] | None:
        """Do it.

        Args:
            wire: the `Misbehaviour` that carries out the plan.

        Returns:
            what to wait for before the next step; ``None``: nothing.
        """
