"""Each view for people who cannot see it well: no violation that axe-core finds."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from lazr_smtptest.testing.report import Report

from .browser import missing
from .views import VIEWS, address_of, furnish, settle


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    folder = os.environ.get("LAZR_SMTPTEST_PROGRAMS", "")
    path = Path(folder, "node_modules/axe-core/axe.min.js")
    if not path.is_file():
        missing("axe-core, a package of npm, is not in LAZR_SMTPTEST_PROGRAMS")
    return path.read_text("utf-8")


def violations(page, axe):
    """Return what axe-core finds wrong, a line for each element."""
    page.evaluate(axe)
    # The frame of a mail is that of its sender.
    found = page.evaluate("axe.run(document, { iframes: false })")
    return [
        f"{each['id']}: {each['help']}: {node['target']} {node['html'][:200]} "
        f"{json.dumps([check['message'] for check in node['any']])[:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def violations_in_both_schemes(page, axe):
    """Return what `violations` does, light and dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {each}" for each in violations(page, axe)]
    return found


def test_every_view_can_be_used_by_everybody(make_context, site, axe):
    """Names, roles, contrast and order of all views are right."""
    names = furnish(site)
    page = make_context(reduced_motion="reduce").new_page()
    wrong = []
    for view in VIEWS:
        page.goto(address_of(site, view, names))
        settle(page)
        wrong += [f"{view}: {each}" for each in violations_in_both_schemes(page, axe)]
    assert wrong == []


def test_the_report_can_be_used_by_everybody(make_context, site, axe, tmp_path):
    """The same for the document of failed tests, with everything opened."""
    began = time.monotonic() - 60
    furnish(site)
    report = Report(tmp_path)
    report.add("test_shop::test_order", "AssertionError", began)
    page = make_context().new_page()
    page.goto(report.write().as_uri())
    while closed := page.locator("details:not([open]) > summary:visible").all():
        closed[0].click()
    assert violations_in_both_schemes(page, axe) == []
