"""The list of mail."""

from __future__ import annotations

import re
from smtplib import SMTP, SMTPRecipientsRefused
from urllib.parse import parse_qs, urlsplit

import pytest

from lazr_smtptest import Envelope

from .browser import without_websockets
from .gate import Gate
from .views import settle

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

# Rows that fill more than three screens.
MANY = 60


def rows(page):
    return page.get_by_role("listbox", name="Mail").get_by_role("option")


def send_many(site, count=MANY):
    with SMTP(site.controller.host, site.controller.port) as client:
        for number in range(count):
            client.sendmail("a@b.test", ["c@d.test"], f"Subject: no {number}\n\nHi.\n")


def refuse(site, recipient="full@example.com"):
    """Let the server refuse a recipient."""
    rule = site.controller.faults.on("RCPT", recipient=recipient)
    rule.reply(452, "4.2.2 Mailbox full")
    with pytest.raises(SMTPRecipientsRefused):
        site.send(recipients=[recipient])
    # The session ends when the server hears of it.
    site.controller._settle()


@pytest.fixture
def three(page, site):
    """A page with three messages: a, b and c, the newest."""
    for name in "abc":
        site.send(f"Subject: {name}\n\nHello.\n", recipients=[f"{name}@example.com"])
    page.goto(site.url)
    expect(rows(page)).to_have_count(3)
    return page


class TestRows:
    """The content of a row."""

    def test_a_message_without_a_time_shows_none(self, page, site):
        """Rather than the year 1970, in the list and above the message."""
        mail = Envelope(mail_from="", rcpt_tos=("a@b.test",), content=b"Subject: x")
        site.controller.server.store.add(mail)
        page.goto(site.url)
        rows(page).click()
        expect(page.get_by_role("heading", name="x")).to_be_visible()
        assert "70" not in page.locator("body").inner_text()
        assert rows(page).locator("time").count() == 0

    def test_the_recipient_leads(self, page, site, requests):
        """A message that was sent before the page was opened."""
        site.send("Subject: Your order\n\nShipped.\n", recipients=["anna@example.com"])
        page.goto(site.url)
        expect(rows(page)).to_have_count(1)
        expect(rows(page).locator(".l").first).to_contain_text("anna@example.com")
        expect(rows(page)).to_contain_text("Your order")
        expect(rows(page).locator(".snip")).to_have_text("Shipped.")
        assert requests.errors == requests.console == requests.elsewhere == []

    def test_more_recipients_and_bcc_are_counted(self, page, site):
        """The header names none of them."""
        site.send(recipients=["anna@example.com", "b@example.com", "c@example.com"])
        page.goto(site.url)
        expect(rows(page).locator(".to")).to_have_text("anna@example.com +2 Bcc")

    def test_attachments_and_warnings_have_chips(self, page, site):
        """Two chips at most."""
        site.send(
            b"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b"
            b"\n\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--b--\n"
        )
        page.goto(site.url)
        expect(rows(page)).to_contain_text("1 file")
        expect(rows(page)).to_contain_text("warning")

    def test_the_size_is_told(self, page, site):
        """In few digits."""
        found = site.send(f"Subject: x\n\n{'a line of it' * 50}\n" * 4)
        assert 2_450 < len(found.content) < 2_550
        page.goto(site.url)
        expect(rows(page).locator(".size")).to_have_text("2.5\u00a0kB")

    def test_the_box_that_selects_stands_off_the_edge(self, page, site):
        """It is seen as a whole, and hit without care."""
        site.send()
        page.goto(site.url)
        rows(page).hover()
        check = rows(page).locator(".check")
        expect(check).to_have_css("opacity", "1")
        start = check.evaluate(
            "(each) => parseFloat(getComputedStyle(each, '::before').insetInlineStart)"
        )
        assert start >= 4
        assert check.bounding_box()["width"] >= 24
        check.click()
        expect(page.get_by_role("toolbar")).to_contain_text("1 selected")

    def test_a_refused_session_stands_among_the_messages(self, page, site):
        """With its reply, where it happened."""
        site.send("Subject: before\n\nHi.\n")
        refuse(site)
        site.send("Subject: after\n\nHi.\n")
        page.goto(site.url)
        expect(rows(page)).to_have_count(3)
        refused = rows(page).nth(1)
        expect(refused).to_contain_text("full@example.com")
        expect(refused).to_contain_text("452 4.2.2 Mailbox full")

    def test_a_refused_session_leads_to_its_conversation(self, page, site):
        """The list stays beside it."""
        refuse(site)
        page.goto(site.url)
        rows(page).click()
        expect(page.get_by_role("main")).to_contain_text("nothing delivered")
        expect(page.locator(".talk")).to_contain_text("452 4.2.2 Mailbox full")
        expect(rows(page)).to_have_count(1)

    def test_a_letter_that_turns_the_text_is_shown_by_its_name(self, page, site):
        """A subject cannot be read backwards."""
        site.send("Subject: =?utf-8?q?gpj=E2=80=AEexe?=\n\nHi.\n")
        page.goto(site.url)
        expect(rows(page).locator(".mark")).to_have_text("U+202E RLO")

    def test_each_text_has_the_direction_of_its_letters(self, page, site):
        """The beginning of a Hebrew subject is cut last, and its full stop ends it."""
        site.send(
            "From: Shop <a@b.example>\nSubject: =?utf-8?b?16nXnNeV150=?=\n\nHi.\n"
        )
        page.goto(site.url)
        expect(rows(page).locator(".sub")).to_have_css("direction", "rtl")
        expect(rows(page).locator(".from")).to_have_css("direction", "ltr")


