"""What is said about a path that cannot hold messages."""

from __future__ import annotations

from pathlib import Path

from lazr_smtptest.errors import StoreError

__all__ = ["unusable"]


def unusable(path: Path, kind: str, error: OSError) -> StoreError:
    """Make one clear line of what the operating system said about `path`."""
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        reason = f"there is no directory {str(path.parent)!r}"
    return StoreError(f"cannot use {str(path)!r} as {kind}: {reason}")
