"""The errors that end a command before it starts."""

from __future__ import annotations

from lazr_smtptest.errors import Error

__all__ = ["OptionError", "StartError"]


class StartError(Error, SystemExit):
    """The command cannot run with these options.

    It is also a `SystemExit`, so that whatever runs the command prints the message and
    ends with status 1; another exception would print a traceback.
    """

    def __init__(self, message: str) -> None:
        message = " ".join(message.splitlines())
        super().__init__(message)
        self.code = f"smtptest: {message}"


class OptionError(StartError):
    """An option has an invalid value."""