class TestLive:
    """Mail that arrives while the page is open."""

    def test_it_is_shown_without_a_reload(self, page, site):
        """The newest message comes first."""
        site.send("Subject: first\n\nHi.\n")
        page.goto(site.url)
        expect(rows(page)).to_have_count(1)
        site.send("Subject: second\n\nHi.\n")
        expect(rows(page)).to_have_count(2)
        expect(rows(page).first).to_contain_text("second")

    def test_a_refused_session_is_shown_too(self, page, site):
        """When it ends."""
        page.goto(site.url)
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        refuse(site)
        expect(rows(page)).to_contain_text("refused")

    def test_a_screen_reader_is_told(self, three, site):
        """In a polite region."""
        site.send("Subject: d\n\nHi.\n")
        expect(three.locator("[aria-live=polite]")).to_have_text("1 new")

    def test_a_banner_counts_them_while_the_list_is_scrolled(self, page, site):
        """The rows that are read do not move."""
        send_many(site)
        page.goto(site.url)
        expect(rows(page).first).to_contain_text(f"no {MANY - 1}")
        page.locator(".rows").hover()
        page.mouse.wheel(0, 600)
        expect(rows(page).first).not_to_be_in_viewport()
        site.send("Subject: newest\n\nHi.\n")
        banner = page.get_by_role("button", name="1 new")
        expect(banner).to_be_visible()
        banner.click()
        expect(rows(page).first).to_contain_text("newest")
        expect(banner).to_be_hidden()

    def test_what_comes_before_the_events_is_not_missed(self, make_context, site):
        """The list is read while the connection for events opens."""
        page = without_websockets(make_context)
        events = Gate(page, "**/api/v2/events*")
        page.goto(site.url)
        expect(page.get_by_text("No mail has arrived")).to_be_visible()
        site.send("Subject: early\n\nHi.\n")
        events.open()
        expect(rows(page)).to_contain_text("early")

    def test_a_screen_reader_is_told_of_it(self, make_context, site):
        """A list that is read again says how many have come since the first time."""
        site.send("Subject: old\n\nHi.\n")
        page = without_websockets(make_context)
        events = Gate(page, "**/api/v2/events*")
        page.goto(site.url)
        expect(rows(page)).to_have_count(1)
        site.send("Subject: early\n\nHi.\n")
        events.open()
        expect(page.locator("[aria-live=polite]")).to_have_text("1 new")

    def test_what_is_removed_before_the_events_goes(self, make_context, site):
        """The list is read again when the connection is there."""
        site.send("Subject: old\n\nHi.\n")
        page = without_websockets(make_context)
        events = Gate(page, "**/api/v2/events*")
        page.goto(site.url)
        expect(rows(page)).to_contain_text("old")
        site.controller.mailbox.clear()
        events.open()
        expect(page.get_by_text("No mail has arrived")).to_be_visible()

    def test_what_is_changed_before_the_events_is_seen(self, make_context, site):
        """Such as by another page."""
        site.send("Subject: old\n\nHi.\n")
        page = without_websockets(make_context)
        events = Gate(page, "**/api/v2/events*")
        page.goto(site.url)
        expect(page.locator(".row.unread")).to_have_count(1)
        other = make_context(locale="en").new_page()
        other.goto(site.url)
        rows(other).click()
        expect(other.locator(".row.read")).to_have_count(1)
        events.open()
        expect(page.locator(".row.read")).to_have_count(1)

    def test_a_late_answer_does_not_bring_back_what_is_gone(self, page, site):
        """It was made before the messages were removed."""
        for name in "ab":
            site.send(f"Subject: {name}\n\nHi.\n")
        page.goto(site.url)
        expect(rows(page)).to_have_count(2)
        answers = Gate(page, "**/api/v2/messages?*", holds_answers=True)
        site.send("Subject: c\n\nHi.\n")
        answers.wait()
        site.controller.mailbox.clear()
        expect(page.get_by_text("0 messages")).to_be_visible()
        answers.open()
        expect(page.get_by_text("No mail has arrived")).to_be_visible()
        expect(rows(page)).to_have_count(0)

    def test_a_row_that_is_drawn_does_not_undo_scrolling(self, page, site):
        """The browser tells of it a frame later."""
        send_many(site)
        page.goto(site.url)
        expect(rows(page).first).to_contain_text(f"no {MANY - 1}")
        expect(page.locator(".status")).to_have_text("live")
        settle(page)
        places = page.evaluate(
            """async () => {
                const box = document.querySelector(".rows");
                const list = document.querySelector("mail-list");
                box.scrollTop = 600;
                list.requestUpdate();
                await list.updateComplete;
                const places = [box.scrollTop];
                for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame);
                return [...places, box.scrollTop];
            }"""
        )
        assert places == [600, 600]

    def test_it_comes_without_websockets(self, make_context, site):
        """By server-sent events, as through a proxy that takes no websockets."""
        page = without_websockets(make_context)
        page.goto(f"{site.url}#/status")
        expect(page.get_by_text("server-sent events")).to_be_visible()
        page.goto(site.url)
        site.send("Subject: by a stream\n\nHi.\n")
        expect(rows(page)).to_contain_text("by a stream")

    def test_a_server_that_is_away_is_told_of_and_found_again(self, page, site):
        """The typed text stays, and the page catches up."""
        page.goto(site.url)
        search = page.get_by_role("combobox", name="Search mail")
        search.fill("subject:later")
        expect(page).to_have_url(re.compile("q=subject"))
        site.controller.stop()
        expect(page.get_by_role("alert")).to_contain_text("does not answer")
        site.controller.start()
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(search).to_have_value("subject:later")
        site.send("Subject: later\n\nHi.\n")
        expect(rows(page)).to_contain_text("later")


