"""The metrics of a server."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import attrs
import pytest
from zope.interface import implementer

from lazr_smtptest import CaptureServer
from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.found import IndexProgress
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader
from lazr_smtptest.stores import MemoryStore

from .client import Client
from .conftest import Mail

DASHBOARD = Path(__file__).parents[3] / "doc" / "grafana.json"

EVENT = MailEvent(seconds=0, session="1", outcome="accepted", sender="a@x")


def numbers(client: Client) -> dict[str, float]:
    """Return the numbers by name, with their labels."""
    text = client.get("/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in map(_split, lines)}


def _split(line: str) -> tuple[str, str, str]:
    return line.rpartition(" ")


def test_it_is_the_text_format_of_prometheus(client: Client) -> None:
    """Which says so itself."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_accepted_mail_is_counted(mail: Mail, client: Client) -> None:
    """With its bytes."""
    numbers(client)
    for size in (10, 20):
        mail.context.delivery_events.emit(attrs.evolve(EVENT, size=size))
    found = numbers(client)
    assert found['smtptest_mail_total{outcome="accepted"}'] == 2
    assert found["smtptest_message_bytes_total"] == 30


def test_what_is_kept_and_left_out_is_counted(make_mail: type[Mail]) -> None:
    """Before the first request, too."""
    server = CaptureServer()
    server.sampler.count(kept=3, left_out=2)
    found = numbers(make_mail(server={"handler": server}).client)
    assert found["smtptest_messages_kept_total"] == 3
    assert found["smtptest_messages_left_out_total"] == 2


@pytest.mark.parametrize(
    ("reply", "code"), [("550 5.1.1 no", "550"), ("451 later", "451"), ("", "none")]
)
def test_refusals_are_counted_by_their_code(
    mail: Mail, client: Client, reply: str, code: str
) -> None:
    """Also where the connection ended without one."""
    numbers(client)
    refused = attrs.evolve(EVENT, outcome="refused", reply=reply)
    mail.context.delivery_events.emit(refused)
    found = numbers(client)
    assert found[f'smtptest_refusals_total{{code="{code}"}}'] == 1


def test_the_messages_of_the_store_are_there(mail: Mail, client: Client) -> None:
    """Those that came before the server too."""
    mail.add()
    found = numbers(client)
    assert found["smtptest_store_messages"] == 1
    assert found["smtptest_index_missing_messages"] == 0


def test_requests_are_counted(client: Client) -> None:
    """By method and status."""
    client.get("/api/v2/tags")
    client.get("/nothing")
    client.request("BREW", "/livez")
    found = numbers(client)
    name = 'smtptest_http_requests_total{{method="{}",status="{}"}}'
    assert found[name.format("GET", 200)] == 1
    assert found[name.format("GET", 404)] == 1
    assert found[name.format("other", 405)] == 1


