"""The checks of a message in the page."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.checks.service import CheckSettings
from lazr_smtptest.outbound.http.allowed import Allowed

from .views import mail

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

HTML = """\
<style>@font-face { font-family: x; src: url(cid:x) }</style>
<script>1</script><video></video><p>Hello</p><a href="http://127.0.0.1:{port}/away">x</a>
"""


def opened(page, site, html=HTML):
    """Show the checks of a message."""
    port = site.url.split(":")[2].split("/")[0]
    html = html and html.replace("{port}", port)
    envelope = site.send(mail("Checked", "Hello.\n", html))
    page.goto(f"{site.url}#/messages/{envelope.id}/checks")
    return page


def card(page, name):
    return page.get_by_role("region", name=name, exact=True)


def test_the_html_check_runs_by_itself(page, site):
    """The worst findings come first, and each severity says what it means."""
    html = card(opened(page, site), "HTML support")
    expect(html.get_by_role("status")).to_have_text(re.compile(r"^\d+ % supported$"))
    first = html.locator(".findings").first
    expect(first.locator("summary").first).to_contain_text("for many readers")
    expect(first).to_contain_text("<script> element In 1 element.")
    expect(first).to_contain_text("No mail program runs scripts.")


def test_a_finding_names_the_programs(page, site):
    """When they are asked for."""
    html = card(opened(page, site), "HTML support")
    item = html.locator("li", has_text="<video> element")
    item.locator("summary", has_text="Not supported by").click()
    expect(item).to_contain_text("Gmail Desktop Webmail")


def test_a_message_without_html_says_so(page, site):
    """Nothing is checked."""
    html = card(opened(page, site, None), "HTML support")
    expect(html).to_contain_text("The message has no HTML part.")


def test_a_check_that_is_switched_off_says_how_to_switch_it_on(page, site):
    """And has no button."""
    page = opened(page, site)
    for name, option in (("Links", "--link-check"), ("Spam", "--spamassassin")):
        expect(card(page, name)).to_contain_text(option)
        expect(card(page, name).get_by_text("not checked")).to_have_count(1)
        expect(card(page, name).locator(".off")).to_have_text(
            re.compile("^(links are|spam is) not checked: ")
        )
        expect(card(page, name).get_by_role("button")).to_have_count(0)


def test_a_missing_package_is_named(page, site, monkeypatch):
    """With the extra that brings it."""
    monkeypatch.setattr("lazr_smtptest.checks.html_check.find_spec", lambda _: None)
    html = card(opened(page, site), "HTML support")
    expect(html).to_contain_text("pip install 'lazr.smtptest[checks]'")


def test_links_are_checked_when_asked(page, make_open_site):
    """Each with the answer and what it means."""
    allowed = Allowed(["127.0.0.1"], private=True)
    page = opened(page, make_open_site(CheckSettings(links=allowed)))
    links = card(page, "Links")
    expect(links.get_by_role("button", name="Check")).to_be_visible()
    expect(links.get_by_role("status")).to_have_count(0)
    links.get_by_role("button", name="Check").click()
    expect(links.get_by_role("status")).to_have_text("1 broken link")
    expect(links.locator(".findings")).to_contain_text("404")
    expect(links.locator(".findings")).to_contain_text("the server refuses it")


def test_a_failing_check_tells_why(page, make_open_site):
    """A spamd that does not answer is no score."""
    page = opened(page, make_open_site(CheckSettings(spamd="127.0.0.1:1")))
    spam = card(page, "Spam")
    spam.get_by_role("button", name="Check").click()
    expect(spam.get_by_role("alert")).to_contain_text("127.0.0.1:1")


def findings(module, function, answer):
    """Return findings with the keys of their texts."""
    return module("findings.js").run(
        f"m.{function}(args[0], (key) => key)",
        answer,
    )


@pytest.mark.parametrize(
    ("status", "severity", "meaning"),
    [
        (200, "good", "link.good"),
        (301, "warn", "link.moved"),
        (404, "bad", "link.refused"),
        (451, "info", "link.blocked"),
        (0, "bad", "link.silent"),
    ],
)
def test_a_link_has_a_severity(module, status, severity, meaning):
    """By its status; a host that is not allowed was not asked."""
    link = {"URL": "http://a.example", "StatusCode": status, "Status": "x"}
    [found] = findings(module, "linkFindings", {"Links": [link]})
    assert (found["severity"], found["text"].split(": ")[-1]) == (severity, meaning)


def test_rules_of_spam_come_by_their_score(module):
    """A rule below 0 speaks for the message."""
    scores = (-1.0, 2.5, 0.1, 0)
    rules = [{"Score": each, "Name": "R", "Description": ""} for each in scores]
    found = findings(module, "spamFindings", {"Rules": rules})
    assert [each["severity"] for each in found] == ["bad", "warn", "info", "good"]


def test_a_description_is_a_text(module):
    """Its markup is left out, its entities are characters."""
    text = "The <code>&lt;video&gt;</code> &amp; &nosuch; <b>x</b>"
    found = module("findings.js").call("plainText", text)
    assert found == "The <video> & &nosuch; x"