class TestSearch:
    """The search field."""

    def test_it_finds_as_it_is_typed(self, three):
        """The address of the page has the query."""
        three.keyboard.press("/")
        three.keyboard.type("subject:b")
        expect(rows(three)).to_have_count(1)
        expect(rows(three)).to_contain_text("b@example.com")
        expect(three).to_have_url(re.compile(r"q=subject%3Ab"))

    def test_its_address_shows_it_again(self, three, site):
        """A search can be sent to somebody."""
        three.goto(f"{site.url}#/messages?q=to:nobody")
        expect(three.get_by_text("No message matches this search.")).to_be_visible()

    def test_an_error_stands_under_what_is_wrong(self, three):
        """With the server's words."""
        field = three.get_by_role("combobox", name="Search mail")
        field.fill("hello is:nothing")
        problem = three.get_by_role("alert")
        expect(problem).to_contain_text("nothing")
        expect(problem.locator(".under")).to_have_text(re.compile(r"^\s{9}▲"))
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill("hello")
        expect(problem).to_be_hidden()

    def test_no_error_is_shown_while_a_term_can_be_completed(self, three):
        """A quote that is open is closed by what is offered."""
        ids = {"query": "subject:a", "add_tags": ["of two words"]}
        url = f"{three.url.split('#')[0]}api/v2/messages"
        assert three.request.patch(url, data=ids).ok
        expect(three.locator(".side")).to_contain_text("of two words")
        with three.expect_response(lambda answer: answer.status == 400):
            three.get_by_role("combobox").press_sequentially('tag:"of')
        problem = three.locator(".search-problem")
        expect(problem).to_contain_text("character 5")
        expect(problem).to_be_hidden()
        three.keyboard.press("Escape")
        expect(problem).to_be_visible()

    def test_a_field_is_completed(self, three):
        """By the keyboard."""
        field = three.get_by_role("combobox", name="Search mail")
        field.press_sequentially("subj")
        expect(three.get_by_role("option", name="subject:")).to_be_visible()
        field.press("ArrowDown")
        field.press("Enter")
        expect(field).to_have_value("subject:")

    def test_fields_are_chips_at_rest(self, three):
        """The text is under them."""
        field = three.get_by_role("combobox", name="Search mail")
        field.fill("to:anna hello")
        field.press("Escape")
        field.blur()
        expect(three.locator(".chips b")).to_have_text("to:anna")

    def test_escape_leaves_what_was_typed(self, three):
        """It is what the list shows; a browser would empty the field."""
        field = three.get_by_role("combobox", name="Search mail")
        field.press_sequentially("subject:b")
        expect(rows(three)).to_have_count(1)
        for _ in range(2):
            field.press("Escape")
        expect(field).not_to_be_focused()
        expect(field).to_have_value("subject:b")

    def test_a_search_is_saved(self, three):
        """And stands at the side."""
        field = three.get_by_role("combobox", name="Search mail")
        field.fill("subject:b")
        three.get_by_role("button", name="Save this search").click()
        three.reload()
        places = three.get_by_role("navigation", name="Places")
        places.get_by_role("link", name="subject:b").click()
        expect(rows(three)).to_have_count(1)
        # The same button forgets it.
        three.get_by_role("button", name="Save this search").click()
        expect(places.get_by_role("link", name="subject:b")).to_have_count(0)


