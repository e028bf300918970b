"""An IMAP session: the replies to the commands of a client (RFC 3501)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from lazr_smtptest.errors import BusyError, StoreError
from lazr_smtptest.model.status_reply import StatusReply
from lazr_smtptest.readers.imap.capabilities import capabilities_of
from lazr_smtptest.readers.imap.command_table import COMMANDS, UID_COMMANDS, Command
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.fault_phases import line_of, phase_of, user_of
from lazr_smtptest.readers.imap.framing import (
    Bounds,
    Frame,
    FramingError,
    read_frame,
)
from lazr_smtptest.readers.imap.selected import Selected, read_updates
from lazr_smtptest.readers.imap.state import State
from lazr_smtptest.readers.imap.syntax import Literal, values_of
from lazr_smtptest.readers.line_connection import LineConnection
from lazr_smtptest.readers.session_faults import ask

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.account import Account
    from lazr_smtptest.readers.imap.factory import IMAPFactory

__all__ = ["IMAPConnection"]

log = logging.getLogger("lazr.smtptest")

# Bytes of a command: of its lines, and of its literals, unless it is APPEND.
_LINE, _LITERALS = 8192, 65_536

# Seconds for the last replies when a session ends.
_GRACE = 5.0

# Stands for the tag before the first command.
_NO_TAG = b"*"
# A login, also without a tag: the password and an initial response are masked, and the
# name too where it is not a single word.
_MASKED = re.compile(
    rb"(?is)((?:\S+ +)?(?:LOGIN +(?:[^\s\"{]+ +|\"[^\"\\]*\" +)?|AUTHENTICATE +\S+ +))"
    rb"(?!\{\d+\+?\}\Z).+"
)
_ACCEPTANCE = re.compile(rb"(?m)^\S+ OK\b")


class IMAPConnection(LineConnection):
    """A session of a client.

    Args:
        factory: the factory, which has the settings and the portal.

    Attributes:
        host: the name of the server, for mechanisms of SASL.
        state: the state of the session.
        account: the account of the user; ``None`` before the login.
        selected: the selected mailbox; ``None`` without one.
        is_utf8: whether the client enabled UTF8=ACCEPT (RFC 6855) or IMAP4rev2.
        is_rev2: whether the client enabled IMAP4rev2 (RFC 9051 section 6.3.1).
        has_condstore: whether the client knows CONDSTORE, so that flags are told with
            MODSEQ (RFC 7162 section 3.1).
        is_uid: whether the command that runs began with UID.
    """

    protocol = "imap"
    masked = _MASKED
    factory: IMAPFactory

    def __init__(self, factory: IMAPFactory) -> None:
        settings = factory.settings
        super().__init__(factory.reactor, settings.idle, settings.handshake)
        self.factory = factory
        self.host = factory.host
        self.state = State.NOT_AUTHENTICATED
        self.account: Account | None = None
        self.selected: Selected | None = None
        self.is_utf8 = self.is_rev2 = self.has_condstore = self.is_uid = False
        self.tag = _NO_TAG
        self._errors = 0
        self._logout: Callable[[], object] | None = None
        self._unwatch: Callable[[], None] | None = None
        self._is_idling = False
        self._reporting: Deferred[None] = succeed(None)

    # The connection

    def connectionMade(self) -> None:
        """Begin to serve the client."""
        self.factory.connections.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Leave the mailbox and log out: the client has left."""
        super().connectionLost(reason)
        self.factory.connections.remove(self)
        self.deselect()
        logout, self._logout = self._logout, None
        if logout is not None:
            logout()

    def shut_down(self) -> None:
        """End the session, because the server stops."""
        self.say_bye("the server stops")

    def broke(self) -> None:
        """Send the client an error of the server."""
        self.write(b"* BYE something went wrong here\r\n")

    def timed_out(self) -> None:
        """Disconnect a client that has done nothing for too long."""
        if self.is_closed:
            self.abort()
        else:
            self.say_bye("nothing came for too long")
            self._timer = self.reactor.callLater(_GRACE, self.abort)

    def say_bye(self, reason: str) -> None:
        """Send BYE, and close the connection."""
        if not self.is_closed:
            self.write(f"* BYE {reason}\r\n".encode())
            self.close()

    async def serve(self) -> None:
        """Greet the client, and answer one command after the other."""
        if self.factory.is_full:
            self.say_bye("too many connections")
            return
        faults = self.factory.armed_faults
        if faults is None:
            await self._greet()
        else:
            await ask(self, faults, "IMAP GREETING", self._greet)
        bounds = Bounds(
            line=_LINE, literals=_LITERALS, message=self.factory.settings.append_limit
        )
        while not self.is_closed:
            try:
                frame = await read_frame(self, bounds)
            except FramingError as error:
                self.tag = error.tag
                self._refuse(error)
                if error.is_fatal:
                    self.say_bye("the rest of a command that was refused follows")
            else:
                await self._ask_faults(frame)

    async def _greet(self) -> None:
        self.write(f"* OK [CAPABILITY {self.capabilities()}] IMAP ready\r\n".encode())

    # Faults

    async def _ask_faults(self, frame: Frame) -> None:
        """Answer a command, unless a rule does."""
        faults = self.factory.armed_faults
        if faults is None:
            await self._answer(frame)
            return
        self.tag = frame.tag
        phase, line, user = phase_of(frame), line_of(frame), user_of(frame)
        await ask(self, faults, phase, partial(self._answer, frame), line, user)

    def refuse_with(self, reply: StatusReply) -> None:
        """Refuse the command, or the client before it is greeted, as a rule says."""
        self.session.refusals += 1
        if reply.status == "BYE" or self.tag == _NO_TAG:
            self.say_bye(reply.text)
        else:
            self.reply(f"{reply.status} {reply.text}")

    def refuse_after_error(self) -> None:
        """Refuse the command, because a function of a rule failed."""
        self.refuse_with(StatusReply("NO", "[SERVERBUG] a fault rule failed"))

    def with_text(self, said: bytes, reply: StatusReply) -> bytes:
        """Return replies with another text after the last OK."""
        last = re.compile(rb"(?m)^%s OK [^\r\n]*\r\n\Z" % re.escape(self.tag))
        other = b"%s OK %s\r\n" % (self.tag, reply.text.encode())
        return last.sub(lambda _: other, said)

    def is_carried_out(self, data: bytes) -> bool:
        """Return whether a line of the bytes of a rule accepts the command."""
        return _ACCEPTANCE.search(data) is not None

    # Commands

    async def _answer(self, frame: Frame) -> None:
        self.tag = frame.tag
        may_expunge = True
        try:
            command, parts = self._command_of(frame)
            # Also if its arguments are malformed.
            may_expunge = command.may_expunge
            self._check_state(command)
            text = await command.run(self, values_of(parts))
            status = None if text is None else f"OK {text}"
        except CommandError as error:
            await self.report(may_expunge=may_expunge)
            self._refuse(error)
            return
        except (StoreError, BusyError) as error:
            log.warning("IMAP %s: %s", frame.name.decode("ascii"), error)
            reason = type(error).__name__
            self.session.refusals += 1
            status = f"NO [UNAVAILABLE] the store cannot be used: {reason}"
        if status is not None and not self.is_closed:
            await self.report(may_expunge=may_expunge)
            self.reply(status)
        if self.state is State.LOGOUT:
            self.close()

    def _command_of(self, frame: Frame) -> tuple[Command, list[bytes]]:
        """Return what a client asks for, and the arguments for `values_of`.

        Raises:
            CommandError: it is unknown.
        """
        commands, name, self.is_uid = COMMANDS, frame.name, False
        parts = _without_tildes(frame.parts) if name == b"APPEND" else frame.parts
        if name == b"UID":
            commands, self.is_uid = UID_COMMANDS, True
            first, _, rest = parts[0].partition(b" ")
            name, parts = first.upper(), [rest, *parts[1:]]
        command = commands.get(name)
        if command is None:
            raise CommandError("unknown command")
        return command, parts

    def _check_state(self, command: Command) -> None:
        """Raise a CommandError if a command is out of place."""
        if self.state not in command.states:
            if self.state is State.NOT_AUTHENTICATED:
                raise CommandError("log in first")
            if State.NOT_AUTHENTICATED in command.states:
                raise CommandError("only before the login")
            raise CommandError(f"not {self.state.value}")

    def reply(self, text: str) -> None:
        """Send the tagged reply to a command."""
        self.write(b"%s %s\r\n" % (self.tag, text.encode()))

    def _refuse(self, error: CommandError) -> None:
        """Refuse a command; disconnect a client that sends too many wrong ones."""
        code = f"[{error.code}] " if error.code else ""
        self.session.refusals += 1
        self.reply(f"{error.status} {code}{error.text}")
        if error.status == "BAD":
            self.count_error()
        if self._errors >= self.factory.settings.max_errors:
            self.say_bye("too many errors")

    def count_error(self) -> None:
        """Count a command that was wrong, or a login that was refused."""
        self._errors += 1

    def capabilities(self) -> str:
        """Return what the server can do now."""
        return " ".join(capabilities_of(self))

    # The login

    @property
    def may_log_in(self) -> bool:
        """Return whether a login is allowed without TLS, or TLS is on."""
        return self.is_secure or not self.factory.requires_tls

    def enter(self, account: Account, logout: Callable[[], object]) -> None:
        """Begin to serve the mailboxes of an account."""
        self.account, self._logout = account, logout
        self.state = State.AUTHENTICATED

    # The selected mailbox

    def select(self, selected: Selected, unwatch: Callable[[], None]) -> None:
        """Select a mailbox.

        Args:
            selected: the mailbox.
            unwatch: ends the calls of `Selected.add_change`.
        """
        self.selected, self._unwatch = selected, unwatch
        selected.notify = self._report_if_idle
        self.state = State.SELECTED

    def deselect(self) -> None:
        """Leave the selected mailbox, if there is one."""
        unwatch, self._unwatch = self._unwatch, None
        self.selected = None
        if self.state is State.SELECTED:
            self.state = State.AUTHENTICATED
        if unwatch is not None:
            unwatch()

    async def report(self, *, may_expunge: bool) -> None:
        """Send what changed in the selected mailbox.

        Args:
            may_expunge: whether sequence numbers may change.
        """
        selected = self.selected
        if selected is None:
            return
        changes = selected.take_changes()
        if changes:
            updates = await self.factory.reader.ask(
                read_updates, selected.mailbox, selected.uids.last, changes
            )
            told = selected.apply(
                changes,
                updates,
                has_condstore=self.has_condstore,
                has_recent=not self.is_rev2,
            )
        else:
            told = b""
        expunged = selected.take_expunged() if may_expunge else b""
        if expunged or told:
            self.write(told + expunged)

    def begin_idling(self) -> None:
        """Report changes as they come, those that have come first."""
        self._is_idling = True
        self._reporting = Deferred.fromCoroutine(self._report_all())

    async def end_idling(self) -> None:
        """Report changes after the commands only."""
        self._is_idling = False
        await self._reporting

    def _report_if_idle(self) -> None:
        if self._is_idling and self._reporting.called:
            self._reporting = Deferred.fromCoroutine(self._report_all())

    async def _report_all(self) -> None:
        try:
            while self.selected is not None and self._is_idling:
                await self.report(may_expunge=True)
                if not self.selected.changes:
                    return
        except (StoreError, BusyError) as error:
            log.warning("IMAP IDLE: %s", error)
            self.say_bye("the store cannot be used")


def _without_tildes(parts: list[bytes]) -> list[bytes]:
    """Return the parts of APPEND without the signs of literal8 (RFC 3516)."""
    return [
        part[:-1] if part.endswith(b"~") and isinstance(following, Literal) else part
        for part, following in zip(parts, [*parts[1:], None], strict=True)
    ]
