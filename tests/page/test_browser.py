"""The browser of the tests themselves."""

from __future__ import annotations

import asyncio

import pytest

from . import browser


def test_the_browser_reads_mail_over_http(page, site):
    """A page of the server is reached, and has the mail that was sent by SMTP."""
    site.send("Subject: Seen\n\nHello.\n")
    page.goto(site.url + "api/v2/messages")
    assert "Seen" in page.content()


def test_a_request_to_another_machine_is_noted(page, site, world, requests):
    """It arrives at the proxy and in the log, and nothing leaves this machine."""
    page.goto(site.url + "livez")
    page.goto("http://elsewhere.example/pixel")
    assert "GET http://elsewhere.example/pixel" in world.asked
    assert "http://elsewhere.example/pixel" in requests.elsewhere


def test_a_request_to_this_machine_is_none_to_another(page, site, world, requests):
    """Loopback is not elsewhere, and does not pass the proxy."""
    page.goto(site.url + "livez")
    assert requests.urls == [site.url + "livez"]
    assert requests.elsewhere == world.asked == []


def test_a_dialog_is_noted_and_closed(page, requests):
    """A dialog cannot stop a test."""
    page.evaluate("alert('hello')")
    assert requests.dialogs == ["hello"]


def test_an_error_of_a_script_is_noted(page, requests):
    """An exception that nothing catches is in the log."""
    with page.expect_event("pageerror"):
        page.evaluate("() => { setTimeout(() => { throw new Error('broken') }) }")
    assert any("broken" in each for each in requests.errors)


PERMISSION = """async () =>
  (await navigator.permissions.query({ name: "geolocation" })).state"""


def test_nothing_of_a_test_is_left_to_the_next(context, site, usual_context):
    """Neither pages, routes, cookies, permissions nor what a page has stored."""
    page = context.new_page()
    page.goto(site.url + "livez")
    page.evaluate("localStorage.setItem('a', 'b'); document.cookie = 'a=b'")
    context.grant_permissions(["geolocation"])
    assert page.evaluate(PERMISSION) == "granted"
    context.route("**/livez", lambda route: route.fulfill(body="left"))
    usual_context.clear()
    assert page.is_closed()
    page = context.new_page()
    page.goto(site.url + "livez")
    assert "left" not in page.content()
    assert page.evaluate("localStorage.length + document.cookie") == "0"
    assert page.evaluate(PERMISSION) != "granted"


def test_other_tests_of_the_process_can_run_event_loops(chromium):
    """Playwright's loop does not stop others between two tests of the page."""
    with chromium.entered():
        pass
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


def test_a_missing_browser_fails_under_ci(monkeypatch):
    """The failure says what is missing, and what installs it."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("LAZR_SMTPTEST_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match=r"chromium.*\.ci/programs"):
        browser.Chromium()


def test_a_missing_browser_skips_elsewhere(monkeypatch):
    """Without it on a machine of a developer, the test is skipped."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("LAZR_SMTPTEST_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match="chromium"):
        browser.Chromium()
