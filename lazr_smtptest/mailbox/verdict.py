"""Verdicts: the outcome of a session in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.mailbox.attempt import attempts
from lazr_smtptest.mailbox.blame import blame, rule_before
from lazr_smtptest.mailbox.excerpt import CLIENT_HELLO
from lazr_smtptest.mailbox.unoffered import LEFT, unoffered
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Line
from lazr_smtptest.query.criteria import Criteria

__all__ = ["cause", "is_vague", "tls_failure", "tls_trouble", "verdict"]

# OpenSSL's words, and what they mean to a test.
_HANDSHAKE = re.compile(r"the TLS handshake failed: (?:.*, '(.+)'\)\]|(.*))")
_LOST = "the connection was lost"
# Some libraries, such as asyncio, send no alert.
_BROKE_OFF = (
    "the client broke TLS off: perhaps it does not trust the CA: use client_context()"
)
_REFUSED_CERTIFICATE = "the client does not accept the server's certificate"
_UNTRUSTED = "the client does not trust the server's CA"
_MEANINGS = {
    "alert unknown ca": _UNTRUSTED,
    "alert bad certificate": _REFUSED_CERTIFICATE,
    "alert certificate": _REFUSED_CERTIFICATE,
    "did not return a certificate": "the client showed no certificate",
    "http request": "the client spoke plain text",
    "wrong version number": "the client spoke plain text",
    "packet length too long": "the client spoke plain text",
    "closed cleanly": "the client closed the connection",
    "non-clean": _LOST,
}

_ON_TLS_PORT = " on a TLS port"
_SENT_NOTHING = "the client sent nothing"
_WAITS = (
    f"{_SENT_NOTHING}{_ON_TLS_PORT}: it waits for a greeting (SMTP where SMTP_SSL is "
    "expected)"
)
# The line that HTTP begins with.
_HTTP = re.compile(r"[A-Z]+ \S+ HTTP/\d")

_LOGIN = re.compile(r"(?i)AUTH\b|\*")

_SILENT, _NO_MESSAGE = "the client said nothing", "the client sent no message"

# A session on a `Clock` has a time of its own: what differs by more than this many
# seconds cannot be compared.
_A_DAY = 86400.0


def tls_failure(session: Session) -> str:
    """Return the reason why a TLS handshake failed; ``""`` if it is unknown."""
    lines = session.transcript.lines()
    failed = any(
        (line.who == "note" and _HANDSHAKE.fullmatch(line.text))
        or (line.who == "client" and line.text.startswith(CLIENT_HELLO))
        for line in lines
    )
    return _without_fault(session, lines) if failed else ""


def tls_trouble(session: Session) -> str:
    """Return the reason why a client could not use TLS, or the lack of it; or ``""``.

    Unlike `tls_failure`, it knows of a client that waits where TLS is expected.
    """
    lines = session.transcript.lines()
    if not lines and session.transcript.bound:
        return _WAITS
    return tls_failure(session)


def cause(
    session: Session, criteria: Criteria, fired: Sequence[Fired] = ()
) -> tuple[str, bool]:
    """Return the outcome of a session, and whether a fault caused it.

    Args:
        session: the session; it may be open.
        criteria: the criteria of the test; the outcome of a matching message is first.
        fired: the faults that fired.
    """
    tried = list(attempts(session))
    if not tried:
        return _of_lines(session, session.transcript.lines(), fired)
    met = criteria.of_envelope()
    best = next((each for each in tried if met(each.envelope)), tried[0])
    by_fault = blame(session, fired, best)
    said = _of_attempts(by_fault or best.outcome, len(tried) - 1)
    return said, bool(by_fault)


def verdict(
    session: Session, criteria: Criteria, now: float, fired: Sequence[Fired] = ()
) -> str:
    """Return the outcome of a session, and the state of an open one.

    Args:
        session: see `cause`.
        criteria: see `cause`.
        now: seconds since 1970.
        fired: see `cause`.
    """
    said, by_fault = cause(session, criteria, fired)
    if by_fault:
        # That the client waits is not what went wrong.
        return said
    return said + _where_it_stands(session, session.transcript.lines(), now)


def is_vague(said: str) -> bool:
    """Return whether an outcome of `cause` explains nothing, or is only a guess."""
    return (
        said in (_SILENT, _NO_MESSAGE, _BROKE_OFF)
        or said.startswith(LEFT)
        # The program may know for what reason.
        or said.endswith(_REFUSED_CERTIFICATE)
    )


def _of_attempts(outcome: str, others: int) -> str:
    return f"{outcome} [and {others} more]" if others else outcome


def _of_lines(
    session: Session, lines: Sequence[Line], fired: Sequence[Fired]
) -> tuple[str, bool]:
    """Return the outcome from the transcript, if the transactions have none."""
    refusals = [number for number, line in enumerate(lines) if line.refuses]
    rule = rule_before(lines, refusals[-1]) if refusals else ""
    if rule:
        return f"{_without_fault(session, lines)}: {rule}", True
    by_fault = blame(session, fired, None)
    return (by_fault, True) if by_fault else (_without_fault(session, lines), False)


def _without_fault(session: Session, lines: Sequence[Line]) -> str:
    refused = ""
    for number, line in reversed(list(enumerate(lines))):
        handshake = _HANDSHAKE.fullmatch(line.text) if line.who == "note" else None
        if handshake is not None:
            if _meaning(handshake) == _UNTRUSTED:
                return f"{_UNTRUSTED}: use client_context()"
            if handshake[2] == _SENT_NOTHING:
                return _WAITS
            if _meaning(handshake) == _LOST:
                return _BROKE_OFF
            port = "" if _was_greeted(lines) else _ON_TLS_PORT
            return f"the TLS handshake failed: {_meaning(handshake)}{port}"
        if line.who == "client" and line.text.startswith(CLIENT_HELLO):
            return "the client began TLS on a port that begins in plain text"
        if line.who == "client" and _HTTP.match(line.text):
            return "the client spoke HTTP"
        if line.refuses and not refused:
            what = _refused(lines, number)
            refused = f"{what} was refused with {line.text}"
            if line.text.startswith("530"):
                # What is missing matters, not the command (RFC 4954 section 6).
                refused = f"{line.text}: {what.partition(' ')[0].upper()}"
                if "STARTTLS" in line.text.upper():
                    refused = f"the client did not use STARTTLS: {line.text}"
    if refused:
        return refused
    if session.delivered:
        return f"messages accepted: {session.delivered}"
    if any(line.who == "client" for line in lines):
        return unoffered(session, lines) or _NO_MESSAGE
    if session.transcript.bound and not lines:
        # It was not greeted: that waits for the handshake.
        return _WAITS
    return _SILENT


def _was_greeted(lines: Sequence[Line]) -> bool:
    return any(line.who == "server" for line in lines)


def _meaning(handshake: re.Match[str]) -> str:
    words = handshake[1] or handshake[2]
    meanings = (mean for part, mean in _MEANINGS.items() if part in words)
    return next(meanings, words)


def _refused(lines: Sequence[Line], number: int) -> str:
    """Return the command that the reply in this line refuses.

    It is known if the client waited for the reply: in a batch all replies come after
    all commands. 421 may come without a command (RFC 5321 section 3.8).
    """
    before = [line for line in lines[:number] if line.who != "note"]
    while before and before[-1].who == "server" and before[-1].text[3:4] == "-":
        before.pop()
    whose = [line.who for line in before[-2:]]
    if whose not in (["server", "client"], ["client"]):
        said = any(line.who == "client" for line in before)
        is_421 = lines[number].text.startswith("421")
        return "the client" if is_421 or not said else "a command"
    command = before[-1].text
    return "the login" if _LOGIN.match(command) else command


def _where_it_stands(session: Session, lines: Sequence[Line], now: float) -> str:
    """Return the last lines of an open session, as a phrase."""
    said = [line for line in lines if line.who != "note"]
    leaving = bool(said) and said[-1].text.startswith(("221", "421"))
    if session.ended is not None or leaving:
        return ""
    heard = [line for line in said if line.who == "client"]
    if not heard:
        return "; the client is still connected"
    words = f"; the client is still connected, and said {heard[-1].text!r}"
    ago = now - session.started - heard[-1].seconds
    when = f" {ago:.1f} s ago" if 0 <= ago < _A_DAY else " last"
    return words + when + (", without a reply yet" if said[-1] is heard[-1] else "")
