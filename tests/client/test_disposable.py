"""`RemoteMailbox.disposable`: disposable mailboxes of a server over HTTP."""

# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from lazr_smtptest import AsyncRemoteMailbox, DisposableMailbox, RemoteMailbox
from lazr_smtptest.client.errors import RemoteError
from lazr_smtptest.mailbox import NotReceived
from lazr_smtptest.server.capture import CaptureController

from .conftest import PATIENCE, Both, Make, Running, reactor, serve


@pytest.fixture
def own(mailbox: Both) -> Iterator[DisposableMailbox]:
    """A disposable mailbox for messages to Eve."""
    with mailbox.disposable("eve@*") as own:
        yield own


def test_it_has_the_messages_of_its_address(
    mailbox: Both, own: DisposableMailbox, make: Make
) -> None:
    """And no others."""
    mailbox.add(make("A"))
    mailbox.add(make("B", rcpt_tos=("eve@example.com",)))
    assert [each.subject for each in own] == ["B"]
    assert (len(own), len(mailbox)) == (1, 2)


def test_messages_before_it_are_not_in_it(mailbox: Both, make: Make) -> None:
    """Those of another test."""
    mailbox.add(make("A", rcpt_tos=("eve@example.com",)))
    with mailbox.disposable("eve@example.com") as own:
        assert len(own) == 0


def test_a_message_is_waited_for(
    mailbox: Both, own: DisposableMailbox, make: Make
) -> None:
    """By a request that waits in it."""
    mailbox.add(make("B", rcpt_tos=("eve@example.com",)))
    assert own.wait_for(subject="B", timeout=PATIENCE).subject == "B"


def test_without_anything_it_has_an_address_of_its_own(
    mailbox: Both, make: Make
) -> None:
    """Which nobody else has."""
    with mailbox.disposable() as first, mailbox.disposable() as second:
        assert first.address != second.address
        mailbox.add(make("A", rcpt_tos=(first.address,)))
        assert (len(first), len(second)) == (1, 0)


def test_a_user_a_header_or_a_query_choose_messages(mailbox: Both, make: Make) -> None:
    """All that are given."""
    with (
        mailbox.disposable(user="ann") as of_user,
        mailbox.disposable(header={"X-Run": "17"}, query="subject:b") as of_run,
    ):
        assert of_user.address == ""
        mailbox.add(make("A", user="ann"))
        mailbox.add(make("B"))
        assert [each.subject for each in of_user] == ["A"]
        assert [each.subject for each in of_run] == ["B"]


def test_a_failure_shows_its_own_messages(
    mailbox: Both, own: DisposableMailbox, make: Make
) -> None:
    """With the text of any mailbox."""
    mailbox.add(make("A"))
    mailbox.add(make("B", rcpt_tos=("eve@example.com",)))
    with pytest.raises(NotReceived, match=r"wanted 'C'\n.*1 arrived"):
        own.assert_received(subject="C")


def test_clear_removes_its_own_messages(
    mailbox: Both, own: DisposableMailbox, make: Make
) -> None:
    """Others stay."""
    mailbox.add(make("A"))
    mailbox.add(make("B", rcpt_tos=("eve@example.com",)))
    own.clear()
    assert [each.subject for each in mailbox] == ["A"]


def test_the_end_removes_it_with_its_messages(mailbox: Both, make: Make) -> None:
    """The mailbox of the whole server goes on."""
    with mailbox.disposable("eve@*") as own:
        mailbox.add(make("B", rcpt_tos=("eve@example.com",)))
    with pytest.raises(RemoteError, match="there is no mailbox"):
        len(own)
    own.close()
    assert len(mailbox) == 0


def test_a_wait_ends_with_its_lifetime(mailbox: Both) -> None:
    """At once, and says so."""
    own = mailbox.disposable("eve@*", lifetime=1)
    for _ in range(2):
        with pytest.raises(NotReceived, match=r"lifetime of mailbox \w+ \(1 s\) has"):
            own.wait_for(subject="A", timeout=3600)
    own.close()


def test_its_rules_are_for_its_address(serve: Callable[..., Running]) -> None:
    """And end with it."""
    with CaptureController(activity=False) as controller:
        url = serve(controller.server).url
        with RemoteMailbox(url) as mailbox, mailbox.disposable("eve@*") as own:
            own.faults.on("RCPT").reply(450, "4.2.0 Later")
            [rule] = controller.faults.rules
            assert "eve@*" in str(rule)
        assert controller.faults.rules == ()


def test_what_no_message_can_meet_is_refused(mailbox: Both) -> None:
    """With what the server says of it."""
    with pytest.raises(ValueError, match="lifetime must be a number >= 1"):
        mailbox.disposable("eve@*", lifetime=0)


def test_the_failure_of_a_test_is_not_hidden(mailbox: Both) -> None:
    """By that of a server which has stopped."""

    def fail() -> None:
        with mailbox.disposable():
            mailbox.running.stop()
            raise AssertionError("mine")

    with pytest.raises(AssertionError, match="mine"):
        fail()


def test_the_name_is_not_shown(own: DisposableMailbox) -> None:
    """It is a password."""
    assert own.name not in repr(own)
    assert "eve@*" in repr(own)


def test_one_on_a_loop(mailbox: Both, make: Make) -> None:
    """With the same arguments, as coroutines."""

    async def run() -> None:
        async with (
            AsyncRemoteMailbox(mailbox.url, grace=0.0) as remote,
            remote.disposable("eve@*", lifetime=60) as own,
        ):
            assert own.address == "eve@*"
            mailbox.add(make("A"))
            mailbox.add(make("B", rcpt_tos=("eve@example.com",)))
            found = await own.wait_for(subject="B", timeout=PATIENCE)
            assert found.subject == "B"
            assert await own.count() == 1

    asyncio.run(run())
    assert [each.subject for each in mailbox] == ["A"]
