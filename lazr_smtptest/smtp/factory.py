"""The factory of a listener's connections."""

from __future__ import annotations

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

from lazr_smtptest.interfaces import IFaultPolicy, ISessionObserver
from lazr_smtptest.smtp.closed_ports import ClosedPorts
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.fault_points import NoFaults
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

__all__ = ["SMTPServerFactory"]


class SMTPServerFactory(smtp.SMTPFactory):
    """Makes the connections of a test server, for any endpoint or port.

    One of `delivery`, `delivery_factory` and `portal` is given at least; each
    means what it means to `twisted.mail.smtp.SMTP`. A delivery beside a portal
    is for clients that have not logged in.

    Args:
        reactor: where time comes from; a `Clock` will do.
        delivery: one delivery for all transactions.
        delivery_factory: makes a delivery for each transaction.
        portal: gives a delivery, or a factory of them, to a client that logs in;
            to any client, if it lets anonymous ones in.
        challengers: the mechanisms of AUTH, by name, upper case: what makes an
            `IChallengeResponse`, such as `twisted.mail.smtp.LOGINCredentials`.
            They take a portal.
        settings: what the listener offers.
        protocol: the class of the connections.
        on_rset: called at each RSET of a client, before its reply.
        on_exit: called at EXIT, after its reply; without it EXIT is no command.
        on_start: called when the first port listens for this factory.
        on_stop: called when the last one has ceased to.
        on_error: called with each error that user code raised and that is no reply,
            in the reactor's thread. It is logged in any case.
        observer: hears of the sessions.
        faults: says where to misbehave; without it, nowhere.

    Attributes:
        domain: the name that the server gives itself, `bytes`.
        connections: the connections that are open.
        closed_ports: the ports that refuse connections for some time.

    Raises:
        TypeError: none of the three was given, or both kinds of delivery.
    """

    # Twisted would log each start and stop.
    noisy = False

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
    ) -> None:
        if delivery is not None and delivery_factory is not None:
            raise TypeError("give delivery or delivery_factory, not both")
        if delivery is None and delivery_factory is None and portal is None:
            raise TypeError("give one of delivery, delivery_factory and portal")
        super().__init__(portal)
        self.reactor = reactor
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
        # A policy that measures time takes it from here.
        use_clock = getattr(self.faults, "use_clock", None)
        if use_clock is not None:
            use_clock(reactor)
        self.connections = Connections()
        self.closed_ports = ClosedPorts(reactor)

    def startFactory(self) -> None:
        """See `Factory`: a port listens."""
        if self.on_start is not None:
            self.on_start()

    def stopFactory(self) -> None:
        """See `Factory`: no port listens any more."""
        self.closed_ports.forget()
        if self.on_stop is not None:
            self.on_stop()

    def buildProtocol(self, addr: IAddress | None) -> SMTPServerProtocol:
        """Make the protocol of one connection."""
        try:
            protocol: SMTPServerProtocol = super().buildProtocol(addr)
        except BaseException as error:
            # The class may be the user's; the port logs it and closes the socket.
            if self.on_error is not None:
                self.on_error(error)
            raise
        protocol.reactor = self.reactor
        protocol.settings = self.settings
        protocol.connections = self.connections
        protocol.observer = self.observer
        protocol.faults = self.faults
        protocol.on_rset = self.on_rset
        protocol.on_exit = self.on_exit
        protocol.on_error = self.on_error
        protocol.challengers = self.challengers
        protocol.delivery = self.delivery
        protocol.deliveryFactory = self.delivery_factory
        return protocol

    def end_sessions(self) -> defer.Deferred[None]:
        """End every open connection with ``421``; fires when none is left."""
        return self.connections.end(self.reactor, self.settings.limits.closing)
