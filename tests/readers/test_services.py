"""The services of a Twisted application that answer IMAP and POP3."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.readers.imap.service import IMAPService
from lazr_smtptest.readers.pop3.service import POP3Service
from lazr_smtptest.stores import MemoryStore


@pytest.mark.parametrize("service", [IMAPService, POP3Service])
def test_a_service_answers_on_its_endpoint(service: Any) -> None:
    """From its start on, until it stops."""
    reactor = MemoryReactorClock()
    running = service(MemoryStore(), "tcp:1:interface=127.0.0.1", reactor)
    running.startService()
    [(port, factory, _, interface)] = reactor.tcpServers
    assert (port, interface) == (1, "127.0.0.1")
    assert factory.buildProtocol(None).factory is factory
    running.stopService()
    assert not running.running
