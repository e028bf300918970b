"""Copy messages between stores, or from and to a folder of ``.eml`` files."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import attrs

from lazr_smtptest.cli.read_copy import open_to_read
from lazr_smtptest.client.address import is_url
from lazr_smtptest.client.reader import RemoteReader
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IWaitingStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.stores import _fields, check_spec, open_store
from lazr_smtptest.stores._paths import (
    not_read,
    not_written,
    opened,
    sync_directory,
    unusable,
    write_all,
)
from lazr_smtptest.stores.spec import with_forms

__all__ = [
    "Copied",
    "EmlFolder",
    "Place",
    "check_place",
    "copy",
    "count_of",
    "open_place",
    "open_source",
    "read_eml",
]

_EML = "eml:"
_CRLF = b"\r\n"

# Messages that are added concurrently, so that the disk writes them in batches.
_UNDER_WAY = 256


class Place(Protocol):
    """The source or target of a copy: a store, or a folder."""

    def __iter__(self) -> Iterator[Envelope]: ...

    def __len__(self) -> int: ...

    def add(self, envelope: Envelope) -> object:
        """Add a message; return false if it is there already."""

    def close(self) -> None:
        """Finish writing, and release the files."""


class EmlFolder:
    """A folder with messages in files whose names end in ``.eml``.

    A file begins with the header fields of the envelope, as in a Maildir; a file of
    another program is content only. The files are in the order of their names.

    Args:
        path: the folder. It is made if it does not exist; its parent must exist.

    Raises:
        StoreError: `path` is not a folder, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        try:
            if not self.path.is_dir():
                self.path.mkdir()
        except FileExistsError:
            raise StoreError(f"{str(self.path)!r} is not a folder") from None
        except OSError as error:
            raise unusable(self.path, "a folder of messages", error) from error
        self._count = len(self)

    def __repr__(self) -> str:
        return f"{_EML}{self.path}"

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._files())

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages; each is read when it is reached."""
        return map(read_eml, self._files())

    def _files(self) -> list[Path]:
        try:
            files = sorted(self.path.iterdir())
        except OSError as error:
            raise not_read(self.path, "folder of messages", error) from error
        return [file for file in files if file.name.endswith(".eml")]

    def add(self, envelope: Envelope) -> None:
        """Write `envelope` into a new file, after the others in order.

        Raises:
            StoreError: it could not be written; no part of it is left.
        """
        self._count += 1
        envelope = with_id(envelope)
        file = self.path / f"{self._count:08}-{envelope.id}.eml"
        unfinished = file.with_suffix(".tmp")
        data = _fields.to_bytes(envelope, envelope.content, _CRLF)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with opened(unfinished, flags) as descriptor:
                write_all(descriptor, data)
                os.fsync(descriptor)
            unfinished.rename(file)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise not_written(file, "message", error) from error

    def close(self) -> None:
        """Make the names of the files durable."""
        sync_directory(self.path)


def read_eml(file: Path) -> Envelope:
    """Return the message in an ``.eml`` file, which may begin with its envelope.

    A file of another program has no id, so its bytes determine the id: whoever reads it
    again recognises the message.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise not_read(file, "message", error) from error
    envelope = _fields.from_bytes(data)
    if envelope.id:
        return envelope
    return attrs.evolve(envelope, id=blake2b(data, digest_size=16).hexdigest())


def check_place(text: str) -> Path | str:
    """Return the file or folder of a place, or the URL of a database; touch no file.

    Args:
        text: as for `open_store`, or ``eml:DIR``.

    Raises:
        ValueError: it names neither a lasting store nor ``eml:DIR``.
    """
    if text.startswith(_EML) and text != _EML:
        return Path(text.removeprefix(_EML)).absolute()
    try:
        spec = check_spec(text)
    except ValueError as error:
        raise ValueError(with_forms(error, "; or eml:DIR")) from None
    if spec.kind == "memory":
        raise ValueError("memory has nothing to copy, and keeps nothing")
    return spec.path if spec.kind == "postgresql" else Path(spec.path).absolute()


def open_place(text: str, verify: bool | ssl.SSLContext = True) -> Place:
    """Open a place; it is made if it does not exist.

    Args:
        text: see `check_place`; or the URL of a server.
        verify: see `RemoteReader`.

    Raises:
        ValueError: see `check_place`, and `RemoteReader`.
        StoreError: it cannot be used.
    """
    if is_url(text):
        return RemoteReader(text, verify=verify)
    path = check_place(text)
    if text.startswith(_EML):
        return EmlFolder(path)
    place: Place = open_store(text)
    return place


@contextlib.contextmanager
def open_source(text: str, verify: bool | ssl.SSLContext = True) -> Iterator[Place]:
    """Open a place that exists, to read it, and close it at the end.

    Args:
        text: see `check_place`; or the URL of a server.
        verify: see `RemoteReader`.

    Raises:
        ValueError: see `check_place`, and `RemoteReader`.
        StoreError: it cannot be read.
    """
    if is_url(text) or text.startswith(_EML):
        with contextlib.closing(open_place(text, verify)) as place:
            yield place
        return
    with open_to_read(text) as store:
        yield store


def count_of(messages: int) -> str:
    """Return a number of messages as a sentence has it: ``"1 message"``."""
    return f"{messages} message{'' if messages == 1 else 's'}"


@attrs.frozen
class Copied:
    """The result of a copy.

    Attributes:
        count: how many messages were added.
        known: how many the target had already.
    """

    count: int
    known: int

    @property
    def left_out(self) -> str:
        """The end of a sentence about the messages that were left out, or ``""``."""
        verb = "was" if self.known == 1 else "were"
        return f"; {self.known} {verb} there already" if self.known else ""


def copy(
    messages: Iterable[Envelope], target: Place, report: Callable[[int], object]
) -> Copied:
    """Copy messages; blocks until they are durable.

    Args:
        messages: the messages to copy.
        target: the place to add them to.
        report: called after each message with the number of messages so far, which
            may not be durable yet.

    Raises:
        StoreError: one could not be kept. Those before it were.
    """
    add = _Many(target) if IWaitingStore.providedBy(target) else target.add
    count = known = 0
    for count, envelope in enumerate(messages, 1):
        # Only a server says so.
        known += add(envelope) is False
        report(count)
    if isinstance(add, _Many):
        add.wait()
    return Copied(count - known, known)


class _Many:
    """Adds messages to a store without waiting for each."""

    def __init__(self, target: Place) -> None:
        self._submit = target.submit  # type: ignore[attr-defined]
        self._room = threading.Semaphore(_UNDER_WAY)
        self._errors: list[Exception] = []

    def __call__(self, envelope: Envelope) -> None:
        self._room.acquire()
        self._check()
        self._submit(envelope, self._done)

    def _done(self, error: Exception | None) -> None:
        if error is not None:
            self._errors.append(error)
        self._room.release()

    def _check(self) -> None:
        if self._errors:
            raise self._errors[0]

    def wait(self) -> None:
        for _ in range(_UNDER_WAY):
            self._room.acquire()
        self._check()
