"""The file with what was delivered to each webhook, beside the store."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from lazr_smtptest.stores._paths import opened, write_all

__all__ = ["Positions"]

log = logging.getLogger("lazr.smtptest")


class Positions:
    """Keeps the number of the last message that was done, for each webhook.

    Messages after it wait in the store, which bounds them: that is the queue.
    Its methods may wait for a disk. Any thread may call them.

    Args:
        path: the file; ``None``: nothing is kept, as for a store in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def load(self, validity: int) -> dict[str, int]:
        """Return the numbers by the names of webhooks.

        Args:
            validity: that of the store; with another one all numbers are void: each
                is 0, because all messages of the store are new then.
        """
        if self._path is None:
            return {}
        try:
            content = json.loads(self._path.read_bytes())
            numbers = {str(name): int(each) for name, each in content["done"].items()}
            is_same = content["validity"] == validity
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("cannot read %s: webhooks begin anew: %s", self._path, error)
            return {}
        return numbers if is_same else dict.fromkeys(numbers, 0)

    def leave(self) -> None:
        """Leave the webhooks to other processes, of which there are none."""

    def save(self, validity: int, numbers: Mapping[str, int]) -> None:
        """Write the numbers, all or none; a failure is logged."""
        if self._path is None:
            return
        content = json.dumps({"validity": validity, "done": dict(numbers)})
        new = self._path.with_name(self._path.name + ".new")
        with self._lock:
            try:
                with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
                    write_all(file, content.encode())
                    os.fsync(file)
                new.replace(self._path)
            except OSError as error:
                log.error("cannot write %s: %s", self._path, error)
                with contextlib.suppress(OSError):
                    new.unlink()
