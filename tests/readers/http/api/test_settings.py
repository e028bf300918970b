"""The settings of the running server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest import CaptureServer
from lazr_smtptest.mailbox import Mailbox

from ..client import Client, Response
from ..conftest import Mail


@pytest.fixture
def server() -> CaptureServer:
    """A server that listens nowhere."""
    return CaptureServer()


@pytest.fixture
def client(server: CaptureServer) -> Iterator[Client]:
    """A client of its HTTP side."""
    mail = Mail(server={"live_settings": server.file_settings})
    yield mail.client
    mail.reader.close()


def change(client: Client, **body: Any) -> Response:
    return client.request("PATCH", "/api/v2/settings", json=body)


def test_settings_are_read(client: Client) -> None:
    """Those that the server was made with."""
    found = client.get("/api/v2/settings").json
    assert found["profile"] == "standard"
    assert found["limits"]["recipients"] == CaptureServer().settings.limits.recipients
    assert found["fixed"] == []


def test_a_change_holds_for_new_sessions(server: CaptureServer, client: Client) -> None:
    """Of every listener."""
    factory = server.factory(Clock())
    limits = {"message_size": "10M"}
    answer = change(client, limits=limits, settings={"vrfy": False})
    assert answer.json["limits"]["message_size"] == 10 << 20
    assert answer.json["vrfy"] is False
    assert factory.settings.limits.message_size == 10 << 20
    assert factory.settings.vrfy is False


def test_a_change_leaves_others_as_they_are(client: Client) -> None:
    """One after the other."""
    change(client, limits={"errors": 5})
    found = change(client, settings={"profile": "strict"}).json
    assert (found["limits"]["errors"], found["profile"]) == (5, "strict")


def test_null_undoes_a_change(client: Client) -> None:
    """The value is that of the start again."""
    before = client.get("/api/v2/settings").json
    change(client, limits={"errors": 5}, settings={"vrfy": False})
    assert change(client, limits={"errors": None}, settings={"vrfy": None}).json == (
        before
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"limits": {"colour": 1}}, "colour"),
        ({"limits": {"colour": None}}, "colour"),
        ({"limits": {"errors": "many"}}, "errors"),
        ({"settings": {"colour": None}}, "colour"),
        ({"settings": {"profile": "odd"}}, "profile"),
        ({"settings": {"hidden": ["NOTHING"]}}, "hidden"),
        ({"settings": {"values": {"two words": "x"}}}, "values"),
        ({"settings": {"require_tls": True}}, "require_tls"),
    ],
)
def test_a_wrong_value_changes_nothing(
    client: Client, body: dict[str, Any], error: str
) -> None:
    """The error names it."""
    before = client.get("/api/v2/settings").json
    answer = change(client, **{"limits": {}, **body})
    assert answer.status == 400
    assert error in answer.json["detail"]
    assert client.get("/api/v2/settings").json == before


def test_what_the_command_line_has_set_is_fixed(
    server: CaptureServer, client: Client
) -> None:
    """It overrides everything else."""
    server.file_settings.fixed = {"vrfy"}
    assert client.get("/api/v2/settings").json["fixed"] == ["vrfy"]
    answer = change(client, settings={"vrfy": False})
    assert (answer.status, "command line" in answer.text) == (400, True)


def test_settings_elsewhere_are_a_409(make_mail: type[Mail]) -> None:
    """With the reason."""
    mail = make_mail()
    for answer in (
        mail.client.get("/api/v2/settings"),
        change(mail.client, settings={"vrfy": False}),
    ):
        assert answer.status == 409
    mail.reader.close()


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("command_line", 0, 64),
        ("auth_line", 1, 64),
        ("body_line", 63, 64),
        ("message_size", 0, 1),
        ("message_size", "0M", 1),
        ("recipients", 0, 1),
        ("connections", 0, 1),
        ("backlog", 0, 1),
        ("idle", 0, 0.001),
        ("session", 0.0, 0.001),
        ("handshake", -1, 0.001),
        ("errors", -1, 0),
    ],
)
def test_a_limit_that_lets_no_mail_in_is_refused(
    client: Client, name: str, value: Any, least: float
) -> None:
    """With the least value that there is."""
    answer = change(client, limits={name: value})
    assert answer.status == 400
    assert answer.json["detail"].startswith(f"bad {name}: it is a ")
    assert f"number from {least:g} on" in answer.json["detail"]


@pytest.mark.parametrize("value", [True, None, "1_0", "１", "1e3", 1.5, [], 10**19])  # noqa: RUF001
def test_a_number_of_events_is_one(client: Client, value: Any) -> None:
    """And no more than SIZE may have."""
    before = client.get("/api/v2/settings").json
    answer = change(client, limits={"errors": value})
    assert answer.status == (200 if value is None else 400)
    assert client.get("/api/v2/settings").json == before


@pytest.mark.parametrize(
    "name", ["spool", "chunk_size", "errors", "junk", "logins", "data_rate"]
)
def test_a_limit_that_may_be_0_is_taken(client: Client, name: str) -> None:
    """It means something."""
    assert change(client, limits={name: 0}).json["limits"][name] == 0


BOUNDS = {"max_count": 50_000, "max_bytes": 256 << 20, "max_age": None}
TAGS = {"header": True, "plus_addresses": True, "user": False, "queries": {}}


class TestStore:
    """The bounds and the tag rules of the store."""

    @pytest.fixture
    def mail(self, server: CaptureServer) -> Iterator[Mail]:
        """The HTTP side of a server with a store in memory."""
        mail = Mail(server={"live_settings": server.file_settings})
        yield mail
        mail.reader.close()

    def test_both_are_read(self, mail: Mail) -> None:
        found = mail.client.get("/api/v2/settings").json
        assert (found["store"], found["tags"]) == (BOUNDS, TAGS)

    def test_new_bounds_remove_messages(self, mail: Mail) -> None:
        for _ in range(3):
            mail.add()
        answer = change(mail.client, store={"max_count": 1})
        assert answer.json["store"] == {**BOUNDS, "max_count": 1}
        assert len(mail.store) == 1

    def test_a_new_rule_tags_messages(self, mail: Mail) -> None:
        rules = {"queries": {"bill": "subject:invoice"}}
        assert change(mail.client, tags=rules).json["tags"] == {**TAGS, **rules}
        mail.add("Subject: invoice\n\nx\n")
        assert dict(mail.store.tags()) == {"bill": 1}

    def test_a_rule_is_switched_off_and_on(self, mail: Mail) -> None:
        change(mail.client, tags={"header": False, "user": True})
        mail.add("X-Tags: a\n\nx\n", user="ann")
        assert dict(mail.store.tags()) == {"ann": 1}
        change(mail.client, tags={"header": True})
        mail.add("X-Tags: a\n\nx\n")
        assert dict(mail.store.tags()) == {"a": 1, "ann": 1}

    @pytest.mark.parametrize(
        ("bounds", "expected"),
        [
            ({"max_count": 0}, {"max_count": None}),
            ({"max_bytes": "2M"}, {"max_bytes": 2 << 20}),
            ({"max_bytes": 5}, {"max_bytes": 5}),
            ({"max_age": "7d"}, {"max_age": 604_800}),
            ({"max_age": 0}, {"max_age": None}),
            ({}, {}),
        ],
    )
    def test_bounds_are_numbers_or_texts(
        self, mail: Mail, bounds: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        answer = change(mail.client, store=bounds)
        assert answer.json["store"] == {**BOUNDS, **expected}

    def test_null_is_the_value_of_the_start(self, mail: Mail) -> None:
        change(mail.client, store={"max_count": 1, "max_age": 5}, tags={"user": True})
        answer = change(mail.client, store={"max_count": None}, tags={"user": None})
        assert answer.json["store"] == {**BOUNDS, "max_age": 5}
        assert answer.json["tags"] == TAGS

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            ({"store": {"max_bytes": "5T"}}, "bad max_bytes: a number of bytes such"),
            ({"store": {"max_age": "5w"}}, "bad max_age: a time such as 90s"),
            ({"store": {"max_count": -1}}, "max_count"),
            ({"store": {"max_count": "5"}}, "max_count"),
            ({"store": {"colour": 1}}, "colour"),
            ({"tags": {"queries": {"a": '"open'}}}, ""),
            ({"tags": {"queries": {"a,b": "c"}}}, "a tag must not have a comma"),
            ({"tags": {"header": "yes"}}, "header"),
            ({"store": {"max_count": 1}, "limits": {"errors": "x"}}, "errors"),
            ({"tags": {"queries": {"": "a"}}, "limits": {"errors": 1}}, "a tag must"),
        ],
    )
    def test_one_wrong_value_changes_nothing(
        self, mail: Mail, body: dict[str, Any], error: str
    ) -> None:
        before = mail.client.get("/api/v2/settings").json
        answer = change(mail.client, **body)
        assert answer.status == 400
        assert error in answer.json["detail"]
        assert mail.client.get("/api/v2/settings").json == before

    def test_a_store_that_cannot_be_changed_is_a_409(
        self, server: CaptureServer
    ) -> None:
        mail = Mail(
            server={"live_settings": server.file_settings}, store=Mailbox().reader
        )
        found = mail.client.get("/api/v2/settings").json
        assert (found["store"], found["tags"]) == (None, None)
        answer = change(mail.client, store={"max_count": 1})
        assert (answer.status, "no bounds" in answer.json["detail"]) == (409, True)
        assert change(mail.client, limits={"errors": 5}).status == 200
        mail.reader.close()
