"""The ended sessions that a store keeps beside its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.model.reply import Reply

from ..reading_helpers import ended_session, fill
from .conftest import ON_DISK

PROPERTIES = [
    "number",
    "peer",
    "helo",
    "user",
    "mechanism",
    "login_attempts",
    "tls_version",
    "tls_cipher",
    "client_certificate",
    "refusals",
    "delivered",
    "started",
    "ended",
    "failed",
]


def ids(sessions: Any) -> list[str]:
    return [session.id for session in sessions]


@pytest.fixture
def filled(store: Any) -> Any:
    """Keep five sessions, of which two failed."""
    for number in range(5):
        session = ended_session(
            f"s-{number}", number=number, refusals=1 if number in (1, 3) else 0
        )
        store.keep_session(session)
    return store


def test_a_new_store_has_no_sessions(store: Any) -> None:
    """Nobody was there."""
    assert (store.sessions(), store.session("s-1")) == ([], None)


def test_sessions_come_newest_first(filled: Any) -> None:
    """As soon as they were kept."""
    assert ids(filled.sessions()) == ["s-4", "s-3", "s-2", "s-1", "s-0"]


def test_sessions_come_in_pages(filled: Any) -> None:
    """Each after the last one of the page before."""
    assert ids(filled.sessions(limit=2)) == ["s-4", "s-3"]
    assert ids(filled.sessions(after="s-3", limit=2)) == ["s-2", "s-1"]
    assert ids(filled.sessions(after="s-0")) == []


def test_a_page_after_an_unknown_session_is_a_key_error(filled: Any) -> None:
    """It may have been dropped."""
    with pytest.raises(KeyError, match="no-such"):
        filled.sessions(after="no-such")


@pytest.mark.parametrize(
    ("failed", "expected"),
    [(True, ["s-3", "s-1"]), (False, ["s-4", "s-2", "s-0"])],
)
def test_sessions_are_selected_by_whether_they_failed(
    filled: Any, failed: bool, expected: list[str]
) -> None:
    """As `Session.failed` says."""
    assert ids(filled.sessions(failed=failed)) == expected


def test_a_session_that_delivered_nothing_is_kept(store: Any) -> None:
    """One looks for it when a message is missing."""
    store.keep_session(ended_session("empty", delivered=0))
    assert ids(store.sessions(failed=True)) == ["empty"]


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (10**15, 5)])
def test_a_limit_may_be_nothing_or_huge(filled: Any, limit: int, count: int) -> None:
    """As for messages."""
    assert len(filled.sessions(limit=limit)) == count


def test_a_negative_limit_of_sessions_is_a_value_error(filled: Any) -> None:
    """As for messages."""
    with pytest.raises(ValueError, match="limit must be 0 or more, not -1"):
        filled.sessions(limit=-1)


def test_a_session_is_found_by_its_id(filled: Any) -> None:
    """An unknown id is no error."""
    assert filled.session("s-2").id == "s-2"
    assert filled.session("no-such") is None


def test_a_session_has_what_was_said(store: Any) -> None:
    """And all other properties of it."""
    kept = ended_session(
        "a",
        number=7,
        peer=("192.0.2.1", 4711),
        helo="client.example.com",
        user="ann",
        mechanism="PLAIN",
        login_attempts=2,
        tls_version="TLSv1.3",
        tls_cipher="TLS_AES_256_GCM_SHA384",
        client_certificate=("ann.example.com",),
        refusals=3,
    )
    transaction = kept.transactions
    store.keep_session(kept)
    session = store.session("a")
    for name in PROPERTIES:
        assert getattr(session, name) == getattr(kept, name), name
    assert session.transactions == transaction
    assert str(session.transcript) == str(kept.transcript)


def test_the_transactions_of_a_session_are_kept(store: Any) -> None:
    """With the recipients that were refused."""
    kept = ended_session("a")
    kept._transactions = []
    transaction = kept.begin("ann@example.com")
    transaction.rcpt_tos = ("bob@example.com",)
    transaction.refuse("cleo@example.com", Reply(550, "no such user"))
    transaction.outcome = "delivered"
    transaction.reply = Reply(250, "kept")
    kept.close()
    store.keep_session(kept)
    (read,) = store.session("a").transactions
    for name in ("number", "mail_from", "rcpt_tos", "outcome", "refused", "reply"):
        assert getattr(read, name) == getattr(transaction, name), name


def test_sessions_stay_when_messages_are_cleared(filled: Any) -> None:
    """They have bounds of their own."""
    fill(filled, 1)
    filled.clear()
    assert len(filled.sessions()) == 5


if ON_DISK:

    @pytest.mark.parametrize("kind", ON_DISK, indirect=True)
    def test_sessions_survive_a_restart(open_again: Callable[[], Any]) -> None:
        """Those kept before the end are written first."""
        store = open_again()
        store.keep_session(ended_session("a"))
        store.close()
        assert "hello from a" in str(open_again().session("a").transcript)
