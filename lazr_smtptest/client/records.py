"""Messages, summaries and sessions, made from what the API answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session, Transaction
from lazr_smtptest.model.summary import HeaderMailbox, Summary
from lazr_smtptest.model.transcript import CLIENT, SERVER, Transcript
from lazr_smtptest.model.transcript_line import NOTE, TIME, TLS

if TYPE_CHECKING:
    from lazr_smtptest.model.reply import Reply

__all__ = [
    "RemoteContent",
    "envelope_of",
    "load",
    "session_of",
    "summary_of",
    "transcript_of",
]

JSON = Mapping[str, Any]


class RemoteContent(SpooledContent):
    """The content of a message, which is fetched when it is first read.

    Any thread may read it. It is kept in memory from then on.

    Args:
        size: bytes of the content.
        fetch: returns the content.
    """

    __slots__ = ("_content", "_fetch", "_lock", "_size")

    def __init__(self, size: int, fetch: Callable[[], bytes]) -> None:
        # Without the file of the base class.
        self._size = size
        self._fetch = fetch
        self._content: bytes | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._size

    def read(self) -> bytes:
        """Return all bytes.

        Raises:
            RemoteError: the message is no longer there, or the server is not.
        """
        with self._lock:
            if self._content is None:
                self._content = self._fetch()
            return self._content

    def start(self, count: int) -> bytes:
        """Return the first `count` bytes, fewer if there are not so many."""
        return self.read()[:count]

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from an offset on, fewer at the end."""
        return self.read()[offset : offset + count]

    def blocks(self) -> Any:
        """Yield all bytes, as one block."""
        yield self.read()

    @property
    def excerpt(self) -> bytes:
        """Up to 400 bytes: all of them, or the first and the last 200."""
        content = self.read()
        return content if len(content) <= 400 else content[:200] + content[-200:]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, bytes | SpooledContent):
            return NotImplemented
        if len(self) != len(other):
            return False
        return self.read() == (other if isinstance(other, bytes) else other.read())

    __hash__ = None


def load(envelopes: Iterable[Envelope]) -> list[Envelope]:
    """Return messages whose contents have been fetched: they may be removed then.

    Raises:
        RemoteError: see `RemoteContent.read`.
    """
    found = list(envelopes)
    for each in found:
        if isinstance(each.kept, RemoteContent):
            each.kept.read()
    return found


def summary_of(values: JSON) -> Summary:
    """Return the summary of a message."""
    return Summary(
        number=values["number"],
        id=values["id"],
        received_at=_time(values["received_at"]),
        mail_from=values["mail_from"],
        rcpt_tos=tuple(values["rcpt_tos"]),
        sender=_mailboxes(values["from"]),
        to=_mailboxes(values["to"]),
        cc=_mailboxes(values["cc"]),
        bcc=_mailboxes(values["bcc"]),
        reply_to=_mailboxes(values["reply_to"]),
        subject=values["subject"],
        message_id=values["message_id"],
        size=values["size"],
        attachments=values["attachments"],
        inlines=values["inlines"],
        snippet=values["snippet"],
        flags=frozenset(values["flags"]),
        tags=tuple(values["tags"]),
        user=values["user"],
        tls=values["tls"],
        session_id=values["session_id"],
        warnings=values["warnings"],
    )


def envelope_of(
    values: JSON,
    summary: Summary,
    warnings: Iterable[str],
    fetch: Callable[[], bytes],
    session: Session | None = None,
) -> Envelope:
    """Return a message.

    Args:
        values: its envelope.
        summary: its summary.
        warnings: its irregularities.
        fetch: returns its content.
        session: its session; ``None`` if unknown.
    """
    host, port = values["peer"]
    options = tuple(each["options"] for each in values["recipients"])
    transaction = None
    if values["transaction"]:
        transaction = Transaction(values["transaction"], values["mail_from"])
        transaction.rcpt_tos = summary.rcpt_tos
        transaction.outcome = "delivered"
        transaction.reply = _reply(values["reply"])
    return Envelope(
        mail_from=values["mail_from"],
        rcpt_tos=tuple(each["address"] for each in values["recipients"]),
        content=RemoteContent(summary.size, fetch),
        peer=(host, port),
        helo=values["helo"],
        mail_options=values["mail_options"] or None,
        rcpt_options=options if any(options) else None,
        warnings=tuple(warnings),
        user=values["user"],
        tls=values["tls"],
        id=summary.id,
        received_at=summary.received_at,
        session=session,
        transaction=transaction,
    )


