"""The kinds of sessions that went wrong, by what ended them."""

from __future__ import annotations

import re

from lazr_smtptest.model.session import Session

__all__ = ["KINDS", "kinds_of"]

KINDS = ("refused", "tls", "auth", "dropped")

_TLS_FAILED = "the TLS handshake failed"
_AUTH = re.compile("AUTH ", re.IGNORECASE)
_REFUSAL = re.compile("[45][0-9][0-9]")


def kinds_of(session: Session) -> tuple[str, ...]:
    """Return which of `KINDS` a session is; none if nothing went wrong.

    ``refused``: a command got a reply of 4xx or 5xx. ``tls``: the handshake failed.
    ``auth``: the client tried to log in and could not. ``dropped``: the client left
    without a refusal and without all of its mail. A probe is none of them.
    """
    is_tls, is_auth = _is_tls(session), _is_auth(session)
    is_dropped = not session.refusals and not is_tls
    found = {
        "refused": bool(session.refusals),
        "tls": is_tls,
        "auth": is_auth,
        "dropped": is_dropped and session.failed,
    }
    is_open = session.ended is None
    return () if is_open else tuple(kind for kind in KINDS if found[kind])


def _is_tls(session: Session) -> bool:
    # Transcripts are packed: only those that may tell of it are read.
    return (
        not session.tls
        and not session.transactions
        and any(line.text.startswith(_TLS_FAILED) for line in session.transcript)
    )


def _is_auth(session: Session) -> bool:
    if session.user is not None or not session.refusals:
        return False
    return bool(session.login_attempts) or _has_refused_login(session)


def _has_refused_login(session: Session) -> bool:
    """Return whether a login was refused before it was checked."""
    if session.transactions:
        return False
    is_login = False
    for line in session.transcript:
        if line.who == "client":
            # What follows AUTH is its answers to challenges.
            is_login = is_login or _AUTH.match(line.text) is not None
        elif line.who == "server" and is_login:
            if _REFUSAL.match(line.text):
                return True
            is_login = line.text.startswith("334")
    return False
