"""A file with the CA of a throw-away certificate, while the process runs."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

__all__ = ["TemporaryCA"]

log = logging.getLogger("lazr.smtptest")


class TemporaryCA:
    """A file that mail programs get, to trust the server.

    Args:
        ca_pem: the CA, in PEM.
    """

    def __init__(self, ca_pem: bytes) -> None:
        self._ca_pem = ca_pem
        self._file: Path | None = None

    def write(self) -> Path | None:
        """Write the file, in a new directory.

        Returns:
            the file; ``None`` if it cannot be written, which is logged.
        """
        try:
            # A directory of its own: nobody else can have put a link there.
            file = Path(tempfile.mkdtemp(prefix="smtptest-")) / "ca.pem"
            self._file = file
            file.write_bytes(self._ca_pem)
        except OSError as error:
            log.error("cannot write the CA: %s: use --ca-file FILE", error)
            return None
        return file

    def remove(self) -> None:
        """Remove the file and its directory, if it was written."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.unlink(missing_ok=True)
            file.parent.rmdir()
        except OSError as error:
            log.warning("cannot remove %s: %s", file.parent, error)
