"""The commands of a client that has not logged in (RFC 3501 section 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import LoginFailed
from twisted.mail.imap4 import IllegalClientResponse

from lazr_smtptest.auth.exchange import CancelledExchangeError, authenticate
from lazr_smtptest.auth.mechanisms import text_of
from lazr_smtptest.readers.imap.account import IStoreAccount
from lazr_smtptest.readers.imap.arguments import needs, strings
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.syntax import Value, is_atom
from lazr_smtptest.readers.lines import LineTooLongError

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = ["authenticate_by_sasl", "log_in", "mechanisms_of", "start_tls"]

# Bytes of a SASL response, without the line end.
_LONGEST_RESPONSE = 12_288


def mechanisms_of(session: IMAPConnection) -> list[str]:
    """Return the names of the mechanisms of SASL that can be used now."""
    if not session.may_log_in:
        return []
    return session.factory.mechanisms_for(session)


async def start_tls(session: IMAPConnection, arguments: list[Value]) -> str | None:
    """Begin TLS (RFC 3501 section 6.2.1)."""
    needs(arguments, 0, 0, "STARTTLS")
    tls = session.factory.tls
    if tls is None:
        raise CommandError("TLS is not available")
    if session.is_secure:
        raise CommandError("TLS is on already")
    if session.unread:
        # It was sent in clear, and must not be handled within TLS.
        session.reply("BAD commands came after STARTTLS, closing")
        session.say_bye("commands came after STARTTLS in clear text")
        return None
    session.reply("OK begin TLS")
    session.start_tls(tls)
    return None


async def log_in(session: IMAPConnection, arguments: list[Value]) -> str:
    """Log in by a password (RFC 3501 section 6.2.3)."""
    name, password = strings(arguments, 2, "LOGIN user password")
    _check_login(session)
    if not session.factory.takes_passwords:
        raise CommandError("passwords are not accepted, use AUTHENTICATE", status="NO")
    try:
        user = text_of(name, "user name")
    except IllegalClientResponse as error:
        raise CommandError(str(error)) from error
    login = session.ask_portal(UsernamePassword(user, password), IStoreAccount, "LOGIN")
    return await _enter(session, login)


async def authenticate_by_sasl(session: IMAPConnection, arguments: list[Value]) -> str:
    """Log in by a mechanism of SASL (RFC 3501 section 6.2.2, RFC 4959)."""
    count = max(1, min(len(arguments), 2))
    usage = "AUTHENTICATE mechanism [response]"
    name, *rest = strings(arguments, count, usage)
    if not all(map(is_atom, arguments)):
        raise CommandError(f"usage: {usage}; neither is in quotes or a literal")
    _check_login(session)
    names = mechanisms_of(session)
    if name.decode("ascii", "replace").upper() not in names:
        raise CommandError(
            f"mechanisms are: {' '.join(names) or 'none'}", status="NO", code="CANNOT"
        )
    mechanism = session.factory.mechanisms[name.upper()]()
    mechanism.begin(session)

    async def ask(challenge: bytes) -> bytes:
        session.write(b"+ %s\r\n" % challenge)
        return await session.read_line(_LONGEST_RESPONSE, is_secret=True)

    async def ask_portal(credentials: Any) -> Any:
        used = name.decode("ascii").upper()
        return await session.ask_portal(credentials, IStoreAccount, used)

    initial = bytes(rest[0]) if rest else None
    try:
        return await _enter(session, authenticate(mechanism, initial, ask, ask_portal))
    except CancelledExchangeError as error:
        raise CommandError("cancelled") from error
    except IllegalClientResponse as error:
        raise CommandError(str(error)) from error
    except LineTooLongError as error:
        raise CommandError(f"a response has at most {error.longest} bytes") from error


def _check_login(session: IMAPConnection) -> None:
    if not session.may_log_in:
        raise CommandError("STARTTLS first", status="NO", code="PRIVACYREQUIRED")


async def _enter(session: IMAPConnection, login: Any) -> str:
    """Wait for a login, and enter its account.

    Raises:
        CommandError: it is refused.
    """
    try:
        _, account, logout = await login
    except LoginFailed as error:
        session.count_error()
        raise CommandError(
            "wrong user or password", status="NO", code="AUTHENTICATIONFAILED"
        ) from error
    session.enter(account, logout)
    return f"[CAPABILITY {session.capabilities()}] logged in"
