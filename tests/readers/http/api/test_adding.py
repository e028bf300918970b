"""`lazr_smtptest.readers.http.api.adding`: messages that are added over HTTP."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any

import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.stores._fields import to_bytes

from ..client import Response
from ..conftest import Mail

CONTENT = b"Subject: Hello\r\n\r\nHi.\r\n"
ORDER = Envelope(
    mail_from="shop@example.com",
    rcpt_tos=("anna@example.com", "bob@example.com"),
    content=CONTENT,
    helo="client.example.com",
    user="shop",
    tls=True,
    id="order-1",
    received_at=datetime(2026, 1, 31, 12, tzinfo=timezone.utc),
)


def add(mail: Mail, content: bytes) -> Response:
    """Add a message to a server."""
    body = {"content": base64.b64encode(content).decode()}
    return mail.client.request("POST", "/api/v2/messages", json=body)


def test_a_message_has_the_envelope_before_it(mail: Mail) -> None:
    """As `smtptest export` writes it."""
    answer = add(mail, to_bytes(ORDER, CONTENT, b"\r\n"))
    assert (answer.status, answer.json) == (200, {"messages": 1, "id": "order-1"})
    assert list(mail.store) == [ORDER]


def test_a_message_without_an_envelope_is_new(mail: Mail) -> None:
    """It gets an id and a time."""
    answer = add(mail, CONTENT)
    [kept] = mail.store
    assert answer.json == {"messages": 1, "id": kept.id}
    assert (kept.content, kept.rcpt_tos) == (CONTENT, ())
    assert kept.received_at is not None


def test_a_known_id_is_left_out(mail: Mail) -> None:
    """A copy that is done twice adds nothing."""
    data = to_bytes(ORDER, CONTENT, b"\r\n")
    add(mail, data)
    assert add(mail, data).json == {"messages": 0, "id": None}
    assert len(mail.store) == 1


def test_what_is_no_base64_is_refused(mail: Mail) -> None:
    """With what is wrong."""
    body = {"content": "???"}
    answer = mail.client.request("POST", "/api/v2/messages", json=body)
    assert answer.status == 400
    assert "content" in answer.json["detail"]
    assert len(mail.store) == 0


def test_a_server_may_refuse_it() -> None:
    """With the reply of its hook."""

    class Refusing(StoreServer):
        def handle_envelope(self, envelope: Envelope) -> object:
            raise PolicyError(550, "No such luck", "5.7.1")

    store: Any = MemoryStore()
    mail = Mail(store=store, server={"handler": Refusing(store)})
    answer = add(mail, CONTENT)
    assert answer.status == 409
    assert answer.json["detail"] == "the message was refused: 550 5.7.1 No such luck"


@pytest.mark.parametrize("size", [6_000_000])
def test_it_may_be_as_large_as_by_smtp(mail: Mail, size: int) -> None:
    """Not only as other requests."""
    assert add(mail, CONTENT + b"x" * size).status == 200
