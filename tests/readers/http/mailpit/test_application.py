"""Mailpit's paths about the server: ``info``, ``webui``, ``swagger.json``."""

from __future__ import annotations

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.outbound.settings import Outgoing, Relay, Server
from lazr_smtptest.stores import MemoryStore, SQLiteStore
from lazr_smtptest.version import __version__

from ..client import Client
from ..conftest import Mail
from .served import Served

INFO_KEYS = [
    "Version",
    "LatestVersion",
    "Database",
    "DatabaseSize",
    "Messages",
    "Unread",
    "Tags",
    "RuntimeStats",
]
STATS_KEYS = [
    "Uptime",
    "Memory",
    "MessagesDeleted",
    "SMTPAccepted",
    "SMTPAcceptedSize",
    "SMTPRejected",
    "SMTPIgnored",
]
RELAY_KEYS = [
    "Enabled",
    "SMTPServer",
    "ReturnPath",
    "AllowedRecipients",
    "BlockedRecipients",
    "OverrideFrom",
    "PreserveMessageIDs",
    "RecipientAllowlist",
]


class TestInfo:
    """``info``."""

    def test_it_has_its_keys_in_order(self, client: Client) -> None:
        info = client.get("/api/v1/info").json
        assert list(info) == INFO_KEYS
        assert list(info["RuntimeStats"]) == STATS_KEYS

    def test_it_tells_the_version(self, client: Client) -> None:
        info = client.get("/api/v1/info").json
        assert (info["Version"], info["LatestVersion"]) == (
            f"v{__version__}",
            "disabled",
        )

    def test_it_counts_the_messages_and_the_tags(self, mail: Mail) -> None:
        mail.add("X-Tags: a, b\nSubject: one\n\nx\n")
        mail.add("X-Tags: a\nSubject: two\n\nx\n")
        mail.client.get("/api/v1/message/latest")
        info = mail.client.get("/api/v1/info").json
        assert (info["Messages"], info["Unread"]) == (2, 1)
        assert info["Tags"] == {"a": 2, "b": 1}

    def test_it_counts_what_came_by_smtp(self, served: Served) -> None:
        served.smtp().say(
            "MAIL FROM:<a@example.com>",
            "RCPT TO:<b@example.com>",
            "DATA",
            "Subject: hi",
            "",
            "x",
            ".",
        )
        stats = served.client.get("/api/v1/info").json["RuntimeStats"]
        assert (stats["SMTPAccepted"], stats["SMTPRejected"]) == (1, 0)
        assert stats["SMTPAcceptedSize"] == len(b"Subject: hi\r\n\r\nx\r\n")

    def test_it_counts_what_is_refused(self, served: Served) -> None:
        served.server.faults.on("MAIL").reply(550, "no")
        served.smtp().say("MAIL FROM:<a@example.com>")
        stats = served.client.get("/api/v1/info").json["RuntimeStats"]
        assert stats["SMTPRejected"] == 1

    def test_nothing_watches_the_mail_for_it(self, served: Served) -> None:
        served.client.get("/api/v1/info")
        assert served.server.delivery_events._readers.functions == ()

    def test_it_counts_only_what_came_since_its_start(self) -> None:
        store = MemoryStore()
        before = Mail(store=store)
        before.add()
        mail = Mail(store=store)
        mail.add("Subject: hi\n\nx\n")
        stats = mail.client.get("/api/v1/info").json["RuntimeStats"]
        assert (stats["SMTPAccepted"], stats["SMTPAcceptedSize"]) == (1, 18)
        for each in (before, mail):
            each.reader.close()

    def test_it_counts_what_was_removed(self, served: Served) -> None:
        for _ in range(3):
            send(served)
        served.client.request("DELETE", "/api/v1/messages")
        send(served)
        stats = served.client.get("/api/v1/info").json["RuntimeStats"]
        assert stats["MessagesDeleted"] == 3

    def test_it_names_the_store_and_its_size(self, tmp_path: object) -> None:
        store = SQLiteStore(f"{tmp_path}/mail.db")
        mail = Mail(store=store)
        info = mail.client.get("/api/v1/info").json
        assert info["Database"] == f"sqlite:{tmp_path}/mail.db"
        assert info["DatabaseSize"] > 0
        mail.reader.close()
        store.close()


def send(served: Served) -> None:
    """Send a message over HTTP."""
    body = {"From": {"Email": "a@example.com"}, "To": [{"Email": "b@example.com"}]}
    assert served.client.request("POST", "/api/v1/send", json=body).status == 200


