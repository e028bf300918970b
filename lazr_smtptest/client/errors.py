"""The error of a server that cannot be asked over HTTP."""

from __future__ import annotations

from lazr_smtptest.errors import StoreError

__all__ = ["RemoteError"]


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
