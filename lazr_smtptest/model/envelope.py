"""What one SMTP transaction delivered. Records only: nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from lazr_smtptest._spool import AnyContent, SpooledContent, blocks_of
from lazr_smtptest.mime.fields import BOUND, Fields, read_fields
from lazr_smtptest.mime.lines import irregularities
from lazr_smtptest.mime.readable import Readable
from lazr_smtptest.model.session import Session, Transaction

if TYPE_CHECKING:
    from lazr_smtptest.model.reply import Reply

__all__ = ["Envelope"]

Options = Mapping[str, "str | None"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Envelope(Readable):
    """One message as it came over the wire (RFC 5321 section 2.3.1).

    What is in the message is read when it is first asked for, see `Readable`.

    Attributes:
        mail_from: the reverse-path without its angle brackets; ``""`` for the
            null reverse-path ``<>``.
        rcpt_tos: the forward-paths of the accepted recipients, in the order in
            which they were given, without their angle brackets.
        peer: the client's address and port; ``("", 0)`` where the transport has
            no such thing.
        helo: what the client called itself in HELO, EHLO or LHLO; ``""`` if it
            did not say.
        mail_options: the ESMTP parameters of MAIL, by keyword, upper case; the
            value as it was given, ``None`` for a keyword without one.
        rcpt_options: the same for each recipient, in the order of `rcpt_tos`.
        user: who the client logged in as; ``None`` if it did not.
        tls: whether the message came over TLS.
        id: a name of its own, of the characters ``[0-9a-z-]``, 64 at most; ``""``
            for an envelope that no server of ours made.
        received_at: when it had come to its end, in UTC; ``None`` where that is
            not known.
        session: the connection that it came over; ``None`` where that is not
            known, as for an envelope from a store on disk.
    """

    mail_from: str
    rcpt_tos: tuple[str, ...]
    _content: AnyContent = attrs.field(alias="content")
    peer: tuple[str, int] = ("", 0)
    helo: str = ""
    # None where there is not any: most messages have none, and are to stay small.
    _mail_options: Options | None = attrs.field(default=None, alias="mail_options")
    _rcpt_options: tuple[Options, ...] | None = attrs.field(
        default=(), alias="rcpt_options"
    )
    # What the client said; `warnings` adds what is in the message.
    _noted: tuple[str, ...] = attrs.field(default=(), repr=False, alias="warnings")
    user: str | None = None
    tls: bool = False
    id: str = ""
    received_at: datetime | None = None
    session: Session | None = attrs.field(default=None, repr=False)
    _transaction: Transaction | None = attrs.field(default=None, repr=False)

    @property
    def mail_options(self) -> Options:
        """The ESMTP parameters of MAIL, see above."""
        return self._mail_options or {}

    @property
    def rcpt_options(self) -> tuple[Options, ...]:
        """Those of each recipient, see above."""
        if self._rcpt_options is None:
            return tuple({} for _ in self.rcpt_tos)
        return self._rcpt_options

    @property
    def content(self) -> bytes:
        """The exact bytes received between ``DATA`` and the final dot.

        Lines end in CRLF, the transparency dots of RFC 5321 section 4.5.2 are
        removed. Where `Limits.spool` had them put in a temporary file, they are
        read from there each time; the file goes with the envelope.

        Raises:
            OSError: the file is not there any more.
        """
        content = self._content
        return content if isinstance(content, bytes) else content.read()

    @property
    def kept(self) -> AnyContent:
        """The content as it is kept: octets, or the file that has them."""
        return self._content

    @property
    def size(self) -> int:
        """How many octets the content has; to say it nothing is read."""
        return len(self._content)

    def blocks(self) -> Iterator[bytes]:
        """Give the content in pieces, for one that may not fit into memory.

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
                words.append(f"content=<{self.size} bytes>")
            elif field.repr and getattr(self, field.name) not in (field.default, ()):
                words.append(f"{field.alias}={getattr(self, field.alias)!r}")
        return f"{type(self).__name__}({', '.join(words)})"

    def _shown_subject(self) -> str:
        try:
            return f"{self.subject!r:.80}"
        except OSError:
            # Its file is gone; whatever shows this is not to fail for that.
            return "?"

    def __eq__(self, other: object) -> bool:
        """Say whether the same was said, whenever and in whatever session."""
        if not isinstance(other, Envelope):
            return NotImplemented
        return self._said() == other._said()

    # What it has mappings of may change.
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
    def _fields(self) -> Fields:
        """The header, for which a file is not read to its end."""
        if isinstance(self._content, SpooledContent):
            start = self._content.start(2 * BOUND)
            fields = read_fields(start, 0, len(start))
            # The line behind the header is all there: so is the header.
            if b"\n" in start[fields.end :]:
                return fields
        return self._parts.fields

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What was irregular and taken all the same, each once.

        Keys of `lazr_smtptest.model.irregularities.IRREGULAR`. The message itself is
        looked at when this is first asked for.
        """
        found = irregularities(self._content, self.mail_options)
        return tuple(dict.fromkeys((*self._noted, *found)))

    @property
    def transaction(self) -> int:
        """Which one of its session's transactions it was, from 1 on; 0: unknown."""
        return 0 if self._transaction is None else self._transaction.number

    @property
    def reply(self) -> Reply | None:
        """What the client was told; ``None`` before that, and where it is unknown.

        In LMTP the first reply that accepted it, for there is one a recipient.
        """
        return None if self._transaction is None else self._transaction.reply
