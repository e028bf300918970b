"""What type checkers know of a mailbox; ``mypy`` reads this module too."""

from __future__ import annotations

import asyncio

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from typing_extensions import assert_type

from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.model.envelope import Envelope


def two() -> Mailbox:
    """Make a mailbox with two messages."""
    mailbox = Mailbox()
    for to in ("a@example.com", "b@example.com"):
        mailbox.add(Envelope(mail_from="", rcpt_tos=(to,), content=b""))
    return mailbox


def test_waiting_gives_an_envelope() -> None:
    """And a list of them for a count."""
    mailbox = two()
    assert_type(mailbox.wait_for(recipient="a@example.com"), Envelope)
    assert_type(mailbox.wait_for(count=1), Envelope)
    assert_type(mailbox.wait_for(count=2), list[Envelope])


def test_a_deferred_fires_with_an_envelope() -> None:
    """And with a list of them for a count."""
    mailbox, clock = two(), Clock()
    assert_type(mailbox.when(reactor=clock), Deferred[Envelope])
    assert_type(mailbox.when(count=2, reactor=clock), Deferred[list[Envelope]])


def test_a_coroutine_gives_an_envelope() -> None:
    """And a list of them for a count."""
    mailbox = two()

    async def wait() -> None:
        assert_type(await mailbox.wait_for_async(), Envelope)
        assert_type(await mailbox.wait_for_async(count=2), list[Envelope])

    asyncio.run(wait())


def test_an_assertion_gives_an_envelope() -> None:
    """By both of its names, and of a part too."""
    mailbox = two()
    assert_type(mailbox.assert_received(lambda envelope: not envelope.tls), Envelope)
    assert_type(mailbox.assert_sent(count=2), list[Envelope])
    part = mailbox.for_recipient("a@example.com")
    assert_type(part.assert_received(count=1), Envelope)
