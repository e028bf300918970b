"""The life of a connection: how it begins and ends, and what is known of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from twisted.internet.error import ConnectionClosed, ConnectionLost
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection as TCPConnection
from twisted.mail import smtp
from twisted.mail.interfaces import IChallengeResponse, IMessageSMTP
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.net.clock import duration_clock, wall_clock
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.engine import Reading
from lazr_smtptest.smtp.extensions import Offer
from lazr_smtptest.smtp.framing import Framer

__all__ = ["NOT_SMTP", "Connection"]

log = logging.getLogger("lazr.smtptest")

NOT_SMTP = Reply(421, "this is an SMTP server", "4.7.0")

# Octets of what is not SMTP that are told of.
_SHOWN = 40


class Connection(Reading):
    """A connection, as all of its parts know it.

    All of it runs in the reactor's thread.
    """

    # What Twisted's classes leave without a type.
    transport: Any
    portal: Any  # Portal | None
    challengers: Mapping[bytes, Callable[[], IChallengeResponse]]
    _helo: tuple[bytes | None, bytes]
    _from: smtp.Address | None
    _to: list[tuple[smtp.User, Callable[[], IMessageSMTP]]]

    on_rset: Callable[[], object] | None = None
    on_exit: Callable[[], object] | None = None
    observer: ISessionObserver | None = None
    # Whether the client was refused when it came (RFC 5321 section 3.1).
    turned_away = False
    # Whether the client may use extensions: its latest hello was not HELO.
    speaks_esmtp = True
    # Whether it was taken in spite of what it calls itself.
    has_bad_name = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections = Connections()
        self._heard = False
        self._offered: Offer | None = None
        self._junk = 0

    # Who is there

    @property
    def peer(self) -> tuple[str, int]:
        """The client's address and port."""
        return self.session.peer

    @property
    def user(self) -> str | None:
        """Who the client has logged in as, in UTF-8; ``None`` if it has not."""
        return self.session.user

    def take_helo(self, name: bytes | None, *, regular: bool = True) -> None:
        """Keep the name of the client.

        Args:
            name: what it calls itself; ``None``: it has not said.
            regular: whether that is a domain or an address literal.
        """
        self.speaks_esmtp, self.has_bad_name = True, not regular
        self._helo = (name, self.session.peer[0].encode())
        self.session.helo = _same((name or b"").decode("utf-8", "surrogateescape"))
        self.forget_size()

    # What is offered

    def offered(self) -> Offer:
        """Give the extensions of the session as it is now."""
        if self._offered is None:
            self._offered = Offer.to(self)
        return self._offered

    def forget_offered(self) -> None:
        """Look anew what is offered: TLS or AUTH has changed it."""
        self._offered = None

    # The connection

    def connectionMade(self) -> None:
        """Greet the client (RFC 5321 section 4.3.1)."""
        limits = self.limits
        self._clock = duration_clock(self.reactor)
        self._began = self._clock()
        self._wall_clock = wall_clock(self.reactor)
        self._guarded = self.settings.require_tls or self.settings.require_auth
        self._line_limit = limits.command_line - len(b"\r\n")
        self._framer = Framer(max(limits.command_line, limits.auth_line))
        self._transcript = Transcript(limits.transcript, limits.transcript_size)
        self.session = Session(
            id=new_name(), started=self.seconds(), transcript=self._transcript
        )
        self._find_peer()
        self._enhanced = "ENHANCEDSTATUSCODES" not in self.settings.hidden
        self.watch_transport()
        self.connections.add(self)
        if self.observer is not None:
            self.tell("an observer raised", self.observer.session_began, self.session)
        self.start_timers()
        log.debug("[SMTPServer] accepted: %a", self.peer)
        if (
            limits.connections is not None
            and len(self.connections) > limits.connections
        ):
            self.end(Reply(421, "too many connections", "4.3.2"))
            return
        self.greet()

    def greet(self) -> None:
        """Say hello, if the client is to hear it."""
        if self.faults.armed:
            self.ask("CONNECT", self._say_hello, self._turn_away)
        else:
            self._say_hello()

    def _say_hello(self) -> None:
        self.reply(Reply(220, self.greeting().decode("ascii", "replace")))
        self.flush()

    def _turn_away(self, reply: Reply) -> None:
        """Refuse the client; it may only say QUIT then (RFC 5321 section 3.1)."""
        self.turned_away = self._guarded = True
        self.reply(reply)

    def _find_peer(self) -> None:
        peer = self.transport.getPeer()
        host = _same(str(getattr(peer, "host", "")))
        self.session.peer = host, getattr(peer, "port", 0)
        self.take_helo(None)

    def watch_transport(self) -> None:
        """Hear of the write buffer of the transport; done anew for TLS."""
        self.transport.registerProducer(_Brake(self), True)
        self.find_way_out()

    def first_received(self, data: bytes) -> None:
        """Look at the first octets of the connection; they may end it."""
        if self._heard:
            return
        self._heard = True
        if not isinstance(self.transport, TCPConnection):
            # What stands between may know only now whom it speaks for: the
            # PROXY protocol says so in the first bytes.
            self._find_peer()
        if not _may_begin(data[0]):
            self._transcript.client(data[:_SHOWN])
            self.end(NOT_SMTP)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the transaction; what was not ended by its dot is not delivered."""
        if self.fault is not None:
            self.fault.abandon()
        if not _is_end(reason):
            # A reactor closes a connection whose protocol, which may be the user's,
            # has raised.
            self.report(reason.value)
        self._note_end(reason)
        self._framer.abandon()
        self._closing = True
        self.forget_way_out()
        # Not left to the garbage collector, these would be in circles.
        self._methods.clear()
        self.connections.remove(self)
        self.stop_timers()
        self.abort_transaction()
        logout, self._onLogout = self._onLogout, None
        if logout is not None:
            self.tell("a user could not be logged out", logout)
        # It knows the recipients, and they know this protocol.
        self.delivery = None
        # A handler or a fault that is still at work may have something to note.
        if not self.busy:
            self.session.close()
        if self.observer is not None:
            self.tell("an observer raised", self.observer.session_ended, self.session)

    def _note_end(self, reason: Failure) -> None:
        """Say in the transcript how it ended."""
        self.mark_time()
        self.session.ended = self.seconds()
        transcript = self.session.transcript
        if self._framer.unfinished:
            transcript.part(*self._framer.unfinished)
        if self._closing:
            transcript.note("the server closed the connection")
        elif isinstance(getattr(reason, "value", None), ConnectionLost):
            transcript.note(f"the connection was lost: {reason.getErrorMessage()}")
        else:
            transcript.note("the client closed the connection")

    def timeoutConnection(self) -> None:
        """Send an idle client away; cut off one that does not leave."""
        if self._closing:
            self.transport.abortConnection()
        else:
            super().timeoutConnection()

    def shut_down(self) -> None:
        """Send the client away because the server stops (RFC 5321 section 3.8)."""
        if self.fault is not None:
            self.fault.abandon()
        self.end(Reply(421, "the server is shutting down", "4.3.2"))

    def end(self, reply: Reply | None) -> None:
        """Send the last reply of the session and close the connection.

        Args:
            reply: ``None`` closes without a word.
        """
        if self._closing:
            return
        if self.fault is not None and self.fault.takes_end(reply):
            return
        if not self._working:
            self.mark_time()
        if reply is not None:
            self.reply(reply)
        self.flush()
        self.close(self.transport)

    def close(self, transport: Any) -> None:
        """Close a transport: that of the connection, or one below it."""
        self.cease()
        # A registered producer would keep the connection open.
        self.transport.unregisterProducer()
        if self._put_off is not None and self._send is not None:
            # All is in the socket's own buffer: there is nothing to wait for.
            self._put_off(partial(transport.connectionLost, connectionDone))
            return
        # Whoever does not take the last reply is disconnected.
        self.setTimeout(self.limits.goodbye)
        transport.loseConnection()

    def cease(self) -> None:
        """Work no more: the connection ends."""
        self._closing = True
        self._framer.clear()
        self.stop_timers()

    # What the subclasses say

    @property
    def can_start_tls(self) -> bool:
        """Whether STARTTLS would work now."""
        raise NotImplementedError

    @property
    def client_certificate(self) -> tuple[str, ...]:
        """Whom the client's verified certificate names; empty: it showed none."""
        raise NotImplementedError

    def mechanisms(self) -> list[str]:
        """Give the mechanisms of AUTH that would work now."""
        raise NotImplementedError

    def greeting(self) -> bytes:
        """Give the text of the greeting."""
        raise NotImplementedError

    def challenge_further(self, go_on: Callable[[], object]) -> None:
        """Take a step of AUTH that ends in no login; see `Authentication`."""
        raise NotImplementedError

    def leave_exchange(self) -> None:
        """End an exchange of AUTH that a fault has answered; see `Authentication`."""
        raise NotImplementedError

    def abort_transaction(self) -> None:
        """End the transaction, and drop a message on its way."""
        raise NotImplementedError

    def forget_records(self) -> None:
        """Mark the present records, for `correct_records`."""
        raise NotImplementedError

    def correct_records(self, sent: Reply | None) -> None:
        """Replace the engine's own reply in the records by the one that was sent."""
        raise NotImplementedError

    # What brings no mail nearer

    def count_junk(self) -> bool:
        """Count a command that brings no mail nearer; true if that is enough."""
        self._junk += 1
        if self._junk > self.limits.junk:
            self.end(Reply(421, "too many commands without mail", "4.7.0"))
        return self._closing

    def forget_junk(self) -> None:
        """Begin to count anew: there was mail."""
        self._junk = 0


@lru_cache(maxsize=256)
def _same(name: str) -> str:
    """Give the first of equal names: clients come from few hosts, with few names."""
    return name


def _is_end(reason: Failure) -> bool:
    """Return whether a connection ended for a reason of the network or of TLS."""
    error = getattr(reason, "value", None)
    return error is None or (
        isinstance(error, (ConnectionClosed, OSError))
        or type(error).__module__.startswith("OpenSSL")
    )


def _may_begin(octet: int) -> bool:
    """Say whether a session may begin so: TLS, for one, begins with 0x16."""
    return octet >= 0x20 or octet in b"\r\n\t"


@implementer(IPushProducer)
class _Brake:
    """Tells the protocol that the transport's write buffer is full or empty."""

    def __init__(self, protocol: Connection) -> None:
        self._protocol = protocol

    def pauseProducing(self) -> None:
        self._protocol.block(True)

    def resumeProducing(self) -> None:
        self._protocol.block(False)

    def stopProducing(self) -> None:
        """The connection is lost; `connectionLost` follows."""
