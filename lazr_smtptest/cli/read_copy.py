"""Reads a store that cannot be written, such as one on a read-only mount.

SQLite puts files beside a database that it reads, and a store completes its index. So
a copy in a temporary folder is opened, which has every message that was kept. That of a
Maildir has links to the files of its messages.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import check_spec, open_store
from lazr_smtptest.stores._maildirfiles import MAILDIR_INDEX, SUBDIRS
from lazr_smtptest.stores._mboxfile import MBOX_INDEX
from lazr_smtptest.stores._paths import not_read

__all__ = ["is_read_only", "open_to_read"]

# The suffixes of the write-ahead log of a database, and of the index of the log.
_LOG, _LOG_INDEX = "-wal", "-shm"

# How often a database is copied that changes meanwhile.
_ATTEMPTS = 5

# Size, time of the latest change in nanoseconds, and inode; ``None``: there is no file.
_State = tuple[int, int, int] | None


def is_read_only(text: str) -> bool:
    """Return whether a store exists on the disk and cannot be written.

    Args:
        text: as for `open_store`.

    Raises:
        ValueError: `text` is wrong.
    """
    spec = check_spec(text)
    files = _FILES.get(spec.kind)
    if files is None:
        return False
    path = _file(spec.path)
    try:
        return path.exists() and not all(map(_can_be_written, files(path)))
    except OSError:
        # No path of a file, or a folder without rights: `open_store` says so.
        return False


@contextlib.contextmanager
def open_to_read(text: str) -> Iterator[Any]:
    """Open a store that exists, or a copy of a read-only one; close it at the end.

    A change of the copy is lost, and a later message is not in it.

    A database must not be open in this process: SQLite would lose its locks.

    Args:
        text: as for `open_store`.

    Yields:
        an `IMessageStore` that is an `IMessageReader`, too.

    Raises:
        ValueError: `text` is wrong.
        StoreError: it does not exist, or cannot be read or copied.
    """
    store: Any
    if not is_read_only(text):
        with contextlib.closing(open_store(text, make=False)) as store:
            yield store
        return
    spec = check_spec(text)
    path = _file(spec.path)
    _, mark, settings = text.partition("?")
    _check_readable(path, spec.kind)
    with contextlib.ExitStack() as stack:
        try:
            temporary = tempfile.TemporaryDirectory(prefix="smtptest-")
            folder = Path(stack.enter_context(temporary))
            copy = _COPIES[spec.kind](path, folder)
        except OSError as error:
            raise StoreError(
                f"cannot read {str(path)!r}, which is read-only, by a copy in a "
                f"temporary folder (TMPDIR): {error.strerror or error}"
            ) from error
        try:
            store = open_store(f"{spec.kind}:{copy}{mark}{settings}")
        except StoreError as error:
            raise StoreError(f"cannot read a copy of {str(path)!r}: {error}") from error
        yield stack.enter_context(contextlib.closing(store))


def _file(path: str) -> Path:
    """Return the file of a database; SQLite, too, follows links to find its log."""
    return Path(path).resolve()


def _check_readable(path: Path, kind: str) -> None:
    """Check the file of a database or an mbox, or the folders of a Maildir.

    Raises:
        StoreError: it cannot be read, or the Maildir is none.
    """
    for each in [path / name for name in SUBDIRS] if kind == "maildir" else [path]:
        try:
            if kind != "maildir":
                each.open("rb").close()
            elif each.is_dir():
                os.scandir(each).close()
            else:
                raise StoreError(
                    f"{str(path)!r} is not a maildir: it has no {each.name!r}"
                )
        except OSError as error:
            raise not_read(path, _NAMES[kind], error) from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _can_be_written(file: Path) -> bool:
    """Return whether a file may be written, or made if it does not exist."""
    path, mode = (file, os.W_OK) if file.exists() else (file.parent, os.W_OK | os.X_OK)
    # Root, too, has no right to write on a read-only mount.
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _database_files(path: Path) -> list[Path]:
    return [path, _beside(path, _LOG), _beside(path, _LOG_INDEX)]


def _mbox_files(path: Path) -> list[Path]:
    # A new file replaces it if a message is removed or flagged.
    return [path, path.parent, *_database_files(_beside(path, MBOX_INDEX))]


def _maildir_files(path: Path) -> list[Path]:
    if not path.is_dir():
        # None at all: `open_store` says so.
        return []
    folders = (path / name for name in SUBDIRS)
    return [path, *folders, *_database_files(path / MAILDIR_INDEX)]


def _copy_database(path: Path, folder: Path) -> Path:
    """Copy a database and its write-ahead log, which has the latest commits.

    Returns:
        the copy of the database.

    Raises:
        OSError: they cannot be read, or the copy cannot be written.
        StoreError: they changed during each of some attempts.
    """
    target = folder / path.name
    for _ in range(_ATTEMPTS):
        before = _states(path)
        _beside(target, _LOG).unlink(missing_ok=True)
        shutil.copyfile(path, target)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(_beside(path, _LOG), _beside(target, _LOG))
        if _states(path) == before:
            return target
    raise StoreError(
        f"cannot copy {str(path)!r}, which is read-only here, while another process "
        "writes it: give the URL of the server that writes it"
    )


def _copy_mbox(path: Path, folder: Path) -> Path:
    """Copy an mbox and its index, which has the numbers, tags and sessions."""
    index = _beside(path, MBOX_INDEX)
    if index.exists():
        _copy_database(index, folder)
    # An mbox has no log; what is being added to it is not shown.
    return _copy_database(path, folder)


def _copy_maildir(path: Path, folder: Path) -> Path:
    """Make a Maildir with links to the messages of another, and copy its index."""
    target = folder / path.name
    # A message that is moved from one folder to the other meanwhile is found twice.
    for name in SUBDIRS:
        (target / name).mkdir(parents=True)
    for name in ("new", "cur"):
        for file in os.scandir(path / name):
            (target / name / file.name).symlink_to(file.path)
    index = path / MAILDIR_INDEX
    if index.exists():
        _copy_database(index, target)
    return target


# For each kind: the files that have to be written, the copy, and the name in errors.
_FILES: dict[str, Callable[[Path], list[Path]]] = {
    "sqlite": _database_files,
    "mbox": _mbox_files,
    "maildir": _maildir_files,
}
_COPIES: dict[str, Callable[[Path, Path], Path]] = {
    "sqlite": _copy_database,
    "mbox": _copy_mbox,
    "maildir": _copy_maildir,
}
_NAMES = {"sqlite": "SQLite store", "mbox": "mbox", "maildir": "maildir"}


def _states(path: Path) -> tuple[_State, _State]:
    return _state(path), _state(_beside(path, _LOG))


def _state(file: Path) -> _State:
    with contextlib.suppress(FileNotFoundError):
        status = file.stat()
        return status.st_size, status.st_mtime_ns, status.st_ino
    return None
