"""The report of failed tests, opened from a disk in a browser."""

from __future__ import annotations

import re
import smtplib
import time
from email.message import EmailMessage

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.testing.report import Report

from .hostile import HTML, PIXEL


@pytest.fixture
def expect():
    from playwright.sync_api import expect

    return expect


@pytest.fixture
def began():
    """When the test that fails began."""
    return time.monotonic()


@pytest.fixture
def server(began):
    """A server that the test that fails uses."""
    with CaptureController() as server:
        yield server


@pytest.fixture
def report(tmp_path):
    return Report(tmp_path / "report")


def send(server, message, recipients=("anna@example.com",)):
    with smtplib.SMTP(server.host, server.port) as client:
        client.send_message(message, "shop@example.com", list(recipients))


def mail(subject="Your order", text="Your code is 481516.\n", html=None):
    message = EmailMessage()
    message["From"] = "Shop <shop@example.com>"
    message["To"] = "Anna <anna@example.com>"
    message["Subject"] = subject
    message["Received"] = "from a.example by b.example; 1 Jan 2026 00:00 +0000"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
        html_part = message.get_payload()[-1]
        html_part.add_related(PIXEL, "image", "gif", cid="<pixel@example>")
    return message


def opened(page, report):
    """Open the document of a report from the disk."""
    path = report.write()
    page.goto(path.as_uri())
    return page


def test_it_opens_from_disk(page, report, server, requests, expect, world, began):
    """One file shows the error, the mail and the conversation; nothing else is read."""
    send(server, mail())
    report.add("test_shop::test", "AssertionError: no <b>mail</b>", began)
    opened(page, report)
    expect(page.get_by_role("heading", level=1)).to_have_text("test_shop::test")
    expect(page.get_by_role("group", name="Error of the test")).to_have_text(
        "AssertionError: no <b>mail</b>"
    )
    page.get_by_text("Your order").click()
    expect(page.get_by_role("group", name="Text")).to_contain_text("481516")
    page.get_by_text("Session 1").click()
    expect(page.get_by_text("RCPT TO:<anna@example.com>").last).to_be_visible()
    assert requests.urls == [page.url]
    assert requests.errors == requests.console == world.asked == []


def test_a_refused_session_is_open_and_explained(page, report, server, expect, began):
    """The reply that decided is there at once, with the rule that gave it."""
    server.faults.on("RCPT").reply(452, "4.2.2 Mailbox full")
    server.faults.on("MAIL", sender="x@example.com").reply(451)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, mail())
    report.add("test_full", "", began)
    opened(page, report)
    talk = page.locator("ol.talk")
    expect(talk).to_contain_text("the mailbox is full; temporary")
    expect(talk.locator(".fault")).to_contain_text("on('RCPT')")
    expect(page.locator(".faults .hit")).to_contain_text("has not fired")
    expect(page.locator(".faults .fault")).to_contain_text("4.2.2")


def test_a_session_is_told_as_in_the_page(page, report, server, expect, began):
    """A delivery with a refusal is both, and the reply that decided is marked."""
    rule = server.faults.on("RCPT", recipient="full@*")
    rule.reply(452, "4.2.2 Mailbox full")
    send(server, mail(), ["anna@example.com", "full@example.com"])
    with smtplib.SMTP(server.host, server.port) as client:
        client.ehlo("left.example")
    report.add("test_partly", "", began)
    opened(page, report)
    first = page.locator("details", has_text="Session 1").last
    expect(first.locator(".chip.warn")).to_have_text("1 delivered")
    expect(first.locator("summary").first).to_contain_text("452 4.2.2 Mailbox full")
    decided = first.locator("li", has_text="this decided")
    expect(decided).to_have_count(1)
    expect(decided).to_contain_text("452 4.2.2 Mailbox full")
    left = page.locator("summary", has_text="left.example")
    expect(left.locator(".chip")).to_have_text("Left without sending mail")


def test_warnings_are_explained_as_in_the_page(page, report, server, expect, began):
    """With the section of the standard."""
    with smtplib.SMTP(server.host, server.port) as client:
        content = f"Subject: Long\r\n\r\n{'x' * 2000}\r\n"
        client.sendmail("a@b.example", ["c@d.example"], content)
    report.add("test_long", "", began)
    opened(page, report)
    page.locator("summary", has_text="Long").click()
    facts = page.locator(".facts", has_text="long-line")
    expect(facts).to_contain_text("a line is longer than 998 bytes")
    expect(facts).to_contain_text("RFC 5321 section 4.5.3.1.6")


def test_the_mail_of_each_test_is_beside_it(report, server, began):
    """The bytes of each message, the conversations and the faults are files."""
    server.faults.on("NOOP").reply(421)
    send(server, mail("First"))
    send(server, mail("Second"))
    report.add("a::b[c/d]", "", began)
    [folder] = [each for each in report.folder.iterdir() if each.is_dir()]
    assert re.fullmatch(r"a-b-c-d-[0-9a-f]{8}", folder.name)
    messages = [(folder / f"message-{n}.eml").read_bytes() for n in (1, 2)]
    assert messages == [each.content for each in server.mailbox]
    assert "RCPT" in (folder / "conversations.txt").read_text().upper()


def test_the_html_of_a_mail_is_in_a_frame(page, report, server, expect, world, began):
    """Its own images are shown, and others are not loaded."""
    html = (
        '<h1>Hi</h1><img id=own src="cid:pixel@example"><img src="http://a.example/x">'
    )
    send(server, mail(html=html))
    report.add("t", "", began)
    opened(page, report)
    page.get_by_text("Your order").click()
    page.get_by_text("HTML", exact=True).click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading")).to_have_text("Hi")
    expect(frame.locator("#own")).to_have_attribute(
        "src", re.compile("^data:image/gif")
    )
    expect(frame.locator("#own")).to_have_js_property("naturalWidth", 1)
    assert world.asked == []


def test_hostile_mail_runs_and_loads_nothing(
    page, report, server, requests, expect, world, began
):
    """Neither its HTML nor its texts, which try to end the elements that hold them."""
    breakout = "</script></pre><script>alert(1)</script><img src=x onerror=alert(2)>"
    send(server, mail(f"{breakout}\u202e", breakout, HTML))
    report.add(breakout, breakout, began)
    opened(page, report)
    for summary in page.locator("main > section > details > summary").all():
        summary.click()
    for summary in page.locator("details details > summary").all():
        summary.click()
    expect(page.locator("iframe")).to_be_visible()
    page.frame_locator("iframe").locator("#end").wait_for()
    assert page.evaluate("document.scripts.length") == 0
    assert requests.dialogs == requests.errors == world.asked == []
    assert requests.elsewhere == []
    expect(page.locator(".mark").first).to_have_text("U+202E RLO")


def test_the_tests_are_chosen_by_links(page, report, server, expect, began):
    """Each failed test has a link; the one that is shown is marked."""
    send(server, mail("One"))
    report.add("test_a", "", began)
    report.add("test_b", "error of b", began)
    opened(page, report)
    page.get_by_role("link", name="test_b").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("test_b")
    expect(page.get_by_role("link", name="test_b")).to_have_attribute(
        "aria-current", "page"
    )


def test_it_speaks_german(make_context, report, server, expect, began):
    """The language is that of the browser."""
    report.add("t", "", began)
    page = make_context(locale="de-AT").new_page()
    opened(page, report)
    expect(page.get_by_text("1 fehlgeschlagener Test")).to_be_visible()
    expect(page.get_by_text("0 Nachrichten")).to_be_visible()
