"""A message as a server keeps it, before somebody reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from lazr_smtptest.model.envelope import Envelope, Options

if TYPE_CHECKING:
    from lazr_smtptest.model.session import Session, Transaction

__all__ = ["Mail", "ReceivedMail", "envelope_of", "is_lazy", "takes_mail"]

_Function = TypeVar("_Function", bound=Callable[..., object])


class ReceivedMail:
    """The facts of a message, from which its `Envelope` is made when it is read.

    A message without irregularities and without ESMTP parameters is kept like this: to
    make an envelope takes longer than everything else at the end of a message. What may
    change later, such as the user of the session, is copied here.

    Attributes:
        content: see `Envelope`.
        rcpt_tos: see `Envelope`.
        session: the session.
        record: the transaction.
        peer: see `Envelope`.
        helo: see `Envelope`.
        user: see `Envelope`.
        tls: see `Envelope`.
        id: see `Envelope`.
        seconds: when the message was complete, in seconds since 1970.
    """

    # Not attrs: one is made for each message, and its `__init__` takes three times as
    # long.
    __slots__ = (
        *("content", "helo", "id", "peer", "rcpt_tos", "record", "seconds"),
        *("session", "tls", "user"),
    )

    # As an envelope has it: the parameters that the client sent.
    sent_options: tuple[Options, ...] = ()

    def __init__(
        self,
        content: bytes,
        session: Session,
        record: Transaction,
        tls: bool,
        id: str,
        seconds: float,
    ) -> None:
        self.content = content
        self.session = session
        self.record = record
        self.rcpt_tos = record.rcpt_tos
        self.peer = session.peer
        self.helo = session.helo
        self.user = session.user
        self.tls = tls
        self.id = id
        self.seconds = seconds

    @property
    def mail_from(self) -> str:
        """See `Envelope`."""
        return self.record.mail_from

    @property
    def kept(self) -> bytes:
        """The content, see `Envelope.kept`."""
        return self.content

    @property
    def size(self) -> int:
        """The size of the content in bytes."""
        return len(self.content)

    @property
    def received_at(self) -> datetime:
        """See `Envelope`."""
        return datetime.fromtimestamp(self.seconds, timezone.utc)

    def envelope(self) -> Envelope:
        """Return a new envelope of the message."""
        return Envelope(
            mail_from=self.record.mail_from,
            rcpt_tos=self.rcpt_tos,
            content=self.content,
            peer=self.peer,
            helo=self.helo,
            rcpt_options=None,
            user=self.user,
            tls=self.tls,
            id=self.id,
            received_at=self.received_at,
            session=self.session,
            transaction=self.record,
        )


Mail = Envelope | ReceivedMail


def envelope_of(mail: Mail) -> Envelope:
    """Return the envelope of a message; a new one if it has none yet."""
    return mail.envelope() if isinstance(mail, ReceivedMail) else mail


def takes_mail(function: _Function) -> _Function:
    """Mark a method of a store that takes a `ReceivedMail` as well as an `Envelope`.

    A method of a user's subclass is not marked, and gets an envelope.
    """
    function.takes_mail = True  # type: ignore[attr-defined]
    return function


def is_lazy(function: Any) -> bool:
    """Return whether a method is marked, see `takes_mail`."""
    return getattr(function, "takes_mail", None) is True
