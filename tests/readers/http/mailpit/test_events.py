"""Mailpit's websocket ``/api/events``."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.version import __version__

from ..sockets import Websocket, open_websocket, refused
from .served import Served
from .test_api import SUMMARY_KEYS

pytest.importorskip("twisted.web.websocket")

PAUSE = 0.25


@pytest.fixture
def socket(served: Served) -> Websocket:
    """A websocket that has had its first frame."""
    socket = open_websocket(served.connect(), "/api/events")
    served.reactor.advance(PAUSE)
    socket.texts()
    return socket


@pytest.mark.parametrize("path", ["/%61pi/events", "/api/event%73"])
class TestEncoding:
    """A path that is percent-encoded leads to the same checks."""

    def test_a_page_of_another_site_opens_none(self, served: Served, path: str) -> None:
        answer = refused(served.client, path, Origin="https://evil.example")
        assert answer.status == 403

    def test_it_needs_the_login(self, path: str) -> None:
        served = Served(gate=Gate(users={"ann": "secret"}))
        assert refused(served.client, path).status == 401
        served.reader.close()

    def test_a_page_of_the_same_host_opens_one(self, served: Served, path: str) -> None:
        open_websocket(served.client, path, Origin="http://localhost")


def frames(socket: Websocket, kind: str) -> list[Any]:
    """Return the data of the frames of a type."""
    return [text["Data"] for text in socket.texts() if text["Type"] == kind]


def test_the_numbers_come_after_a_quarter_of_a_second(served: Served) -> None:
    served.add()
    socket = open_websocket(served.connect(), "/api/events")
    assert socket.texts() == []
    served.reactor.advance(PAUSE)
    data = {"Total": 1, "Unread": 1, "Version": f"v{__version__}"}
    assert socket.texts() == [{"Type": "stats", "Data": data}]


def test_a_new_message_comes_at_once(served: Served, socket: Websocket) -> None:
    id = served.add("Subject: hi\n\nx\n")
    (frame,) = socket.texts()
    assert list(frame) == ["Type", "Data"]
    assert (frame["Type"], frame["Data"]["ID"]) == ("new", id)
    assert list(frame["Data"]) == SUMMARY_KEYS


def test_many_changes_are_counted_once(served: Served, socket: Websocket) -> None:
    for _ in range(5):
        served.add()
    served.reactor.advance(PAUSE)
    assert [each["Type"] for each in socket.texts()] == ["new"] * 5 + ["stats"]


def test_reading_is_an_update(served: Served, socket: Websocket) -> None:
    id = served.add()
    socket.texts()
    served.client.get(f"/api/v1/message/{id}")
    assert socket.texts() == [{"Type": "update", "Data": {"ID": id, "Read": True}}]


def test_reading_once_more_is_none(served: Served, socket: Websocket) -> None:
    id = served.add()
    for _ in range(2):
        served.client.get(f"/api/v1/message/{id}")
    assert len(frames(socket, "update")) == 1


def test_tags_are_an_update(served: Served, socket: Websocket) -> None:
    id = served.add()
    served.store.change(Selection(ids=[id]), tags=["a"])
    assert frames(socket, "update") == [{"ID": id, "Tags": ["a"]}]


def test_a_message_that_was_there_before_is_updated_too(served: Served) -> None:
    id = served.add()
    socket = open_websocket(served.connect(), "/api/events")
    served.store.change(Selection(ids=[id]), set_flags=["seen"])
    assert {"ID": id, "Read": True} in frames(socket, "update")


def test_removing_is_a_frame_for_each(served: Served, socket: Websocket) -> None:
    ids = [served.add(), served.add()]
    socket.texts()
    served.store.remove(Selection(ids=ids))
    assert frames(socket, "delete") == [{"ID": id} for id in ids]


def test_removing_many_is_one_frame(served: Served, socket: Websocket) -> None:
    for _ in range(201):
        served.add()
    socket.texts()
    served.client.request("DELETE", "/api/v1/search?query=hi")
    assert socket.texts() == [{"Type": "prune", "Data": None}]


def test_removing_all_is_one_frame(served: Served, socket: Websocket) -> None:
    served.add()
    socket.texts()
    served.client.request("DELETE", "/api/v1/messages")
    assert socket.texts() == [{"Type": "truncate", "Data": None}]


@pytest.mark.parametrize(("code", "level"), [(451, "warning"), (550, "error")])
def test_a_refusal_is_an_error(
    served: Served, socket: Websocket, code: int, level: str
) -> None:
    served.server.faults.on("MAIL").reply(code, "no")
    served.smtp().say("MAIL FROM:<a@example.com>")
    (error,) = frames(socket, "error")
    assert (error["Level"], error["Type"]) == (level, "smtpd")
    assert error["Message"].startswith(str(code))


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("RCPT TO:<b@example.com>", "503 5.5.1"),
        ("MAIL nobody", "501 5.5.4"),
        ("WHAT", "500 5.5.2"),
        ("MAIL FROM:<a@example.com> SIZE=99999999999", "552 5.3.4"),
    ],
)
def test_each_error_reply_is_one_error_with_the_address_of_its_client(
    served: Served, socket: Websocket, line: str, reply: str
) -> None:
    assert served.smtp().say(line).decode().startswith(reply[:3])
    (error,) = frames(socket, "error")
    assert (error["Level"], error["IP"]) == ("error", "127.0.0.1")
    assert error["Message"].startswith(reply[:3])


def test_a_reply_without_an_error_is_none(served: Served, socket: Websocket) -> None:
    served.smtp().say("NOOP", "MAIL FROM:<a@example.com>")
    assert frames(socket, "error") == []


def test_all_clients_get_the_frames(served: Served, socket: Websocket) -> None:
    other = open_websocket(served.connect(), "/api/events")
    served.add()
    assert len(frames(socket, "new")) == len(frames(other, "new")) == 1


def test_nothing_is_watched_after_the_last_client(
    served: Served, socket: Websocket
) -> None:
    from twisted.python.failure import Failure

    before = len(served.server.delivery_events._error_readers.functions)
    socket.client.protocol.connectionLost(Failure(ConnectionError()))
    assert len(served.server.delivery_events._error_readers.functions) == before - 1
    served.add()
    served.reactor.advance(PAUSE)


def test_the_end_of_the_server_closes_it(served: Served, socket: Websocket) -> None:
    served.reader.close()
    assert [type(event).__name__ for event in socket.events()] == ["CloseConnection"]
