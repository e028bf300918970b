"""The page for everybody: by keyboard, enlarged, in narrow windows, without motion."""

from __future__ import annotations

import pytest

from .views import VIEWS, address_of, furnish, settle

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

# Pixels: a small telephone, and a desktop of 1280 pixels that is enlarged to 200 %.
SIZES = {"narrow": (320, 640), "enlarged": (640, 400)}

# Whatever may have the focus, of what is seen.
FOCUSABLE = """() => {
  const all = document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']");
  window.wanted = new Set([...all].filter((each) => !each.disabled
    && each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true })));
  return wanted.size;
}"""
TAKE = """() => {
  let at = document.activeElement;
  window.wanted.delete(at);
  return [...window.wanted].map((each) => each.outerHTML.slice(0, 100));
}"""


def test_every_view_fits_into_narrow_and_enlarged_windows(make_context, site):
    """Nothing is wider than the window, and its heading is in reach."""
    names = furnish(site)
    page = make_context(locale="en", reduced_motion="reduce").new_page()
    wrong = []
    for view in VIEWS:
        page.goto(address_of(site, view, names))
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{view}, {name}: too wide")
            if not page.evaluate("!!document.elementFromPoint(innerWidth / 2, 100)"):
                wrong.append(f"{view}, {name}: empty")
    assert wrong == []


@pytest.mark.parametrize("view", ["message", "faults"])
def test_the_tab_key_reaches_everything(make_context, site, view):
    """Each button, link and field that is seen."""
    names = furnish(site)
    page = make_context(locale="en").new_page()
    page.goto(address_of(site, view, names))
    settle(page)
    left = page.evaluate(FOCUSABLE)
    for _ in range(left + 2):
        page.keyboard.press("Tab")
        missed = page.evaluate(TAKE)
        if not missed:
            break
    assert missed == []


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
    page.evaluate(
        """async () => {
          const pane = document.querySelector(".pane");
          while (!pane.scrollTop) await new Promise(requestAnimationFrame);
        }"""
    )
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
