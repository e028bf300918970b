"""The certificates that options name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lazr_smtptest.cli.errors import StartError

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS

__all__ = ["read_tls"]


def read_tls(options: Mapping[str, Any], name: str) -> TLS | None:
    """Return the certificates of an option; ``None`` if it is not given.

    Args:
        options: the checked options.
        name: ``"tls"`` or ``"http-tls"``.

    Raises:
        StartError: a file cannot be used, or a package is missing.
    """
    from lazr_smtptest.tls.context import TLS, TLSError

    value = options[name]
    if value is None:
        return None
    try:
        if value != "auto":
            certificate, _, key = value.partition(",")
            return TLS.from_files(certificate, key)
        own = [options["hostname"]] if options["hostname"] else []
        tls = TLS.auto("localhost", "127.0.0.1", "::1", *own)
    except TLSError as error:
        raise StartError(f"--{name}: {error}") from error
    if options["ca-file"] is not None:
        _write(options["ca-file"], tls.ca_pem)
    return tls


def _write(file: str, content: bytes) -> None:
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise StartError(f"cannot write {file!r}: {error.strerror}") from error