class TestWebUI:
    """``webui``."""

    def test_it_has_its_keys_in_order(self, client: Client) -> None:
        webui = client.get("/api/v1/webui").json
        assert list(webui) == [
            "Label",
            "MessageRelay",
            "SpamAssassin",
            "ChaosEnabled",
            "DuplicatesIgnored",
            "HideDeleteAllButton",
        ]
        assert list(webui["MessageRelay"]) == RELAY_KEYS

    def test_without_a_relay_none_is_enabled(self, client: Client) -> None:
        relay = client.get("/api/v1/webui").json["MessageRelay"]
        assert not any(relay.values())

    def test_a_relay_is_described(self, make_mail: type[Mail]) -> None:
        relay = Relay(
            server=Server(host="mail.example", port=2525),
            return_path="bounce@example.com",
            allowed="@example.com$",
            blocked="^root@",
        )
        mail = make_mail(outgoing=Outgoing(relay=relay))
        assert mail.client.get("/api/v1/webui").json["MessageRelay"] == {
            "Enabled": True,
            "SMTPServer": "mail.example:2525",
            "ReturnPath": "bounce@example.com",
            "AllowedRecipients": "@example.com$",
            "BlockedRecipients": "^root@",
            "OverrideFrom": "",
            "PreserveMessageIDs": False,
            "RecipientAllowlist": "@example.com$",
        }
        mail.reader.close()

    @pytest.mark.parametrize("name", ["mail", "served"])
    def test_chaos_is_enabled_where_there_are_fault_rules(
        self, name: str, request: pytest.FixtureRequest
    ) -> None:
        mail: Mail = request.getfixturevalue(name)
        webui = mail.client.get("/api/v1/webui").json
        assert webui["ChaosEnabled"] is (name == "served")


class TestSwagger:
    """``swagger.json``."""

    def test_it_describes_every_path_of_the_api(self, mail: Mail) -> None:
        document = mail.client.get("/api/v1/swagger.json").json
        described = {
            (method.upper(), path.replace("{ID}", "{}").replace("{PartID}", "{}"))
            for path, methods in document["paths"].items()
            for method in methods
        }
        described = {
            (method, path.replace("{Tag}", "{}")) for method, path in described
        }
        routed = {
            (route.method, blank(route.template))
            for route in mail.reader.site.routes
            if route.template.startswith(("/api/v1", "/view/{id}."))
            and not route.template.endswith(("/v1", "/v1/", "swagger.json"))
        }
        assert described >= routed

    @pytest.mark.parametrize(("base", "path"), [("/mail", "/mail"), ("", None)])
    def test_it_names_the_base(
        self, make_mail: type[Mail], base: str, path: str | None
    ) -> None:
        mail = make_mail(base=base)
        document = mail.client.get(f"{base}/api/v1/swagger.json").json
        assert document.get("basePath") == path
        mail.reader.close()

    def test_every_reference_leads_to_a_definition(self, mail: Mail) -> None:
        answer = mail.client.get("/api/v1/swagger.json")
        document = answer.json
        references = set(find_references(document))
        assert references
        assert references == set(document["definitions"])

    def test_every_operation_has_an_id_of_its_own(self, mail: Mail) -> None:
        document = mail.client.get("/api/v1/swagger.json").json
        ids = [
            operation["operationId"]
            for methods in document["paths"].values()
            for operation in methods.values()
        ]
        assert len(ids) == len(set(ids))


def blank(template: str) -> str:
    """Return a path without the names of its parameters."""
    for name in ("id", "part", "tag"):
        template = template.replace(f"{{{name}}}", "{}")
    return template


def find_references(value: object) -> list[str]:
    """Return the names of all definitions that are referred to."""
    if isinstance(value, list):
        return [name for each in value for name in find_references(each)]
    if not isinstance(value, dict):
        return []
    found = [name for each in value.values() for name in find_references(each)]
    reference = value.get("$ref", "")
    return [*found, reference.rpartition("/")[2]] if reference else found


class Away(MemoryStore):
    """A store that cannot be read."""

    def last_change(self) -> int:
        raise StoreError("the disk is away")


def test_without_its_store_the_server_is_not_ready() -> None:
    """It is alive, and needs no start."""
    mail = Mail(store=Away())
    assert mail.client.get("/readyz").status == 503
    assert mail.client.get("/livez").status == 200
    mail.reader.close()
