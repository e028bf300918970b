"""`lazr_smtptest.server.delivery`: also in a server that is Twisted's own."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory
from zope.interface.verify import verifyObject

from lazr_smtptest.interfaces import IEnvelopeMessage
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.smtp.limits import Limits

from ..wire import Wire


@pytest.fixture
def wire() -> Wire:
    """A connection to a server that takes everything."""
    return Wire()


@pytest.fixture
def handler(wire: Any) -> Any:
    return wire.handler


def test_twisteds_interfaces_are_kept(handler: Any) -> None:
    """All of their methods are there."""
    factory = HandlerDeliveryFactory(handler)
    delivery = factory.getMessageDelivery()
    delivery.validateFrom((b"a", b"b"), smtp.Address(b"a@b"))
    make = delivery.validateTo(smtp.User(b"c@d", (b"a", b"b"), None, b"a@b"))
    assert verifyObject(IMessageDeliveryFactory, factory)
    assert verifyObject(IMessageDelivery, delivery)
    assert verifyObject(IEnvelopeMessage, make())
    assert verifyObject(IEnvelopeMessage, make())


@pytest.fixture
def twisteds(handler: Any) -> Any:
    """A server of Twisted's with our delivery."""
    server = smtp.ESMTP()
    server.deliveryFactory = HandlerDeliveryFactory(handler)
    server.callLater = lambda period, func: _Call()  # type: ignore
    server.makeConnection(StringTransport())
    for line in [
        b"EHLO a",
        b"MAIL FROM:<a@b>",
        b"RCPT TO:<c@d>",
        b"RCPT TO:<e@f>",
        b"DATA",
        b"One: 1",
    ]:
        server.dataReceived(line + b"\r\n")
    return server


class _Call:
    """A delayed call that never comes."""

    def reset(self, period: float) -> None:
        pass

    def cancel(self) -> None:
        pass


def test_a_server_of_twisteds_delivers_once(handler: Any, twisteds: Any) -> None:
    """Two recipients, two messages for Twisted, one for the handler."""
    twisteds.dataReceived(b"..two\r\n.\r\n")
    assert handler.envelopes == [
        Envelope(
            mail_from="a@b",
            rcpt_tos=("c@d", "e@f"),
            content=b"One: 1\r\n.two\r\n",
            peer=("192.168.1.1", 0),
            helo="a",
        )
    ]


def test_a_server_of_twisteds_may_lose_its_client(handler: Any, twisteds: Any) -> None:
    """Then nothing is delivered."""
    from twisted.internet.error import ConnectionDone
    from twisted.python.failure import Failure

    twisteds.connectionLost(Failure(ConnectionDone()))
    assert handler.envelopes == []


def test_a_server_of_twisteds_may_not_know_its_client(handler: Any) -> None:
    """A client that has not said HELO has a text for an address there."""
    delivery = HandlerDeliveryFactory(handler).getMessageDelivery()
    delivery.validateFrom((None, "192.0.2.1"), smtp.Address(b"a@b"))  # type: ignore
    envelope = delivery.envelope_of(b"x")
    assert (envelope.peer, envelope.helo) == (("192.0.2.1", 0), "")


def is_gone_when_lost(wire: Any) -> bool:
    """Say whether the connection goes without the garbage collector."""
    wire.disconnect()
    wire.transport.unregisterProducer()  # as a transport does by itself
    gone = weakref.ref(wire.protocol)
    gc.disable()
    try:
        del wire.protocol, wire.transport
        return gone() is None
    finally:
        gc.enable()


def test_a_connection_that_has_ended_is_gone_at_once(wire: Any) -> None:
    """No circle waits for the garbage collector, after a message neither."""
    wire.begin()
    wire.send(b"Hi.\r\n.\r\n")
    assert is_gone_when_lost(wire)


def test_a_connection_that_breaks_off_is_gone_at_once(wire: Any) -> None:
    """A message on its way is in no circle either."""
    wire.begin()
    wire.send(b"Hi, Bo")
    assert is_gone_when_lost(wire)


def test_a_cancelled_timer_keeps_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reactor may keep what was cancelled until its time has come."""
    timers: list[Any] = []
    call_later = Clock.callLater

    def call_later_and_keep(*arguments: Any) -> Any:
        timers.append(call_later(*arguments))
        return timers[-1]

    monkeypatch.setattr(Clock, "callLater", call_later_and_keep)
    wire = Wire(limits=Limits(session=60))
    wire.begin()
    wire.send(b"a")
    wire.send(b"b")
    assert is_gone_when_lost(wire)
    assert len(timers) == 3
