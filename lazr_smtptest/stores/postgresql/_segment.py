"""Files of records that are durable: what waits for a database that is away.

A file begins with a line that names its format, and eight random bytes, its mark. Each
record is the mark, the length and the CRC-32 of its payload, 4 bytes each in network
order, and the payload. What a crash left at the end is no whole record: nobody was told
that it is kept. After a damaged record the next one is found by the mark, which nobody
who sends mail knows.

The process that uses a file has a lock on it, which the kernel takes back when the
process ends, however that happens. Then another process may take the file.
"""

from __future__ import annotations

import logging
import os
import secrets
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

from lazr_smtptest.stores._paths import sync_directory, write_all

try:
    import fcntl
except ImportError:  # Windows has no lock that a file keeps under another name.
    fcntl = None  # type: ignore[assignment]

__all__ = ["CAN_LOCK", "Segment"]

# Whether the platform has the locks.
CAN_LOCK = fcntl is not None

log = logging.getLogger("lazr.smtptest")

_FORMAT = b"lazr.smtptest spool 2\n"
_MARK = 8
_HEAD = struct.Struct("!II")
_SUFFIX = ".spool"
# Of a file that is not locked yet, and has no record.
_NEW = ".new"
# Of a file of which a part cannot be read; nothing uses it any more.
_DAMAGED = ".damaged"


class Segment:
    """A file that records are appended to, and read from.

    Methods raise an OSError if the disk refuses.

    Args:
        path: the file.
        descriptor: the file, open and locked; this object closes it.

    Attributes:
        path: the same.
        name: the name of the file, which no other file ever has.
        size: bytes of the file.
        start: the position of the first record.
    """

    start = len(_FORMAT) + _MARK

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.name = path.name
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._mark = b""
        # Where the damaged parts begin.
        self._damaged: set[int] = set()

    @classmethod
    def create(cls, folder: Path) -> Segment:
        """Create a file whose name sorts after all earlier ones."""
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        path = folder / f"{name}{_NEW}"
        segment = cls._locked(path, os.O_CREAT | os.O_EXCL)
        # Nobody looks for such a name.
        assert segment is not None
        try:
            segment._mark = secrets.token_bytes(_MARK)
            segment._write(_FORMAT + segment._mark)
            segment._rename(path.with_suffix(_SUFFIX))
            sync_directory(folder)
        except OSError:
            segment.path.unlink()
            segment.close()
            raise
        return segment

    @classmethod
    def left_in(cls, folder: Path) -> Iterator[Segment]:
        """Take the files that no process uses, oldest first.

        A file of another format is left alone, and logged.
        """
        for path in sorted(filter(Path.is_file, folder.glob(f"*{_SUFFIX}"))):
            segment = cls._locked(path)
            if segment is None:
                continue
            if segment._check():
                yield segment
            else:
                log.error("%s is no spool of this version, and is left alone", path)
                segment.close()

    @classmethod
    def _locked(cls, path: Path, flags: int = 0) -> Segment | None:
        """Open a file; return ``None`` if another process has it."""
        try:
            descriptor = os.open(path, os.O_RDWR | flags, 0o600)
        except FileNotFoundError:
            if flags & os.O_CREAT:
                raise
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its user may have removed it meanwhile.
            if os.fstat(descriptor).st_nlink:
                return cls(path, descriptor)
        except BlockingIOError:
            pass
        os.close(descriptor)
        return None

    def _check(self) -> bool:
        """Return whether the format is ours, and find the end of the last whole record.

        Nothing is ever appended to a file that was left behind.
        """
        found = os.pread(self._descriptor, self.start, 0)
        name, self._mark = found[:-_MARK], found[-_MARK:]
        if len(found) < self.start:
            # It was just made: there is no record.
            name = found[: len(_FORMAT)]
        if name != _FORMAT[: len(name)]:
            return False
        end = self.start
        for _, last, payload in self._parts(self.start):
            end = end if payload is None else last
        if self.size > end:
            log.info(
                "%s: its last %d bytes are of no whole message, which nobody was told "
                "is kept",
                self.path,
                self.size - end,
            )
        self.size = end
        return True

    @property
    def is_removed(self) -> bool:
        """Return whether somebody has removed the file; it can still be read."""
        return not os.fstat(self._descriptor).st_nlink

    def _rename(self, path: Path) -> None:
        self.path.rename(path)
        self.path, self.name = path, path.name

    def append(self, payloads: Sequence[bytes]) -> None:
        """Append records, which are durable when this returns: all of them, or none."""
        heads = (self._mark + _HEAD.pack(len(each), crc32(each)) for each in payloads)
        parts = zip(heads, payloads, strict=True)
        self._write(b"".join(head + payload for head, payload in parts))

    def _write(self, octets: bytes) -> None:
        try:
            write_all(self._descriptor, octets, self.size)
            # macOS has only the other one.
            getattr(os, "fdatasync", os.fsync)(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(octets)

    def read(self, position: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield the records from a position on: where each ends, and its payload.

        The payload of a damaged part is ``None``; the part is logged once.
        """
        for start, end, payload in self._parts(position):
            if payload is None and start not in self._damaged:
                self._damaged.add(start)
                log.error(
                    "%s: the %d bytes from byte %d on are damaged, and the messages in "
                    "them are lost",
                    *(self.path, end - start, start),
                )
            yield end, payload

    def _parts(self, position: int) -> Iterator[tuple[int, int, bytes | None]]:
        """Yield where each record begins and ends, and its payload; see `read`."""
        while position < self.size:
            payload = self._payload(position)
            if payload is None:
                end = self._next_record(position)
            else:
                end = position + len(self._mark) + _HEAD.size + len(payload)
            yield position, end, payload
            position = end

    def _payload(self, position: int) -> bytes | None:
        """Return the payload of the record at a position; ``None``: there is none."""
        mark = len(self._mark)
        head = os.pread(self._descriptor, mark + _HEAD.size, position)
        if len(head) < mark + _HEAD.size or head[:mark] != self._mark:
            return None
        length, sum = _HEAD.unpack(head[mark:])
        if length > self.size - position:
            return None
        payload = os.pread(self._descriptor, length, position + len(head))
        # No record is empty.
        is_whole = length and len(payload) == length and crc32(payload) == sum
        return payload if is_whole else None

    def _next_record(self, position: int) -> int:
        """Return where the next whole record after a position begins, or the end."""
        rest = os.pread(self._descriptor, self.size - position, position)
        at = rest.find(self._mark, 1)
        while at >= 0:
            if self._payload(position + at) is not None:
                return position + at
            at = rest.find(self._mark, at + 1)
        return self.size

    def remove(self) -> None:
        """Remove the file; it does not come back after a crash of the machine.

        One with damaged parts is kept under another name.
        """
        if self._damaged and not self.is_removed:
            aside = self.path.with_suffix(_DAMAGED)
            self._rename(aside)
            log.error("%s: what can be read of it is in the database", aside)
        elif not self.is_removed:
            self.path.unlink(missing_ok=True)
        if self.path.parent.exists():
            sync_directory(self.path.parent)
        self.close()

    def close(self) -> None:
        """Close the file, and leave it to other processes."""
        os.close(self._descriptor)
