"""`lazr_smtptest.mailbox.doubts`: an `assert_none` that passes for a mistake warns."""

from __future__ import annotations

import re
import socket
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest import CaptureController, Mailbox
from lazr_smtptest.model.envelope import Envelope

Make = Callable[..., Envelope]


@pytest.mark.parametrize(
    "criteria",
    [
        {"subject": "Hel*"},
        {"subject": "Hell?"},
        {"text": "H*."},
        {"header": {"Subject": "Hel*"}},
        {"subject": "Hel.*"},
        {"subject": "Hel*", "recipient": "bob@example.com"},
    ],
)
def test_a_pattern_where_a_text_is_wanted_is_named(
    make: Make, mailbox: Mailbox, criteria: dict[str, Any]
) -> None:
    """A message that the pattern would match has arrived."""
    mailbox.add(make())
    with pytest.warns(UserWarning, match="use re.compile") as warned:
        mailbox.assert_none(within=0, **criteria)
    assert warned[0].filename == __file__


def test_a_view_warns_of_a_pattern_too(make: Make, mailbox: Mailbox) -> None:
    """Its recipient is one of the conditions."""
    mailbox.add(make())
    with pytest.warns(UserWarning, match="subject takes no wildcards"):
        mailbox.for_recipient("bob@*").assert_none(subject="Hel*", within=0)


@pytest.mark.parametrize(
    "criteria",
    [
        {"subject": "Bye*"},
        {"subject": "Bye"},
        {"subject": re.compile("Bye.*")},
        {"subject": "Hel*", "recipient": "eve@example.com"},
        {"recipient": "eve@*"},
        {"attachment": "*.pdf"},
    ],
)
def test_what_no_reading_would_match_causes_no_warning(
    make: Make, mailbox: Mailbox, criteria: dict[str, Any]
) -> None:
    """The assertion passes as it is meant."""
    mailbox.add(make())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mailbox.assert_none(within=0, **criteria) is None


def test_mail_that_was_sent_elsewhere_is_named() -> None:
    """The program has swallowed the error, and nothing arrived here."""
    with CaptureController("127.0.0.1", grace=0.0) as server:
        server.mailbox.activity.contacted("connect", "192.0.2.1", 25)
        with pytest.warns(UserWarning, match=r"to connect to 192\.0\.2\.1 port 25"):
            server.assert_none(within=0)


@pytest.mark.parametrize("port", [25, 2525])
def test_mail_to_a_known_port_of_this_host_is_named(port: int) -> None:
    """There the program may be configured to send its mail to."""
    with CaptureController("127.0.0.1", grace=0.0) as server:
        server.mailbox.activity.contacted("connect", "127.0.0.1", port)
        with pytest.warns(UserWarning, match=f"127.0.0.1 port {port}"):
            server.assert_none(within=0)


def test_a_connection_to_another_server_of_the_test_is_meant() -> None:
    """A test may have several."""
    with CaptureController(grace=0.0) as one, CaptureController(grace=0.0) as other:
        with socket.create_connection((other.host, other.port)):
            pass
        assert one.assert_none(within=0) is None


def test_a_connection_that_sends_no_mail_is_not_named() -> None:
    """Programs connect to databases, too."""
    with CaptureController(grace=0.0) as server:
        server.mailbox.activity.contacted("connect", "192.0.2.1", 5432)
        assert server.assert_none(within=0) is None


def test_after_a_message_another_connection_is_not_named(make: Make) -> None:
    """The program knows the address of the server."""
    with CaptureController(grace=0.0) as server:
        server.mailbox.add(make())
        server.mailbox.activity.contacted("connect", "192.0.2.1", 25)
        assert server.assert_none(subject="Bye", within=0) is None
