"""The state of the server over HTTP."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest import CaptureServer
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.version import __version__

from ..client import Client
from ..conftest import Mail


def status_of(client: Client) -> Any:
    return client.get("/api/v2/status").json


def listening(addresses: Mapping[str, str]) -> dict[str, object]:
    return {"listeners": lambda: addresses}


def test_it_has_the_versions(client: Client) -> None:
    status = status_of(client)
    assert status["version"] == __version__
    assert status["python"] == platform.python_version()


def test_it_has_the_store_and_its_counts(mail: Mail) -> None:
    mail.add()
    status = status_of(mail.client)
    assert status["store"] == "memory"
    assert (status["messages"], status["unread"], status["missing"]) == (1, 1, 0)
    assert status["oldest"] == "2026-01-31T12:00:00.120000Z"


def test_it_counts_the_messages_that_are_not_indexed_yet(lagging: Mail) -> None:
    assert status_of(lagging.client)["missing"] == 2


def test_a_store_without_messages_has_no_oldest(client: Client) -> None:
    assert status_of(client)["oldest"] is None


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:1025", "127.0.0.1", 1025),
        ("[::1]:1025", "::1", 1025),
        ("/run/mail.sock", "", None),
    ],
)
def test_it_has_the_address_of_each_listener(
    make_mail: type[Mail], address: str, host: str, port: int | None
) -> None:
    mail = make_mail(server=listening({"smtp": address}))
    [listener] = status_of(mail.client)["listeners"]
    assert listener == {
        "protocol": "smtp",
        "address": address,
        "host": host,
        "port": port,
    }


def test_a_server_that_is_bound_is_a_listener() -> None:
    server = CaptureServer("::1", 2525)
    context = ReaderContext.of(server, Clock())
    assert context.listeners() == {"smtp": "[::1]:2525"}


def test_a_server_that_is_not_bound_is_none() -> None:
    context = ReaderContext.of(CaptureServer(), Clock())
    assert context.listeners() == {}


def test_it_counts_what_was_accepted_and_what_was_kept(make_mail: type[Mail]) -> None:
    server = CaptureServer()
    server.sampler.count(kept=3, left_out=2)
    status = status_of(make_mail(server={"handler": server}).client)
    assert (status["accepted"], status["kept"]) == (5, 3)


def test_nothing_is_counted_where_no_server_takes_mail(client: Client) -> None:
    status = status_of(client)
    assert (status["accepted"], status["kept"]) == (None, None)


def test_it_tells_why_checks_cannot_be_made(client: Client) -> None:
    """By the option that is missing; an empty text for one that can."""
    checks = status_of(client)["checks"]
    assert checks["html"] == ""
    assert "--link-check" in checks["links"]
    assert "--spamassassin" in checks["spam"]


def test_a_missing_package_of_a_check_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the extra that brings it."""
    monkeypatch.setattr("lazr_smtptest.checks.html_check.find_spec", lambda _: None)
    assert "lazr.smtptest[checks]" in status_of(client)["checks"]["html"]
