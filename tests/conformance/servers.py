"""The servers that the rows are run against, one for each listener."""

from __future__ import annotations

import contextlib
import functools
import os
from contextlib import ExitStack
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.errors import HandlerError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.listener import tls_first
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS, TLSError

from .links import Link, Memory, Socket
from .row import Listener

__all__ = ["Servers", "Site", "certificate", "settings_of"]

# 2026-11-23T12:00:00Z, for rows with dates in them.
NOW = 1795435200


@functools.cache
def certificate() -> TLS:
    """Make the certificate of all servers, whose making takes its time."""
    try:
        return TLS.auto()
    except TLSError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@functools.cache
def certificate_that_asks() -> TLS:
    """Make the certificate of servers that ask clients for theirs."""
    certificate()
    return TLS.auto(ask_client_certificate=True)


def settings_of(listener: Listener, *, tls: bool = False) -> Settings:
    """Make the settings of a listener; `tls`: with TLS from the first byte on."""
    options = {"implicit_tls": tls, **listener.options}
    shown = None
    if listener.asks_certificate:
        shown = certificate_that_asks()
    elif listener.tls or tls:
        shown = certificate()
    return Settings(tls=shown, **options)


class Capture(Server):
    """Keeps envelopes, and does with them what the listener says."""

    rset_clears = False

    def __init__(self, listener: Listener, *, tls: bool) -> None:
        super().__init__()
        self.settings = settings_of(listener, tls=tls)
        self.auth = listener.auth
        self.protocol = listener.protocol
        self.exit_stops = listener.exits
        self.envelopes: list[Envelope] = []
        self._handle = listener.handle

    def handle_envelope(self, envelope: Envelope) -> Any:
        self.envelopes.append(envelope)
        return self._handle(envelope)


class Site:
    """A server that can be connected to.

    Attributes:
        envelopes: what it has kept.
        settings: what it offers.
        clock: its time, in memory; else ``None``.
    """

    def __init__(self, listener: Listener, transport: str) -> None:
        self._server = Capture(listener, tls=transport == "tls")
        self.envelopes = self._server.envelopes
        self.settings = self._server.settings
        self.clock: Clock | None = None
        self._controller: Controller | None = None
        if transport == "memory":
            self.clock = Clock()
            self.clock.advance(NOW)
            factory = self._server.factory(self.clock, lambda: None)
            self._factory = tls_first(factory)
        else:
            self._controller = Controller(self._server)
            self._controller.start()

    def connect(self) -> Link:
        """Connect one more client."""
        if self._controller is None:
            return Memory(self._factory)
        return Socket(self._controller.host, self._controller.port)

    def stop(self) -> None:
        if self._controller is not None:
            # What hooks raise or return on purpose is no failure of the row.
            with contextlib.suppress(ZeroDivisionError, TypeError, HandlerError):
                self._controller.stop()


class Servers:
    """Makes a server for a listener, or gives the one that runs already."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._sites: dict[tuple[Listener, str], Site] = {}

    def site(self, listener: Listener, transport: str) -> Site:
        """Give the server of a listener, with nothing kept.

        In memory it is a new one each time: it costs nothing.
        """
        if transport == "memory":
            return Site(listener, transport)
        site = self._sites.get((listener, transport))
        if site is None:
            site = self._sites[listener, transport] = Site(listener, transport)
            self._stack.callback(site.stop)
        site.envelopes.clear()
        return site
