"""Files of records that are durable: what waits for a database that is away.

A file begins with a line that names its format. Each record is its length and the
CRC-32 of its payload, 4 bytes each in network order, and the payload. What a crash left
at the end is no whole record: nobody was told that it is kept.

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

_FORMAT = b"lazr.smtptest spool 1\n"
_HEAD = struct.Struct("!II")
_SUFFIX = ".spool"
# Of a file that is not locked yet, and has no record.
_NEW = ".new"


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

    start = len(_FORMAT)

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.name = path.name
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    @classmethod
    def create(cls, folder: Path) -> Segment:
        """Create a file whose name sorts after all earlier ones."""
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        path = folder / f"{name}{_NEW}"
        segment = cls._locked(path, os.O_CREAT | os.O_EXCL)
        # Nobody looks for such a name.
        assert segment is not None
        try:
            segment._write(_FORMAT)
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
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
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
        if found != _FORMAT[: len(found)]:
            return False
        end = max((end for end, _ in self.read(self.start)), default=self.start)
        if self.size > end:
            log.info(
                "%s: its last %d bytes are of no whole message, which nobody was told "
                "is kept",
                self.path,
                self.size - end,
            )
        self.size = end
        return True

    def _rename(self, path: Path) -> None:
        self.path.rename(path)
        self.path, self.name = path, path.name

    def append(self, payloads: Sequence[bytes]) -> None:
        """Append records, which are durable when this returns: all of them, or none."""
        records = [_HEAD.pack(len(each), crc32(each)) + each for each in payloads]
        self._write(b"".join(records))

    def _write(self, octets: bytes) -> None:
        try:
            write_all(self._descriptor, octets, self.size)
            # macOS has only the other one.
            getattr(os, "fdatasync", os.fsync)(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(octets)

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        """Yield the records from a position on: where each ends, and its payload."""
        while True:
            head = os.pread(self._descriptor, _HEAD.size, position)
            if len(head) < _HEAD.size:
                return
            length, sum = _HEAD.unpack(head)
            payload = os.pread(self._descriptor, length, position + _HEAD.size)
            # No record is empty; the sum of nothing is that of zeros.
            if not length or len(payload) < length or crc32(payload) != sum:
                return
            position += _HEAD.size + length
            yield position, payload

    def remove(self) -> None:
        """Remove the file; it does not come back after a crash of the machine."""
        self.path.unlink(missing_ok=True)
        sync_directory(self.path.parent)
        self.close()

    def close(self) -> None:
        """Close the file, and leave it to other processes."""
        os.close(self._descriptor)
