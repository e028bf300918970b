"""The fault files of a server process; SIGHUP reloads them."""

from __future__ import annotations

import logging
import signal
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import Service

from lazr_smtptest.faults import FaultFileError, Faults

__all__ = ["FaultFiles"]

log = logging.getLogger("lazr.smtptest")


class FaultFiles(Service):
    """Applies the rules, limits and settings of files while the service runs.

    Its methods are called in the reactor's thread, which is the main thread.

    Args:
        faults: the faults of the server.
        files: the absolute names of the files in order, by the option that names them.
        options: the options of the command, which the files may have too.
        reactor: the reactor of the server.

    Raises:
        FaultFileError: one cannot be read, or a rule in it is wrong.
    """

    def __init__(
        self,
        faults: Faults,
        files: Mapping[str, Path],
        options: Collection[str],
        reactor: Any,
    ) -> None:
        self._faults = faults
        self._files = files
        self._options = options
        self._reactor = reactor
        self._before: Any = None
        for file in files.values():
            faults.load(file, options=options)

    def startService(self) -> None:
        """Reload the files on each SIGHUP from now on."""
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
        for file in self._files.values():
            try:
                rules = self._faults.load(file, options=self._options)
            except FaultFileError as error:
                log.error("the faults stay as they are: %s", error)
            else:
                log.info("%d rules of faults from %s", len(rules), file)
