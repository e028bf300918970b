"""The view of one message."""

from __future__ import annotations

import re
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from smtplib import SMTP

import pytest

from lazr_smtptest.model.envelope import Envelope

from .browser import PATIENCE, until
from .gate import Gate
from .views import settle

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

HTML = """\
<html><head><base href="http://tracker.example/">
<link rel="prefetch" href="http://tracker.example/prefetch">
<script>top.document.title = "run"</script></head><body>
<p>Hello <b>Anna</b></p><img src="http://tracker.example/pixel.png">
<img src="cid:logo"><img src=x onerror="top.document.title = 'run'">
<a href="http://elsewhere.example/offer">An offer</a>
<form action="http://tracker.example/form"><button>Send</button></form>
</body></html>"""

# One pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def make_message():
    message = EmailMessage()
    message["From"] = "Shop <shop@example.com>"
    message["To"] = "Anna <anna@example.com>"
    message["Subject"] = "Your code"
    message["Received"] = "from a.test by b.test with ESMTPS; 1 Jan 2026 12:00:00 +0000"
    message.set_content("Your code is 481516.\nSee https://example.com/login?t=1\n")
    message.add_alternative(HTML, subtype="html")
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo>")
    message.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="a.csv")
    return message


@pytest.fixture
def opened(page, site):
    """A page that shows a message of many parts."""
    envelope = site.send(
        make_message(), sender="bounce@example.com", recipients=["anna@example.com"]
    )
    page.goto(f"{site.url}#/messages/{envelope.id}")
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    return page


def show(page, tab):
    page.get_by_role("tab", name=re.compile(f"^{tab}")).click()
    return page.get_by_role("tabpanel")


def frame(page):
    return page.frame_locator("iframe.mail")


def asked_by_mail(world):
    """Return what was asked for, without what Chromium asks of its maker by itself."""
    return [each for each in world.asked if "googleapis.com" not in each]


