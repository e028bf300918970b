"""The faults of a mailbox, and of a part of one."""

from __future__ import annotations

import smtplib

import pytest

from lazr_smtptest import CaptureController, CaptureServer, NotReceived

MAIL = "Subject: Hi\n\nHi.\n"


def test_they_are_those_of_the_server() -> None:
    """The very object."""
    server = CaptureServer()
    assert server.mailbox.faults is server.faults


def test_those_of_a_part_are_for_its_recipients_only() -> None:
    """Tests that share a server do not meet each other's faults."""
    with CaptureController() as smtp:
        mine = smtp.for_recipient("*@run-17.test")
        mine.faults.on("RCPT").reply(452, "4.2.2 Mailbox full")
        with smtplib.SMTP(smtp.host, smtp.port, timeout=60) as client:
            refused = client.sendmail("a@b.test", ["c@run-17.test", "c@d.test"], MAIL)
        mine.faults.assert_all_fired()
    assert refused == {"c@run-17.test": (452, b"4.2.2 Mailbox full")}


def test_a_part_has_one_set_of_them() -> None:
    """What was written can be read back."""
    mine = CaptureServer().mailbox.for_user("anna")
    mine.faults.on("MAIL").reply(451)
    assert len(mine.faults.rules) == 1


def test_what_did_not_happen_is_in_the_failure() -> None:
    """The test may have waited for what a fault was to bring about."""
    mailbox = CaptureServer().mailbox
    mailbox.faults.on("RCPT", recipient="full@example.com").reply(452)
    with pytest.raises(NotReceived, match=r"full@example\.com"):
        mailbox.assert_received()


def test_a_part_tells_of_its_own_only() -> None:
    """Not of what others wait for."""
    mailbox = CaptureServer().mailbox
    mailbox.faults.on("RCPT", recipient="full@example.com").reply(452)
    with pytest.raises(NotReceived) as failure:
        mailbox.for_recipient("*@run-17.test").assert_received()
    assert "full@example.com" not in str(failure.value)
