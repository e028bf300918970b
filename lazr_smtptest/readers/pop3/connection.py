"""A POP3 session: the replies to the commands of a client (RFC 1939)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import LoginFailed
from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import connectionDone
from twisted.mail.imap4 import IllegalClientResponse
from twisted.mail.interfaces import IMailboxPOP3
from twisted.python.failure import Failure

from lazr_smtptest.auth.exchange import CancelledExchangeError, authenticate
from lazr_smtptest.errors import BusyError, StoreError
from lazr_smtptest.readers.lines import LineTooLongError
from lazr_smtptest.readers.pop3.commands import (
    COMMANDS,
    CommandError,
    State,
    number_of,
)
from lazr_smtptest.readers.pop3.content import Top, blocks_of, pieces_of
from lazr_smtptest.readers.pop3.credentials import MASKED, Digest, checked_name
from lazr_smtptest.readers.pop3.fault_replies import FaultReplies
from lazr_smtptest.readers.pop3.maildrop import MissingMessageError
from lazr_smtptest.readers.pop3.marks import Marks, count_of
from lazr_smtptest.version import __version__

if TYPE_CHECKING:
    from lazr_smtptest.readers.pop3.factory import POP3Factory

__all__ = ["POP3Connection"]

log = logging.getLogger("lazr.smtptest")

# Octets of a command (RFC 2449 section 4 has 255), and of a SASL response (RFC 5034
# section 4), without the line end.
_LONGEST_LINE, _LONGEST_RESPONSE = 510, 12_288

# The language tags of our replies (RFC 6856 section 3).
_LANGUAGES = {"en": "en English", "i-default": "i-default Default"}


class POP3Connection(FaultReplies):
    """A session of a client.

    Args:
        factory: the factory, which has the settings and the portal.

    Attributes:
        host: the name of the server, for mechanisms of SASL.
    """

    protocol = "pop3"
    masked = MASKED
    factory: POP3Factory

    def __init__(self, factory: POP3Factory) -> None:
        settings = factory.settings
        super().__init__(factory.reactor, settings.idle, settings.handshake)
        self.factory = factory
        self.host = factory.host
        self._state = State.AUTHORIZATION
        self._errors = 0
        self._stamp = b""
        # Of the login.
        self._maildrop: Any = None
        self._logout: Callable[[], object] | None = None
        self._marks = Marks()

    # The connection

    def connectionMade(self) -> None:
        """Begin to serve the client."""
        self.factory.connections.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Log out; messages that were marked as deleted stay (RFC 1939 section 6)."""
        super().connectionLost(reason)
        self.factory.connections.remove(self)
        logout, self._logout = self._logout, None
        if logout is not None:
            logout()

    def shut_down(self) -> None:
        """End the session, because the server stops."""
        self.close()

    def broke(self) -> None:
        """Send the client an error of the server."""
        self.err("something went wrong here", "SYS/TEMP")

    async def serve(self) -> None:
        """Greet the client, and answer one command after the other."""
        if self.factory.is_full:
            self.err("too many connections", "SYS/TEMP")
            self.close()
            return
        if self.factory.settings.offers_apop:
            self._stamp = b"<%s@%s>" % (secrets.token_hex(8).encode(), self.host)
        await self.greet_unless_faulty()
        while not self.is_closed:
            try:
                await self.answer_unless_faulty(await self.read_line(_LONGEST_LINE))
            except LineTooLongError as error:
                self.refuse(f"a line has at most {error.longest} octets here")
            except CommandError as error:
                self.refuse(str(error))

    async def greet(self) -> None:
        """Send the greeting."""
        self.is_greeted = True
        self._ok(f"POP3 server ready {self._stamp.decode()}")

    async def answer(self, line: bytes) -> None:
        """Answer a command, or raise a `CommandError`."""
        verb, space, rest = line.partition(b" ")
        name = verb.upper()
        command = COMMANDS.get(name)
        if command is None or (name == b"APOP" and not self._stamp):
            raise CommandError("unknown command")
        if self._state not in command.states:
            raise CommandError(
                "log in first"
                if self._state is State.AUTHORIZATION
                else "only before the login"
            )
        arguments = command.arguments(rest if space else None)
        answer = getattr(self, f"do_{name.decode('ascii')}")
        try:
            await answer(*arguments)
        except (StoreError, BusyError) as error:
            log.warning("POP3 %s: %s", name.decode("ascii"), error)
            self.err(f"the store cannot be used: {type(error).__name__}", "SYS/TEMP")

    # Replies

    def _ok(self, text: str = "") -> None:
        self.write(f"+OK {text}".rstrip().encode() + b"\r\n")

    def err(self, text: str, code: str = "") -> None:
        """Refuse a command, with a response code (RFC 2449 section 8) if it has one."""
        self.session.refusals += 1
        self.write(f"-ERR {f'[{code}] ' if code else ''}{text}\r\n".encode())

    def refuse(self, text: str) -> None:
        """Refuse a command that is wrong; disconnect a client that sends too many."""
        self._errors += 1
        is_last = self._errors >= self.factory.settings.max_errors
        self.err(f"{text}; too many errors" if is_last else text)
        if is_last:
            self.close()

    async def _list(self, first: str, lines: Iterable[str]) -> None:
        """Send a reply of many lines, none of which begins with a dot."""
        self._ok(first)
        await self.write_pieces(blocks_of(lines))

    # Any state

    async def do_CAPA(self) -> None:
        """List what the server can do now (RFC 2449)."""
        await self._list("capabilities follow", self._capabilities())

    def _capabilities(self) -> Iterator[str]:
        """Yield the capabilities: the login changes none (RFC 2449 section 5)."""
        yield from ("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING")
        if self._may_log_in:
            if self.factory.takes_passwords:
                yield "USER"
            if mechanisms := self.factory.mechanisms_for(self):
                yield " ".join(("SASL", *mechanisms))
        if self.factory.tls is not None and not self.is_secure:
            yield "STLS"
        yield from ("UTF8 USER", "LANG", "EXPIRE NEVER")
        yield f"IMPLEMENTATION lazr.smtptest-{__version__}"

    async def do_LANG(self, tag: bytes | None = None) -> None:
        """List or choose the language of the replies (RFC 6856 section 3)."""
        if tag is None:
            await self._list("languages follow", _LANGUAGES.values())
            return
        name = "en" if tag == b"*" else tag.decode("ascii", "replace").lower()
        if name in _LANGUAGES:
            self._ok(f"{name} replies are in English")
        else:
            self.err("this language is not available")

    async def do_QUIT(self) -> None:
        """Remove the messages that are marked, and end the session."""
        if not self._marks.deleted:
            self._ok("bye")
        else:
            await self._update()
        self.close()

    async def _update(self) -> None:
        """Remove what is marked (RFC 1939 section 6)."""
        for index in sorted(self._marks.deleted):
            self._maildrop.deleteMessage(index)
        self._marks.deleted.clear()
        try:
            await maybeDeferred(self._maildrop.sync)
        except Exception as error:
            log.warning("POP3 QUIT: %s", error)
            self.err("the deleted messages could not be removed", "SYS/TEMP")
        else:
            self._ok("bye, the deleted messages are removed")

    # Before the login

    @property
    def _may_log_in(self) -> bool:
        return self.is_secure or not self.factory.requires_tls

    def _check_login(self) -> None:
        if not self._may_log_in:
            raise CommandError("STLS first")

    async def do_STLS(self) -> None:
        """Begin TLS (RFC 2595 section 4)."""
        tls = self.factory.tls
        if tls is None:
            raise CommandError("TLS is not available")
        if self.is_secure:
            raise CommandError("TLS is on already")
        if self.unread:
            # It was sent in clear, and must not be handled within TLS.
            self.err("commands came after STLS, closing")
            self.close()
            return
        self.named = None
        self._ok("begin TLS")
        self.start_tls(tls)

    async def do_UTF8(self) -> None:
        """Allow UTF-8 (RFC 6856 section 2); messages are sent as they are anyway."""
        self._ok("UTF-8 is allowed")

    async def do_USER(self, name: bytes) -> None:
        """Take the name of the user."""
        self._check_login()
        self.named = checked_name(name)
        self._ok("send PASS")

    async def do_PASS(self, password: bytes) -> None:
        """Take the password, and log in."""
        self._check_login()
        user, self.named = self.named, None
        if user is None:
            raise CommandError("USER first")
        await self._log_in("USER", UsernamePassword(user, password))

    async def do_APOP(self, name: bytes, digest: bytes) -> None:
        """Log in by a digest of the password (RFC 1939 section 7)."""
        self._check_login()
        credentials = Digest(self._stamp, checked_name(name), digest)
        await self._log_in("APOP", credentials)

    async def do_AUTH(
        self, name: bytes | None = None, initial: bytes | None = None
    ) -> None:
        """Log in by a mechanism of SASL (RFC 5034), or list the mechanisms."""
        self._check_login()
        mechanisms = self.factory.mechanisms_for(self)
        if name is None:
            # Older than RFC 5034, and still asked by some clients.
            await self._list("mechanisms follow", mechanisms)
            return
        if name.decode("ascii", "replace").upper() not in mechanisms:
            raise CommandError(f"mechanisms are: {' '.join(mechanisms) or 'none'}")
        mechanism = self.factory.mechanisms[name.upper()]()
        mechanism.begin(self)
        try:
            portal = partial(self._ask_portal, name.decode("ascii").upper())
            login = await authenticate(mechanism, initial, self._ask, portal)
        except CancelledExchangeError:
            self.err("cancelled")
        except IllegalClientResponse as error:
            self.refuse(str(error))
        except LoginFailed:
            self._refuse_login()
        else:
            self._enter(login)

    async def _ask(self, challenge: bytes) -> bytes:
        self.write(b"+ %s\r\n" % challenge)
        return await self.read_line(_LONGEST_RESPONSE, is_secret=True)

    async def _ask_portal(self, mechanism: str, credentials: Any) -> Any:
        return await self.ask_portal(credentials, IMailboxPOP3, mechanism)

    async def _log_in(self, mechanism: str, credentials: Any) -> None:
        try:
            login = await self._ask_portal(mechanism, credentials)
        except LoginFailed:
            self._refuse_login()
        else:
            self._enter(login)

    def _refuse_login(self) -> None:
        """Refuse a login (RFC 3206 section 4)."""
        self._errors += 1
        self.err("wrong user or password", "AUTH")
        if self._errors >= self.factory.settings.max_errors:
            self.close()

    def _enter(self, login: Any) -> None:
        _, self._maildrop, self._logout = login
        self._marks = Marks(list(self._maildrop.listMessages()))
        self._state = State.TRANSACTION
        self._ok(count_of(len(self._marks.sizes)))

    # After the login

    async def do_STAT(self) -> None:
        """Count the messages, and their bytes."""
        self._ok("{} {}".format(*self._marks.totals()))

    async def do_LIST(self, word: bytes | None = None) -> None:
        """List the size of one message, or of each."""
        if word is not None:
            index = self._marks.index_of(word)
            self._ok(f"{index + 1} {self._marks.sizes[index]}")
            return
        count, octets = self._marks.totals()
        lines = self._marks.lines(self._marks.sizes.__getitem__)
        await self._list(f"{count_of(count)}, {octets} octets", lines)

    async def do_UIDL(self, word: bytes | None = None) -> None:
        """List the unique id of one message, or of each."""
        if word is not None:
            index = self._marks.index_of(word)
            self._ok(f"{index + 1} {self._unique_id(index)}")
            return
        await self._list("ids follow", self._marks.lines(self._unique_id))

    def _unique_id(self, index: int) -> str:
        return str(self._maildrop.getUidl(index).decode("ascii"))

    async def do_RETR(self, word: bytes) -> None:
        """Send a message."""
        index = self._marks.index_of(word)
        if (file := await self._open(index)) is not None:
            self._ok(f"{self._marks.sizes[index]} octets")
            await self._send(file)

    async def do_TOP(self, word: bytes, lines: bytes) -> None:
        """Send the header of a message, and the first lines of its body."""
        index, count = self._marks.index_of(word), number_of(lines, "lines", 0)
        if (file := await self._open(index)) is not None:
            self._ok("the beginning follows")
            await self._send(Top(file, count))

    async def _open(self, index: int) -> Any:
        """Return a file of a message; ``None`` if it has gone, which was replied."""
        try:
            return await maybeDeferred(self._maildrop.getMessage, index)
        except MissingMessageError:
            self.err("the message was removed by somebody else")
            return None

    async def _send(self, file: Any) -> None:
        try:
            await self.write_pieces(pieces_of(file))
        finally:
            file.close()

    async def do_DELE(self, word: bytes) -> None:
        """Mark a message, to be removed at QUIT."""
        index = self._marks.index_of(word)
        self._marks.deleted.add(index)
        self._ok(f"message {index + 1} is marked as deleted")

    async def do_RSET(self) -> None:
        """Take all marks away."""
        self._marks.deleted.clear()
        self._maildrop.undeleteMessages()
        self._ok(count_of(len(self._marks.sizes)))

    async def do_NOOP(self) -> None:
        """Reply, to keep the session open."""
        self._ok()
