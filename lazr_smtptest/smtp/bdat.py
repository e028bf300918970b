"""BDAT: messages that come in chunks (RFC 3030)."""

from __future__ import annotations

import re

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.body_buffer import Collector
from lazr_smtptest.smtp.data import TOO_BIG, Messages
from lazr_smtptest.smtp.errors import ReplyError
from lazr_smtptest.smtp.framing import Chunk

__all__ = ["Chunking"]

_CHUNK = re.compile(rb"([0-9]{1,19})(?: +(LAST))?", re.IGNORECASE)


class Chunking(Messages):
    """The part of a connection that handles BDAT."""

    # Bytes in the earlier chunks of the message.
    _bytes_before = 0

    def forget_transaction(self) -> None:
        """Reset the chunks of the transaction."""
        super().forget_transaction()
        self._chunks: Collector | None = None
        self._chunk_bytes = 0
        self._last_chunk = False
        self._chunk_refusal: Reply | None = None

    def bytes_received(self) -> int:
        """Return how many bytes of the message have been received, in all chunks."""
        size = super().bytes_received()
        return size + self._bytes_before if self._begun else size

    def do_BDAT(self, argument: bytes) -> None:
        """Receive a chunk of a message (RFC 3030 section 2).

        The client sends the bytes of the chunk whatever the reply is, so they are
        always read.
        """
        found = _CHUNK.fullmatch(argument)
        if found is None:
            # Without a size the start of the next command cannot be found.
            self.end(Reply(501, "bad BDAT, closing", "5.5.4"))
            return
        size, self._last_chunk = int(found[1]), found[2] is not None
        self._chunk_refusal = self._refuse_chunk(size)
        if self._chunk_refusal is not None and size > self.limits.chunk_size:
            self.end(self._chunk_refusal)
            return
        if self._chunks is None:
            self._chunks = Collector(spool=self.limits.spool)
        self._framer.read_chunk(
            size, keep=self._chunk_refusal is None, into=self._chunks
        )

    def _refuse_chunk(self, size: int) -> Reply | None:
        """Return the reply that refuses a chunk; ``None``: it is accepted."""
        refusal = self.refuse_mail(b"BDAT") if self._guarded else None
        if refusal is not None:
            return refusal
        try:
            self.check_started()
            self.note_extension()
        except ReplyError as error:
            return error.reply
        if not self._begun:
            self.asked_at = -1
        self._begun = True
        self._bytes_before = self._chunk_bytes
        limit = self.limits.message_size
        self._chunk_bytes += size
        if limit is not None and self._chunk_bytes > limit:
            return TOO_BIG
        return None

    def chunk_received(self, chunk: Chunk) -> None:
        """Reply to a chunk; the last one ends the message."""
        if self.early_refusal is not None:
            self.end_refused()
            return
        assert self._chunks is not None
        if self._chunks.lost is not None:
            self._chunk_refusal = self.reply_to_loss(self._chunks.lost)
        if self._chunk_refusal is not None:
            self._chunk_was_refused(self._chunk_refusal)
        elif self.faults.armed:
            self.ask("BDAT", lambda: self._chunk_was_kept(chunk), self._lose_message)
        else:
            self._chunk_was_kept(chunk)

    def _chunk_was_kept(self, chunk: Chunk) -> None:
        if self._last_chunk:
            self._end_message()
        elif chunk.size or not self.count_junk():
            self.reply(Reply(250, f"{chunk.size} octets", "2.0.0"))

    def _end_message(self) -> None:
        refusal = self.open_messages()
        if refusal is not None:
            self.refuse_message(refusal, None)
            return
        assert self._chunks is not None
        content = self._chunks.finish()
        if content is None:
            assert self._chunks.lost is not None
            self.content_lost(self._chunks.lost)
        else:
            self.content_received(content)

    def _chunk_was_refused(self, refusal: Reply) -> None:
        if self._begun:
            self._lose_message(refusal)
        else:
            self.reply(refusal)

    def _lose_message(self, reply: Reply) -> None:
        if self._last_chunk:
            self.refuse_message(reply, None)
        else:
            # RFC 3030 section 2: the message is lost; further chunks find no
            # transaction. RFC 2033 section 4.2: this is not yet one of the replies
            # that LMTP sends for each recipient.
            self.refuse(reply, self._from, self.users())
            self.abort_transaction()
