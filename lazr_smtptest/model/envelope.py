"""The result of one SMTP transaction. Records only: nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest._spool import AnyContent, SpooledContent, blocks_of
from lazr_smtptest.mime.lines import irregularities
from lazr_smtptest.mime.readable import Readable
from lazr_smtptest.model.session import Session, Transaction

if TYPE_CHECKING:
    from lazr_smtptest.model.reply import Reply

__all__ = ["Envelope", "narrowed"]

Options = Mapping[str, "str | None"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Envelope(Readable):
    """One message as it was received by SMTP (RFC 5321 section 2.3.1).

    The content is parsed on the first access to a property of it, see `Readable`.

    Attributes:
        mail_from: the reverse-path without its angle brackets; ``""`` for the
            null reverse-path ``<>``.
        rcpt_tos: the forward-paths of the accepted recipients, in the order of the
            commands, without their angle brackets.
        peer: the client's address and port; ``("", 0)`` if the transport has none.
        helo: the client's name from HELO, EHLO or LHLO; ``""`` if it sent none.
        mail_options: the ESMTP parameters of MAIL, by keyword, upper case; the
            value as it was sent, ``None`` for a keyword without one.
        rcpt_options: the same for each recipient, in the order of `rcpt_tos`.
        user: the user that the client logged in as; ``None`` if it did not.
        tls: whether the message came over TLS.
        id: a unique id of the characters ``[0-9a-z-]``, 64 at most; ``""`` for an
            envelope that no server of ours made.
        received_at: the time at which the message was complete, in UTC; ``None`` if
            unknown.
        session: the connection that it came over; ``None`` if unknown, as for an
            envelope from a store on disk.
    """

    mail_from: str
    rcpt_tos: tuple[str, ...]
    _content: AnyContent = attrs.field(alias="content")
    peer: tuple[str, int] = ("", 0)
    helo: str = ""
    # None if there are none: most messages have none, and are to stay small.
    _mail_options: Options | None = attrs.field(default=None, alias="mail_options")
    _rcpt_options: tuple[Options, ...] | None = attrs.field(
        default=(), alias="rcpt_options"
    )
    # Irregularities of the commands; `warnings` adds those of the message.
    _noted: tuple[str, ...] = attrs.field(default=(), repr=False, alias="warnings")
    user: str | None = None
    tls: bool = False
    id: str = ""
    received_at: datetime | None = None
    session: Session | None = attrs.field(default=None, repr=False)
    _transaction: Transaction | None = attrs.field(default=None, repr=False)

    @property
    def mail_options(self) -> Options:
        """The ESMTP parameters of MAIL, see the class."""
        return self._mail_options or {}

    @property
    def rcpt_options(self) -> tuple[Options, ...]:
        """The ESMTP parameters of RCPT for each recipient, see the class."""
        if self._rcpt_options is None:
            return tuple({} for _ in self.rcpt_tos)
        return self._rcpt_options

    @property
    def sent_options(self) -> tuple[Options, ...]:
        """The ESMTP parameters of all commands; empty if the client sent none."""
        mail, rcpt = self._mail_options, self._rcpt_options
        return (mail or {}, *(rcpt or ())) if mail or rcpt else ()

    @property
    def content(self) -> bytes:
        """The exact bytes received between ``DATA`` and the final dot.

        Lines end in CRLF; the transparency dots of RFC 5321 section 4.5.2 are
        removed. If `Limits.spool` put the message into a temporary file, each access
        reads it from there; the file is removed with the envelope.

        Raises:
            OSError: the file does not exist any more.
        """
        content = self._content
        return content if isinstance(content, bytes) else content.read()

    @property
    def kept(self) -> AnyContent:
        """The content as it is kept: bytes, or the file that holds them."""
        return self._content

    @property
    def size(self) -> int:
        """The size of the content in bytes; never reads a file."""
        return len(self._content)

    def blocks(self) -> Iterator[bytes]:
        """Iterate over the content in pieces, for one that may not fit into memory.

        No piece ends between a CR and its LF. Any thread may call it.

        Raises:
            OSError: see `content`.
        """
        return iter(blocks_of(self._content))

    def __repr__(self) -> str:
        """Show the subject, the size of the content, and all that was given."""
        words = []
        for field in attrs.fields(type(self)):
            if field.alias == "content":
                words.append(f"subject={self._shown_subject()}")
                size = "1 byte" if self.size == 1 else f"{self.size} bytes"
                words.append(f"content=<{size}>")
            elif field.repr and getattr(self, field.name) not in (field.default, ()):
                words.append(f"{field.alias}={getattr(self, field.alias)!r}")
        return f"{type(self).__name__}({', '.join(words)})"

    def _shown_subject(self) -> str:
        try:
            return f"{self.subject!r:.80}"
        except OSError:
            # Its file is gone; a `repr` must not fail for that.
            return "?"

    def __eq__(self, other: object) -> bool:
        """Compare all but the time, the session and the id."""
        if not isinstance(other, Envelope):
            return NotImplemented
        return self._said() == other._said()

    # Its mappings may be mutable.
    __hash__ = None  # type: ignore[assignment]

    def _said(self) -> tuple[object, ...]:
        return (
            self.mail_from,
            self.rcpt_tos,
            self._content,
            self.peer,
            self.helo,
            self.mail_options,
            self.rcpt_options,
            self.warnings,
            self.user,
            self.tls,
        )

    @cached_property
    # Any, because attrs makes an annotation of it, and `get_type_hints` resolves all.
    def _fields(self) -> Any:
        """The header, a `Fields`; of a file only its beginning is read."""
        from lazr_smtptest.mime.fields import BOUND, read_fields

        if isinstance(self._content, SpooledContent):
            start = self._content.start(2 * BOUND)
            fields = read_fields(start, 0, len(start))
            # A line follows the header, so the header is complete.
            if b"\n" in start[fields.end :]:
                return fields
        return read_fields(self._content, 0, len(self._content))

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """The irregularities that were accepted, each once.

        Keys of `lazr_smtptest.model.irregularities.IRREGULAR`. The message itself is
        checked on the first access.
        """
        found = irregularities(self._content, self.mail_options)
        return tuple(dict.fromkeys((*self._noted, *found)))

    @property
    def transaction(self) -> int:
        """The number of the transaction in its session, from 1 on; 0 if unknown."""
        return 0 if self._transaction is None else self._transaction.number

    @property
    def reply(self) -> Reply | None:
        """The reply to the client; ``None`` before that, and if it is unknown.

        In LMTP, which has a reply for each recipient, the first that accepted it.
        """
        return None if self._transaction is None else self._transaction.reply


def narrowed(envelope: Envelope, chosen: Sequence[bool]) -> Envelope:
    """Return a copy of an envelope that has only some of its recipients.

    Args:
        envelope: the envelope.
        chosen: for each recipient whether the copy has it.
    """
    return attrs.evolve(
        envelope,
        rcpt_tos=tuple(compress(envelope.rcpt_tos, chosen)),
        rcpt_options=tuple(compress(envelope.rcpt_options, chosen)),
    )
