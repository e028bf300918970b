"""`lazr_smtptest.net.stop`: a reactor is stopped once."""

from __future__ import annotations

from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.net.stop import stop


def test_a_reactor_that_runs_is_stopped() -> None:
    """It runs no longer."""
    reactor = PrivateReactor()
    try:
        reactor.callWhenRunning(stop, reactor)
        reactor.run(installSignalHandlers=False)
        assert not reactor.running
    finally:
        reactor.close()


def test_a_reactor_that_does_not_run_is_left_alone() -> None:
    """Whoever else asks for the end may have been the first."""
    reactor = PrivateReactor()
    try:
        stop(reactor)
    finally:
        reactor.close()
