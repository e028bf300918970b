"""Our own API: the fault rules of several servers, which share a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.faults import Faults
from lazr_smtptest.stores import open_store

from ..conftest import Mail

PATH = "/api/v2/faults"
RULE = {"on": "RCPT", "times": 2, "reply": [451, "Later"]}


class Node(Mail):
    """The HTTP side of a server that shares its fault rules."""

    def __init__(self, url: str) -> None:
        store = open_store(url)
        self.faults = Faults()
        super().__init__(store=store, server={"faults": self.faults})

    def add(self, *rules: Any, **more: Any) -> Any:  # type: ignore[override]
        """Add rules; return them."""
        answer = self.client.request("POST", PATH, json={"fault": rules, **more})
        assert answer.status == 201
        return answer.json["rules"]

    def listed(self) -> Any:
        """Return the rules."""
        return self.client.get(PATH).json["rules"]

    def close(self) -> None:
        """End it."""
        self.reader.close()
        self.store.close()


@pytest.fixture
def nodes(postgresql: str) -> Iterator[tuple[Node, Node]]:
    """Two servers of one database."""
    with closing(Node(postgresql)) as one, closing(Node(postgresql)) as other:
        yield one, other


def test_what_is_added_at_one_is_listed_at_the_other(nodes: tuple[Node, Node]) -> None:
    """With the same id, and said to be shared."""
    one, other = nodes
    added = one.add(RULE)
    assert added == one.listed() == other.listed()
    assert [(rule["shared"], rule["counted_by_each"]) for rule in added] == [(True, [])]


def test_the_other_removes_it_by_its_id(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    first, second = one.add(RULE, RULE)
    assert other.client.request("DELETE", f"{PATH}/{first['id']}").status == 204
    assert one.listed() == [second]


def test_the_other_removes_all(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    one.add(RULE)
    assert other.client.request("DELETE", PATH).status == 204
    assert one.listed() == other.listed() == []


def test_a_rule_of_a_server_alone_says_so(nodes: tuple[Node, Node]) -> None:
    """Its id is none of those of all servers."""
    one, other = nodes
    one.faults.on("NOOP").reply(451)
    [rule] = one.listed()
    assert (rule["shared"], other.listed()) == (False, [])
    assert rule["id"] < 0
    assert one.client.request("DELETE", f"{PATH}/{rule['id']}").status == 204
    assert one.listed() == []


def test_a_rule_of_a_mailbox_says_that_it_is_of_one_server(
    nodes: tuple[Node, Node],
) -> None:
    """The mailbox is one of all servers, its rules are not."""
    one, _ = nodes
    given = {"address": "a@example.com"}
    name = one.client.request("POST", "/api/v2/mailboxes", json=given).json["name"]
    path = f"/api/v2/mailboxes/{name}/faults"
    answer = one.client.request("POST", path, json={"fault": [RULE]})
    assert [rule["shared"] for rule in answer.json["rules"]] == [False]


def test_a_rule_names_what_each_server_counts_for_itself(
    nodes: tuple[Node, Node],
) -> None:
    one, _ = nodes
    [rule] = one.add({"on": "RCPT", "nth": 3, "per": "recipient", "greylist": 5})
    assert rule["counted_by_each"] == ["nth", "per", "history"]


def test_that_it_has_fired_is_asserted_at_any_server(nodes: tuple[Node, Node]) -> None:
    """Whichever it fired at."""
    one, other = nodes
    one.add(RULE)
    assert other.client.request("POST", f"{PATH}/assert-all-fired").status == 409
    [rule] = other.faults.rules
    assert rule.claim is not None
    fired: list[int] = []
    for _ in range(2):
        rule.claim().addCallback(fired.append)
    assert fired == [1, 2]
    assert one.client.request("POST", f"{PATH}/assert-all-fired").status == 200


def test_a_process_without_a_server_adds_them_for_the_others(
    nodes: tuple[Node, Node],
) -> None:
    """As the one that starts the processes of --workers."""
    one, other = nodes
    with_none = Mail(store=one.store)
    answer = with_none.client.request("POST", PATH, json={"fault": [RULE]})
    with_none.reader.close()
    assert answer.json["rules"] == other.listed()


def test_a_process_without_a_server_has_no_journal(nodes: tuple[Node, Node]) -> None:
    """It answers so, and not that nothing has fired."""
    one, _ = nodes
    with_none = Mail(store=one.store)
    answer = with_none.client.get(f"{PATH}/journal")
    with_none.reader.close()
    assert (answer.status, one.client.get(f"{PATH}/journal").status) == (409, 200)


def test_without_the_database_the_client_is_told(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is added here alone."""
    one, _ = nodes

    def away(*values: Any) -> None:
        raise StoreError("cannot write to postgresql://db/mail: no route")

    with monkeypatch.context() as patched:
        patched.setattr(one.database, "change", away)
        answer = one.client.request("POST", PATH, json={"fault": [RULE]})
    assert answer.status == 503
    assert one.listed() == []


def test_without_others_no_rule_says_that_it_is_shared() -> None:
    """There is nobody to share it with."""
    mail = Mail(server={"faults": Faults()})
    answer = mail.client.request("POST", PATH, json={"fault": [RULE]})
    mail.reader.close()
    assert [rule["shared"] for rule in answer.json["rules"]] == [None]