class TestSelection:
    """Several messages at once."""

    def test_they_are_marked_as_read(self, three):
        """By the keyboard: x selects, j goes on."""
        expect(three.locator(".row.unread")).to_have_count(3)
        for key in ("j", "x", "j", "x"):
            three.keyboard.press(key)
        three.get_by_role("button", name="Read", exact=True).click()
        expect(three.locator(".row.unread")).to_have_count(1)

    def test_the_unread_ones_have_a_place(self, three, site):
        """With their number; what is read leaves it with the next look."""
        rows(three).nth(1).click()
        expect(three.locator(".row.read")).to_have_count(1)
        places = three.get_by_role("navigation", name="Places")
        places.get_by_role("link", name="Unread 2").click()
        expect(rows(three)).to_have_count(2)
        expect(rows(three).nth(0)).to_contain_text("c@example.com")
        expect(rows(three).nth(1)).to_contain_text("a@example.com")

    def test_they_get_a_tag(self, three):
        """It is shown in the rows and at the side."""
        for each in (0, 1):
            rows(three).nth(each).click(modifiers=["Control"])
        expect(three.get_by_text("2 selected")).to_be_visible()
        three.get_by_role("button", name="Tag").click()
        three.get_by_placeholder("Name of the tag").fill("welcome")
        three.keyboard.press("Enter")
        expect(three.locator(".row .chip", has_text="welcome")).to_have_count(2)
        places = three.get_by_role("navigation", name="Places")
        expect(places.get_by_role("link", name="welcome 2")).to_be_visible()

    def test_they_are_deleted(self, three):
        """A range, with Shift."""
        rows(three).nth(0).click(modifiers=["Control"])
        rows(three).nth(1).click(modifiers=["Shift"])
        three.get_by_role("button", name="Delete", exact=True).click()
        expect(rows(three)).to_have_count(1)
        expect(rows(three)).to_contain_text("a@example.com")
        expect(three.get_by_role("status")).to_have_text("2 messages deleted")

    def test_two_are_compared(self, three):
        """Side by side."""
        for each in (0, 1):
            rows(three).nth(each).click(modifiers=["Control"])
        three.get_by_role("link", name="Compare").click()
        three.get_by_role("button", name="Headers").click()
        expect(three.locator(".diff")).to_contain_text("subject: b")
        expect(three.get_by_text("1 line differs")).to_be_visible()

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_its_tools_have_one_line(self, three, language):
        """Where the list is not wide, and two messages may be compared."""
        three.set_viewport_size({"width": 1200, "height": 800})
        three.evaluate(f"localStorage.setItem('smtptest.language', '{language}')")
        three.reload()
        expect(three.locator(".row")).to_have_count(3)
        tools = three.locator(".tools")
        assert tools.bounding_box()["height"] < 45
        for each in (0, 1):
            three.locator(".row").nth(each).click(modifiers=["Control"])
        expect(tools.locator(".btn")).to_have_count(6)
        assert tools.bounding_box()["height"] < 45

    def test_one_button_marks_them_as_read_or_unread(self, three):
        """It says what it does."""
        rows(three).first.click(modifiers=["Control"])
        three.get_by_role("button", name="Read", exact=True).click()
        expect(three.locator(".row.unread")).to_have_count(2)
        three.get_by_role("button", name="Unread", exact=True).click()
        expect(three.locator(".row.unread")).to_have_count(3)

    def test_escape_clears_it(self, three):
        """The toolbar goes."""
        rows(three).first.click(modifiers=["Control"])
        three.locator(".rows").focus()
        three.keyboard.press("Escape")
        expect(three.get_by_role("toolbar")).to_be_hidden()