def test_requests_that_wait_are_counted(mail: Mail, client: Client) -> None:
    """While they wait."""
    waiting = mail.connect()
    waiting.send(b"GET /api/v2/wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert numbers(client)["smtptest_waits"] == 1


def test_lags_are_measured(client: Client) -> None:
    """Those of the store and of the reactor."""
    found = numbers(client)
    assert 0 <= found["smtptest_store_seconds"] < 60
    assert 0 <= found["smtptest_event_loop_lag_seconds"] < 60


def test_sessions_and_faults_of_a_server_are_counted(mail: Mail) -> None:
    """They are in its process."""
    server = CaptureServer()
    context = attrs.evolve(ReaderContext.of(server, mail.reactor), pool=mail)
    reader = HTTPReader(context)
    found = numbers(Client(reader.site, mail.reactor))
    assert found["smtptest_sessions_open"] == found["smtptest_sessions"] == 0
    assert found["smtptest_session_messages"] == 0
    assert found["smtptest_session_refusals"] == 0
    assert found["smtptest_faults_fired_total"] == 0
    reader.close()


def test_a_server_elsewhere_has_no_sessions_here(mail: Mail) -> None:
    """Zero would be wrong."""
    context = ReaderContext(store=mail.store, reactor=mail.reactor, pool=mail)
    reader = HTTPReader(context)
    assert "smtptest_sessions_open" not in numbers(Client(reader.site, mail.reactor))
    reader.close()


def test_a_reader_that_was_closed_counts_no_more(mail: Mail) -> None:
    """A server may start and stop often."""
    server = CaptureServer()
    context = attrs.evolve(ReaderContext.of(server, mail.reactor), pool=mail)
    reader = HTTPReader(context)
    numbers(Client(reader.site, mail.reactor))
    assert server.delivery_events._readers.functions
    reader.close()
    assert not server.delivery_events._readers.functions


def test_nothing_follows_the_mail_before_somebody_asks(mail: Mail) -> None:
    """It costs time for each message."""
    assert not mail.context.delivery_events.wanted


def test_mail_that_is_logged_is_counted_from_the_start(mail: Mail) -> None:
    """The first answer has the mail that came before it."""
    server = CaptureServer()
    server.delivery_events.subscribe(lambda event: None)
    context = attrs.evolve(ReaderContext.of(server, mail.reactor), pool=mail)
    reader = HTTPReader(context)
    server.delivery_events.emit(EVENT)
    found = numbers(Client(reader.site, mail.reactor))
    reader.close()
    assert found['smtptest_mail_total{outcome="accepted"}'] == 1


def test_the_dashboard_shows_metrics_that_there_are(mail: Mail) -> None:
    """And every one of them."""
    server = CaptureServer()
    context = attrs.evolve(ReaderContext.of(server, mail.reactor), pool=mail)
    reader = HTTPReader(context)
    client = Client(reader.site, mail.reactor)
    types = re.findall(r"^# TYPE (\S+) (\w+)", client.get("/metrics").text, re.M)
    there = {name for name, _ in types if not name.endswith("_created")}
    reader.close()
    assert set(re.findall(r"smtptest_\w+", json.dumps(_expressions()))) == there


def _expressions() -> list[Any]:
    dashboard = json.loads(DASHBOARD.read_text())
    return [
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    ]


@implementer(ISharedStore)
class Spooling(MemoryStore):
    """A store whose messages wait on the disk of this server."""

    def join(self) -> None:
        """Be no node."""

    def lag(self) -> float:
        """Return for how long, in seconds."""
        return 3.5

    def connect(self) -> Any:
        """Return a connection that is never used."""
        return Mock()


def test_the_lag_of_a_shared_store_is_measured(make_mail: type[Mail]) -> None:
    """Other stores have none."""
    mail = make_mail(store=Spooling())
    assert numbers(mail.client)["smtptest_store_lag_seconds"] == 3.5
    mail.reader.close()


def test_a_store_of_one_server_has_no_lag(client: Client) -> None:
    assert "smtptest_store_lag_seconds" not in numbers(client)


class Away(Spooling):
    """One whose database is away."""

    def index_progress(self) -> IndexProgress:
        """Raise an error."""
        raise StoreError("cannot read postgresql://db/mail: no route")


def test_the_lag_is_measured_while_the_database_is_away(make_mail: type[Mail]) -> None:
    """What only that knows is no number."""
    mail = make_mail(store=Away())
    found = numbers(mail.client)
    mail.reader.close()
    assert found["smtptest_store_lag_seconds"] == 3.5
    assert math.isnan(found["smtptest_store_messages"])


def test_a_store_that_does_not_answer_is_not_waited_for() -> None:
    """Prometheus waits for ten seconds."""
    held: list[Callable[[], None]] = []

    class Held(Mail):
        def callInThread(self, function: Callable[[], None]) -> None:
            held.append(function)

    mail = Held(store=Spooling())
    mail.client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    mail.reactor.advance(3)
    assert "smtptest_store_messages NaN" in mail.client.response().text
    mail.reader.close()
    while held:
        held.pop()()
