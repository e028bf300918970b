"""BDAT: messages that come in chunks (RFC 3030)."""

from __future__ import annotations

import re

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.body_buffer import Collector
from lazr_smtptest.smtp.content_reader import Chunk
from lazr_smtptest.smtp.data import TOO_BIG, DataCommands
from lazr_smtptest.smtp.errors import ReplyError

__all__ = ["BdatCommand"]

_CHUNK = re.compile(rb"([0-9]{1,19})(?: +(LAST))?", re.IGNORECASE)


class BdatCommand(DataCommands):
    """The part of a connection that handles BDAT."""

    def bytes_received(self) -> int:
        """Return how many bytes of the message have been received, in all chunks."""
        size = self._framer.size
        return size + self.transaction.earlier if self.transaction.in_chunks else size

    def do_BDAT(self, argument: bytes) -> None:
        """Receive a chunk of a message (RFC 3030 section 2).

        The client sends the bytes of the chunk whatever the reply is, so they are
        always read.
        """
        found = _CHUNK.fullmatch(argument)
        if found is None:
            # Without a size the start of the next command cannot be found.
            self._close_with(Reply(501, "bad BDAT, closing", "5.5.4"))
            return
        transaction = self.transaction
        size, transaction.is_last = int(found[1]), found[2] is not None
        refusal = transaction.chunk_refusal = self._refuse_chunk(size)
        if refusal is not None and size > self.limits.chunk_size:
            self._close_with(refusal)
            return
        if transaction.chunks is None:
            transaction.chunks = Collector(spool=self.limits.spool)
        self._framer.read_chunk(size, keep=refusal is None, into=transaction.chunks)

    def _close_with(self, reply: Reply) -> None:
        """Refuse the message, if one has begun, and close the connection."""
        self.end_transaction("refused", reply)
        self.end(reply)

    def _refuse_chunk(self, size: int) -> Reply | None:
        """Return the reply that refuses a chunk; ``None``: it is accepted."""
        transaction = self.transaction
        refusal = self.refuse_mail(b"BDAT") if self.engine.is_guarded else None
        if refusal is not None:
            return refusal
        try:
            transaction.check_started(self.without_recipients)
            self.note_extension()
        except ReplyError as error:
            return error.reply
        if not transaction.in_chunks:
            self.points.asked_at = -1
        too_big = transaction.add_chunk(size, self.limits.message_size)
        return TOO_BIG if too_big else None

    def chunk_received(self, chunk: Chunk) -> None:
        """Reply to a chunk; the last one ends the message."""
        transaction = self.transaction
        if transaction.early_refusal is not None:
            self.end_refused()
            return
        assert transaction.chunks is not None
        refusal = transaction.chunk_refusal
        if transaction.chunks.lost is not None:
            refusal = self.reply_to_loss(transaction.chunks.lost)
        if refusal is not None:
            self._chunk_was_refused(refusal)
        else:
            self.points.at("BDAT", self._chunk_was_kept, self._lose_message, chunk)

    def _chunk_was_kept(self, chunk: Chunk) -> None:
        if self.transaction.is_last:
            self._end_message()
        elif chunk.size or not self.count_junk():
            self.reply(Reply(250, f"{chunk.size} octets", "2.0.0"))

    def _end_message(self) -> None:
        refusal = self.open_messages()
        if refusal is not None:
            self.refuse_message(refusal, None)
            return
        assert self.transaction.chunks is not None
        content = self.transaction.chunks.finish()
        if content is None:
            assert self.transaction.chunks.lost is not None
            self.content_lost(self.transaction.chunks.lost)
        else:
            self.content_received(content)

    def _chunk_was_refused(self, refusal: Reply) -> None:
        if self.transaction.in_chunks:
            self._lose_message(refusal)
        else:
            self.reply(refusal)

    def _lose_message(self, reply: Reply, chunk: Chunk | None = None) -> None:
        if self.transaction.is_last:
            self.refuse_message(reply, None)
        else:
            # RFC 3030 section 2: the message is lost; further chunks find no
            # transaction. RFC 2033 section 4.2: this is not yet one of the replies
            # that LMTP sends for each recipient.
            self.refuse(reply, self.transaction.sender, self.transaction.users())
            self.end_transaction("refused", reply)
