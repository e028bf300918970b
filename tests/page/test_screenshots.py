"""Pictures of each view; LAZR_SMTPTEST_PICTURES=1 writes those of the manual."""

from __future__ import annotations

import os

import pytest

from .pictures import (
    ANSWERED,
    FOLDER,
    MANUAL,
    NOW,
    SCHEMES,
    SIZES,
    WITHOUT_CHANCE,
    manual,
    name_of,
    names,
    shrink,
    stop_time,
)
from .views import VIEWS, address_of, furnish, settle, tab_names

WRITE = "nox -s pictures"

# Bytes that the pictures of the manual may have together.
BUDGET = 2_500_000

is_writing = bool(os.environ.get("LAZR_SMTPTEST_PICTURES"))


def windows(page, site):
    """Show each view at each width; yield their names."""
    found = furnish(site)
    for view in VIEWS:
        page.goto(address_of(site, view, found))
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            yield view, size


def test_every_view_fits_into_its_window(make_context, site):
    """No view is wider than the window, at three widths."""
    page = make_context(locale="en", reduced_motion="reduce").new_page()
    too_wide = [
        f"{view} on a {size}"
        for view, size in windows(page, site)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth")
    ]
    assert too_wide == []


def test_every_tab_and_place_is_a_view(page, site):
    """So each has its pictures."""
    found = furnish(site)
    page.goto(address_of(site, "message", found))
    tabs = {f"#/messages/ID/{name}" for name in tab_names(page)}
    links = page.get_by_role("navigation", name="Places").get_by_role("link")
    places = links.evaluate_all("links => links.map((each) => each.hash)")
    # Places with a query are the list, of some of the mail.
    places = {each for each in places if "?" not in each}
    assert len(places) > 6
    assert tabs | places <= set(VIEWS.values())


@pytest.mark.skipif(not is_writing, reason=f"{WRITE} does it")
def test_the_pictures_of_the_manual_are_written(make_context, make_site, monkeypatch):
    """The same ones each time: with times, ids and ports that do not change."""
    stop_time(monkeypatch)
    context = make_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
    context.add_init_script(WITHOUT_CHANCE)
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for view, size in windows(page, make_site(port=1025)):
        page.evaluate(ANSWERED)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            picture = shrink(page.screenshot())
            (FOLDER / name_of(view, size, scheme)).write_bytes(picture)
    MANUAL.write_text(manual(), "utf-8")


class TestManual:
    """The pictures in the manual."""

    def test_each_view_has_its_own(self):
        """At three widths, light and dark, and there are no others."""
        found = sorted(path.name for path in FOLDER.iterdir())
        assert found == sorted(names()), f"{WRITE} writes them"

    def test_it_shows_each(self):
        """By its name."""
        assert MANUAL.read_text("utf-8") == manual(), f"{WRITE} writes it"

    def test_they_are_small(self):
        """A checkout and a source distribution have them; a wheel does not."""
        assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= BUDGET
