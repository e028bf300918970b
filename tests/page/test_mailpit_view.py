"""A message at the address that clients of Mailpit open in a browser."""

import pytest

from .test_message import make_message

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

FRAME = "<!doctype html><iframe src='{}' sandbox='allow-popups allow-scripts'></iframe>"


@pytest.mark.parametrize("query", ["", "?embed=1"])
def test_its_own_images_are_shown(page, site, query):
    """The origin of the document is none."""
    envelope = site.send(make_message())
    page.goto(f"{site.url}view/{envelope.id}.html{query}")
    image = page.locator(f"img[src*='/api/v1/message/{envelope.id}/part/']")
    expect(image).to_have_js_property("naturalWidth", 1)


@pytest.mark.parametrize("query", ["", "?embed=1"])
def test_nothing_is_asked_of_others(page, site, world, query):
    """Neither an image nor a script."""
    envelope = site.send(make_message())
    page.goto(f"{site.url}view/{envelope.id}.html{query}")
    expect(page.locator("b")).to_have_text("Anna")
    assert not [each for each in world.asked if "tracker.example" in each]


def test_its_own_images_are_shown_in_a_frame(page, site):
    """Of a page of the same server."""
    envelope = site.send(make_message())
    page.goto(f"{site.url}livez")
    page.set_content(FRAME.format(f"{site.url}view/{envelope.id}.html?embed=1"))
    image = page.frame_locator("iframe").locator("img[src*='/part/']")
    expect(image).to_have_js_property("naturalWidth", 1)