class TestLength:
    """A list of any length."""

    def test_few_rows_are_in_the_document(self, page, site):
        """All of them can be reached."""
        send_many(site, 250)
        page.goto(site.url)
        expect(rows(page).first).to_contain_text("no 249")
        page.locator(".rows").focus()
        page.keyboard.press("End")
        expect(page.get_by_text("no 0", exact=True)).to_be_in_viewport()
        expect(page.locator(".row[data-cursor=true]")).to_contain_text("no 0")
        assert rows(page).count() <= 100

    def test_a_row_tells_its_place(self, three):
        """For screen readers."""
        expect(rows(three).nth(1)).to_have_attribute("aria-posinset", "2")
        expect(rows(three).nth(1)).to_have_attribute("aria-setsize", "3")


class TestEmpty:
    """No mail yet."""

    def test_it_shows_how_to_connect(self, page, site):
        """With the port of the server."""
        page.goto(site.url)
        expect(page.get_by_role("heading", name="No mail yet")).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(str(site.controller.port))

    @pytest.mark.parametrize(
        ("framework", "setting"),
        [
            ("Django", "EMAIL_PORT"),
            ("Rails", "smtp_settings"),
            ("Laravel", "MAIL_PORT"),
            ("Node.js", "createTransport"),
            ("Spring", "spring.mail.port"),
            ("Go", "smtp.SendMail"),
        ],
    )
    def test_it_has_the_settings_of_frameworks(self, page, site, framework, setting):
        """To copy."""
        page.goto(site.url)
        page.get_by_role("button", name=framework, exact=True).click()
        expect(page.locator("pre")).to_contain_text(setting)
        expect(page.locator("pre")).to_contain_text(str(site.controller.port))


class TestCursor:
    """The row that the keyboard is at."""

    def test_it_is_seen_wherever_the_focus_is(self, three):
        """The keys of the list act on it from everywhere."""
        three.keyboard.press("j")
        expect(rows(three).nth(0)).to_have_css("outline-style", "solid")
        expect(rows(three).nth(1)).to_have_css("outline-style", "none")

    def test_the_form_says_what_it_tags(self, three):
        """A message by its subject."""
        three.keyboard.type("jjt")
        expect(three.locator(".tagging")).to_contain_text("b")

    def test_the_form_says_how_many_it_tags(self, three):
        """If some are selected."""
        three.keyboard.type("jxjxt")
        expect(three.locator(".tagging")).to_contain_text("2 selected")

    def test_a_row_that_the_search_hides_is_not_deleted(self, three, site):
        """A key acts on rows that are seen."""
        three.keyboard.press("j")
        three.goto(f"{site.url}#/messages?q=subject:a")
        expect(rows(three)).to_have_count(1)
        three.keyboard.type("#jx")
        expect(three.get_by_text("1 selected")).to_be_visible()
        assert len(site.controller.mailbox) == 3


@pytest.mark.parametrize(
    ("query", "text"),
    [("", "No mail has arrived yet."), ("?q=none", "No message matches this search.")],
)
def test_an_empty_list_says_so_at_its_top(page, site, query, text):
    """Where the first row would be."""
    page.goto(f"{site.url}#/messages{query}")
    box = page.locator(".list").get_by_text(text).bounding_box()
    assert box["y"] < 200


