"""The error of a server that cannot be asked over HTTP."""

from __future__ import annotations

import http.client
import ssl

import attrs

from lazr_smtptest.client.address import Address
from lazr_smtptest.errors import StoreError

__all__ = ["RemoteError", "one_line", "unreachable"]

# The most characters of a server's text in an error.
_SHOWN = 500


class RemoteError(StoreError):
    """A server does not answer over HTTP, or answers with an error.

    Attributes:
        status: the status of its answer; 0 if there was none.
        detail: its own description of the error; ``""`` if there is none.
    """

    __module__ = "lazr_smtptest"

    def __init__(self, message: str, status: int = 0, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail

    def __reduce__(self) -> tuple[type[RemoteError], tuple[str, int, str]]:
        return RemoteError, (str(self), self.status, self.detail)


def one_line(text: str) -> str:
    """Return a server's text for an error: one line, printable, and not long."""
    line = " ".join(text.split())
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."


def unreachable(
    address: Address, error: Exception, found: str, timeout: float
) -> RemoteError:
    """Return the error of a request that got no answer.

    Args:
        address: the address of the server.
        error: the exception of the connection.
        found: the protocol that the server speaks, see `protocol_of`.
        timeout: seconds after which it was given up.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return RemoteError(
            f"the certificate of {address} is not trusted: "
            f"{error.verify_message}; name the file of its CA: --ca-file or "
            "SMTPTEST_CA_FILE for a command, verify= in Python"
        )
    server = f"the server at {address}"
    if found == "smtp":
        return RemoteError(
            f"{server} speaks SMTP: use its HTTP port (smtptest --http PORT)"
        )
    if found and (found == "https") != address.secure:
        right = attrs.evolve(address, secure=found == "https")
        return RemoteError(f"{server} speaks {found}: use {right}")
    is_lost = isinstance(error, http.client.RemoteDisconnected)
    if isinstance(error, http.client.BadStatusLine) and not is_lost:
        sent = one_line(repr(str(error)))
        return RemoteError(f"{server} speaks no HTTP: it sent {sent}; check the port")
    if isinstance(error, TimeoutError):
        why = f"no answer within {timeout:g} s"
    else:
        why = getattr(error, "strerror", None) or str(error) or repr(error)
    return RemoteError(
        f"no server answers at {address}: {one_line(why)}; `smtptest` starts one"
    )
