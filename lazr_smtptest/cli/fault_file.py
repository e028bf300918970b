"""The fault file of a server process; SIGHUP reloads it."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from twisted.application.service import Service

from lazr_smtptest.faults import FaultFileError, Faults

__all__ = ["FaultFile"]

log = logging.getLogger("lazr.smtptest")


class FaultFile(Service):
    """Applies the rules of a file while the service runs.

    Its methods are called in the reactor's thread, which is the main thread.

    Args:
        faults: the faults of the server.
        file: the name of the file.
        reactor: the reactor of the server.

    Raises:
        FaultFileError: it cannot be read, or a rule in it is wrong.
    """

    def __init__(self, faults: Faults, file: str, reactor: Any) -> None:
        self._faults = faults
        # twistd may change its working directory.
        self._file = os.path.abspath(file)  # noqa: PTH100 - links stay as they are
        self._reactor = reactor
        self._before: Any = None
        faults.load(self._file)

    def startService(self) -> None:
        """Reload the file on each SIGHUP from now on."""
        super().startService()
        self._before = signal.signal(signal.SIGHUP, self._hung_up)

    def stopService(self) -> None:
        """Restore the previous handler of SIGHUP."""
        super().stopService()
        signal.signal(signal.SIGHUP, self._before)

    def _hung_up(self, *signal: object) -> None:
        # Python calls this at any point; the rules must change between two events.
        self._reactor.callFromThread(self._load)

    def _load(self) -> None:
        try:
            rules = self._faults.load(self._file)
        except FaultFileError as error:
            log.error("the faults stay as they are: %s", error)
        else:
            log.info("%d rules of faults from %s", len(rules), self._file)
