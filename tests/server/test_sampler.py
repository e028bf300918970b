"""A server that keeps a part of its mail, and counts all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest import CaptureServer
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.keep_policy import KeepPolicy
from lazr_smtptest.stores.sampler import Sampler

from ..harness import STORES_ON_DISK, Peer


def keep(server: Any, *texts: str) -> Any:
    """Let a server keep a part of its mail."""
    server.sampler = Sampler(KeepPolicy.parse(texts))
    return server


@pytest.fixture(params=["mailbox", "memory", *STORES_ON_DISK])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A server with a store."""
    if request.param == "mailbox":
        yield CaptureServer()
        return
    store = open_store(request.param.format(tmp_path / "mail"))
    yield StoreServer(store)
    store.close()


def send(server: Any, *recipients: str) -> list[str]:
    """Send a message to each recipient; return the subjects that are kept."""
    peer = Peer(server.factory(Clock()))
    peer.say("EHLO client")
    for number, to in enumerate(recipients):
        assert peer.codes(f"MAIL FROM:<{number}@a>", f"RCPT TO:<{to}>", "DATA")[-1] == (
            "354"
        )
        assert peer.codes(f"Subject: {number}", "", "body", ".") == ["250"]
    return [each.subject for each in server.store]


def test_one_in_three_is_kept_and_all_are_counted(server: Any) -> None:
    """The first of each three; every client has its 250."""
    assert send(keep(server, "1/3"), *["to@a"] * 7) == ["0", "3", "6"]
    assert (server.sampler.accepted, server.sampler.kept) == (7, 3)


def test_a_share_goes_on_in_the_next_session(server: Any) -> None:
    keep(server, "1/3")
    for _ in range(5):
        send(server, "to@a", "to@a")
    assert (server.sampler.kept, server.sampler.left_out) == (4, 6)


def test_only_mail_to_some_addresses_is_kept(server: Any) -> None:
    assert send(keep(server, "to:*@b"), "x@a", "x@b", "y@B", "x@b.c") == ["1", "2"]


def test_a_share_is_of_the_messages_that_match(server: Any) -> None:
    to = ["x@a", "x@b", "x@a", "x@b", "x@b"]
    assert send(keep(server, "to:*@b", "1/2"), *to) == ["1", "4"]
    assert (server.sampler.accepted, server.sampler.kept) == (5, 2)


def test_of_headers_only_the_body_is_left_out(server: Any) -> None:
    send(keep(server, "headers"), "x@a")
    [envelope] = server.store
    assert envelope.content == b"Subject: 0\r\n\r\n"
    assert (server.sampler.accepted, server.sampler.kept) == (1, 1)


def test_a_message_with_parameters_is_left_out_too(server: Any) -> None:
    """That makes an envelope at once."""
    keep(server, "to:nobody@x", "headers")
    peer = Peer(server.factory(Clock()))
    peer.say("EHLO a", "MAIL FROM:<a@b> BODY=8BITMIME", "RCPT TO:<c@d>", "DATA")
    assert peer.codes("Subject: a", "", "b", ".") == ["250"]
    assert list(server.store) == []
    assert server.sampler.left_out == 1


def test_a_session_has_the_messages_that_are_left_out(server: Any) -> None:
    """They were accepted."""
    send(keep(server, "1/2"), *["to@a"] * 4)
    [session] = server.sessions
    assert session.delivered == 4
    assert server.sessions.counters.messages == 4


def test_a_server_keeps_all_by_default(server: Any) -> None:
    assert send(server, "a@b", "c@d") == ["0", "1"]
    assert (server.sampler.accepted, server.sampler.kept) == (2, 2)


def test_a_refused_message_is_no_accepted_one() -> None:
    """It is in no count."""
    server = StoreServer(open_store("memory?max-count=1&full=refuse"))
    peer = Peer(server.factory(Clock()))
    peer.say("EHLO a")
    mail = ("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
    assert (peer.codes(*mail)[-1], peer.codes("a: b", ".")) == ("354", ["250"])
    assert (peer.codes(*mail)[-1], peer.codes("a: b", ".")) == ("354", ["452"])
    assert (server.sampler.accepted, server.sampler.kept) == (1, 1)


def test_what_is_left_out_needs_no_room() -> None:
    """A store that is full refuses what it would have to keep."""
    store = open_store("memory?max-count=1&full=refuse")
    server = keep(StoreServer(store), "1/2")
    peer = Peer(server.factory(Clock()))
    peer.say("EHLO a")
    codes = []
    for _ in range(3):
        peer.say("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
        codes += peer.codes("a: b", ".")
    assert codes == ["250", "250", "452"]