class TestAll:
    """Commands about all messages that a search finds, those not loaded too."""

    def test_all_are_selected(self, three):
        """By keys."""
        three.keyboard.type("*a")
        expect(three.get_by_text("3 selected")).to_be_visible()

    def test_only_those_that_are_loaded_are_selected_and_it_is_told(self, page, site):
        """Who deletes them does not delete all."""
        send_many(site, 101)
        page.goto(site.url)
        expect(page.locator(".tools")).to_contain_text("101")
        # The count is known before the rows are.
        expect(rows(page).first).to_contain_text("no 100")
        page.keyboard.type("*a")
        expect(page.get_by_role("status")).to_contain_text("Only 100 of 101 are loaded")

    def test_all_are_marked_as_read(self, three):
        """The question says how many."""
        three.keyboard.type("*r")
        dialog = three.get_by_role("dialog", name="Mark all 3 messages as read?")
        dialog.get_by_role("button", name="Mark all as read").click()
        expect(three.locator(".row.read")).to_have_count(3)

    def test_all_are_deleted_after_a_question(self, three):
        """If the answer is yes."""
        three.get_by_role("button", name="Delete all").click()
        dialog = three.get_by_role("dialog", name="Delete all 3 messages?")
        dialog.get_by_role("button", name="Delete").click()
        expect(three.get_by_role("status")).to_have_text("3 messages deleted")
        expect(rows(three)).to_have_count(0)

    def test_none_is_deleted_if_the_answer_is_no(self, three, site):
        """The focus is on that button at first."""
        three.keyboard.type("*d")
        expect(three.get_by_role("button", name="Cancel")).to_be_focused()
        three.keyboard.press("Enter")
        expect(three.get_by_role("dialog")).to_be_hidden()
        three.keyboard.type("*a")
        expect(three.get_by_text("3 selected")).to_be_visible()
        assert len(site.controller.mailbox) == 3

    def test_a_key_right_after_the_answer_counts(self, three):
        """The browser has not moved the focus out of the closed dialog yet."""
        three.keyboard.type("*d")
        expect(three.get_by_role("button", name="Cancel")).to_be_focused()
        three.evaluate(
            """() => {
                const focused = document.activeElement;
                focused.closest("dialog").close();
                for (const key of "*a") {
                    const event = new KeyboardEvent("keydown", {key, bubbles: true});
                    focused.dispatchEvent(event);
                }
            }"""
        )
        expect(three.get_by_text("3 selected")).to_be_visible()

    def test_those_of_a_search_are_deleted(self, three, site):
        """The others stay."""
        three.goto(f"{site.url}#/messages?q=subject:b")
        expect(rows(three)).to_have_count(1)
        three.get_by_role("button", name="Delete all").click()
        dialog = three.get_by_role("dialog", name="Delete the 1 message found?")
        dialog.get_by_role("button", name="Delete").click()
        expect(three.get_by_text("No message matches")).to_be_visible()
        assert len(site.controller.mailbox) == 2

    def test_those_of_a_mailbox_are_marked(self, three, site):
        """Its mail is a search."""
        three.goto(f"{site.url}#/messages?q=rcpt:c@example.com")
        expect(rows(three)).to_have_count(1)
        three.get_by_role("button", name="All read").click()
        three.get_by_role("button", name="Mark all as read").click()
        expect(three.locator(".row.read")).to_have_count(1)
        three.goto(f"{site.url}#/messages?q=is:unread")
        expect(rows(three)).to_have_count(2)

    def test_those_that_are_not_loaded_count_too(self, page, site):
        """The number is that of the server."""
        send_many(site, 130)
        page.goto(site.url)
        page.get_by_role("button", name="All read").click()
        expect(page.get_by_role("dialog")).to_contain_text("130 messages")
        page.get_by_role("button", name="Mark all as read").click()
        page.goto(f"{site.url}#/messages?q=is:unread")
        expect(page.get_by_text("No message matches")).to_be_visible()


