"""One connection of a client: its peer, its conversation, its transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

import attrs

from lazr_smtptest.model.transcript import Line, Place, Transcript
from lazr_smtptest.model.transcript_line import ENDS, TLS_IS_ON

if TYPE_CHECKING:
    from lazr_smtptest.model.reply import Reply

__all__ = ["Mark", "Outcome", "Protocol", "Session", "Transaction"]

Outcome = Literal["open", "delivered", "refused", "aborted"]
Protocol = Literal["smtp", "imap", "pop3"]


@attrs.define(eq=False)
class Transaction:
    """One mail transaction (RFC 5321 section 3.3).

    The reactor's thread writes it; any thread may read it.

    Attributes:
        number: its number in the session, from 1 on.
        mail_from: the reverse-path, without its angle brackets.
        rcpt_tos: the accepted recipients, without their angle brackets.
        refused: the refused recipients, each with its reply; ``None`` if the client
            had left, or if a fault sent something that is not a reply. The latest
            thousand of them.
        outcome: ``"open"`` until it ends; ``"delivered"`` after a message that was
            accepted, in LMTP for one recipient at least, or that was kept although
            the client got no reply; ``"refused"`` for a sender or a message that
            was refused; ``"aborted"`` if the client gave up, or the connection
            ended. A client that leaves while its message is being kept aborts the
            transaction, until the message is kept or refused.
        reply: the last reply to the client; ``None`` if it got none, or if a fault
            sent something that is not a complete reply.
    """

    number: int
    mail_from: str
    # A list if there are many, which grows in one step for each.
    _accepted: tuple[str, ...] | list[str] = attrs.field(default=(), init=False)
    # The same, shared by those who read it; it may lack the latest recipients.
    _shared: tuple[str, ...] = attrs.field(default=(), init=False, repr=False)
    refused: tuple[tuple[str, Reply | None], ...] = ()
    outcome: Outcome = "open"
    reply: Reply | None = None

    @property
    def weight(self) -> int:
        """The memory of its addresses, in units of 256 bytes, and 1."""
        # Most transactions have one recipient: a loop takes less time than `sum`.
        size = len(self.mail_from)
        for address in self._accepted:
            size += _ADDRESS + len(address)
        for address, _ in self.refused:
            size += 2 * _ADDRESS + len(address)
        return 1 + size // _UNIT

    @property
    def rcpt_tos(self) -> tuple[str, ...]:
        """The accepted recipients, see the class."""
        accepted, shared = self._accepted, self._shared
        if type(accepted) is tuple:
            return accepted
        if len(shared) != len(accepted):
            self._shared = shared = tuple(accepted)
        return shared

    @rcpt_tos.setter
    def rcpt_tos(self, recipients: tuple[str, ...]) -> None:
        self._accepted = recipients

    @property
    def accepted(self) -> int:
        """The number of accepted recipients."""
        return len(self._accepted)

    def accept(self, recipient: str) -> None:
        """Add an accepted recipient."""
        accepted = self._accepted
        if type(accepted) is list:
            accepted.append(recipient)
        elif len(accepted) < _FEW:
            self._accepted = (*accepted, recipient)
        else:
            self._accepted = [*accepted, recipient]

    def refuse(self, recipient: str, reply: Reply | None) -> None:
        """Add a refused recipient."""
        self.refused = (*self.refused[-(_KEPT - 1) :], (recipient, reply))


@attrs.frozen(order=True)
class Mark:
    """A moment of an open session; later moments are greater.

    Attributes:
        delivered: the number of messages accepted so far.
        refusals: the number of replies of 4xx and 5xx so far.
        transaction: the number of the open transaction, or else of the next one.
        said: the end of the transcript at that moment.
    """

    delivered: int
    refusals: int
    transaction: int
    said: Place


@attrs.define(eq=False, kw_only=True)
class Session:
    """One connection of a client, even if it delivered nothing.

    The reactor's thread writes it; any thread may read it, even while the client
    is connected.

    Attributes:
        id: a unique id of the characters ``[0-9a-z-]``.
        number: its number at its server, from 1 on, not reset by clearing; 0
            without a server. Those of `protocol` have numbers of their own.
        protocol: ``"smtp"``, also for LMTP; or ``"imap"`` or ``"pop3"`` of a client
            that reads mail.
        peer: the client's address and port; ``("", 0)`` if the transport has none.
            XCLIENT and the PROXY protocol may change it.
        helo: the client's name from HELO, EHLO or LHLO; ``""`` if it sent none.
            STARTTLS resets it (RFC 3207 section 4.2).
        started: the time of its beginning, seconds since 1970.
        ended: the time of its end, seconds since 1970; ``None`` while it is open.
        tls_version: the version of TLS, ``"TLSv1.3"``; ``None`` without TLS.
        tls_cipher: the cipher suite, by OpenSSL's name; ``None`` without TLS.
        client_certificate: the names in the client's verified certificate; empty
            without a certificate.
        user: the user that the client logged in as; ``None`` if it did not.
        mechanism: the mechanism of AUTH used; ``None`` without a login.
        login_attempts: the number of checked logins, the successful one included.
        delivered: the number of messages accepted, or kept although the client got
            no reply.
        refusals: the number of replies of 4xx and 5xx; of NO and BAD in IMAP, and of
            -ERR in POP3.
        transcript: the conversation.
    """

    id: str = ""
    number: int = 0
    protocol: Protocol = "smtp"
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
    # A list from the first one on, a tuple after the end of the session.
    _transactions: list[Transaction] | tuple[Transaction, ...] = attrs.field(
        default=(), repr=False, init=False
    )
    _begun: int = attrs.field(default=0, repr=False, init=False)
    # The weight of the transactions without the last one.
    _weight: int = attrs.field(default=0, repr=False, init=False)
    # Called for each message that is delivered after the end of the session.
    _late: Callable[[], object] | None = attrs.field(
        default=None, repr=False, init=False
    )
    # Decided once, at the end: transcripts may be forgotten, or elsewhere.
    _is_probe: bool = attrs.field(default=False, repr=False, init=False)

    @property
    def started_at(self) -> datetime:
        """The time of its beginning, in UTC."""
        return datetime.fromtimestamp(self.started, timezone.utc)

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The mail transactions, oldest first.

        The latest thousand of them; fewer if they have very many recipients.
        """
        return tuple(self._transactions[-_KEPT:])

    @property
    def latest(self) -> Transaction | None:
        """The latest mail transaction; ``None`` if there was none."""
        transactions = self._transactions
        return transactions[-1] if transactions else None

    @property
    def begun(self) -> int:
        """The number of mail transactions so far, those no longer kept included."""
        return self._begun

    @property
    def weight(self) -> int:
        """The weight of the transactions, and the events of the transcript."""
        return self.weight_of_transactions + self.transcript.events

    @property
    def weight_of_transactions(self) -> int:
        """The weight of the transactions."""
        # Most sessions have one transaction: a loop takes less time than `sum`.
        weight = 0
        for each in self.transactions:
            weight += each.weight
        return weight

    @property
    def tls(self) -> bool:
        """True if TLS was started."""
        return self.tls_version is not None

    @property
    def is_probe(self) -> bool:
        """True if it has ended, and the client said nothing but QUIT, or nothing.

        So do load balancers and ``smtptest ready``. It is false where a fault took
        part, where a TLS handshake failed, and without a transcript.
        """
        return self._is_probe

    @property
    def failed(self) -> bool:
        """True if something was refused or aborted, or nothing was delivered.

        A probe is no failure, see `is_probe`, and who reads mail delivers nothing.
        """
        if self.protocol != "smtp":
            return bool(self.refusals)
        if self.refusals or self._is_abandoned():
            return True
        return not self.delivered and not self._is_probe

    def _is_abandoned(self) -> bool:
        return any(each.outcome == "aborted" for each in self.transactions)

    def mark(self) -> Mark:
        """Return the present moment, for `since`."""
        kept = self.transactions
        goes_on = bool(kept) and kept[-1].outcome == "open"
        return Mark(
            delivered=self.delivered,
            refusals=self.refusals,
            transaction=self.begun + (not goes_on),
            said=self.transcript.end(),
        )

    def since(self, mark: Mark) -> Session:
        """Return the part of the session after a moment, as it is now.

        It failed only if something was refused or aborted after that: a part that
        delivered nothing is not a failure.
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

    def count_message(self) -> None:
        """Count a message that was accepted, or kept although the client had left."""
        self.delivered += 1
        if self._late is not None:
            self._late()

    def call_when_late(self, function: Callable[[], object]) -> None:
        """Call `function` for each message that is counted from now on."""
        self._late = function

    def begin(self, mail_from: str) -> Transaction:
        """Add a transaction and return it."""
        self._begun += 1
        transactions = self._transactions
        if transactions:
            self._weight += transactions[-1].weight
        transaction = Transaction(self._begun, mail_from)
        if transactions:
            # Both a list and a tuple can do this.
            self._transactions += (transaction,)  # type: ignore[operator]
        else:
            self._transactions = [transaction]
        if len(transactions) > 2 * _KEPT or self._weight > 2 * _HEAVIEST:
            self._forget_oldest()
        return transaction

    def _forget_oldest(self) -> None:
        """Reduce the transactions to half of what they may be; the last one stays."""
        *before, last = self._transactions[-_KEPT:]
        self._weight, kept = 0, [last]
        for each in reversed(before):
            self._weight += each.weight
            if self._weight > _HEAVIEST:
                self._weight -= each.weight
                break
            kept.append(each)
        self._transactions = kept[::-1]

    def restore(
        self,
        transactions: Iterable[Transaction],
        begun: int,
        *,
        is_probe: bool = False,
    ) -> None:
        """Set the transactions of a session that was stored.

        Args:
            transactions: the result of `transactions`.
            begun: the result of `begun`.
            is_probe: the result of `is_probe`; `close` finds it in the transcript.
        """
        self._transactions = tuple(transactions)
        self._begun = begun
        self._is_probe = is_probe

    def close(self) -> None:
        """Reduce the memory of a session that has ended."""
        self._transactions = self.transactions
        self._is_probe = self._only_looked_in()
        self.transcript.close()

    def _only_looked_in(self) -> bool:
        has_spoken = self.delivered or self.refusals or self.begun or self.helo
        if has_spoken or self.login_attempts:
            return False
        lines = self.transcript.lines()
        # Without a line there is no transcript: it has a note on the end at least.
        return bool(lines) and all(map(_is_of_a_probe, lines))


class _Rest(Session):
    """The part of a session after a moment."""

    # Not attrs, which would make all fields of a session anew at each start.
    __slots__ = ("_start", "_whole")

    def __init__(self, whole: Session, start: Mark, **facts: Any) -> None:
        super().__init__(**facts)
        self._whole = whole
        self._start = start

    @property
    def failed(self) -> bool:
        """True if something was refused or aborted in this part."""
        return bool(self.refusals) or self._is_abandoned()

    def mark(self) -> Mark:
        """Return the present moment of the whole session."""
        return self._whole.mark()

    def since(self, mark: Mark) -> Session:
        """Return the part after the later of the two moments."""
        return self._whole.since(max(mark, self._start))


def _is_of_a_probe(line: Line) -> bool:
    """Return whether a line is of a session in which a client only looked in."""
    if line.who == "client":
        return line.text.strip().upper() == "QUIT"
    return line.who == "server" or line.text.startswith((*ENDS, TLS_IS_ON))


# The most transactions, and refused recipients of one, that are kept; a client may send
# a million.
_KEPT = 1000
# The most recipients of a transaction that are a tuple: most have one.
_FEW = 8
# The bytes that weigh as much as an event of a transcript, and those of an address
# without its characters.
_UNIT, _ADDRESS = 256, 64
# The weight to which the transactions of a session are reduced: 6.4 MB of addresses.
_HEAVIEST = 25_000
