"""Causes of a test's error that the server knows: its own errors, what it lacks."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from lazr_smtptest.activity.certificate import certificate_trouble
from lazr_smtptest.activity.monitor import is_of_mail
from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.failure import shown_by
from lazr_smtptest.mailbox.handling import error_words
from lazr_smtptest.mailbox.unoffered import refused_by_client
from lazr_smtptest.mailbox.used import used_since
from lazr_smtptest.mailbox.verdict import tls_trouble

__all__ = ["causes_of"]

# Errors of the server that are shown.
_MOST = 3
# Errors of a chain that are looked at.
_DEPTH = 5


def causes_of(error: BaseException, moment: float) -> list[str]:
    """Return the likely causes of an error, a line each.

    Args:
        error: the error of a test.
        moment: when the test began, in seconds of the monotonic clock.
    """
    if shown_by(error) is not None:
        # The text of a mailbox failure has them.
        return []
    return [each for box in used_since(moment) for each in _causes(error, box)]


def _causes(error: BaseException, mailbox: Mailbox) -> Iterator[str]:
    kept = mailbox.errors() if mailbox.errors is not None else ()
    for each in [each for each in kept if each is not error][:_MOST]:
        yield f"in the server: {error_words(each)}"
    if is_of_mail(error) and mailbox.settle is not None:
        # The client may know of the end of a connection first.
        mailbox.settle()
    latest = list(mailbox.sessions)[-1:]
    for session in latest:
        hint = refused_by_client(error, session.transcript.lines())
        if hint:
            yield hint
        elif is_of_mail(error):
            trouble = _certificate_trouble(error) or tls_trouble(session)
            if trouble:
                yield trouble


def _certificate_trouble(error: BaseException) -> str:
    """Return the meaning of an error of the client, or of its cause."""
    each: BaseException | None = error
    for _ in range(_DEPTH):
        if isinstance(each, ssl.SSLCertVerificationError):
            return certificate_trouble(str(each))
        each = each.__cause__ or each.__context__ if each is not None else None
    return ""
