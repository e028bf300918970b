"""The protocol factory of a listener."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from twisted.cred.portal import Portal
from twisted.internet import defer
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.mail import smtp
from twisted.mail.interfaces import (
    IChallengeResponse,
    IMessageDelivery,
    IMessageDeliveryFactory,
)

from lazr_smtptest._checks import brief
from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.interfaces import IFaultPolicy, ISessionObserver
from lazr_smtptest.net.clock import duration_clock, wall_clock
from lazr_smtptest.smtp.closed_ports import ClosedPorts
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.deadlines import Deadlines
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.smtp.fault_points import NoFaults
from lazr_smtptest.smtp.hello_replies import HelloReplies
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

__all__ = ["SMTPServerFactory", "check_domain"]

# The characters of a domain or an address literal, and others that some hosts have in
# their names (RFC 5321 sections 2.3.5, 4.1.3, 4.5.3.1.2).
_DOMAIN = re.compile(rb"[!-~]{1,255}")


def check_domain(name: str, value: bytes) -> None:
    """Check the name that a server gives itself; raise `ValueError` if it is wrong.

    Args:
        name: the name of the option, for the error.
        value: the name of the server.
    """
    if not _DOMAIN.fullmatch(value):
        raise ValueError(
            f"{name} must be printable ASCII without spaces, 1 to 255 characters, "
            f"such as 'mx.example', not {brief(value.decode('utf-8', 'replace'))}"
        )


class SMTPServerFactory(smtp.SMTPFactory):
    """A factory for the connections of a test server, for any endpoint or port.

    At least one of `delivery`, `delivery_factory` and `portal` is required; each
    has the same meaning as in `twisted.mail.smtp.SMTP`. If there is a portal too,
    the delivery serves clients that have not logged in.

    Args:
        reactor: provides the time; a `Clock` is enough.
        delivery: one delivery for all transactions.
        delivery_factory: makes a delivery for each transaction.
        portal: returns a delivery, or a factory of deliveries, for a client that
            logs in; for every client, if it accepts anonymous logins.
        challengers: the AUTH mechanisms, by upper-case name: factories of
            `IChallengeResponse`, such as `twisted.mail.smtp.LOGINCredentials`.
            They require a portal.
        settings: the settings of the listener.
        protocol: the class of the connections.
        on_rset: called at each RSET, before its reply.
        on_exit: called at EXIT, after its reply; without it EXIT is unknown.
        on_start: called when the first port of this factory starts to listen.
        on_stop: called when its last port has stopped listening.
        on_error: called with each exception of user code that is not a reply, in
            the reactor's thread. It is logged in any case.
        observer: is notified of sessions.
        faults: the fault policy; without it the server behaves normally.
        delivery_events: receives the outcome of each mail; without it the outcomes
            are logged.

    Attributes:
        domain: the name that the server gives itself: `bytes` of printable ASCII
            without spaces, 255 at most.
        connections: the connections that are open.
        hello_replies: the replies to EHLO.
        closed_ports: the ports that currently refuse connections.

    Raises:
        TypeError: none of the three was given, or both `delivery` and
            `delivery_factory`.
    """

    # Keeps Twisted from logging each start and stop.
    noisy = False
    _domain: bytes = smtp.DNSNAME

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        delivery: IMessageDelivery | None = None,
        delivery_factory: IMessageDeliveryFactory | None = None,
        portal: Portal | None = None,
        challengers: Mapping[bytes, Callable[[], IChallengeResponse]] | None = None,
        settings: Settings | None = None,
        protocol: type[SMTPServerProtocol] = SMTPServerProtocol,
        on_rset: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
        on_start: Callable[[], object] | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_stop: Callable[[], object] | None = None,
        observer: ISessionObserver | None = None,
        faults: IFaultPolicy | None = None,
        delivery_events: DeliveryEvents | None = None,
    ) -> None:
        if delivery is not None and delivery_factory is not None:
            raise TypeError("give delivery or delivery_factory, not both")
        if delivery is None and delivery_factory is None and portal is None:
            raise TypeError("give one of delivery, delivery_factory and portal")
        if settings is not None and not isinstance(settings, Settings):
            raise TypeError(
                f"settings must be a Settings or None, not {safe_repr(settings)}"
            )
        super().__init__(portal)
        self.reactor = reactor
        self._clock, self._seconds = duration_clock(reactor), wall_clock(reactor)
        self.delivery = delivery
        self.delivery_factory = delivery_factory
        self.challengers = challengers or {}
        self.settings = settings or Settings()
        self.protocol = protocol
        self.on_rset = on_rset
        self.on_exit = on_exit
        self.on_start = on_start
        self.on_stop = on_stop
        self.on_error = on_error
        self.observer = observer
        self.faults = faults or NoFaults()
        self.delivery_events = delivery_events or DeliveryEvents()
        # A policy that measures time uses this reactor's clock.
        use_clock = getattr(self.faults, "use_clock", None)
        if use_clock is not None:
            use_clock(reactor)
        self.connections = Connections()
        self._deadlines = Deadlines(self._clock)
        self.hello_replies = HelloReplies()
        self.closed_ports = ClosedPorts(reactor)

    @property
    def domain(self) -> bytes:
        """The name that the server gives itself."""
        return self._domain

    @domain.setter
    def domain(self, name: bytes) -> None:
        if not isinstance(name, bytes):
            raise TypeError(f"domain must be bytes, not {brief(name)}")
        check_domain("domain", name)
        self._domain = name

    def startFactory(self) -> None:
        """Call `on_start`: a port listens; see `Factory`."""
        if self.on_start is not None:
            self.on_start()

    def stopFactory(self) -> None:
        """Call `on_stop`: no port listens any more; see `Factory`."""
        self.closed_ports.forget()
        if self.on_stop is not None:
            self.on_stop()

    def buildProtocol(self, addr: IAddress | None) -> SMTPServerProtocol:
        """Return the protocol of a new connection."""
        try:
            protocol: SMTPServerProtocol = super().buildProtocol(addr)
        except BaseException as error:
            # The class may be the user's; the port logs this and closes the socket.
            if self.on_error is not None:
                self.on_error(error)
            raise
        protocol.reactor = self.reactor
        protocol.clock, protocol.seconds = self._clock, self._seconds
        protocol.settings = self.settings
        protocol.connections = self.connections
        protocol.deadlines = self._deadlines
        protocol.observer = self.observer
        protocol.faults = self.faults
        protocol.delivery_events = self.delivery_events
        if self.on_rset is not None:
            protocol.on_rset = self.on_rset
        if self.on_exit is not None:
            protocol.on_exit = self.on_exit
        protocol.on_error = self.on_error
        protocol.challengers = self.challengers
        protocol.delivery = self.delivery
        protocol.deliveryFactory = self.delivery_factory
        return protocol

    def end_sessions(self) -> defer.Deferred[None]:
        """End every open connection with 421; the Deferred fires when none is left."""
        return self.connections.end(self.reactor, self.settings.limits.closing)
