"""Our own API: changes as they happen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from lazr_smtptest.faults import Faults
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores.session_log import SessionLog

from ..client import Client
from ..conftest import Mail
from ..sockets import open_websocket

ENVELOPE = Envelope(
    mail_from="ann@example.com", rcpt_tos=("bob@example.com",), content=b"Hello.\r\n"
)


def listen(client: Client, *lines: str, path: str = "/api/v2/events") -> None:
    """Begin to listen."""
    head = [f"GET {path} HTTP/1.1", "Host: localhost", *lines, "", ""]
    client.send("\r\n".join(head).encode())


def body(client: Client) -> str:
    """Return the new bytes of the body, and forget them."""
    data = client.transport.value()
    client.transport.clear()
    if data.startswith(b"HTTP/1.1"):
        head, _, data = data.partition(b"\r\n\r\n")
        assert b" 200 OK" in head
        assert b"text/event-stream" in head
    text = ""
    while data:
        size, _, data = data.partition(b"\r\n")
        text += data[: int(size, 16)].decode()
        data = data[int(size, 16) + 2 :]
    return text


def events(client: Client) -> list[tuple[str, str, Any]]:
    """Return the kind, the id and the data of each event that has come."""
    found = []
    for block in body(client).split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line != ":")
        if "event" in fields:
            data = json.loads(fields["data"])
            found.append((fields["event"], fields.get("id", ""), data))
    return found


def test_a_client_connects_again_after_a_second(mail: Mail) -> None:
    """It is told so at once."""
    listen(mail.client)
    assert body(mail.client) == "retry: 1000\n\n"


def test_each_change_is_an_event_with_its_number(mail: Mail) -> None:
    """So that the client can say what it knows."""
    listen(mail.client)
    id = mail.add()
    mail.store.change(Selection(ids=[id]), set_flags=["seen"])
    mail.store.remove(Selection(ids=[id]))
    mail.add()
    mail.store.clear()
    found = events(mail.client)
    kinds = [kind for kind, _, _ in found]
    assert kinds == ["kept", "changed", "removed", "kept", "cleared"]
    numbers = [int(number) for _, number, _ in found]
    assert numbers == sorted(set(numbers))
    assert found[0][2]["ids"] == [id]


def test_what_happened_before_is_not_told(mail: Mail) -> None:
    """Unless the client asks for it."""
    mail.add()
    listen(mail.client)
    assert events(mail.client) == []


def test_a_client_that_comes_back_is_told_what_it_missed(mail: Mail) -> None:
    """Each change once."""
    listen(mail.client)
    mail.add()
    [(_, number, _)] = events(mail.client)
    mail.client.protocol.connectionLost(Failure(ConnectionDone()))
    missed = [mail.add() for _ in range(3)]
    client = mail.connect()
    listen(client, f"Last-Event-ID: {number}")
    later = mail.add()
    found = [id for _, _, data in events(client) for id in data["ids"]]
    assert found == [*missed, later]


def test_a_client_that_was_away_for_too_long_reads_all_anew(mail: Mail) -> None:
    """It is told so."""
    # The store knows its latest ten thousand changes.
    for _ in range(10_002):
        mail.store.add(ENVELOPE)
    listen(mail.client, "Last-Event-ID: 1")
    assert [kind for kind, _, _ in events(mail.client)] == ["reset"]
    mail.add()
    assert [kind for kind, _, _ in events(mail.client)] == ["kept"]


def test_a_quiet_connection_gets_a_line_that_says_nothing(mail: Mail) -> None:
    """Every 15 seconds without an event."""
    listen(mail.client)
    body(mail.client)
    mail.reactor.advance(14)
    assert body(mail.client) == ""
    mail.reactor.advance(1)
    assert body(mail.client) == ":\n\n"
    mail.reactor.advance(15)
    assert body(mail.client) == ":\n\n"


def test_a_client_that_left_costs_nothing(mail: Mail) -> None:
    """No call is left, and nobody watches the store for it."""
    before = len(mail.reactor.getDelayedCalls())
    client = mail.connect()
    listen(client)
    client.protocol.connectionLost(Failure(ConnectionDone()))
    assert len(mail.reactor.getDelayedCalls()) == before
    mail.add()


def test_a_client_that_does_not_read_is_disconnected(mail: Mail) -> None:
    """After a megabyte that it did not take."""
    listen(mail.client)
    mail.client.protocol.pauseProducing()
    number = 0
    while mail.client.protocol.requests and number < 20_000:
        mail.store.add(ENVELOPE)
        mail.reactor.advance(0.001)
        number += 1
    assert 5000 < number < 20_000


def test_more_clients_than_allowed_are_refused(make_mail: Any) -> None:
    """With a status that says so."""
    mail = make_mail(max_listeners=1)
    listen(mail.client)
    assert mail.connect().get("/api/v2/events").status == 429


def test_a_server_that_stops_ends_the_answers(mail: Mail) -> None:
    """The client sees a whole answer, and comes back later."""
    listen(mail.client)
    mail.reader.close()
    assert mail.client.transport.value().endswith(b"0\r\n\r\n")


def test_a_request_for_the_header_alone_does_not_listen(make_mail: Any) -> None:
    """It would take the place of a client."""
    mail = make_mail(max_listeners=1)
    for _ in range(3):
        assert mail.client.request("HEAD", "/api/v2/events").status == 200
    listen(mail.client)
    assert body(mail.client) == "retry: 1000\n\n"


@pytest.mark.parametrize("since", ["abc", "-1", "1.5", "1" * 30, "%D9%A1"])
def test_a_wrong_since_is_an_error(client: Client, since: str) -> None:
    """Events would be lost."""
    assert client.get(f"/api/v2/events?since={since}").status == 400


@pytest.mark.parametrize("since", ["x", "-1", ""])
def test_what_is_no_number_is_none(mail: Mail, since: str) -> None:
    """A browser sends what it was given, and others what they like."""
    mail.add()
    listen(mail.client, f"Last-Event-ID: {since}")
    assert events(mail.client) == []


def test_a_websocket_has_the_same_events(mail: Mail) -> None:
    """As texts in JSON."""
    pytest.importorskip("twisted.web.websocket")
    listen(mail.client)
    socket = open_websocket(mail.connect(), "/api/v2/events")
    id = mail.add()
    mail.store.change(Selection(ids=[id]), set_flags=["seen"])
    mail.store.remove(Selection(ids=[id]))
    told = [(each["event"], str(each["id"]), each["data"]) for each in socket.texts()]
    assert [kind for kind, _, _ in told] == ["kept", "changed", "removed"]
    assert told == events(mail.client)


def test_a_websocket_is_told_what_it_missed(mail: Mail) -> None:
    """A browser cannot send Last-Event-ID with one."""
    pytest.importorskip("twisted.web.websocket")
    ids = [mail.add() for _ in range(3)]
    first = mail.store.changes(0).changes[0].number
    socket = open_websocket(mail.client, f"/api/v2/events?since={first}")
    assert [each["data"]["ids"] for each in socket.texts()] == [[id] for id in ids[1:]]


class TestWire:
    """Events of sessions, refused mail and faults."""

    @pytest.fixture
    def server(self) -> Mail:
        """A server with sessions and faults."""
        return Mail(server={"faults": Faults(), "sessions": SessionLog()})

    def test_sessions_begin_and_end(self, server: Mail) -> None:
        listen(server.client)
        session = Session(id="a", peer=("127.0.0.1", 9))
        server.context.needed_sessions().session_began(session)
        session.ended = session.started + 2
        server.context.needed_sessions().session_ended(session)
        told = events(server.client)
        assert [(kind, id) for kind, id, _ in told] == [
            ("session-began", ""),
            ("session-ended", ""),
        ]
        assert [(data["id"], data["seconds"]) for _, _, data in told] == [
            ("a", None),
            ("a", 2.0),
        ]

    def test_whether_a_session_failed_is_known_at_its_end(self, server: Mail) -> None:
        listen(server.client)
        session = Session(id="a", peer=("127.0.0.1", 9), helo="client")
        server.context.needed_sessions().session_began(session)
        session.ended = session.started + 2
        server.context.needed_sessions().session_ended(session)
        told = [data["failed"] for _, _, data in events(server.client)]
        assert told == [None, True]

    def test_faults_fire(self, server: Mail) -> None:
        listen(server.client)
        server.context.needed_faults().on("MAIL").reply(450, "Later")
        context = FaultContext(phase="MAIL", session=Session(id="a"), now=0.0)
        server.context.needed_faults().decide(context)
        [(kind, _, data)] = events(server.client)
        assert kind == "fault-fired"
        assert (data["phase"], data["session_id"]) == ("MAIL", "a")

    @pytest.mark.parametrize("outcome", ["refused", "aborted", "accepted"])
    def test_mail_is_refused(self, server: Mail, outcome: Any) -> None:
        listen(server.client)
        server.context.delivery_events.emit(
            MailEvent(seconds=0.0, session="1", outcome=outcome, sender="ann@x")
        )
        told = [(kind, data["sender"]) for kind, _, data in events(server.client)]
        assert told == ([] if outcome == "accepted" else [(outcome, "ann@x")])

    def test_nobody_watches_after_the_last_client(self, server: Mail) -> None:
        listen(server.client)
        other = server.connect()
        listen(other)
        for client in (server.client, other):
            assert server.context.delivery_events.wanted
            client.protocol.connectionLost(Failure(ConnectionDone()))
        assert not server.context.delivery_events.wanted
        assert server.context.needed_sessions()._watchers.functions == ()
        assert server.context.needed_faults()._watchers.functions == ()

    def test_one_that_comes_from_a_thread_after_the_end_is_lost(
        self, server: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listen(server.client)
        later: list[Any] = []
        monkeypatch.setattr(
            server.reactor, "callFromThread", lambda *call: later.append(call)
        )
        server.context.needed_sessions().session_began(Session(id="a"))
        server.client.protocol.connectionLost(Failure(ConnectionDone()))
        [(function, *arguments)] = later
        function(*arguments)
        assert b"session-began" not in server.client.transport.value()
