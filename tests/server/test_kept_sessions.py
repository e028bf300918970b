"""The sessions that a server hands to its store."""

from __future__ import annotations

import smtplib
import threading

import pytest

from lazr_smtptest import Controller, StoreServer
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores import MemoryStore


def visit(controller: Controller, *, sends: bool) -> None:
    """Connect as a client, and send a message or not."""
    with smtplib.SMTP(controller.host, controller.port) as client:
        client.ehlo("client.example.com")
        if sends:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: x\n\n")


@pytest.mark.parametrize("sends", [True, False])
def test_each_session_is_kept_beside_the_messages(sends: bool) -> None:
    """One that delivered nothing, too, with all that was said."""
    store = MemoryStore()
    with Controller(StoreServer(store)) as controller:
        visit(controller, sends=sends)
    (session,) = store.sessions()
    assert (session.delivered, session.failed) == (int(sends), not sends)
    assert "client.example.com" in str(session.transcript)


def test_a_message_names_the_session_that_delivered_it() -> None:
    """So a reader finds what was said."""
    store = MemoryStore()
    with Controller(StoreServer(store)) as controller:
        visit(controller, sends=True)
    (summary,) = store.page()
    assert store.session(summary.session_id) is store.sessions()[0]


def test_a_session_that_is_not_kept_is_an_error_of_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Which `check` raises; the next client is served."""

    class Failing(MemoryStore):
        def keep_session(self, session: Session) -> None:
            raise RuntimeError("out of order")

    with (
        pytest.raises(RuntimeError, match="out of order"),
        Controller(StoreServer(Failing())) as controller,
    ):
        visit(controller, sends=True)
    assert "keep_session raised" in caplog.text


def test_a_session_is_kept_by_the_thread_of_the_reactor() -> None:
    """A store does not make it wait."""
    threads: list[str] = []

    class Noting(MemoryStore):
        def keep_session(self, session: Session) -> None:
            threads.append(threading.current_thread().name)

    with Controller(StoreServer(Noting())) as controller:
        visit(controller, sends=False)
        assert threading.current_thread().name not in threads
    assert len(threads) == 1
