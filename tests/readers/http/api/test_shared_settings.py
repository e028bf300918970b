"""The settings of several servers, which share a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from lazr_smtptest import CaptureServer
from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import open_store

from ..conftest import Mail

PATH = "/api/v2/settings"
# Seconds until a server has what another one has changed.
SOON = 1.0


class Node(Mail):
    """The HTTP side of a server that shares its settings."""

    def __init__(self, url: str) -> None:
        store = open_store(url)
        self.server = CaptureServer()
        live = self.server.file_settings
        super().__init__(store=store, server={"live_settings": live})
        self.reactor.advance(0)

    def change(self, **body: Any) -> Any:
        """Change settings; return all."""
        answer = self.client.request("PATCH", PATH, json=body)
        assert answer.status == 200, answer.json
        return answer.json

    def settings(self) -> Any:
        """Return the settings that it has soon."""
        self.reactor.advance(SOON)
        return self.client.get(PATH).json

    def close(self) -> None:
        """End it."""
        self.reader.close()
        self.store.close()


@pytest.fixture
def nodes(postgresql: str) -> Iterator[tuple[Node, Node]]:
    """Two servers of one database."""
    with (
        closing(Node(postgresql)) as one,
        closing(Node(f"{postgresql}&max-count=7")) as other,
    ):
        yield one, other


def test_a_change_is_one_of_all(nodes: tuple[Node, Node]) -> None:
    """Of limits, settings, bounds of the store, and rules that tag."""
    one, other = nodes
    changed = one.change(
        limits={"message_size": "10M"},
        settings={"vrfy": False},
        store={"max_age": "7d"},
        tags={"queries": {"new": "subject:new"}},
    )
    found = other.settings()
    assert (changed["shared"], found["shared"]) == (True, True)
    for settings in (changed, found):
        assert settings["limits"]["message_size"] == 10 << 20
        assert settings["vrfy"] is False
        assert settings["store"]["max_age"] == 7 * 86400
        assert settings["tags"]["queries"] == {"new": "subject:new"}


def test_changes_at_two_servers_are_all_kept(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    one.change(limits={"errors": 5})
    other.change(limits={"recipients": 6})
    for node in nodes:
        found = node.settings()["limits"]
        assert (found["errors"], found["recipients"]) == (5, 6)


def test_null_gives_each_server_its_own_value_again(nodes: tuple[Node, Node]) -> None:
    """Whichever of them undoes it."""
    one, other = nodes
    before = [node.settings() for node in nodes]
    one.change(limits={"errors": 5}, store={"max_count": 3})
    other.settings()
    other.change(limits={"errors": None}, store={"max_count": None})
    assert [node.settings() for node in nodes] == before
    assert before[1]["store"]["max_count"] == 7


def test_it_holds_whatever_a_file_of_the_server_says(nodes: tuple[Node, Node]) -> None:
    """Which may be read again at any time; ``null`` gives its value again."""
    one, other = nodes
    one.change(limits={"errors": 5})
    other.settings()
    other.server.file_settings.apply({"errors": 9, "recipients": 6}, {})
    found = other.settings()["limits"]
    assert (found["errors"], found["recipients"]) == (5, 6)
    one.change(limits={"errors": None})
    assert other.settings()["limits"]["errors"] == 9


def test_a_server_that_starts_later_has_it(
    nodes: tuple[Node, Node], postgresql: str
) -> None:
    one, _ = nodes
    one.change(limits={"errors": 5})
    with closing(Node(postgresql)) as later:
        assert later.settings()["limits"]["errors"] == 5


def test_what_a_server_has_fixed_stays_there(
    nodes: tuple[Node, Node], caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is changed; it is logged once."""
    one, other = nodes
    other.server.file_settings.fixed = {"errors"}
    before = other.settings()["limits"]["errors"]
    one.change(limits={"errors": before + 1, "recipients": 6})
    other.settings()
    found = other.settings()["limits"]
    assert (found["errors"], found["recipients"]) == (before, 6)
    assert [each for each in caplog.messages if "errors" in each] == [
        "errors stays as it is: the command line or environment has set it"
    ]


def test_a_wrong_value_changes_nothing(nodes: tuple[Node, Node]) -> None:
    """At any server."""
    one, other = nodes
    before = one.settings()
    body = {"limits": {"errors": 5, "colour": 1}}
    assert one.client.request("PATCH", PATH, json=body).status == 400
    assert one.settings() == before
    assert other.settings()["limits"] == before["limits"]


def test_without_the_database_the_client_is_told(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed here alone."""
    one, _ = nodes
    before = one.settings()

    def away(*values: Any) -> None:
        raise StoreError("cannot write to postgresql://db/mail: no route")

    with monkeypatch.context() as patched:
        patched.setattr(one.database, "change", away)
        answer = one.client.request("PATCH", PATH, json={"limits": {"errors": 5}})
    assert answer.status == 503
    assert one.settings() == before
