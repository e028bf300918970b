"""Over HTTP every store gives the same answers, whatever it keeps mail in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.tree import Node
from lazr_smtptest.stores import (
    MaildirStore,
    MemoryStore,
    SQLiteStore,
    open_store,
)

from ...chance import some
from ...query.queries import messages, queries
from ...stores.reading_helpers import PATIENCE
from .conftest import Mail

Make = Callable[[Path], Any]

# Those that keep mail as the memory does: as it was received.
STORES: dict[str, Make] = {
    "memory": lambda path: MemoryStore(),
    "sqlite": lambda path: SQLiteStore(path / "mail.db"),
    "maildir": lambda path: MaildirStore(path / "maildir"),
}

# What is asked of the messages that a query finds, and of the newest one.
LISTS = (
    "/api/v2/messages?limit=3&query={}",
    "/api/v2/messages?order=oldest&query={}",
    "/api/v1/search?query={}",
    "/mailhog/api/v2/messages?limit=3",
    "/api/v1/messages?limit=2&start=1",
    "/api/v1/tags",
)
SINGLES = (
    *("/api/v2/messages/{}", "/api/v2/messages/{}/raw", "/api/v2/messages/{}/text"),
    *("/api/v2/messages/{}/envelope", "/api/v1/message/{}/headers", "/view/{}.txt"),
    *("/api/v1/message/{}", "/api/v1/message/{}/raw", "/mailhog/api/v1/messages/{}"),
)

# The changes, as requests with bodies; the messages are named by their numbers.
CHANGES = (
    ("PATCH", "/api/v2/messages", {"query": "", "add_tags": ["a b"]}),
    ("PATCH", "/api/v2/messages", {"query": "tag:urgent", "set_flags": ["flagged"]}),
    ("PUT", "/api/v1/messages", {"Read": True}),
    ("DELETE", "/api/v2/messages", {"query": "is:flagged"}),
)


@pytest.fixture
def sites(tmp_path: Path, postgresql: str) -> Iterator[dict[str, Mail]]:
    """The HTTP sides of all stores."""
    stores = {name: make(tmp_path) for name, make in STORES.items()}
    stores["postgresql"] = open_store(postgresql)
    sites = {
        name: Mail(store=store, has_mailhog=True) for name, store in stores.items()
    }
    yield sites
    for name, mail in sites.items():
        mail.reader.close()
        stores[name].close()


def ask(sites: dict[str, Mail], method: str, path: str, **given: Any) -> None:
    """Make a request at all sites, and compare the answers with that of the first."""
    answers = {
        name: mail.client.request(method, path, **given) for name, mail in sites.items()
    }
    seen = {
        name: (answer.status, answer.headers["content-type"], answer.body)
        for name, answer in answers.items()
    }
    assert seen == dict.fromkeys(seen, seen["memory"]), (method, path)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=some(10),
    suppress_health_check=list(HealthCheck),
)
@given(
    envelopes=st.lists(messages, min_size=1, max_size=4),
    asked=st.lists(queries, min_size=1, max_size=3),
    changes=st.lists(st.sampled_from(CHANGES), max_size=2),
)
def test_all_stores_agree(
    sites: dict[str, Mail],
    envelopes: list[Envelope],
    asked: list[tuple[str, Node]],
    changes: list[tuple[str, str, dict[str, Any]]],
) -> None:
    """On lists, searches, single messages, and changes."""
    for mail in sites.values():
        mail.store.clear()
        for at, envelope in enumerate(envelopes):
            mail.store.add(attrs.evolve(envelope, id=f"{at}-agreed"))
        # Until all are indexed.
        mail.store.counts("x", timeout=PATIENCE)
    for method, path, body in changes:
        ask(sites, method, path, json=body)
    for text, _ in asked:
        for path in LISTS:
            ask(sites, "GET", path.format(quote(text)))
    for at in range(len(envelopes)):
        for path in SINGLES:
            ask(sites, "GET", path.format(f"{at}-agreed"))
