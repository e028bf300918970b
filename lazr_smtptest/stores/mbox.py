"""Messages kept in one mbox file."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from zope.interface import implementer

from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IAdjustableStore, IMessageReader, IWaitingStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail, envelope_of
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _mboxfile
from lazr_smtptest.stores._folder_items import Item
from lazr_smtptest.stores._folder_reader import FolderReader
from lazr_smtptest.stores._paths import (
    not_read,
    not_written,
    unusable,
    write_all,
)
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._row_reader import Edited
from lazr_smtptest.stores._rows import Row
from lazr_smtptest.stores._sharedfile import SharedFile, read
from lazr_smtptest.stores._subject import Loaded
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["MboxStore"]

log = logging.getLogger("lazr.smtptest")


# Nanoseconds after which a new change of a file surely gets a new time.
_SETTLED = 100_000_000


@implementer(IWaitingStore, IMessageReader, IAdjustableStore)
class MboxStore(FolderReader):
    r"""Keeps all messages in one file, one after the other.

    The header fields of the envelope precede each message. A line of a message
    that begins with ``From `` gets a ``>`` in the file, and lines end in LF there;
    reading undoes both exactly.

    The file is locked (``fcntl.lockf``, as by Python's `mailbox` and most mail
    programs) while messages are added, found or removed; the store waits for a
    lock that another process holds. A message that a crash has cut off is never
    shown, and is removed from the file when the next message is added.

    To find a message the whole file is read. To delete one the file is rewritten
    under another name, which then replaces the old file: another program must not
    write to it at that moment unless, like this store, it checks after locking
    that the file still has its name.

    Messages beyond the bounds are no longer shown. They stay in the file, visible
    to other programs and to stores with other bounds, until they are as large as the
    messages shown; then the file is rewritten. A message of another program without
    a time is as old as the next message that has one.

    The flags of a message are in its fields ``Status`` and ``X-Status``, as other
    programs read and write them. To change them the file is rewritten. Numbers,
    tags and sessions are in an index file beside it. It is made when somebody first
    reads, or when a session has ended, and made anew if it is missing.

    Args:
        path: the file. It is made if it does not exist; its directory must exist.
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes that they take in the file; ``None`` for any
            number.
        max_age: seconds that a message is shown; ``None`` for ever.
        sessions: the bounds of the ended sessions that are kept beside the messages;
            ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.

    Raises:
        StoreError: `path` is not an mbox, or may not be written to. It is left
            unchanged.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_count: int | None = None,
        max_bytes: int | None = None,
        max_age: float | None = None,
        sessions: SessionBounds | None = SessionBounds(),
        tag_rules: TagRules = TagRules(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        place = Path(path).absolute()
        super().__init__(
            place,
            place.with_name(place.name + _mboxfile.MBOX_INDEX),
            Retention(max_count=max_count, max_bytes=max_bytes, max_age=max_age),
            clock,
            patient=True,
            sessions=sessions,
            tag_rules=tag_rules,
        )
        self._file = SharedFile(self.path)
        # The inode of the file, and its size when it had no unfinished message.
        self._sound = (0, 0)
        # The size at which the bounds are checked again.
        self._grown = 0
        try:
            self._prepare()
            self._retain()
        except OSError as error:
            raise unusable(self.path, "an mbox", error) from error

    def __repr__(self) -> str:
        return f"mbox:{self.path}"

    def _prepare(self) -> None:
        with self._file.locked() as file:
            self._file.clean()
            data = read(file)
        if not _mboxfile.is_mbox(data):
            raise StoreError(f"{str(self.path)!r} is not an mbox")
        if _mboxfile.is_damaged(data):
            raise StoreError(
                f"{str(self.path)!r} is damaged: it ends within a message that was kept"
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """Open and lock the file for the block; yield its descriptor.

        Raises:
            StoreError: it was replaced by a file that is not an mbox.
            OSError: it cannot be opened.
        """
        with self._file.locked() as file:
            if not _mboxfile.is_mbox(os.pread(file, _mboxfile.BEGINNING, 0)):
                raise StoreError(
                    f"{str(self.path)!r} is not an mbox any more: it is left as it "
                    "is, and no message is kept until it is removed"
                )
            yield file

    # Writing, in the store's own thread

    def _write(self, batch: list[Mail]) -> None:
        try:
            with self._locked() as file:
                self._append(file, list(map(envelope_of, batch)))
                if not self._file.is_named(file):
                    raise StoreError(
                        f"mbox {str(self.path)!r} was removed while it was written"
                    )
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error
        self._look_at_bounds()
        self._poller.report()

    def _time_of(self, envelope: Envelope) -> float:
        """Return the time of a message's first line, in seconds since 1970.

        It is that of receipt (RFC 4155), which a copied message keeps; or that at which
        the message is kept, if there is a bound for the time since then.
        """
        now = self._clock()
        if self._retention.max_age is not None or envelope.received_at is None:
            return now
        # A clock elsewhere may be ahead.
        return min(envelope.received_at.timestamp(), now)

    def _append(self, file: int, batch: list[Envelope]) -> None:
        """Append messages to the file: all of them or, on an error, none."""
        end = self._sound_end(file)
        messages = [_mboxfile.serialised(each, self._time_of(each)) for each in batch]
        for message in messages:
            # With the fields of its envelope it may exceed the bound.
            self._retention.check(len(message))
        gap = b"" if end == 0 or os.pread(file, 1, end - 1) == b"\n" else b"\n"
        try:
            write_all(file, gap + b"".join(messages), end)
            os.fsync(file)
            start = end + len(gap)
            for message in messages:
                write_all(file, _mboxfile.KEPT, start + _mboxfile.flag_offset(message))
                start += len(message)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, end)
            raise
        self._sound = (os.fstat(file).st_ino, start)

    def _sound_end(self, file: int) -> int:
        """Cut off an unfinished message; return the size of the file in bytes."""
        status = os.fstat(file)
        number, size = self._sound
        # The part that this store has written need not be checked again.
        known = size if number == status.st_ino and size <= status.st_size else 0
        data = read(file, known)
        end = known + _mboxfile.sound_size(data)
        if end < status.st_size:
            log.warning(
                "%r: removed %d bytes of a message that was never finished",
                self,
                status.st_size - end,
            )
            os.ftruncate(file, end)
        return end

    def _look_at_bounds(self) -> None:
        """Remove messages beyond the bounds, if the file has grown enough."""
        if self._retention and self._sound[1] >= self._grown:
            self._try_to_retain()

    def _retain(self) -> float | None:
        """Remove the messages not shown, if they are as large as those shown.

        So the bytes that are rewritten are no more than the bytes that are removed.

        Returns:
            the time at which the newest message was kept: when it expires, all do.
        """
        if not self._retention:
            return None
        with self._locked() as file:
            size = os.fstat(file).st_size
            # Set before the rewriting, which would fail again if tried at once.
            self._grown = size + size // 8
            texts = _mboxfile.messages(read(file))
            shown = self._shown(texts)
            data = _mboxfile.joined(shown)
            if len(shown) < len(texts) and size >= 2 * len(data):
                self._file.replace(data)
                self._grown = 0
        self._grown = max(2 * len(data), self._grown)
        return _mboxfile.kept_at(shown[-1]) if shown else None

    def _shown(self, texts: list[bytes]) -> list[bytes]:
        """Return the messages of the file that are within the bounds."""
        if not self._retention:
            return texts
        now = self._clock()
        sizes = list(map(len, texts))
        facts = zip(_mboxfile.times(texts, now), sizes, strict=True)
        surplus = self._retention.surplus(facts, len(texts), sum(sizes), now)
        return texts[surplus:]

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; return whether it existed."""
        removed = self._writer.call(lambda: self._rewrite(lambda each: each.id != id))
        self._poller.report()
        return removed

    def clear(self) -> None:
        """Remove all messages, those of other programs included."""
        self._writer.call(self._clear)
        self._report_clear()

    def _rewrite(self, stays: Callable[[Envelope], bool]) -> bool:
        """Remove messages from the file; return whether there were any."""
        try:
            with self._locked() as file:
                texts = self._shown(_mboxfile.messages(read(file)))
                left = [each for each in texts if stays(_mboxfile.deserialised(each))]
                if len(left) == len(texts):
                    return False
                self._file.replace(_mboxfile.joined(left))
                return True
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error

    def _clear(self) -> None:
        try:
            with self._locked() as file:
                os.ftruncate(file, 0)
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error

    # The read side

    def _stamp(self) -> object:
        with contextlib.suppress(OSError):
            status = self.path.stat()
            if time.time_ns() - status.st_mtime_ns >= _SETTLED:
                return (
                    status.st_dev,
                    status.st_ino,
                    status.st_size,
                    status.st_mtime_ns,
                )
        return None

    def _scan(self) -> list[Item]:
        try:
            with self._locked() as file:
                data = read(file)
        except OSError as error:
            raise not_read(self.path, "mbox", error) from error
        return self._items(data)

    def _items(self, data: bytes) -> list[Item]:
        """Return the messages in the content of the file that are shown."""
        found = _mboxfile.located(data)
        shown = self._shown([text for _, text in found])
        times = _mboxfile.times(shown, self._clock())
        # Several messages may have one id.
        counts: Counter[str] = Counter()
        items = []
        start = len(found) - len(shown)
        for (at, text), kept_at in zip(found[start:], times, strict=True):
            id = _mboxfile.deserialised(text).id
            counts[id] += 1
            key = _key(id, counts[id])
            flags = _mboxfile.flags_of(text)
            items.append(Item(key, id, (key, at, len(text)), kept_at, flags))
        return items

    def _load(self, row: Row) -> Loaded | None:
        key = row.source[0]
        text = self._text_at(row)
        if text is None:
            # The file was rewritten since.
            sources = {item.key: item.source for item in self._scan()}
            if key not in sources:
                return None
            row.source = sources[key]
            text = self._text_at(row)
        if text is None:
            return None
        envelope = _mboxfile.deserialised(text)
        return envelope, _mboxfile.session_id_of(text)

    def _text_at(self, row: Row) -> bytes | None:
        """Read a message where it was; ``None`` if another one is there."""
        _, start, size = row.source
        try:
            with self._locked() as file:
                text = os.pread(file, size, start)
        except OSError as error:
            raise not_read(self.path, "mbox", error) from error
        is_same = len(text) == size and _mboxfile.is_mbox(text)
        return text if is_same and _mboxfile.deserialised(text).id == row.id else None

    def _write_flags(self, edits: Sequence[Edited]) -> None:
        flags = {row.source[0]: flags for row, flags, _ in edits}
        self._replace(
            lambda key, text: (
                _mboxfile.with_flags(text, flags[key]) if key in flags else text
            )
        )

    def _remove_messages(self, rows: Sequence[Row]) -> None:
        gone = {row.source[0] for row in rows}
        self._replace(lambda key, text: b"" if key in gone else text)

    def _replace(self, change: Callable[[str, bytes], bytes]) -> None:
        """Rewrite the file: each message as it is returned, or not if it is empty."""
        try:
            with self._locked() as file:
                data = read(file)
                texts = []
                for item in self._items(data):
                    key, start, size = item.source
                    texts.append(change(key, data[start : start + size]))
                self._file.replace(_mboxfile.joined(list(filter(None, texts))))
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error

    def _keys(self, rows: Sequence[Row]) -> dict[str, Row]:
        """Return rows, ascending by number, by the keys of their messages."""
        counts: Counter[str] = Counter()
        keys = {}
        for row in rows:
            counts[row.id] += 1
            keys[_key(row.id, counts[row.id])] = row
        return keys

    # Reading, in any thread

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, oldest first."""
        return map(_mboxfile.deserialised, self._texts())

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, newest first."""
        return map(_mboxfile.deserialised, reversed(self._texts()))

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._texts())

    def _texts(self) -> list[bytes]:
        try:
            with self._locked() as file:
                data = read(file)
        except OSError as error:
            raise not_read(self.path, "mbox", error) from error
        return self._shown(_mboxfile.messages(data))


def _key(id: str, count: int) -> str:
    """Return the key of one of the messages with an id, counted from 1 on."""
    return id if count == 1 else f"{id}#{count}"
