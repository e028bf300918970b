"""Messages kept in one mbox file."""

from __future__ import annotations

import contextlib
import io
import mailbox
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores import _fields
from lazr_smtptest.stores._paths import unusable

try:
    import fcntl
except ImportError:  # Windows: nothing there locks a file in the mbox way.
    fcntl = None  # type: ignore[assignment]

__all__ = ["MboxStore"]

_CRLF, _LF = b"\r\n", b"\n"

# In front of a message whose line ends cannot be converted and restored.
_AS_RECEIVED = b"X-Line-Ends: as received\n"

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_PLAIN_SENDER = re.compile(r"[!-~]+")


@implementer(IMessageStore)
class MboxStore:
    r"""Keeps all messages in one file, one after the other.

    What the format costs, and how reading undoes it exactly:

    - a line of the message that begins with ``From ``, after any number of
      ``>``, gets one more ``>`` (this variant is called mboxrd);
    - lines end in LF. A message with a CR or LF that is not part of a CRLF, or
      without a CRLF at its end, is written as it is, after an extra field
      ``X-Line-Ends: as received``.

    In front of each message stand the header fields of the envelope.

    The file is locked (``fcntl.lockf``, as Python's `mailbox` and most mail
    programs do) while a message is added, all are read, or all are removed, and
    a lock that another process holds is waited for. Reading takes the whole file
    into memory.

    Args:
        path: the file. It is made if it is not there; its directory must be.

    Raises:
        StoreError: `path` is something else, or may not be written to.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        # A lock on a file keeps out other processes only.
        self._mutex = threading.Lock()
        self._prepare()

    def __repr__(self) -> str:
        return f"mbox:{self.path}"

    def add(self, envelope: Envelope) -> None:
        """Keep `envelope`.

        Raises:
            StoreError: it could not be written; the file is as it was before.
        """
        try:
            with self._locked() as file:
                _append(file, _serialised(envelope))
        except OSError as error:
            raise StoreError(f"cannot write to mbox {self.path}: {error}") from error

    def clear(self) -> None:
        """Remove every message from the file, whoever put it there."""
        with self._locked() as file:
            file.truncate(0)

    def close(self) -> None:
        """Do nothing: nothing is held open between two messages."""

    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages, oldest first, as they are at the beginning."""
        with self._reader() as box:
            messages = [box.get_bytes(key) for key in box.iterkeys()]
        return map(_deserialised, messages)

    def __len__(self) -> int:
        """Count the messages."""
        with self._reader() as box:
            return len(box)

    def _prepare(self) -> None:
        try:
            with self._locked() as file:
                file.seek(0)
                start = file.read(len(b"From "))
        except OSError as error:
            raise unusable(self.path, "an mbox", error) from error
        if start not in (b"", b"From "):
            raise StoreError(f"{str(self.path)!r} is not an mbox")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[io.FileIO]:
        """Open the file, for this thread alone; closing it gives up its lock."""
        with self._mutex, self.path.open("a+b", buffering=0) as file:
            if fcntl is not None:
                fcntl.lockf(file, fcntl.LOCK_EX)
            yield file

    @contextlib.contextmanager
    def _reader(self) -> Iterator[mailbox.mbox]:
        """Open the file anew, because other processes write to it too."""
        with self._locked():
            box = mailbox.mbox(self.path, create=False)
            try:
                yield box
            finally:
                box.close()


def _serialised(envelope: Envelope) -> bytes:
    """Make of `envelope` what an mbox file holds for one message."""
    sender = envelope.mail_from
    if not _PLAIN_SENDER.fullmatch(sender):
        # Readers split this line at spaces and expect ASCII.
        sender = "MAILER-DAEMON"
    from_line = f"From {sender} {time.asctime(time.gmtime())}\n".encode("ascii")
    content = envelope.content.replace(_CRLF, _LF)
    if content.replace(_LF, _CRLF) != envelope.content or content[-1:] != _LF:
        from_line += _AS_RECEIVED
        content = envelope.content + _LF
    message = _fields.to_bytes(envelope, content, _LF)
    return from_line + _FROM.sub(rb">\1", message) + _LF


def _deserialised(data: bytes) -> Envelope:
    """Undo `_serialised`, but for the first line, which `mailbox` takes off."""
    data = _QUOTED_FROM.sub(rb"\1", data)
    if data.startswith(_AS_RECEIVED):
        return _fields.from_bytes(data[len(_AS_RECEIVED) : -len(_LF)])
    envelope = _fields.from_bytes(data)
    return attrs.evolve(envelope, content=envelope.content.replace(_LF, _CRLF))


def _append(file: io.FileIO, data: bytes) -> None:
    """Write `data` at the end of `file`: all of it or, on an error, nothing."""
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != _LF:
            data = _LF + data
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(size)
        raise
