"""Disposable mailboxes of several nodes, which share a database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import open_store

from ..conftest import Mail
from .test_mailboxes import ANNA, PATH, found, make

# Seconds until a node has what another one has changed.
SOON = 1.0


@contextlib.contextmanager
def node(url: str) -> Iterator[Mail]:
    """Run the HTTP side of a node."""
    mail = Mail(store=open_store(url))
    try:
        yield mail
    finally:
        mail.reader.close()
        mail.store.close()


@pytest.fixture
def nodes(postgresql: str) -> Iterator[tuple[Mail, Mail]]:
    """Two nodes of one database."""
    with node(postgresql) as one, node(postgresql) as other:
        yield one, other


def test_what_one_node_makes_another_has_at_once(nodes: tuple[Mail, Mail]) -> None:
    """With the same name, address and lifetime."""
    one, other = nodes
    path, record = make(one)
    assert other.client.get(path).json == record


def test_all_nodes_list_the_same(nodes: tuple[Mail, Mail]) -> None:
    """Oldest first."""
    one, other = nodes
    records = [make(mail)[1] for mail in (one, other, one)]
    assert one.client.get(PATH).json == {"mailboxes": records}
    assert other.client.get(PATH).json == {"mailboxes": records}


def test_mail_of_any_node_is_in_it(nodes: tuple[Mail, Mail]) -> None:
    one, other = nodes
    path, _ = make(one, address=ANNA)
    one.add("Subject: one\n\nx\n", rcpt_tos=(ANNA,))
    other.add("Subject: other\n\nx\n", rcpt_tos=(ANNA,))
    other.add("Subject: else\n\nx\n", rcpt_tos=("bob@example.com",))
    assert found(one, path) == found(other, path) == ["other", "one"]


def test_what_is_older_than_it_is_in_it_at_no_node(nodes: tuple[Mail, Mail]) -> None:
    one, other = nodes
    other.add(rcpt_tos=(ANNA,))
    path, _ = make(one, address=ANNA)
    assert found(other, path) == []


def test_one_that_is_emptied_is_empty_everywhere(nodes: tuple[Mail, Mail]) -> None:
    one, other = nodes
    path, _ = make(one, address=ANNA)
    one.add(rcpt_tos=(ANNA,))
    assert (
        other.client.request("DELETE", f"{path}/messages", json={"query": ""}).status
        == 200
    )
    assert found(one, path) == []


def test_any_node_removes_it_with_its_messages(nodes: tuple[Mail, Mail]) -> None:
    one, other = nodes
    path, _ = make(one, address=ANNA)
    one.add(rcpt_tos=(ANNA,))
    assert other.client.request("DELETE", path).status == 204
    assert len(one.store.page()) == 0
    one.reactor.advance(SOON)
    assert one.client.get(path).status == 404
    assert one.client.get(PATH).json == {"mailboxes": []}


def test_its_address_is_known_where_its_owner_logs_in(
    nodes: tuple[Mail, Mail],
) -> None:
    """At IMAP and POP3 of any node."""
    one, other = nodes
    _, record = make(one, address=ANNA)
    other.reactor.advance(SOON)
    assert other.context.mailbox_addresses == {record["name"]: ANNA}


def test_it_outlives_the_node_that_made_it(postgresql: str) -> None:
    with node(postgresql) as one:
        path, record = make(one, address=ANNA)
    with node(postgresql) as other:
        assert other.client.get(path).json == record


def test_its_lifetime_ends_at_the_other_nodes_too(postgresql: str) -> None:
    """Also when the one that made it is gone."""
    with node(postgresql) as one:
        path, _ = make(one, address=ANNA, lifetime=60)
        one.add(rcpt_tos=(ANNA,))
    with node(postgresql) as other:
        assert other.client.get(path).status == 200
        other.reactor.advance(61)
        # The first connection was idle for too long.
        assert other.connect().get(path).status == 404
        assert len(other.store.page()) == 0
    with node(postgresql) as third:
        assert third.client.get(PATH).json == {"mailboxes": []}


def test_one_that_cannot_be_shared_is_not_made(
    nodes: tuple[Mail, Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is told, and may try again."""
    one, _ = nodes

    def away(*values: Any) -> None:
        raise StoreError("cannot write to postgresql://db/mail: no route")

    with monkeypatch.context() as patched:
        patched.setattr(one.database, "change", away)
        answer = one.client.request("POST", PATH, json={"address": ANNA})
    assert answer.status == 503
    assert one.client.get(PATH).json == {"mailboxes": []}


def test_a_database_that_comes_back_is_looked_at_again(
    nodes: tuple[Mail, Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that fails is not the last one."""
    one, other = nodes
    looked = []

    def away(*values: Any) -> None:
        looked.append(True)
        raise StoreError("cannot read postgresql://db/mail: no route")

    with monkeypatch.context() as patched:
        patched.setattr(other.database, "read", away)
        other.reactor.advance(SOON)
    make(one, address=ANNA)
    other.reactor.advance(SOON)
    assert looked
    assert len(other.context.mailbox_addresses) == 1