class TestHead:
    """The part above the fold."""

    def test_it_has_the_envelope_in_the_words_of_the_wire(self, opened):
        """With the parameters."""
        head = opened.locator(".head")
        expect(head).to_contain_text("MAIL FROM:<bounce@example.com> SIZE=")
        expect(head).to_contain_text("RCPT TO:<anna@example.com>")
        expect(head).to_contain_text("sender differs from From")
        expect(head).to_contain_text("250 2.0.0")

    def test_a_header_without_from_says_so(self, page, site):
        """The sender of the envelope differs from nothing then."""
        envelope = site.send("Subject: x\n\nHi.\n", sender="a@b.example")
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.locator(".head")).to_contain_text("From is missing")
        expect(page.locator(".head")).not_to_contain_text("differs")

    @pytest.mark.parametrize("locale", ["en", "de"])
    @pytest.mark.parametrize("width", [1920, 1200, 1010, 700])
    def test_all_tabs_are_seen(self, make_context, site, locale, width):
        """In every language, on screens that are wider than a telephone."""
        envelope = site.send(make_message())
        page = make_context(
            locale=locale, viewport={"width": width, "height": 800}
        ).new_page()
        page.goto(f"{site.url}#/messages/{envelope.id}")
        tabs = page.get_by_role("tab")
        expect(tabs).to_have_count(9)
        for tab in tabs.all():
            expect(tab).to_be_in_viewport(ratio=1)

    def test_a_recipient_that_no_field_names_is_bcc(self, page, site):
        """The header does not tell of it."""
        envelope = site.send("Subject: x\n\nHi.\n", recipients=["hidden@example.com"])
        page.goto(f"{site.url}#/messages/{envelope.id}/envelope")
        expect(page.get_by_role("tabpanel")).to_contain_text("Bcc")

    def test_the_code_is_copied_with_one_click(self, opened, context):
        """As digits."""
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.get_by_role("button", name="code 481516").click()
        expect(opened.get_by_role("status").get_by_text("Copied")).to_be_visible()
        assert opened.evaluate("navigator.clipboard.readText()") == "481516"

    def test_warnings_are_named(self, page, site):
        """Of a message with a line of 2,000 characters."""
        envelope = site.send(f"Subject: long\n\n{'x' * 2000}\n")
        assert envelope.warnings
        page.goto(f"{site.url}#/messages/{envelope.id}")
        warnings = page.locator(".warnings")
        for each in envelope.warnings:
            expect(warnings).to_contain_text(each)

    def test_a_warning_is_explained(self, page, site):
        """In plain words, with the section of the standard."""
        envelope = site.send(f"Subject: long\n\n{'x' * 2000}\n")
        page.goto(f"{site.url}#/messages/{envelope.id}")
        warnings = page.locator(".warnings")
        expect(warnings).to_contain_text("a line is longer than 998 bytes")
        link = warnings.get_by_role("link", name="RFC 5321 section 4.5.3.1.6")
        expect(link).to_have_attribute(
            "href", "https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.6"
        )

    def test_what_could_not_be_read_is_told(self, page, site):
        """With the standard, where the server knows it."""
        envelope = site.send("List-Unsubscribe: mailto:a@b.example\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.locator(".warnings")).to_contain_text("RFC 2369")

    def test_its_address_is_copied(self, opened, context, site):
        """Without the search that found it."""
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        [envelope] = site.controller.mailbox
        opened.goto(f"{site.url}#/messages/{envelope.id}/headers?q=code")
        opened.get_by_role("button", name="Copy the address").click()
        expect(opened.get_by_role("status").get_by_text("Copied")).to_be_visible()
        address = opened.evaluate("navigator.clipboard.readText()")
        assert address == f"{site.url}#/messages/{envelope.id}"

    def test_it_is_printed_without_the_page_around_it(self, opened):
        """Its envelope and its content are."""
        opened.evaluate("window.print = () => { window.printed = true }")
        opened.get_by_role("button", name="Print").click()
        assert opened.evaluate("window.printed")
        opened.emulate_media(media="print")
        for around in (".bar", "side-bar", ".list", ".acts"):
            expect(opened.locator(around)).to_be_hidden()
        expect(opened.locator(".head h1")).to_be_visible()
        expect(frame(opened).locator("b")).to_be_visible()

    def test_printed_html_has_a_sheet(self, opened):
        """As much as fits below the envelope: a frame does not tell its height."""
        opened.set_viewport_size({"width": 700, "height": 300})
        opened.emulate_media(media="print")
        expect(frame(opened).locator("b")).to_be_visible()
        assert opened.locator("iframe.mail").bounding_box()["height"] == 760

    def test_nothing_of_the_head_is_cut_when_it_is_printed(self, page, site):
        """A sheet has no scrollbar."""
        message = make_message()
        message.replace_header("Subject", 60 * "A long subject. ")
        for n in range(40):
            message.add_attachment(b"", "a", "b", filename=f"{n}.txt")
        found = site.send(message, recipients=[f"u{n}@b.test" for n in range(40)])
        page.goto(f"{site.url}#/messages/{found.id}")
        expect(page.locator(".head h1")).to_be_visible()
        page.emulate_media(media="print")
        cut = page.evaluate(
            "['.head', '.head h1', '.files'].filter((each) => {"
            " const { scrollHeight, clientHeight } = document.querySelector(each);"
            " return scrollHeight > clientHeight + 1 })"
        )
        assert cut == []

    def test_a_long_subject_leaves_room_for_who_wrote_it(self, page, site):
        """The header has all of it."""
        found = site.send(f"Subject: {400 * 'W'}\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{found.id}")
        title = page.locator(".head h1")
        expect(title).to_be_visible()
        assert title.bounding_box()["height"] < 100

    def test_attachments_are_above_the_content(self, opened):
        """With name, type and size, to download."""
        files = opened.get_by_role("list", name="Attachments")
        expect(files.get_by_role("listitem")).to_have_count(1)
        expect(files).to_contain_text("a.csv")
        expect(files).to_contain_text("text/csv, 4 B")
        with opened.expect_download() as download:
            files.get_by_role("link", name="Download a.csv").click()
        assert Path(download.value.path()).read_bytes() == b"a,b\n"

    def test_an_image_that_is_attached_has_a_preview(self, page, site):
        """No other type: nothing in it may run."""
        message = EmailMessage()
        message.set_content("Hi.")
        message.add_attachment(PNG, "image", "png", filename="a.png")
        message.add_attachment(b"<svg/>", "image", "svg+xml", filename="b.svg")
        envelope = site.send(message)
        page.goto(f"{site.url}#/messages/{envelope.id}")
        files = page.get_by_role("list", name="Attachments")
        expect(files.get_by_role("listitem")).to_have_count(2)
        expect(files.locator("img")).to_have_count(1)
        expect(files.locator("img")).to_have_js_property("naturalWidth", 1)

    def test_opening_it_marks_it_as_read(self, opened):
        """Also in the list."""
        expect(opened.locator(".row.read")).to_have_count(1)

    def test_the_raw_message_is_downloaded(self, opened, site):
        """Byte for byte."""
        with opened.expect_download() as download:
            opened.get_by_role("link", name="Raw").click()
        received = Path(download.value.path()).read_bytes()
        assert received == site.controller.mailbox[0].content


class TestHTML:
    """The frame of the HTML."""

    def test_it_shows_the_mail(self, opened):
        """In a frame of its own."""
        expect(frame(opened).locator("b")).to_have_text("Anna")

    def test_a_browser_is_ready_for_it(self, opened):
        """By a frame that nobody sees, which is as closed as that of a mail."""
        ready = opened.locator("body > iframe")
        expect(ready).to_be_hidden()
        expect(ready).to_have_attribute("sandbox", "")

    def test_nothing_runs_and_nothing_is_asked_of_others(self, opened, requests, world):
        """Neither a script nor an image, a prefetch or a form."""
        expect(frame(opened).locator("b")).to_have_text("Anna")
        frame(opened).get_by_role("button").click()
        expect(opened.get_by_text("2 remote images blocked")).to_be_visible()
        assert opened.title() == "smtptest"
        assert asked_by_mail(world) == requests.dialogs == []

    def test_an_image_of_the_message_is_shown(self, opened):
        """Those that it brings along are its own parts."""
        image = frame(opened).locator("img").nth(1)
        expect(image).to_have_js_property("naturalWidth", 1)

    def test_it_has_a_window_of_its_own(self, opened, requests, world):
        """There it is printed in full; nothing runs or is loaded there either."""
        with opened.expect_popup() as popup:
            opened.get_by_role("link", name="window of its own").click()
        expect(popup.value.locator("b")).to_have_text("Anna")
        assert popup.value.title() == ""
        assert asked_by_mail(world) == []

    def test_what_is_blocked_is_listed(self, opened):
        """By kind and host, with the reason."""
        opened.locator("summary", has_text="blocked").click()
        expect(opened.locator(".blocked")).to_contain_text("image, tracker.example")
        expect(opened.locator(".blocked")).to_contain_text("tells the sender")

    def test_images_are_loaded_when_asked_for(self, opened, world):
        """For this message only."""
        pixel = "http://tracker.example/pixel.png"
        expect(opened.locator(".status")).to_contain_text("live")
        # The base makes it remote.
        other = "http://tracker.example/x"
        with (
            opened.expect_request(other, timeout=PATIENCE),
            opened.expect_response(pixel, timeout=PATIENCE) as answer,
        ):
            opened.get_by_role("button", name="Show them").click()
        assert answer.value.ok
        expect(opened.get_by_text("Images of other hosts are loaded.")).to_be_visible()
        image = frame(opened).locator("img").first
        expect(image).to_have_js_property("naturalWidth", 1)
        opened.reload()
        expect(opened.get_by_text("2 remote images blocked")).to_be_visible()
        assert set(asked_by_mail(world)) == {f"GET {pixel}", f"GET {other}"}

    def test_images_are_loaded_by_a_new_token(self, opened, requests):
        """That of the frame may have ended since the message was opened."""
        expect(frame(opened).locator("b")).to_have_text("Anna")
        requests.urls.clear()
        opened.get_by_role("button", name="Show them").click()
        expect(opened.get_by_text("Images of other hosts are loaded.")).to_be_visible()
        expect(frame(opened).locator("b")).to_have_text("Anna")
        token, view = (
            next(at for at, url in enumerate(requests.urls) if what in url)
            for what in ("/view/blocked", "images=remote")
        )
        assert token < view

    @pytest.mark.parametrize(("width", "pixels"), [("Phone", 390), ("Tablet", 768)])
    def test_it_has_widths_of_devices(self, make_context, site, width, pixels):
        """A mail is read on a telephone, too."""
        page = make_context(
            locale="en", viewport={"width": 1600, "height": 900}
        ).new_page()
        envelope = site.send(make_message())
        page.goto(f"{site.url}#/messages/{envelope.id}")
        mail = page.locator("iframe.mail")
        whole = mail.bounding_box()["width"]
        page.get_by_role("button", name=width).click()
        assert mail.bounding_box()["width"] == pixels < whole
        page.get_by_role("button", name="Desktop").click()
        assert mail.bounding_box()["width"] == whole

    def test_it_is_shown_as_dark_mode_does(self, make_context, site):
        """Its own style sheet decides; colours that are emulated would win."""
        page = make_context(locale="en", color_scheme="null").new_page()
        dark = "@media (prefers-color-scheme: dark) { b { color: rgb(1, 2, 3) } }"
        message = EmailMessage()
        message.set_content(f"<style>{dark}</style><b>x</b>", subtype="html")
        envelope = site.send(message)
        page.goto(f"{site.url}#/messages/{envelope.id}")
        text = frame(page).locator("b")
        expect(text).not_to_have_css("color", "rgb(1, 2, 3)")
        page.get_by_role("button", name="Dark", exact=True).click()
        expect(text).to_have_css("color", "rgb(1, 2, 3)")

    def test_a_large_part_is_drawn_when_asked_for(self, page, site, monkeypatch):
        """Not before."""
        large = "<p>a large part</p>\r\n" * 250_000
        content = f"Subject: big\r\nContent-Type: text/html\r\n\r\n{large}"
        envelope = site.send(content)
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.get_by_text("drawing it may take long")).to_be_visible()
        expect(page.locator("iframe.mail")).to_have_count(0)
        page.get_by_role("button", name="Show it anyway").click()
        expect(page.locator("iframe.mail")).to_have_count(1)

    def test_a_part_of_25_mb_is_offered_and_not_loaded(self, page, site, requests):
        """Neither it nor the message around it."""
        line = "<p>" + "a large part " * 5 + "</p>\r\n"
        large = line * (25_000_000 // len(line) + 1)
        content = f"Subject: big\r\nContent-Type: text/html\r\n\r\n{large}"
        envelope = Envelope(
            mail_from="", rcpt_tos=("a@b.example",), content=content.encode()
        )
        site.controller.mailbox.add(envelope)
        [envelope] = site.controller.mailbox
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.get_by_text("drawing it may take long")).to_contain_text("25 MB")
        settle(page)
        expect(page.locator("iframe.mail")).to_have_count(0)
        loads = [each for each in requests.urls if f"messages/{envelope.id}" in each]
        assert {each.rpartition("/")[2] for each in loads} <= {
            "parts",
            "envelope",
            "headers",
        }

    def test_a_message_without_html_shows_its_text(self, page, site):
        """At once."""
        envelope = site.send("Subject: x\n\nOnly text.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.get_by_role("tabpanel")).to_contain_text("Only text.")


class TestTabs:
    """The other sides of a message."""

    def test_each_line_of_a_text_has_the_direction_of_its_letters(self, page, site):
        """Hebrew begins at the right, in the same text."""
        letters = "\u05d0\u05d1\u05d2\u05d3"
        text = f"Content-Type: text/plain; charset=utf-8\n\nHello.\n{letters}.\n"
        found = site.send(text)
        page.goto(f"{site.url}#/messages/{found.id}/text")
        block = page.locator(".block")
        expect(block).to_contain_text("Hello.")
        latin, hebrew = block.evaluate(
            """(block) => [0, 7].map((at) => {
              const range = new Range();
              const isText = (each) => each.nodeType === Node.TEXT_NODE;
              const text = [...block.childNodes].find(isText);
              range.setStart(text, at);
              range.setEnd(text, at + 5);
              const leftOf = (each) => each.getBoundingClientRect().left;
              return leftOf(range) - leftOf(block);
            })"""
        )
        assert latin < 1
        assert hebrew > 100

    def test_the_source_is_searched(self, opened):
        """From one place to the next."""
        pane = show(opened, "Source")
        expect(pane).to_contain_text("Content-Type: multipart/mixed")
        pane.get_by_role("searchbox").fill("content-type")
        expect(pane.get_by_role("status")).to_have_text(re.compile("^1 of [5-9]"))
        pane.get_by_role("searchbox").press("Enter")
        expect(pane.get_by_role("status")).to_have_text(re.compile("^2 of "))

    def test_the_source_of_the_html_is_shown(self, opened):
        """Decoded, as it was sent."""
        pane = show(opened, "Source")
        pane.get_by_role("button", name="HTML").click()
        expect(pane.locator("pre")).to_contain_text('<base href="http://tracker')

    def test_the_source_of_the_html_is_searched(self, opened):
        """As the raw one."""
        pane = show(opened, "Source")
        pane.get_by_role("button", name="HTML").click()
        expect(pane.locator("pre")).to_contain_text("<base")
        pane.get_by_role("searchbox").fill("tracker.example")
        expect(pane.get_by_role("status")).to_have_text("1 of 4")

    def test_what_is_found_far_down_in_a_source_is_scrolled_to(self, page, site):
        """Though a browser has not laid out what is on the way there."""
        text = "a line\n" * 20_000 + "The NEEDLE.\n" + "a line\n" * 500
        envelope = site.send(f"Subject: long\n\n{text}")
        page.goto(f"{site.url}#/messages/{envelope.id}/text")
        pane = page.get_by_role("tabpanel")
        expect(pane.locator(".block")).not_to_have_count(0)
        pane.get_by_role("searchbox").fill("needle")
        expect(pane.get_by_role("status")).to_have_text("1 of 1")
        until(
            page,
            """() => {
              const pane = document.querySelector(".pane").getBoundingClientRect();
              const [found] = CSS.highlights.get("found-here");
              const range = new Range();
              range.setStart(found.startContainer, found.startOffset);
              range.setEnd(found.endContainer, found.endOffset);
              const { top, bottom } = range.getBoundingClientRect();
              return top >= pane.top && bottom <= pane.bottom;
            }""",
        )

    def test_a_source_is_copied_as_it_is(self, page, site):
        """The ends of its blocks are no ends of lines."""
        text = "".join(f"line {number}\n" for number in range(1000))
        envelope = site.send(f"Subject: long\n\n{text}")
        page.goto(f"{site.url}#/messages/{envelope.id}/text")
        expect(page.locator(".block")).to_have_count(5)
        page.evaluate("getSelection().selectAllChildren(document.querySelector('pre'))")
        assert page.evaluate("String(getSelection())").strip() == text.strip()

    def test_many_fields_are_shown_in_steps(self, page, site):
        """The first ones at once, more when asked for."""
        fields = "".join(f"X-{number}: {number}\n" for number in range(450))
        envelope = site.send(f"{fields}\nHi.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}/headers")
        rows = page.get_by_role("tabpanel").get_by_role("row")
        expect(rows).to_have_count(200)
        page.get_by_role("button", name="250 more").click()
        expect(rows).to_have_count(400)
        page.get_by_role("button", name="50 more").click()
        expect(rows).to_have_count(450)
        expect(page.get_by_role("button", name="more")).to_have_count(0)

    def test_a_long_field_is_cut(self, page, site):
        """And says so; the raw header has all of it."""
        lines = ["word " * 100] * 200
        envelope = site.send("X-Long: " + "\n ".join(lines) + "end\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}/headers")
        row = page.get_by_role("row", name="X-Long")
        expect(row).to_contain_text("Only the beginning is shown.")
        assert len(row.inner_text()) < 11_000
        page.get_by_role("button", name="As received").click()
        raw = page.get_by_role("tabpanel").locator("pre")
        expect(raw).to_contain_text(re.compile("word end\\s*$"))

    def test_the_header_tells_what_others_found_out(self, page, site):
        """The results of DKIM, SPF and DMARC, each with its properties."""
        field = "mx.example; dkim=pass header.d=shop.example; spf=fail"
        envelope = site.send(f"Authentication-Results: {field}\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}/headers")
        results = page.get_by_role("list", name="mx.example")
        expect(results.locator(".good")).to_have_text("dkim=pass")
        expect(results.locator(".bad")).to_have_text("spf=fail")
        expect(results).to_contain_text("header.d=shop.example")

    def test_the_envelope_has_all_parameters(self, page, site):
        """Of MAIL and of each RCPT; who is hidden is marked."""
        with SMTP(site.controller.host, site.controller.port) as client:
            client.sendmail(
                "a@b.example",
                ["anna@example.com", "boss@example.com"],
                "To: anna@example.com\r\n\r\nHi.\r\n",
                ["RET=HDRS", "ENVID=run+2B17"],
                ["NOTIFY=FAILURE,DELAY"],
            )
        [envelope] = site.controller.mailbox
        page.goto(f"{site.url}#/messages/{envelope.id}/envelope")
        table = page.get_by_role("table", name="Envelope")
        expect(table).to_contain_text("RET=HDRS")
        expect(table).to_contain_text("ENVID=run+2B17")
        hidden = table.get_by_role("row", name="boss@example.com")
        expect(hidden).to_contain_text("NOTIFY=FAILURE,DELAY")
        expect(hidden).to_contain_text("Bcc")
        expect(table.locator(".chip")).to_have_count(1)
        expect(page.get_by_role("tabpanel")).to_contain_text("1 recipient is in the")

    def test_many_recipients_leave_room_for_the_message(self, page, site):
        """The first ones are named, more in the tab when asked for."""
        people = tuple(f"u{number}@b.example" for number in range(1000))
        mail = Envelope(mail_from="", rcpt_tos=people, content=b"Subject: x\r\n\r\nHi.")
        site.controller.mailbox.add(mail)
        page.goto(f"{site.url}#/messages/{site.controller.mailbox[0].id}")
        head = page.locator(".head")
        expect(head).to_contain_text("RCPT TO:<u49@b.example>")
        expect(head).not_to_contain_text("u50@b.example")
        head.get_by_role("link", name="950 more").click()
        table = page.get_by_role("table", name="Envelope")
        expect(table.get_by_role("rowheader", name="RCPT")).to_have_count(200)
        page.get_by_role("button", name="800 more").click()
        expect(table.get_by_role("rowheader", name="RCPT")).to_have_count(400)

    def test_the_header_is_decoded_or_raw(self, opened):
        """With the route of Received fields."""
        pane = show(opened, "Headers")
        expect(pane.get_by_role("row", name="Your code")).to_be_visible()
        expect(pane.locator(".route")).to_contain_text("a.test → b.test")
        pane.get_by_role("button", name="As received").click()
        expect(pane.locator("pre")).to_contain_text("Subject: Your code")

    def test_the_parts_are_downloaded(self, opened):
        """As they are; nothing of a mail decides the name of a file."""
        pane = show(opened, "Parts")
        expect(pane.locator("li")).to_have_count(4)
        expect(pane.locator("img")).to_have_js_property("naturalWidth", 1)
        with opened.expect_download() as download:
            pane.locator("li", has_text="a.csv").get_by_role("link").click()
        assert download.value.path().read_bytes() == b"a,b\n"

    def test_the_parts_are_a_tree(self, opened):
        """What is in a multipart stands further in than what is beside it."""
        pane = show(opened, "Parts")
        expect(pane.locator("li h2 code")).to_have_text(["1.1", "1.2.1", "1.2.2", "2"])
        edges = [each.bounding_box()["x"] for each in pane.locator("li").all()]
        assert edges[3] < edges[0] < edges[1] == edges[2]

    def test_a_part_has_its_type_size_and_hash(self, opened):
        """Of the decoded content."""
        part = show(opened, "Parts").locator("li", has_text="a.csv")
        expect(part).to_contain_text("text/csv")
        expect(part.get_by_title("4", exact=True)).to_have_text("4 B")
        expect(part).to_contain_text(sha256(b"a,b\n").hexdigest())

    def test_an_image_part_has_a_preview(self, opened):
        """Others have none."""
        pane = show(opened, "Parts")
        expect(pane.locator("li", has=opened.locator("img"))).to_have_count(1)
        image = pane.locator("li", has_text="image/png")
        expect(image).to_contain_text(sha256(PNG).hexdigest())
        expect(image.locator("img.preview")).to_have_js_property("naturalWidth", 1)

    def test_the_links_say_where_they_go(self, opened, context):
        """Their text is the URL."""
        pane = show(opened, "Links")
        link = pane.get_by_role("link", name="https://example.com/login?t=1")
        expect(link).to_have_attribute("href", "https://example.com/login?t=1")
        expect(link).to_have_attribute("rel", "noopener noreferrer")
        with context.expect_page():
            link.click()
        expect(opened).to_have_url(re.compile("/links$"))

    def test_a_link_is_copied_with_one_click(self, opened, context):
        """For the test that follows it."""
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        link = "https://example.com/login?t=1"
        show(opened, "Links").get_by_role("button", name=f"Copy {link}").click()
        expect(opened.get_by_role("status").get_by_text("Copied")).to_be_visible()
        assert opened.evaluate("navigator.clipboard.readText()") == link

    def test_the_conversation_explains_the_replies(self, opened):
        """In half a sentence."""
        pane = show(opened, "Conversation")
        expect(pane.locator(".talk")).to_contain_text("250 2.0.0 message accepted")
        expect(pane.locator("q").first).not_to_be_empty()

    def test_the_reply_that_decided_is_marked(self, page, site):
        """The same reply to another message is not."""
        with SMTP(site.controller.host, site.controller.port) as client:
            for subject in ("first", "second"):
                client.sendmail("a@b.example", ["c@d.example"], f"Subject: {subject}")
        first = site.controller.mailbox[0]
        page.goto(f"{site.url}#/messages/{first.id}/conversation")
        decided = page.locator(".talk [data-decided]")
        expect(decided).to_have_count(1)
        expect(decided).to_contain_text("250 2.0.0 message accepted")
        expect(decided).to_contain_text("this decided")
        before = page.locator(".talk [data-decided] ~ li", has_text="second")
        expect(before).to_have_count(1)

    def test_a_tab_has_an_address(self, opened):
        """It can be sent to somebody."""
        show(opened, "Headers")
        expect(opened).to_have_url(re.compile("/headers$"))
        opened.reload()
        expect(opened.get_by_role("tab", name="Headers")).to_have_attribute(
            "aria-selected", "true"
        )

    def test_arrows_go_from_tab_to_tab(self, opened):
        """As in every list of tabs."""
        opened.get_by_role("tab", name="HTML").focus()
        opened.keyboard.press("ArrowRight")
        expect(opened.get_by_role("tab", name="Text")).to_be_focused()
        expect(opened.get_by_role("tabpanel")).to_contain_text("Your code is 481516.")


@pytest.mark.parametrize("name", ["latest", "1"])
def test_a_large_message_is_not_read_for_its_summary(page, site, name, requests):
    """All of it would take seconds."""
    found = site.send("Subject: large\n\n" + 30_000 * f"{70 * 'x'}\n")
    page.goto(f"{site.url}#/messages/{name}")
    expect(page.get_by_role("heading", name="large")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{found.id}$"))
    whole = f"{site.url}api/v2/messages/"
    assert not {whole + name, whole + found.id} & set(requests.urls)


@pytest.mark.parametrize("name", ["latest", "2"])
def test_a_name_of_the_api_leads_to_the_message(page, site, name):
    """The address is that of the message then."""
    site.send("Subject: first\n\nHi.\n")
    found = site.send("Subject: second\n\nHi.\n")
    page.goto(f"{site.url}#/messages/{name}")
    expect(page.get_by_role("heading", name="second")).to_be_visible()
    expect(page).to_have_url(f"{site.url}#/messages/{found.id}")


class TestEnd:
    """A message that is deleted."""

    def test_the_next_one_takes_its_place(self, page, site):
        """The list moves on."""
        site.send("Subject: older\n\nHi.\n")
        envelope = site.send("Subject: newer\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.get_by_role("heading", name="newer")).to_be_visible()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("heading", name="older")).to_be_visible()

    def test_a_store_that_is_cleared_takes_it_away(self, page, site):
        """While it is open."""
        envelope = site.send("Subject: short-lived\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.get_by_role("heading", name="short-lived")).to_be_visible()
        expect(page.locator(".status")).to_contain_text("live")
        site.controller.mailbox.clear()
        expect(page.get_by_text("This message has been deleted.")).to_be_visible()

    def test_its_address_says_that_it_is_gone(self, page, site):
        """Also after the store was cleared."""
        envelope = site.send()
        site.controller.mailbox.clear()
        page.goto(f"{site.url}#/messages/{envelope.id}")
        expect(page.get_by_text("This message has been deleted.")).to_be_visible()


def test_a_message_becomes_a_test(opened):
    """In Python, and in JavaScript."""
    opened.get_by_role("button", name="Make this a test").click()
    dialog = opened.get_by_role("dialog")
    expect(dialog.locator("pre")).to_contain_text("anna@example.com")
    expect(dialog.locator("pre")).to_contain_text("def test_")
    dialog.get_by_role("button", name="JavaScript").click()
    expect(dialog.locator("pre")).to_contain_text("await")
    expect(dialog.locator("pre")).to_contain_text("481516")


class TestLoading:
    """What is shown while another message or session is loading."""

    @pytest.fixture
    def two(self, page, site):
        """Two messages, of which the first is open; the answers of the other wait."""
        first, other = (site.send(f"Subject: {each}\n\nHi.\n") for each in "ab")
        page.goto(f"{site.url}#/messages/{first.id}")
        expect(page.get_by_role("heading", name="a", exact=True)).to_be_visible()
        return page, other

    def test_it_is_told(self, two):
        """A large message may take seconds."""
        page, other = two
        parts = Gate(page, f"**/messages/{other.id}/parts*")
        page.locator(".row").first.click()
        parts.wait()
        expect(page.get_by_role("main").get_by_text("Loading")).to_be_visible()
        parts.open()
        expect(page.get_by_role("heading", name="b", exact=True)).to_be_visible()
        expect(page.get_by_text("Loading")).to_have_count(0)

    def test_an_action_cannot_hit_another_message_than_the_one_shown(self, two):
        """The old one is gone, and with it its buttons."""
        page, other = two
        parts = Gate(page, f"**/messages/{other.id}/parts*")
        page.locator(".row").first.click()
        parts.wait()
        expect(page.get_by_role("heading", name="a", exact=True)).to_have_count(0)
        button = page.locator(".acts").get_by_role("button", name="Delete")
        expect(button).to_have_count(0)
        parts.open()
        button.click()
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".row .sub")).to_have_text("a")

    def test_what_the_list_knows_is_not_asked_for_again(self, page, site, requests):
        """The HTML of a message that is opened there comes sooner."""
        found = site.send(make_message())
        page.goto(site.url)
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".status")).to_have_text("live")
        settle(page)
        requests.urls.clear()
        page.locator(".row").click()
        expect(frame(page).locator("b")).to_have_text("Anna")
        first, _, _ = "\n".join(requests.urls).partition("/view?")
        assert "query=" not in first
        assert first.count(found.id) == 4  # itself, its parts, what is blocked, a frame

    def test_what_a_frame_needs_is_asked_for_with_the_parts(self, page, site):
        """And not after them: the HTML of a message comes sooner."""
        site.send(make_message())
        page.goto(site.url)
        parts = Gate(page, "**/parts")
        blocked = Gate(page, "**/view/blocked")
        page.locator(".row").click()
        parts.wait()
        blocked.wait()

    def test_it_is_shown_before_it_is_marked_as_read(self, page, site):
        """Then all lists are read again, which takes time."""
        site.send(make_message())
        page.goto(site.url)
        asked = Gate(page, re.compile(r"/view\?|/messages$"))
        asked.open()
        page.locator(".row.unread").click()
        expect(page.locator(".row.read")).to_have_count(1)
        assert ["/view?" in url for url in asked.urls] == [True, False]

    def test_a_session_is_not_shown_under_the_address_of_another(self, page, site):
        """Neither its lines nor its buttons."""
        site.send()
        site.send()
        first, other = (each.id for each in site.controller.sessions)
        page.goto(f"{site.url}#/sessions/{first}?show=all")
        expect(page.locator(".talk")).to_be_visible()
        answer = Gate(page, f"**/sessions/{other}")
        page.goto(f"{site.url}#/sessions/{other}?show=all")
        answer.wait()
        expect(page.locator(".talk")).to_have_count(0)
        answer.open()
        expect(page.locator(".talk")).to_be_visible()

    def test_a_conversation_that_cannot_be_loaded_tells_why(self, page, site):
        """That a server is away does not mean that the session is gone."""
        found = site.send()
        page.route(
            "**/sessions/*", lambda route: route.fulfill(status=503, body="Busy")
        )
        page.goto(f"{site.url}#/messages/{found.id}/conversation")
        expect(page.get_by_role("tabpanel")).to_have_text("Busy")

    def test_a_late_failure_of_another_session_is_not_shown(self, page, site):
        """The session that is open stays."""
        site.send()
        [session] = site.controller.sessions
        failure = Gate(page, "**/sessions/none")
        page.goto(f"{site.url}#/sessions/none")
        failure.wait()
        page.goto(f"{site.url}#/sessions/{session.id}")
        expect(page.locator(".talk")).to_be_visible()
        with page.expect_response("**/sessions/none"):
            failure.open()
        expect(page.locator(".talk")).to_be_visible()
