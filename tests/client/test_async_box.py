"""`lazr_smtptest.client.async_box`: a mailbox over HTTP for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lazr_smtptest import AsyncRemoteMailbox
from lazr_smtptest.mailbox import NotReceived

from .conftest import PATIENCE, Both, Make

Run = Callable[[Callable[[AsyncRemoteMailbox], Awaitable[Any]]], Any]


@pytest.fixture
def run(mailbox: Both) -> Run:
    """Runs a coroutine with the mailbox."""

    def run(test: Callable[[AsyncRemoteMailbox], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with AsyncRemoteMailbox(mailbox.url, grace=0.0) as remote:
                return await test(remote)

        return asyncio.run(main())

    return run


def test_messages_are_read(mailbox: Both, make: Make, run: Run) -> None:
    """As in a mailbox, with `await`."""
    mailbox.add(make("A"))
    mailbox.add(make("B", rcpt_tos=("eve@example.com",)))

    async def read(remote: AsyncRemoteMailbox) -> list[object]:
        latest = await remote.latest()
        first = await remote.find(subject="A")
        assert latest is not None
        assert first is not None
        return [
            [each.subject async for each in remote],
            await remote.count(),
            latest.subject,
            first.subject,
            len(await remote.find_all(lambda each: True)),
            await remote.for_recipient("eve@*").count(),
            await remote.for_user("ann").count(),
            list(await remote.sessions()),
        ]

    assert run(read) == [["A", "B"], 2, "B", "A", 2, 1, 0, []]


def test_a_message_is_waited_for(mailbox: Both, make: Make, run: Run) -> None:
    """The loop runs meanwhile."""

    async def wait(remote: AsyncRemoteMailbox) -> str:
        task = asyncio.create_task(remote.wait_for(subject="A", timeout=PATIENCE))
        await asyncio.sleep(0)
        mailbox.add(make("A"))
        found = await task
        assert await remote.assert_received(subject="A", timeout=1) == found
        return str(found.subject)

    assert run(wait) == "A"


def test_a_failure_is_that_of_a_mailbox(mailbox: Both, make: Make, run: Run) -> None:
    """With the messages that did arrive."""
    mailbox.add(make("A"))

    async def fail(remote: AsyncRemoteMailbox) -> None:
        await remote.assert_none(subject="B", within=0)
        await remote.assert_sent(subject="B")

    with pytest.raises(NotReceived, match="'A'"):
        run(fail)


def test_clear_empties_the_server(mailbox: Both, make: Make, run: Run) -> None:
    """All is gone."""
    mailbox.add(make("A"))
    run(lambda remote: remote.clear())
    assert list(mailbox.local) == []


def test_len_is_refused(run: Run) -> None:
    """It would block the loop; an empty mailbox is true nevertheless."""

    async def count(remote: AsyncRemoteMailbox) -> int:
        assert remote
        return len(remote)

    with pytest.raises(TypeError, match=r"use await mailbox.count\(\)"):
        run(count)
