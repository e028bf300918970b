"""The page for everybody: by keyboard, enlarged, in narrow windows, without motion."""

from __future__ import annotations

import pytest

from .browser import until
from .layout import faults_of
from .views import VIEWS, address_of, furnish, settle

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

# Pixels: a small telephone, a desktop of 1280 pixels that is enlarged to 200 %, a
# tablet, and a desktop that is not wide.
SIZES = {
    "narrow": (320, 640),
    "enlarged": (640, 400),
    "tablet": (1000, 700),
    "desktop": (1200, 800),
}

# Waits until the elements have heard of another size, and are drawn.
DRAWN = """async () => {
  for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
}"""

# Whatever may have the focus, of what is seen.
FOCUSABLE = """() => {
  const all = document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']");
  window.wanted = new Set([...all].filter((each) => !each.disabled
    && each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true })));
  return wanted.size;
}"""
# What is left of them, and what has the focus if nobody sees that: neither it nor what
# is around it has an outline.
TAKE = """() => {
  const at = document.activeElement;
  window.wanted.delete(at);
  const around = at.parentElement ?? at;
  const isMarked = at === document.body
    || [at, around].some((each) => getComputedStyle(each).outlineStyle !== "none")
    || getComputedStyle(around, "::after").borderStyle === "solid";
  const nameOf = (each) => each.outerHTML.slice(0, 100);
  return [[...window.wanted].map(nameOf), isMarked ? [] : [nameOf(at)]];
}"""


@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_view_fits_into_narrow_and_enlarged_windows(
    make_context, make_site, locale
):
    """No text is cut, none lies on another one, and all buttons are in reach."""
    site = make_site(imap=True, pop3=True)
    names = furnish(site)
    page = make_context(locale=locale, reduced_motion="reduce").new_page()
    mailbox = {"address": "anna@run-17.test"}
    assert page.request.post(f"{site.url}api/v2/mailboxes", data=mailbox).ok
    tags = {
        "numbers": [1],
        "add_tags": ["a tag of so many words that no line has room"],
    }
    assert page.request.patch(f"{site.url}api/v2/messages", data=tags).ok
    wrong = []
    for view in VIEWS:
        page.goto(address_of(site, view, names))
        settle(page)
        details = page.locator("details")
        details.evaluate_all("(all) => all.forEach((each) => { each.open = true })")
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(DRAWN)
            wrong += [f"{view}, {name}: {each}" for each in faults_of(page)]
    assert wrong == []


@pytest.mark.parametrize("view", ["message", "faults"])
def test_the_tab_key_reaches_everything(make_context, site, view):
    """Each button, link and field that is seen, and that it is there is seen."""
    names = furnish(site)
    page = make_context(locale="en").new_page()
    page.goto(address_of(site, view, names))
    settle(page)
    left = page.evaluate(FOCUSABLE)
    unmarked = []
    for _ in range(left + 2):
        page.keyboard.press("Tab")
        missed, unseen = page.evaluate(TAKE)
        unmarked += unseen
        if not missed:
            break
    assert missed == unmarked == []


def test_enter_on_a_button_does_what_the_button_says(page, site):
    """It opens no row, though that is what Enter does in the list."""
    site.send("Subject: one\n\nHi.\n")
    page.goto(site.url)
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("j")
    page.get_by_role("button", name="Delete all").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("heading", name="one")).to_be_hidden()


def test_arrows_in_what_scrolls_scroll_it(page, site):
    """They move no row, though that is what they do elsewhere."""
    found = site.send(f"Subject: long\n\n{'a line' * 20}\n" + "a line\n" * 200)
    site.send("Subject: other\n\nHi.\n")
    page.goto(f"{site.url}#/messages/{found.id}/text")
    pane = page.locator(".pane")
    pane.focus()
    pane.press("ArrowDown")
    until(page, "() => document.querySelector('.pane').scrollTop > 0")
    cursor = page.locator(".row[data-cursor=true]")
    expect(cursor).to_contain_text("long")


def test_the_skip_link_leads_to_the_message(page, site):
    """It is the first thing that the Tab key reaches."""
    site.send()
    page.goto(site.url)
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the message")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize(("motion", "moving"), [("reduce", 0), ("no-preference", 1)])
def test_nothing_moves_for_those_who_ask_for_it(make_context, site, motion, moving):
    """A line that tells what was done rises for the others."""
    site.send()
    page = make_context(locale="en", reduced_motion=motion).new_page()
    page.goto(site.url)
    expect(page.locator(".row")).to_have_count(1)
    page.evaluate(
        "window.began = 0; addEventListener('animationstart', () => { began += 1 })"
    )
    page.keyboard.type("j#")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator(".row")).to_have_count(0)
    page.evaluate(
        "async () => { for (let n = 0; n < 5; n += 1)"
        " await new Promise(requestAnimationFrame) }"
    )
    assert page.evaluate("began") == moving


def test_rows_grow_with_the_text(page, site):
    """Their two lines fit, if the browser has letters of twice the size."""
    site.send("Subject: one\n\nHi.\n")
    page.goto(f"{site.url}#/status")
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
    page.evaluate("document.documentElement.style.fontSize = '32px'")
    page.evaluate("location.hash = '#/messages'")
    row = page.locator(".row")
    expect(row).to_have_count(1)
    assert row.evaluate("(row) => row.scrollHeight <= row.clientHeight")
    assert row.bounding_box()["height"] == 112