class TestMarks:
    """The marks of a row, and their meaning."""

    def test_the_sender_is_told(self, page, site):
        """By the name of the header."""
        site.send("From: The Shop <shop@example.com>\nSubject: x\n\nHi.\n")
        page.goto(site.url)
        expect(rows(page).locator(".from")).to_contain_text("The Shop")

    def test_without_a_header_it_is_that_of_the_envelope(self, page, site):
        """Which may be empty."""
        site.send(sender="")
        site.send(sender="bounces@example.com")
        page.goto(site.url)
        expect(rows(page).nth(0).locator(".from")).to_contain_text("bounces@example")
        expect(rows(page).nth(1).locator(".from")).to_contain_text("<>")

    def test_they_are_explained(self, page, site):
        """Under the pointer."""
        site.send(
            b"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b"
            b"\n\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--b--\n"
        )
        page.goto(site.url)
        file = rows(page).get_by_title("1 file is attached")
        expect(file).to_have_text("1 file")
        warning = rows(page).get_by_title("wrong or unusual")
        expect(warning).to_contain_text("warning")

    def test_a_tag_has_the_same_colour_everywhere(self, three):
        """More than two of them are squares."""
        rows(three).first.click(modifiers=["Control"])
        for name in ("one", "two", "three"):
            three.keyboard.press("t")
            three.get_by_placeholder("Name of the tag").fill(name)
            three.keyboard.press("Enter")
            places = three.get_by_role("navigation", name="Places")
            expect(places.get_by_role("link", name=f"{name} 1")).to_be_visible()
        squares = rows(three).first.locator(".tag")
        expect(squares).to_have_count(3)
        expect(rows(three).first.locator(".chip")).to_have_count(2)
        colours = [
            {
                each.evaluate("(tag) => getComputedStyle(tag).backgroundColor")
                for each in where.locator(".tag").all()
            }
            for where in (rows(three).first, three.locator(".side"))
        ]
        assert colours[0] == colours[1]
        assert len(colours[0]) > 1

    def test_its_time_is_that_since_it_came(self, make_context, site):
        """It goes on by itself, and is exact under the pointer."""
        page = make_context(locale="en").new_page()
        message = site.send()
        page.clock.install(time=message.received_at)
        page.goto(site.url)
        time = rows(page).locator("time")
        expect(time).to_have_text(re.compile(r"^\ds$"))
        page.clock.fast_forward(180_000)
        expect(time).to_have_text("3m")
        expect(time).to_have_attribute("title", re.compile(r"20\d\d, "))


class Endless:
    """A server with a million messages, from number 1 to COUNT, as far as a list goes.

    Attributes:
        asked: how many pages were asked for.
    """

    COUNT = 1_000_000

    def __init__(self, page, site):
        site.send("Subject: {number}\n\nHi.\n")
        self.count = self.COUNT
        self.asked = 0
        self._message = None
        page.route("**/api/v2/messages?*", self._answer)
        page.route("**/api/v2/counts*", self._tell_counts)

    def _tell_counts(self, route):
        counts = {"messages": self.count, "matching": self.count}
        route.fulfill(json={**counts, "unread": 0, "missing": 0})

    def _answer(self, route):
        self.asked += 1
        query = parse_qs(urlsplit(route.request.url).query)
        if self._message is None:
            [self._message] = route.fetch().json()["messages"]
        limit, after = (int(query.get(name, ["0"])[0]) for name in ("limit", "after"))
        if query.get("order") == ["oldest"]:
            found = range(after + 1, min(after + limit, self.count) + 1)
        else:
            newest = min(after or self.count + 1, self.count + 1) - 1
            found = range(newest, max(newest - limit, 0), -1)
        follow = found[-1] if len(found) == limit else None
        messages = [self._numbered(number) for number in found]
        route.fulfill(json={"messages": messages, "next": follow, "missing": 0})

    def _numbered(self, number):
        mine = {"number": number, "id": f"m{number}", "subject": f"number {number}"}
        return {**self._message, **mine}


