"""Each view for people who cannot see it well: no violation that axe-core finds."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.testing.report import Report

from .browser import missing
from .views import VIEWS, address_of, furnish, settle

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    folder = os.environ.get("LAZR_SMTPTEST_PROGRAMS", "")
    path = Path(folder, "node_modules/axe-core/axe.min.js")
    if not path.is_file():
        missing("axe-core, a package of npm, is not in LAZR_SMTPTEST_PROGRAMS")
    return path.read_text("utf-8")


def violations(page, axe, options):
    """Return what axe-core finds wrong, a line for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    return [
        f"{each['id']}: {each['help']}: {node['target']} {node['html'][:200]} "
        f"{json.dumps([check['message'] for check in node['any']])[:200]}"
        for each in page.evaluate(RUN, options)
        for node in each["nodes"]
    ]


# The frame of a mail is that of its sender.
RUN = """async (options) => {
  const all = { iframes: false, resultTypes: ["violations"], ...options };
  return (await axe.run(document, all)).violations;
}"""

# Rules of which the colours decide.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


def violations_in_both_schemes(page, axe):
    """Return what axe-core finds wrong, light and dark.

    What is no matter of colours is the same in both.
    """
    found = []
    for scheme, options in {"light": {}, "dark": COLOURS}.items():
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {each}" for each in violations(page, axe, options)]
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


@pytest.fixture
def calm(make_context):
    """A page in which nothing moves."""
    return make_context(locale="en", reduced_motion="reduce").new_page()


def test_every_dialog_can_be_used_by_everybody(calm, site, axe):
    """Each is open alone, before a message."""
    names = furnish(site)
    calm.goto(address_of(site, "message", names))
    settle(calm)
    acts = calm.locator(".acts")
    opening = {
        "keys": lambda: calm.keyboard.press("?"),
        "commands": lambda: calm.keyboard.press("Control+k"),
        "question": lambda: calm.get_by_role("button", name="Delete all").click(),
        "test": lambda: acts.get_by_role("button", name="Make this a test").click(),
        "release": lambda: acts.get_by_role("button", name="Release").click(),
    }
    wrong = []
    for name, opens in opening.items():
        opens()
        expect(calm.get_by_role("dialog")).to_have_count(1)
        settle(calm)
        wrong += [f"{name}: {each}" for each in violations_in_both_schemes(calm, axe)]
        calm.keyboard.press("Escape")
        expect(calm.get_by_role("dialog")).to_have_count(0)
    assert wrong == []


def test_what_opens_in_the_list_can_be_used_by_everybody(calm, site, axe):
    """Completions, an error of a query, a selection, a form for a tag, a message."""
    furnish(site)
    calm.goto(site.url)
    settle(calm)
    search = calm.get_by_role("combobox", name="Search mail")

    def select():
        search.fill("")
        search.blur()
        # The newest one is a session, which cannot be selected.
        expect(calm.locator(".row")).to_have_count(3)
        calm.keyboard.type("jjx")
        expect(calm.get_by_role("toolbar")).to_be_visible()

    def tag():
        calm.keyboard.press("t")
        expect(calm.get_by_label("Name of the tag")).to_be_focused()

    opening = {
        "completions": lambda: search.fill("su"),
        "error": lambda: search.fill("from:("),
        "selection": select,
        "tag": tag,
    }
    wrong = []
    for name, opens in opening.items():
        opens()
        settle(calm)
        wrong += [f"{name}: {each}" for each in violations_in_both_schemes(calm, axe)]
    assert wrong == []


def test_empty_views_can_be_used_by_everybody(calm, site, axe):
    """Before any mail; the last ones are of what is not there."""
    places = ("messages", "sessions", "faults", "mailboxes", "messages?q=nothing")
    wrong = []
    for place in (*places, "messages/none", "sessions/none", "nowhere"):
        calm.goto(f"{site.url}#/{place}")
        settle(calm)
        wrong += [f"{place}: {each}" for each in violations_in_both_schemes(calm, axe)]
    assert wrong == []


def test_the_form_of_a_login_can_be_used_by_everybody(calm, make_site_with, axe):
    """Also when it tells that a password is wrong."""
    site = make_site_with(gate=Gate(users={"anna": "secret"}))
    calm.goto(site.url)
    expect(calm.get_by_role("dialog", name="Log in")).to_be_visible()
    wrong = violations_in_both_schemes(calm, axe)
    calm.get_by_label("User", exact=True).fill("anna")
    calm.get_by_label("Password", exact=True).fill("wrong")
    calm.get_by_role("button", name="Log in").click()
    expect(calm.get_by_role("alert")).to_be_visible()
    assert wrong + violations_in_both_schemes(calm, axe) == []


def test_a_server_that_is_away_can_be_told_to_everybody(calm, site, axe):
    """By a bar above what is there."""
    site.send()
    calm.goto(site.url)
    expect(calm.locator(".status")).to_have_text("live")
    site.controller.stop()
    expect(calm.locator(".away")).to_be_visible()
    assert violations_in_both_schemes(calm, axe) == []


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
