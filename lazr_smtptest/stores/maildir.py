"""Messages kept in a Maildir, one file each."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import attrs
from zope.interface import implementer

from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IAdjustableStore, IMessageReader, IWaitingStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail, envelope_of
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _fields
from lazr_smtptest.stores._filenames import (
    age_of,
    flags_of,
    id_of,
    new_file_name,
    with_flags,
)
from lazr_smtptest.stores._folder_items import Item
from lazr_smtptest.stores._folder_reader import FolderReader
from lazr_smtptest.stores._maildirfiles import (
    MAILDIR_INDEX,
    SUBDIRS,
    Entry,
    key_of,
    remove,
)
from lazr_smtptest.stores._paths import (
    not_read,
    not_written,
    opened,
    sync_directory,
    unusable,
    write_all,
)
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._row_reader import Edited
from lazr_smtptest.stores._rows import Row
from lazr_smtptest.stores._subject import Loaded
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["MaildirStore"]

log = logging.getLogger("lazr.smtptest")

_CRLF = b"\r\n"

# Nanoseconds after which a new change of a directory surely gets a new time.
_SETTLED = 100_000_000

# Seconds after which a file in tmp is abandoned, by the convention of Maildirs.
_ABANDONED = 36 * 60 * 60


@implementer(IWaitingStore, IMessageReader, IAdjustableStore)
class MaildirStore(FolderReader):
    """Keeps each message in a file of its own, in a Maildir.

    The file holds the header fields of the envelope and then the message byte for
    byte, its lines ending in CRLF. Any number of processes may write to one
    Maildir and read it at the same time.

    A message is written into ``tmp``, made durable, and then moved to ``new``, so
    that readers see whole messages only. Its `id` is part of the file's name; for
    a message of another program the `id` is derived from the file's name.

    The flags of a message are those of its file's name, as other programs read and
    write them: ``F`` flagged, ``R`` answered, ``S`` seen, ``T`` deleted, ``D`` draft.
    Numbers, tags and sessions are in an index file within the Maildir. It is made when
    somebody first reads, or when a session has ended, and made anew if it is missing.

    Args:
        path: the Maildir. It is made if it does not exist or is an empty directory;
            its parent must exist.
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their files; ``None`` for any number.
        max_age: seconds that a message is kept; ``None`` for ever.
        sessions: the bounds of the ended sessions that are kept beside the messages;
            ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.

    Raises:
        StoreError: `path` is not a Maildir, or may not be written to.
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
        super().__init__(
            path,
            Path(path).absolute() / MAILDIR_INDEX,
            Retention(max_count=max_count, max_bytes=max_bytes, max_age=max_age),
            clock,
            # Each file is made durable by itself, so a larger batch saves little.
            patient=False,
            sessions=sessions,
            tag_rules=tag_rules,
        )
        # Messages to add before the bounds are checked again.
        self._grace = 0
        try:
            self._prepare()
            self._clean()
            self._last = self._newest()
            self._retain()
        except OSError as error:
            raise unusable(self.path, "a maildir", error) from error

    def __repr__(self) -> str:
        return f"maildir:{self.path}"

    # Opening

    def _prepare(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
            sync_directory(self.path.parent)
        # Another process may be making it now.
        present = {
            entry.name
            for entry in self.path.iterdir()
            if not entry.name.startswith(MAILDIR_INDEX)
        }
        if present < {*SUBDIRS}:
            for name in SUBDIRS:
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
            sync_directory(self.path)
        for name in SUBDIRS:
            self._check(self.path / name)

    def _check(self, subdir: Path) -> None:
        where = str(self.path)
        if not subdir.is_dir():
            raise StoreError(f"{where!r} is not a maildir: it has no {subdir.name!r}")
        effective = os.access in os.supports_effective_ids
        if not os.access(subdir, os.R_OK | os.W_OK | os.X_OK, effective_ids=effective):
            raise StoreError(
                f"cannot use {where!r} as a maildir: "
                f"no permission to write to {subdir.name!r}"
            )

    def _clean(self) -> None:
        """Remove the unfinished files of processes that were killed."""
        for file in (self.path / "tmp").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _ABANDONED:
                    file.unlink()

    def _newest(self) -> int:
        """Return the time of the latest message of ours, microseconds since 1970."""
        ages = filter(None, map(age_of, self._files()))
        seconds, microseconds, _ = max(ages, default=(0, 0, 0))
        return seconds * 1_000_000 + microseconds

    # Writing, in the store's own thread

    def _write(self, batch: list[Mail]) -> None:
        envelopes = list(map(envelope_of, batch))
        heads = [_fields.to_bytes(envelope, b"", _CRLF) for envelope in envelopes]
        for head, envelope in zip(heads, envelopes, strict=True):
            # With the fields of its envelope it may exceed the bound.
            self._retention.check(len(head) + envelope.size)
        names = [new_file_name(self._now(), envelope.id) for envelope in envelopes]
        try:
            self._make_again()
            for name, head, envelope in zip(names, heads, envelopes, strict=True):
                self._write_file(name, head, envelope)
            # Only after all are written: the first of these flushes the others, too.
            for name in names:
                self._sync_file(name)
            for name in names:
                (self.path / "tmp" / name).rename(self.path / "new" / name)
            sync_directory(self.path / "new")
        except OSError as error:
            for subdir in SUBDIRS:
                self._withdraw(subdir, names)
            raise not_written(self.path, "maildir", error) from error
        self._look_at_bounds(len(batch))
        self._poller.report()

    def _make_again(self) -> None:
        """Make the Maildir anew, or those of its directories that were removed.

        Raises:
            OSError: it cannot be made.
            StoreError: something else is in its place.
        """
        missing = [name for name in SUBDIRS if not (self.path / name).is_dir()]
        if missing:
            self._prepare()
        if "new" in missing:
            log.warning(
                "maildir %r was removed and is made anew, without its messages",
                str(self.path),
            )

    def _now(self) -> int:
        """Return the time, microseconds since 1970, later than that of any message.

        The order of the messages must not change if the clock is set back.
        """
        self._last = max(int(self._clock() * 1_000_000), self._last + 1)
        return self._last

    def _write_file(self, name: str, head: bytes, envelope: Envelope) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with opened(self.path / "tmp" / name, flags) as descriptor:
            size = write_all(descriptor, head)
            for block in envelope.blocks():
                size += write_all(descriptor, block, size)

    def _sync_file(self, name: str) -> None:
        with opened(self.path / "tmp" / name, os.O_RDONLY) as descriptor:
            os.fsync(descriptor)

    def _withdraw(self, subdir: str, names: Iterable[str]) -> None:
        for name in names:
            # It may not be there; if it cannot be removed, nothing more can be done.
            with contextlib.suppress(OSError):
                (self.path / subdir / name).unlink()

    def _look_at_bounds(self, added: int) -> None:
        """Remove messages beyond the bounds; rarely if there are many: it is slow."""
        self._grace -= added
        if self._retention and self._grace < 0:
            self._try_to_retain()

    def _retain(self) -> float | None:
        if not self._retention:
            return None
        entries = self._entries()
        facts = [(entry.kept_at, entry.size()) for entry in entries]
        octets = sum(size for _, size in facts)
        surplus = self._retention.surplus(facts, len(facts), octets, self._clock())
        remove(entry.file for entry in entries[:surplus])
        left = facts[surplus:]
        self._grace = len(left) // 100
        return left[0][0] if left else None

    # Reading, in any thread

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`, or ``None``."""
        found = [each for each in self._entries() if id_of(each.name) == id]
        return next(self._read_entries(found), None)

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; return whether it existed."""
        files = self._files().items()
        removed = remove(file for name, file in files if id_of(name) == id)
        self._poller.report()
        return removed > 0

    def clear(self) -> None:
        """Remove all messages, those of other programs included."""
        self._writer.call(lambda: remove(self._files().values()))
        self._report_clear()

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages, oldest first; each is read when it is reached."""
        return self._read_entries(self._entries())

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages, newest first; each is read when it is reached."""
        return self._read_entries(self._entries()[::-1])

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._files())

    def _files(self) -> dict[str, Path]:
        """Return the files by their names without flags.

        ``new`` is listed before ``cur``, and names without flags are compared: a mail
        reader may move files from ``new`` to ``cur`` during this.
        """
        try:
            return {
                entry.name.partition(":")[0]: Path(entry.path)
                for subdir in ("new", "cur")
                for entry in os.scandir(self.path / subdir)
                if not entry.name.startswith(".")
            }
        except OSError as error:
            raise not_read(self.path, "maildir", error) from error

    def _entries(self) -> list[Entry]:
        """Return the messages, oldest first."""
        entries = [Entry.of(name, file) for name, file in self._files().items()]
        return sorted(entries, key=lambda entry: entry.age)

    def _read_entries(self, entries: Iterable[Entry]) -> Iterator[Envelope]:
        for entry in entries:
            data = self._content(entry)
            if data is not None:
                yield attrs.evolve(_fields.from_bytes(data), id=id_of(entry.name))

    # The read side

    def _stamp(self) -> object:
        found = []
        for subdir in ("new", "cur"):
            with contextlib.suppress(OSError):
                status = (self.path / subdir).stat()
                if time.time_ns() - status.st_mtime_ns < _SETTLED:
                    return None
                found.append((status.st_dev, status.st_ino, status.st_mtime_ns))
        return tuple(found)

    def _scan(self) -> list[Item]:
        return [
            Item(
                key=key_of(entry.name),
                id=id_of(entry.name),
                source=entry,
                kept_at=entry.kept_at,
                flags=flags_of(entry.file.name),
            )
            for entry in self._entries()
        ]

    def _load(self, row: Row) -> Loaded | None:
        entry: Entry = row.source
        data = self._content(entry)
        if data is None:
            return None
        envelope = attrs.evolve(_fields.from_bytes(data), id=row.id)
        return envelope, _fields.session_id_of(data)

    def _write_flags(self, edits: Sequence[Edited]) -> None:
        renamed: list[tuple[Path, Path]] = []
        try:
            for row, flags, _ in edits:
                old = self._file_of(row.source)
                new = self.path / "cur" / with_flags(old.name, flags)
                old.rename(new)
                renamed.append((old, new))
        except OSError as error:
            for old, new in reversed(renamed):
                with contextlib.suppress(OSError):
                    new.rename(old)
            raise not_written(self.path, "maildir", error) from error
        for (row, _, _), (_, new) in zip(edits, renamed, strict=True):
            row.source = attrs.evolve(row.source, file=new)

    def _file_of(self, entry: Entry) -> Path:
        """Return the file of a message, where another program may have renamed it."""
        if entry.file.exists():
            return entry.file
        return self._files().get(entry.name, entry.file)

    def _remove_messages(self, rows: Sequence[Row]) -> None:
        try:
            remove(self._file_of(row.source) for row in rows)
        except OSError as error:
            raise not_written(self.path, "maildir", error) from error

    def _content(self, entry: Entry) -> bytes | None:
        """Read a file, even if it has been moved; ``None`` if it has been removed."""
        with contextlib.suppress(FileNotFoundError):
            return entry.file.read_bytes()
        with contextlib.suppress(FileNotFoundError, KeyError):
            return self._files()[entry.name].read_bytes()
        return None
