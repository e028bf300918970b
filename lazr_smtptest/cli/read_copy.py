"""Reads a database that cannot be written, such as one on a read-only mount.

SQLite puts files beside a database that it reads, and the store completes its index. So
a copy in a temporary folder is opened, which has every committed message.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import check_spec, open_store
from lazr_smtptest.stores._paths import not_read

__all__ = ["is_read_only", "open_to_read"]

# The suffixes of the write-ahead log of a database, and of the index of the log.
_LOG, _LOG_INDEX = "-wal", "-shm"

# How often a database is copied that changes meanwhile.
_ATTEMPTS = 5

# Size, time of the latest change in nanoseconds, and inode; ``None``: there is no file.
_State = tuple[int, int, int] | None


def is_read_only(text: str) -> bool:
    """Return whether a store is an SQLite database that exists and cannot be written.

    Args:
        text: as for `open_store`.

    Raises:
        ValueError: `text` is wrong.
    """
    spec = check_spec(text)
    if spec.kind != "sqlite":
        return False
    path = _file(spec.path)
    try:
        if not path.exists():
            return False
    except OSError:
        # No path of a file, or a folder without rights: `open_store` says so.
        return False
    files = (path, _beside(path, _LOG), _beside(path, _LOG_INDEX))
    return not all(map(_can_be_written, files))


@contextlib.contextmanager
def open_to_read(text: str) -> Iterator[Any]:
    """Open a store that exists, or a copy of a read-only one; close it at the end.

    A change of the copy is lost, and a later message is not in it.

    The database must not be open in this process: SQLite would lose its locks.

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
    path = _file(check_spec(text).path)
    _, mark, settings = text.partition("?")
    _check_readable(path)
    with contextlib.ExitStack() as stack:
        try:
            temporary = tempfile.TemporaryDirectory(prefix="smtptest-")
            copy = _copy(path, Path(stack.enter_context(temporary)))
        except OSError as error:
            raise StoreError(
                f"cannot read {str(path)!r}, which is read-only, by a copy in a "
                f"temporary folder (TMPDIR): {error.strerror or error}"
            ) from error
        try:
            store = open_store(f"sqlite:{copy}{mark}{settings}")
        except StoreError as error:
            raise StoreError(f"cannot read a copy of {str(path)!r}: {error}") from error
        yield stack.enter_context(contextlib.closing(store))


def _file(path: str) -> Path:
    """Return the file of a database; SQLite, too, follows links to find its log."""
    return Path(path).resolve()


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise not_read(path, "SQLite store", error) from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _can_be_written(file: Path) -> bool:
    """Return whether a file may be written, or made if it does not exist."""
    path, mode = (file, os.W_OK) if file.exists() else (file.parent, os.W_OK | os.X_OK)
    # Root, too, has no right to write on a read-only mount.
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _copy(path: Path, folder: Path) -> Path:
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


def _states(path: Path) -> tuple[_State, _State]:
    return _state(path), _state(_beside(path, _LOG))


def _state(file: Path) -> _State:
    with contextlib.suppress(FileNotFoundError):
        status = file.stat()
        return status.st_size, status.st_mtime_ns, status.st_ino
    return None