def session_of(values: JSON, fetch: Callable[[], Any]) -> Session:
    """Return a session.

    Args:
        values: the session.
        fetch: returns the lines of its transcript.
    """
    host, port = values["peer"]
    started = datetime.fromisoformat(_zone(values["started_at"])).timestamp()
    seconds = values["seconds"]
    session = Session(
        id=values["id"],
        number=values.get("number", 0),
        protocol=values.get("protocol", "smtp"),
        peer=(host, port),
        helo=values["helo"],
        started=started,
        ended=None if seconds is None else started + seconds,
        tls_version=values["tls_version"],
        tls_cipher=values["tls_cipher"],
        user=values["user"],
        mechanism=values["mechanism"],
        login_attempts=values["login_attempts"],
        delivered=values["delivered"],
        refusals=values["refusals"],
        transcript=RemoteTranscript(fetch),
    )
    transactions = [_transaction(each) for each in values["transactions"]]
    begun = transactions[-1].number if transactions else 0
    session.restore(transactions, begun, is_probe=_is_probe(values))
    return session


def _is_probe(values: JSON) -> bool:
    """Return whether a session is a probe: its transcript is at the server."""
    return values["failed"] is False and not values["delivered"]


class RemoteTranscript(Transcript):
    """A transcript whose lines are fetched when they are first read.

    Args:
        fetch: returns the lines.
    """

    __slots__ = ("_fetch", "_fetched")

    def __init__(self, fetch: Callable[[], Any]) -> None:
        super().__init__()
        self._fetch = fetch
        self._fetched: list[Any] | None = None

    def _items(self) -> list[Any]:
        if self._fetched is None:
            self._fetched = transcript_of(self._fetch())._items()
        return self._fetched.copy()


def transcript_of(lines: Iterable[JSON]) -> Transcript:
    """Return a transcript of its lines."""
    transcript = Transcript(bound=2**31, size=2**31)
    seconds = 0.0
    listed = list(lines)
    start = _start_of_tls(listed)
    for number, line in enumerate(listed):
        if line["seconds"] != seconds:
            seconds = line["seconds"]
            transcript.add((TIME, seconds))
        who, text = line["who"], line["text"]
        if who == "client":
            transcript.add((CLIENT, text.encode("utf-8", "replace")))
        elif who == "server":
            transcript.add((SERVER, text.encode("utf-8", "replace") + b"\r\n"))
        else:
            transcript.add((TLS if number == start else NOTE, text))
    return transcript


def _start_of_tls(lines: list[JSON]) -> int | None:
    """Return the index of the note that TLS was started; ``None`` if it was not."""
    notes = None
    for number, line in enumerate(lines):
        if line.get("tls"):
            return notes
        if line["who"] == "note":
            notes = number
    return None


def _transaction(values: JSON) -> Transaction:
    transaction = Transaction(
        number=values["number"],
        mail_from=values["mail_from"],
        refused=tuple(
            (each["address"], _reply(each["reply"])) for each in values["refused"]
        ),
        outcome=values["outcome"],
        reply=_reply(values["reply"]),
    )
    transaction.rcpt_tos = tuple(values["rcpt_tos"])
    return transaction


def _reply(text: str | None) -> Reply | None:
    if text is None:
        return None
    # Imported here, because importing it installs a reactor.
    from lazr_smtptest.model.reply import Reply

    return Reply.first_in(text.encode("utf-8", "replace") + b"\r\n")


def _mailboxes(values: Iterable[JSON]) -> tuple[HeaderMailbox, ...]:
    return tuple(HeaderMailbox(each["name"], each["address"]) for each in values)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(_zone(text))


def _zone(text: str) -> str:
    # Python 3.10 does not know Z, nor fractions of other than 3 or 6 digits.
    return f"{text.removesuffix('Z')}+00:00" if text.endswith("Z") else text
