"""The exit statuses of programs that send mail, as ``sysexits.h`` of Unix has them."""

from __future__ import annotations

import smtplib
import ssl
from enum import IntEnum

__all__ = ["Status", "status_of"]


class Status(IntEnum):
    """The exit status, as ``sysexits.h`` of Unix names it."""

    OK = 0
    USAGE = 64
    DATA = 65
    NO_INPUT = 66
    NO_USER = 67
    UNAVAILABLE = 69
    CANNOT_CREATE = 73
    TEMPORARY = 75
    PROTOCOL = 76
    NO_PERMISSION = 77


def status_of(error: Exception) -> Status:
    """Return the exit status for an error of the client."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return Status.NO_USER if max(codes) >= 500 else Status.TEMPORARY
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Status.NO_PERMISSION
    if isinstance(error, smtplib.SMTPResponseException):
        is_final = error.smtp_code >= 500
        return Status.UNAVAILABLE if is_final else Status.TEMPORARY
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        # The latter is a command that the server does not offer.
        return Status.PROTOCOL
    if isinstance(error, ValueError):
        return Status.UNAVAILABLE
    return Status.TEMPORARY
