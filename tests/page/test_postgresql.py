"""The page of a server whose mail is in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from smtplib import SMTP

import pytest

from lazr_smtptest import Controller, StoreServer, open_store

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def server(postgresql: str) -> Iterator[Controller]:
    """The server, which is not the only one that uses the database."""
    with (
        closing(open_store(postgresql)) as store,
        Controller(StoreServer(store), http=True) as server,
    ):
        yield server


def send(server: Controller, subject: str) -> None:
    """Send a message."""
    with SMTP(server.host, server.port) as client:
        content = f"Subject: {subject}\r\n\r\nYour code is 4711.\r\n"
        client.sendmail("shop@example.com", ["anna@example.com"], content)


def rows(page):
    return page.get_by_role("listbox", name="Mail").get_by_role("option")


def test_mail_is_shown_and_arrives(page, server):
    """What was there, and what comes while it is open."""
    send(server, "before")
    page.goto(server.url)
    expect(rows(page)).to_contain_text("before")
    send(server, "after")
    expect(rows(page).first).to_contain_text("after")


def test_mail_of_another_server_arrives(page, server, postgresql):
    """It has only the database together with this one."""
    page.goto(server.url)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    with (
        closing(open_store(postgresql)) as store,
        Controller(StoreServer(store)) as other,
    ):
        send(other, "elsewhere")
        expect(rows(page)).to_contain_text("elsewhere")


def test_a_message_is_opened(page, server):
    """Its text is shown."""
    send(server, "Welcome")
    page.goto(server.url)
    rows(page).first.click()
    expect(page.get_by_text("Your code is 4711.").last).to_be_visible()


def test_mail_is_searched(page, server):
    """As it is typed."""
    send(server, "tea")
    send(server, "coffee")
    page.goto(server.url)
    expect(rows(page)).to_have_count(2)
    page.get_by_role("combobox", name="Search mail").fill("subject:tea")
    expect(rows(page)).to_have_count(1)


def test_a_message_is_deleted(page, server):
    """From the database."""
    send(server, "gone")
    page.goto(server.url)
    expect(rows(page)).to_have_count(1)
    page.keyboard.type("j#")
    expect(rows(page)).to_have_count(0)
    assert len(server.server.store) == 0
