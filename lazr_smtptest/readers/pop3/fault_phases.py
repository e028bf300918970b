"""The fault phases of the commands of POP3."""

from __future__ import annotations

from lazr_smtptest.readers.session_faults import user_in_plain

__all__ = ["phase_of", "user_of"]

_OWN = (
    *("CAPA", "STLS", "USER", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET"),
    *("NOOP", "QUIT"),
)
_PHASES = {
    **{name.encode(): name for name in _OWN},
    **dict.fromkeys((b"PASS", b"APOP", b"AUTH"), "LOGIN"),
}


def phase_of(line: bytes) -> str:
    """Return the name of the phase of a command."""
    return f"POP3 {_PHASES.get(line.partition(b' ')[0].upper(), 'OTHER')}"


def user_of(line: bytes, named: bytes | None) -> str | None:
    """Return who tries to log in, if a command tells that.

    Args:
        line: the command.
        named: the argument of an earlier USER.
    """
    verb, *words = line.split(b" ")
    name: bytes | None = None
    match verb.upper(), words:
        case b"USER", [_, *_]:
            name = line[len("USER ") :]
        case b"APOP", [name, _]:
            pass
        case b"PASS", _:
            name = named
        case b"AUTH", [mechanism, response] if mechanism.upper() == b"PLAIN":
            return user_in_plain(response)
    return None if name is None else name.decode("utf-8", "replace")
