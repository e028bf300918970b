"""Readers of a store that several processes write to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.python import usage

from lazr_smtptest.stores import check_spec

__all__ = ["check_shared_store", "is_shared"]


def is_shared(options: Mapping[str, Any]) -> bool:
    """Return whether the process with the readers sees the mail of all workers."""
    return options["workers"] == 1 or check_spec(options["store"]).kind != "memory"


def check_shared_store(options: Mapping[str, Any], name: str) -> None:
    """Check that a reader sees the mail of all workers.

    Args:
        options: the parsed options.
        name: the option that asks for the reader.

    Raises:
        UsageError: it does not.
    """
    if not is_shared(options):
        raise usage.UsageError(
            f"--{name} with --workers needs a store on a disk, such as "
            "--store sqlite:mail.db: each worker has a memory of its own"
        )
