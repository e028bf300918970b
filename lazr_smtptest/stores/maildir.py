"""Messages kept in a Maildir, one file each."""

from __future__ import annotations

import contextlib
import mailbox
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores import _fields
from lazr_smtptest.stores._paths import unusable

__all__ = ["MaildirStore"]

_SUBDIRS = ("tmp", "new", "cur")
_CRLF = b"\r\n"

# The names that the standard library gives: seconds, microseconds (without
# leading zeros, so the names themselves do not sort), process, count.
_NAME = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)\.")


@implementer(IMessageStore)
class MaildirStore:
    """Keeps each message in a file of its own, in a Maildir.

    The file holds the header fields of the envelope and then the message byte for
    byte, its lines ending in CRLF. Any number of processes may write to one
    Maildir and read it at the same time.

    Args:
        path: the Maildir. It is made if it is not there or an empty directory;
            its parent must be there.

    Raises:
        StoreError: `path` is something else, or may not be written to.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        self._prepare()
        self._box = mailbox.Maildir(self.path, create=False)

    def __repr__(self) -> str:
        return f"maildir:{self.path}"

    def add(self, envelope: Envelope) -> None:
        """Keep `envelope`.

        Raises:
            StoreError: it could not be written.
        """
        data = _fields.to_bytes(envelope, envelope.content, _CRLF)
        try:
            self._box.add(data)
        except (OSError, mailbox.Error) as error:
            raise StoreError(f"cannot write to maildir {self.path}: {error}") from error

    def clear(self) -> None:
        """Remove every message from the Maildir, whoever put it there."""
        self._reader().clear()

    def close(self) -> None:
        """Do nothing: nothing is held open between two messages."""

    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages, oldest first, reading each as it is reached."""
        box = self._reader()
        for key in sorted(box.keys(), key=partial(_age, box)):
            # Another process may have removed or renamed it since.
            with contextlib.suppress(KeyError, FileNotFoundError):
                yield _fields.from_bytes(box.get_bytes(key))

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._reader())

    def _reader(self) -> mailbox.Maildir:
        """Look anew: the object that `mailbox` makes is for one thread only."""
        return mailbox.Maildir(self.path, create=False)

    def _prepare(self) -> None:
        try:
            with contextlib.suppress(FileExistsError):
                self.path.mkdir(mode=0o700)
            # Another process may be making it at this moment.
            if {entry.name for entry in self.path.iterdir()} <= {*_SUBDIRS}:
                for name in _SUBDIRS:
                    (self.path / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unusable(self.path, "a maildir", error) from error
        for name in _SUBDIRS:
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


def _age(box: mailbox.Maildir, key: str) -> tuple[int, int, int]:
    """Sort by the time in the name, and a foreign name by its file's time."""
    match = _NAME.match(key)
    if match:
        seconds, microseconds, count = match.groups()
        return int(seconds), int(microseconds), int(count)
    with contextlib.suppress(KeyError, FileNotFoundError):
        modified = box.get_message(key).get_date()
        return int(modified), int(modified % 1 * 1e6), 0
    return 0, 0, 0
