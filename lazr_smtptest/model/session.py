"""One connection of a client: who it was, what it said, what became of its mail."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

import attrs

from lazr_smtptest.model.transcript import Place, Transcript

if TYPE_CHECKING:
    from lazr_smtptest.model.reply import Reply

__all__ = ["Mark", "Outcome", "Session", "Transaction"]

Outcome = Literal["open", "delivered", "refused", "aborted"]


@attrs.define(eq=False)
class Transaction:
    """One mail transaction (RFC 5321 section 3.3).

    The reactor's thread writes it; any thread may read it.

    Attributes:
        number: which one of the session's it is, from 1 on.
        mail_from: the reverse-path, without its angle brackets.
        rcpt_tos: the recipients that were accepted, likewise.
        refused: the recipients that were not, each with its reply; ``None`` where a
            fault sent something that is no reply.
        outcome: ``"open"`` while it goes on; ``"delivered"`` after a message that
            was accepted, in LMTP for one recipient at least, or that was kept though
            the client did not hear of it; ``"refused"`` for a
            sender or a message that was refused; ``"aborted"`` where the client
            gave it up, or the connection ended.
        reply: what the client was told in the end; ``None`` where it was told
            nothing, or where a fault sent something that is no whole reply.
    """

    number: int
    mail_from: str
    rcpt_tos: tuple[str, ...] = ()
    refused: tuple[tuple[str, Reply | None], ...] = ()
    outcome: Outcome = "open"
    reply: Reply | None = None


@attrs.frozen(order=True)
class Mark:
    """A moment of a session that goes on; those that come later are greater.

    Attributes:
        delivered: how many messages had been accepted.
        refusals: how many replies of 4xx and 5xx there had been.
        transaction: the number of the one that went on, or of the next.
        said: up to where its transcript was written.
    """

    delivered: int
    refusals: int
    transaction: int
    said: Place


@attrs.define(eq=False, kw_only=True)
class Session:
    """One connection of a client, also one that delivered nothing.

    The reactor's thread writes it; any thread may read it, also while the client
    is connected.

    Attributes:
        id: a name of its own, of the characters ``[0-9a-z-]``.
        number: which one of its server's it is, from 1 on, also after these were
            cleared; 0 without a server.
        peer: the client's address and port; ``("", 0)`` where the transport has
            no such thing. XCLIENT and the PROXY protocol may change it.
        helo: what the client called itself in HELO, EHLO or LHLO; ``""`` if it
            did not say. STARTTLS makes it forgotten (RFC 3207 section 4.2).
        started: when it began, seconds since 1970.
        ended: when it ended, seconds since 1970; ``None`` while it goes on.
        tls_version: the version of TLS, ``"TLSv1.3"``; ``None`` without TLS.
        tls_cipher: the cipher suite, by OpenSSL's name; ``None`` without TLS.
        client_certificate: whom the client's verified certificate names; empty:
            it showed none.
        user: who the client logged in as; ``None`` if it did not.
        mechanism: by which mechanism of AUTH; ``None`` if it did not.
        login_attempts: how many logins were judged, the successful one included.
        delivered: how many messages were accepted, or kept though the client did not
            hear of it.
        refusals: how many replies of 4xx and 5xx there were.
        transcript: what was said.
    """

    id: str = ""
    number: int = 0
    peer: tuple[str, int] = ("", 0)
    helo: str = ""
    started: float = 0.0
    ended: float | None = None
    tls_version: str | None = None
    tls_cipher: str | None = None
    client_certificate: tuple[str, ...] = ()
    user: str | None = None
    mechanism: str | None = None
    login_attempts: int = 0
    delivered: int = 0
    refusals: int = 0
    transcript: Transcript = attrs.field(factory=Transcript, repr=False)
    # A list while it goes on, and a tuple after its end.
    _transactions: list[Transaction] | tuple[Transaction, ...] = attrs.field(
        factory=list, repr=False, init=False
    )
    _begun: int = attrs.field(default=0, repr=False, init=False)

    @property
    def started_at(self) -> datetime:
        """When it began, in UTC."""
        return datetime.fromtimestamp(self.started, timezone.utc)

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The mail transactions, oldest first; the latest thousand of them."""
        return tuple(self._transactions[-_KEPT:])

    @property
    def begun(self) -> int:
        """How many mail transactions there were, those that are not kept included."""
        return self._begun

    @property
    def weight(self) -> int:
        """How much is kept of it: transactions, and events of its transcript."""
        return len(self.transactions) + self.transcript.events

    @property
    def tls(self) -> bool:
        """Whether it went on within TLS."""
        return self.tls_version is not None

    @property
    def failed(self) -> bool:
        """Whether something was refused or given up, or nothing was delivered."""
        return bool(self.refusals) or not self.delivered or self._is_abandoned()

    def _is_abandoned(self) -> bool:
        return any(each.outcome == "aborted" for each in self.transactions)

    def mark(self) -> Mark:
        """Name this moment, for `since`."""
        kept = self.transactions
        goes_on = bool(kept) and kept[-1].outcome == "open"
        return Mark(
            delivered=self.delivered,
            refusals=self.refusals,
            transaction=self.begun + (not goes_on),
            said=self.transcript.end(),
        )

    def since(self, mark: Mark) -> Session:
        """Give what there was of it since a moment, as it is now.

        It failed only if something did since: that it brought nothing is no failure.
        """
        facts = attrs.asdict(self, recurse=False, filter=lambda field, _: field.init)
        facts["delivered"] = self.delivered - mark.delivered
        facts["refusals"] = self.refusals - mark.refusals
        facts["transcript"] = self.transcript.since(mark.said)
        rest = _Rest(whole=self, start=mark, **facts)
        rest._transactions = tuple(
            each for each in self.transactions if each.number >= mark.transaction
        )
        rest._begun = self._begun
        return rest

    # In the reactor's thread

    def begin(self, mail_from: str) -> Transaction:
        """Begin a transaction."""
        self._begun += 1
        transaction = Transaction(self._begun, mail_from)
        self._transactions += (transaction,)  # type: ignore[operator]  # both can
        if len(self._transactions) > 2 * _KEPT:
            self._transactions = self._transactions[-_KEPT:]
        return transaction

    def close(self) -> None:
        """Take less room: it has ended, and is kept for long."""
        self._transactions = self.transactions
        self.transcript.close()


@attrs.define(eq=False, kw_only=True)
class _Rest(Session):
    """A session since some moment."""

    _whole: Session = attrs.field(repr=False)
    _start: Mark = attrs.field(repr=False)

    @property
    def failed(self) -> bool:
        """Whether something was refused or given up."""
        return bool(self.refusals) or self._is_abandoned()

    def mark(self) -> Mark:
        """Name the moment in the whole of it."""
        return self._whole.mark()

    def since(self, mark: Mark) -> Session:
        """Give what there was since the later of the two moments."""
        return self._whole.since(max(mark, self._start))


# Transactions of a session that are kept; a client may go on for a million.
_KEPT = 1000
