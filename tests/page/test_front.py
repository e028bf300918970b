"""The page behind a reverse proxy that takes a path away, and passes no websockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .front import Front
from .hostile import PIXEL
from .views import mail

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def front(site) -> Iterator[Front]:
    """The proxy."""
    with Front(site.url, "/tools/mail/") as front:
        yield front


def rows(page):
    return page.get_by_role("listbox", name="Mail").get_by_role("option")


def test_mail_is_shown_and_arrives(page, site, front, requests):
    """By server-sent events, and nothing is asked for outside of the path."""
    site.send("Subject: before\n\nHello.\n")
    page.goto(front.url)
    expect(rows(page)).to_contain_text("before")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    site.send("Subject: after\n\nHello.\n")
    expect(rows(page).first).to_contain_text("after")
    assert [url for url in requests.urls if not url.startswith(front.url)] == []


def test_html_is_shown_with_its_images(page, site, front):
    """The frame and the parts of the message are below the path, too."""
    message = mail("Hello", "Hello.\n", '<h1>Hello Anna</h1><img src="cid:logo">')
    message.get_payload()[1].add_related(PIXEL, "image", "gif", cid="<logo>")
    sent = site.send(message)
    page.goto(f"{front.url}#/messages/{sent.id}/html")
    frame = page.frame_locator("iframe.mail")
    expect(frame.get_by_role("heading", name="Hello Anna")).to_be_visible()
    expect(frame.locator("img")).to_have_js_property("naturalWidth", 1)


def test_a_message_is_deleted(page, site, front):
    """What changes something passes, too."""
    site.send("Subject: gone\n\nHello.\n")
    page.goto(front.url)
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.keyboard.type("j#")
    expect(rows(page)).to_have_count(0)
