"""What a server in Python has together with all that share its database."""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.request import Request, urlopen

import psycopg
import pytest
from twisted.internet.task import Clock

from lazr_smtptest import Controller, StateError, StoreServer
from lazr_smtptest.readers.http.service import HTTPService
from lazr_smtptest.stores import open_store

PATIENCE = 60
RULE = {"on": "NOOP", "reply": [451, "4.2.0 Later"]}
# The connections of a node with HTTP, in doc/scale.rst.
MOST = 10


@pytest.fixture
def start(postgresql: str) -> Iterator[Callable[..., Controller]]:
    """Start a server whose store is the database."""
    running: list[Controller] = []

    def start(url: str = postgresql, **options: Any) -> Controller:
        store: Any = open_store(url)
        controller = Controller(StoreServer(store, "127.0.0.1"), **options)
        controller.start()
        running.append(controller)
        return controller

    yield start
    for controller in running:
        server: Any = controller.server
        controller.stop()
        server.store.close()


def ask(controller: Controller, method: str, path: str, body: Any) -> Any:
    """Make a request of its HTTP side; return the answer."""
    request = Request(
        f"{controller.url}api/v2/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=PATIENCE) as answer:
        content = answer.read()
        return json.loads(content) if content else None


def wait_until(is_so: Callable[[], bool]) -> None:
    """Ask again and again, for a minute at most."""
    limit = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < limit


def noop(controller: Controller) -> int:
    """Return the reply to NOOP."""
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        return client.noop()[0]


def announced(controller: Controller) -> str:
    """Return the size that it announces."""
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client.ehlo()
        return client.esmtp_features["size"]


def test_a_rule_that_is_added_at_one_holds_at_another(
    start: Callable[..., Controller],
) -> None:
    """Which needs no HTTP for that."""
    one, other = start(http=True), start()
    ask(one, "POST", "faults", {"fault": [RULE]})
    wait_until(lambda: noop(other) == 451)


def test_a_setting_that_is_changed_at_one_is_changed_at_another(
    start: Callable[..., Controller],
) -> None:
    one, other = start(http=True), start()
    ask(one, "PATCH", "settings", {"limits": {"message_size": 12345}})
    wait_until(lambda: announced(other) == "12345")


def test_a_server_that_starts_again_follows_again(
    start: Callable[..., Controller],
) -> None:
    """What was removed meanwhile holds no more."""
    one, other = start(http=True), start()
    ask(one, "POST", "faults", {"fault": [RULE]})
    wait_until(lambda: noop(other) == 451)
    other.stop()
    ask(one, "DELETE", "faults", None)
    other.start()
    wait_until(lambda: noop(other) == 250)


def test_it_is_a_node(start: Callable[..., Controller]) -> None:
    """Which others see."""
    one = start(http=True)
    start()

    def count() -> int:
        with urlopen(f"{one.url}api/v2/nodes", timeout=PATIENCE) as answer:
            return len(json.loads(answer.read())["nodes"])

    wait_until(lambda: count() == 2)


def test_it_has_no_more_connections_than_the_manual_says(
    start: Callable[..., Controller], postgresql: str
) -> None:
    """Mailboxes, rules and settings are one look, with one connection."""
    node = start(f"{postgresql}&application_name=counted", http=True)
    ask(node, "POST", "faults", {"fault": [RULE]})
    ask(node, "POST", "mailboxes", {})
    ask(node, "PATCH", "settings", {"limits": {"message_size": 12345}})
    with psycopg.connect(postgresql, autocommit=True) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"
        ).fetchone() or (0,)
    assert 0 < count <= MOST


def test_a_second_reactor_is_refused_in_a_line(postgresql: str) -> None:
    """Its rules and settings are used in the thread of one."""
    store: Any = open_store(postgresql)
    server = StoreServer(store, "127.0.0.1")
    with closing(store), Controller(server):
        service = HTTPService(server, "tcp:0:interface=127.0.0.1", Clock())
        with pytest.raises(StateError, match="reactor: read its store instead"):
            service.startService()
