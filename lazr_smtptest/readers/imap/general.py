"""The commands of any state, and those about the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lazr_smtptest.readers.imap.arguments import needs, upper
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.state import State
from lazr_smtptest.readers.imap.syntax import Value, is_atom
from lazr_smtptest.readers.lines import LineTooLongError
from lazr_smtptest.version import __version__

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = [
    "capability",
    "check",
    "enable",
    "id_",
    "idle",
    "logout",
    "namespace",
    "noop",
]

# The capabilities that a client turns on.
_EXTENSIONS = (b"IMAP4rev2", b"UTF8=ACCEPT", b"CONDSTORE")
# RFC 2971 section 3.3.
_MOST_FIELDS = 30
# Octets of the line that ends IDLE.
_LONGEST_DONE = 1000


async def capability(session: IMAPConnection, arguments: list[Value]) -> str:
    """List what the server can do now (RFC 3501 section 6.1.1)."""
    needs(arguments, 0, 0, "CAPABILITY")
    session.write(f"* CAPABILITY {session.capabilities()}\r\n".encode())
    return "that is all"


async def noop(session: IMAPConnection, arguments: list[Value]) -> str:
    """Reply, to report what changed (RFC 3501 section 6.1.2)."""
    needs(arguments, 0, 0, "NOOP")
    return "done"


async def check(session: IMAPConnection, arguments: list[Value]) -> str:
    """Reply: changes are kept already (RFC 3501 section 6.4.1)."""
    needs(arguments, 0, 0, "CHECK")
    return "everything is kept"


async def logout(session: IMAPConnection, arguments: list[Value]) -> str:
    """End the session (RFC 3501 section 6.1.3)."""
    needs(arguments, 0, 0, "LOGOUT")
    session.write(b"* BYE bye\r\n")
    session.state = State.LOGOUT
    return "bye"


async def id_(session: IMAPConnection, arguments: list[Value]) -> str:
    """Exchange the names of the programs (RFC 2971)."""
    needs(arguments, 1, 1, "ID (fields) | NIL")
    fields = arguments[0]
    if isinstance(fields, list):
        is_sound = len(fields) % 2 == 0 and len(fields) <= 2 * _MOST_FIELDS
        if not is_sound or any(isinstance(each, list) for each in fields):
            raise CommandError(f"ID has pairs of strings, {_MOST_FIELDS} at most")
    elif upper(fields) != "NIL":
        raise CommandError("ID has a list, or NIL")
    session.write(
        f'* ID ("name" "lazr.smtptest" "version" "{__version__}")\r\n'.encode()
    )
    return "pleased to meet you"


async def enable(session: IMAPConnection, arguments: list[Value]) -> str:
    """Turn extensions on (RFC 5161); unknown ones are ignored."""
    names = {each.upper() for each in arguments if is_atom(each)}
    if not arguments or not all(map(is_atom, arguments)):
        raise CommandError("usage: ENABLE capability ...")
    enabled = [name for name in _EXTENSIONS if name.upper() in names]
    session.is_rev2 |= b"IMAP4rev2" in enabled
    session.is_utf8 |= b"UTF8=ACCEPT" in enabled or session.is_rev2
    session.has_condstore |= b"CONDSTORE" in enabled
    session.write(b" ".join([b"* ENABLED", *enabled]) + b"\r\n")
    return "enabled"


async def namespace(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return the namespaces: one of the user, none of others (RFC 2342)."""
    needs(arguments, 0, 0, "NAMESPACE")
    session.write(b'* NAMESPACE (("" "/")) NIL NIL\r\n')
    return "that is all"


async def idle(session: IMAPConnection, arguments: list[Value]) -> str:
    """Report changes as they come, until the client sends DONE (RFC 2177)."""
    needs(arguments, 0, 0, "IDLE")
    session.write(b"+ idling\r\n")
    session.begin_idling()
    try:
        line = await session.read_line(_LONGEST_DONE)
    except LineTooLongError as error:
        raise CommandError("DONE ends IDLE") from error
    finally:
        await session.end_idling()
    if line.upper() != b"DONE":
        raise CommandError("DONE ends IDLE")
    return "no longer idling"
