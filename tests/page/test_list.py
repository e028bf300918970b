"""The list of mail."""

from __future__ import annotations

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once


def rows(page):
    return page.get_by_role("option")


def test_mail_is_in_the_list_with_its_recipient_first(page, site, requests):
    """A message that was sent before the page was opened."""
    site.send(
        "Subject: Your order\n\nIt has shipped.\n", recipients=["anna@example.com"]
    )
    page.goto(site.url)
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator(".to")).to_contain_text("anna@example.com")
    expect(rows(page)).to_contain_text("Your order")
    assert requests.errors == requests.console == requests.elsewhere == []


def test_mail_that_arrives_is_shown_without_a_reload(page, site):
    """The newest message comes first."""
    site.send("Subject: first\n\nHi.\n")
    page.goto(site.url)
    expect(rows(page)).to_have_count(1)
    site.send("Subject: second\n\nHi.\n")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("second")