class TestMillion:
    """A list of a million messages."""

    @pytest.fixture
    def endless(self, page, site):
        """The server, shown by the page."""
        endless = Endless(page, site)
        page.goto(site.url)
        expect(rows(page).first).to_contain_text("number 1000000")
        expect(page.get_by_text("1,000,000 messages")).to_be_visible()
        return endless

    def subject(self, page, number):
        return page.locator(".row .sub").get_by_text(f"number {number}", exact=True)

    def test_its_end_is_reached_by_a_key(self, page, endless):
        """And its beginning again, by a request each."""
        asked = endless.asked
        page.locator(".rows").focus()
        page.keyboard.press("End")
        expect(self.subject(page, 1)).to_be_in_viewport()
        expect(page.locator(".row[data-cursor=true]")).to_contain_text("number 1")
        page.keyboard.press("Home")
        expect(self.subject(page, 1_000_000)).to_be_in_viewport()
        expect(page.locator(".row[data-cursor=true]")).to_contain_text("1000000")
        assert endless.asked - asked < 10

    def test_its_end_is_reached_from_everywhere(self, page, endless):
        """By letters."""
        page.keyboard.press("G")
        expect(self.subject(page, 1)).to_be_in_viewport()
        page.keyboard.type("gg")
        expect(self.subject(page, 1_000_000)).to_be_in_viewport()

    def test_any_place_is_reached_by_the_scrollbar(self, page, endless):
        """Then the wheel moves a few rows, and the keyboard one."""
        box = page.locator(".rows")
        box.evaluate("(box) => { box.scrollTop = box.scrollHeight / 2 }")
        seen = page.locator(".row .sub")
        expect(seen.first).to_have_text(re.compile(r"number (49|50)\d{4}$"))
        before = self.first_number(page)
        box.hover()
        page.mouse.wheel(0, 560)
        expect(self.subject(page, before - 10)).to_be_in_viewport()
        assert 9 <= before - self.first_number(page) <= 11
        page.keyboard.press("j")
        first = page.locator(".row[data-cursor=true]")
        expect(first).to_be_in_viewport()
        place = int(first.get_attribute("aria-posinset"))
        page.keyboard.press("j")
        expect(page.locator(".row[data-cursor=true]")).to_have_attribute(
            "aria-posinset", str(place + 1)
        )
        assert place == pytest.approx(endless.COUNT / 2, rel=0.01)

    def first_number(self, page):
        """Return the number of the first message that is seen as a whole."""
        return page.evaluate(
            """() => {
              const top = document.querySelector(".rows").getBoundingClientRect().top;
              const seen = [...document.querySelectorAll(".row")].find(
                (each) => each.getBoundingClientRect().top >= top - 1);
              return Number(seen.querySelector(".sub").textContent.slice(7));
            }"""
        )

    def test_all_of_it_is_in_one_order(self, page, endless):
        """Pages that are loaded upwards join those that are there."""
        page.locator(".rows").focus()
        page.keyboard.press("End")
        expect(self.subject(page, 1)).to_be_in_viewport()
        cursor = page.locator(".row[data-cursor=true]")
        for _ in range(15):
            before = cursor.text_content()
            page.keyboard.press("PageUp")
            expect(cursor).not_to_have_text(before)
        expect(page.locator(".row[aria-hidden]")).to_have_count(0)
        texts = page.locator(".row .sub").all_text_contents()
        numbers = [int(each.removeprefix("number ")) for each in texts]
        assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1))
        assert numbers[-1] > 50

    def test_few_rows_are_in_the_document_whatever_one_does(self, page, endless):
        """In a window higher than all rows that may be, too."""
        page.set_viewport_size({"width": 700, "height": 20_000})
        box = page.locator(".rows")
        for place in ("0", "box.scrollHeight / 3", "box.scrollHeight"):
            box.evaluate(f"(box) => {{ box.scrollTop = {place} }}")
            expect(page.locator(".row[aria-hidden]")).to_have_count(0)
            assert 200 < page.locator(".row").count() <= 300

    def test_mail_that_arrives_waits_while_it_is_scrolled(self, page, site, endless):
        """The banner counts, and leads to it."""
        box = page.locator(".rows")
        box.evaluate("(box) => { box.scrollTop = box.scrollHeight / 2 }")
        expect(page.locator(".row .sub").first).to_have_text(
            re.compile(r"number (49|50)\d{4}$")
        )
        before = self.first_number(page)
        endless.count += 3
        site.send()
        banner = page.get_by_role("button", name="3 new")
        expect(banner).to_be_visible()
        assert self.first_number(page) == before
        banner.click()
        expect(self.subject(page, 1_000_003)).to_be_in_viewport()
        expect(banner).to_be_hidden()
