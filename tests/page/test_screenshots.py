"""Pictures of each view; LAZR_SMTPTEST_SCREENSHOTS names a folder that keeps them."""

from __future__ import annotations

import os
from pathlib import Path

from .views import VIEWS, address_of, furnish, settle

# Pixels: a telephone, a tablet, a desktop.
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}


SCHEMES = ("light", "dark")


def test_every_view_fits_into_its_window(make_context, site, tmp_path):
    """No view is wider than the window, at three widths; pictures show all of them."""
    given = os.environ.get("LAZR_SMTPTEST_SCREENSHOTS")
    folder = Path(given) if given else tmp_path
    names = furnish(site)
    page = make_context(locale="en", reduced_motion="reduce").new_page()
    too_wide = []
    for view in VIEWS:
        page.goto(address_of(site, view, names))
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                too_wide.append(f"{view} on a {name}")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=folder / f"{view}-{name}-{scheme}.png")
    assert too_wide == []
    assert len(list(folder.glob("*.png"))) == len(VIEWS) * len(SIZES) * len(SCHEMES)
