"""Messages kept in one mbox file."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IWaitingStore
from lazr_smtptest.stores import _mboxfile
from lazr_smtptest.stores._crash import passed
from lazr_smtptest.stores._paths import (
    not_read,
    not_written,
    opened,
    sync_directory,
    unusable,
    write_all,
)
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._waiting import WaitingStore

try:
    import fcntl
except ImportError:  # Windows: nothing there locks a file in the mbox way.
    fcntl = None  # type: ignore[assignment]

__all__ = ["MboxStore"]

log = logging.getLogger("lazr.smtptest")


@implementer(IWaitingStore)
class MboxStore(WaitingStore):
    r"""Keeps all messages in one file, one after the other.

    In front of each message stand the header fields of the envelope. A line of a
    message that begins with ``From `` gets a ``>`` in the file, and lines end in
    LF there; reading undoes both exactly.

    The file is locked (``fcntl.lockf``, as Python's `mailbox` and most mail
    programs do) while messages are added, found or removed, and a lock that
    another process holds is waited for. What a sudden end has cut off is never
    shown, and is removed from the file when the next message comes.

    To find a message the whole file is read. To delete one it is written anew,
    beside the old one, and takes its place: another program must not write to it
    at that moment unless it looks, as we do, whether the file that it has locked
    is still the one of that name.

    Args:
        path: the file. It is made if it is not there; its directory must be.
        clock: gives the time, seconds since 1970.

    Raises:
        StoreError: `path` is something else, or may not be written to. It is left
            as it was.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(Retention(), clock)
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        # A lock on a file keeps out other processes only.
        self._mutex = threading.Lock()
        # The file's number, and its size, when nothing was unfinished in it.
        self._sound = (0, 0)
        try:
            self._prepare()
        except OSError as error:
            raise unusable(self.path, "an mbox", error) from error

    def __repr__(self) -> str:
        return f"mbox:{self.path}"

    def _prepare(self) -> None:
        is_new = not self.path.exists()
        with self._locked() as file:
            data = _read(file)
        if not _mboxfile.is_mbox(data):
            raise StoreError(f"{str(self.path)!r} is not an mbox")
        if _mboxfile.is_damaged(data):
            raise StoreError(
                f"{str(self.path)!r} is damaged: it ends within a message that was kept"
            )
        if is_new:
            sync_directory(self.path.parent)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """Open the file, for this thread alone; closing it gives up its lock."""
        with self._mutex, contextlib.ExitStack() as stack:
            file = self._open(stack)
            # Another process may have put a new file in its place meanwhile.
            while not _is_named(file, self.path):
                stack.close()
                file = self._open(stack)
            yield file

    def _open(self, stack: contextlib.ExitStack) -> int:
        file = stack.enter_context(opened(self.path, os.O_RDWR | os.O_CREAT))
        if fcntl is not None:
            fcntl.lockf(file, fcntl.LOCK_EX)
        return file

    # Writing, in the store's own thread

    def _write(self, batch: list[Envelope]) -> None:
        try:
            with self._locked() as file:
                self._append(file, batch)
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error

    def _append(self, file: int, batch: list[Envelope]) -> None:
        """Put messages at the end of the file: all of them or, on an error, none."""
        end = self._sound_end(file)
        messages = [_mboxfile.serialised(each, self._clock()) for each in batch]
        gap = b"" if end == 0 or os.pread(file, 1, end - 1) == b"\n" else b"\n"
        try:
            write_all(file, gap + b"".join(messages), end)
            passed("store.after_write")
            os.fsync(file)
            passed("store.after_fsync")
            start = end + len(gap)
            for message in messages:
                write_all(file, _mboxfile.KEPT, start + _mboxfile.flag_offset(message))
                passed("store.after_rename")
                start += len(message)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, end)
            raise
        self._sound = (os.fstat(file).st_ino, start)

    def _sound_end(self, file: int) -> int:
        """Cut off what was left unfinished; give the size of the file."""
        status = os.fstat(file)
        number, size = self._sound
        # What we have written ourselves need not be looked at again.
        known = size if number == status.st_ino and size <= status.st_size else 0
        data = _read(file, known)
        end = known + _mboxfile.sound_size(data)
        if end < status.st_size:
            log.warning(
                "%r: removed %d octets of a message that was never finished",
                self,
                status.st_size - end,
            )
            os.ftruncate(file, end)
        return end

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; say whether there was one."""
        return self._writer.call(lambda: self._rewrite(lambda each: each.id != id))

    def clear(self) -> None:
        """Remove every message from the file, whoever put it there."""
        self._writer.call(self._clear)

    def _rewrite(self, stays: Callable[[Envelope], bool]) -> bool:
        """Remove messages from the file; say whether there were any."""
        try:
            with self._locked() as file:
                texts = _mboxfile.messages(_read(file))
                left = [each for each in texts if stays(_mboxfile.deserialised(each))]
                if len(left) == len(texts):
                    return False
                _replace(self.path, b"".join(text + b"\n" for text in left))
                return True
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error

    def _clear(self) -> None:
        try:
            with self._locked() as file:
                os.ftruncate(file, 0)
        except OSError as error:
            raise not_written(self.path, "mbox", error) from error

    # Reading, in any thread

    def get(self, id: str) -> Envelope | None:
        """Give the message with that `id`; ``None`` if there is none."""
        return next((each for each in self if each.id == id), None)

    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages, oldest first, as they are at the beginning."""
        return map(_mboxfile.deserialised, self._texts())

    def __reversed__(self) -> Iterator[Envelope]:
        """Go through the messages, newest first, as they are at the beginning."""
        return map(_mboxfile.deserialised, reversed(self._texts()))

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._texts())

    def _texts(self) -> list[bytes]:
        try:
            with self._locked() as file:
                data = _read(file)
        except OSError as error:
            raise not_read(self.path, "mbox", error) from error
        return _mboxfile.messages(data)


def _read(file: int, offset: int = 0) -> bytes:
    """Read a file to its end, or to where it ended when that began."""
    parts, end = [], os.fstat(file).st_size
    while offset < end and (part := os.pread(file, end - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _replace(path: Path, data: bytes) -> None:
    """Put a new file in the place of a file whose lock is held."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            os.fchmod(file, path.stat().st_mode & 0o777)
            write_all(file, data)
            os.fsync(file)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def _is_named(file: int, path: Path) -> bool:
    """Say whether an open file is still the one of that name."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), path.stat())
    return False
