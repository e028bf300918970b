"""Events and answers: what the page reads before it follows events, and their order."""

from __future__ import annotations

import re
from smtplib import SMTP, SMTPRecipientsRefused
from urllib.parse import urlsplit

import pytest

from .browser import without_websockets
from .gate import Gate
from .views import settle

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once

# The pages of a list, not the parts of a message.
PAGES = re.compile(r"/api/v2/messages\?")


def tag(page, site, message, name="urgent"):
    """Tag a message, as another client does."""
    body = {"ids": [message.id], "add_tags": [name]}
    assert page.request.patch(f"{site.url}api/v2/messages", data=body).ok


def delete(page, site, message):
    """Delete a message, as another client does."""
    body = {"ids": [message.id]}
    assert page.request.delete(f"{site.url}api/v2/messages", data=body).ok


def refuse(site):
    """Refuse a recipient by a rule, and wait until the session has ended."""
    site.controller.faults.on("RCPT", times=1).reply(452, "4.2.2 Mailbox full")
    with pytest.raises(SMTPRecipientsRefused):
        site.send(recipients=["full@box.test"])
    site.controller._settle()


class TestBefore:
    """Changes after the first read, before the page follows events."""

    @pytest.fixture
    def page(self, make_context):
        """A page whose connection for events can be held."""
        return without_websockets(make_context)

    @pytest.fixture
    def sent(self, site):
        """A message that is there before."""
        return site.send("Subject: first\n\nHi.\n", recipients=["anna@box.test"])

    @pytest.fixture
    def show(self, page, site):
        """Show a place with all that it reads first; return its events, held."""

        def show(place):
            events = Gate(page, "**/api/v2/events*")
            page.goto(f"{site.url}#/{place}")
            settle(page)
            expect(page.locator(".status")).to_have_text("connecting…")
            events.wait()
            return events

        return show

    def test_a_change_is_in_the_open_message(self, page, site, sent, show):
        """A tag of its head."""
        events = show(f"messages/{sent.id}")
        tag(page, site, sent)
        events.open()
        expect(page.locator(".head")).to_contain_text("urgent")

    def test_a_removal_is_told_of_the_open_message(self, page, site, sent, show):
        """Nothing of it stays."""
        events = show(f"messages/{sent.id}")
        delete(page, site, sent)
        events.open()
        expect(page.get_by_text("This message has been deleted.")).to_be_visible()

    def test_the_open_message_is_not_loaded_twice(self, page, site, sent, show):
        """Only its flags and tags may have changed."""
        loads = Gate(page, re.compile(rf"/messages/{sent.id}(/parts)?$"))
        loads.open()
        events = show(f"messages/{sent.id}")
        with page.expect_response(lambda each: "query=id" in each.url):
            events.open()
        settle(page)
        assert len(loads.urls) == 2

    def test_the_end_of_a_session_is_in_its_view(self, page, site, show):
        """Its last lines are there."""
        with SMTP(site.controller.host, site.controller.port) as client:
            client.ehlo("here.test")
            [row] = page.request.get(f"{site.url}api/v2/sessions/open").json()
            events = show(f"sessions/{row['session']['id']}?show=all")
            expect(page.locator(".talk")).to_contain_text("here.test")
            expect(page.locator(".head .chip")).to_have_text("open")
        events.open()
        expect(page.locator(".talk")).to_contain_text("QUIT")

    def test_a_fault_that_fired_is_in_the_journal(self, page, site, show):
        """With its phase."""
        events = show("faults")
        refuse(site)
        events.open()
        journal = page.locator("section", has_text="Journal")
        expect(journal).to_contain_text("full@box.test", ignore_case=True)

    def test_a_mailbox_counts_its_mail(self, page, site, show):
        """The number of its messages."""
        body = {"address": "anna@box.test"}
        assert page.request.post(f"{site.url}api/v2/mailboxes", data=body).ok
        events = show("mailboxes")
        site.send(recipients=["anna@box.test"])
        events.open()
        expect(page.locator("section", has_text="anna@box.test")).to_contain_text(
            "1 message"
        )

    def test_the_state_counts_it(self, page, site, show):
        """The messages of the store."""
        events = show("status")
        site.send()
        events.open()
        expect(page.get_by_role("row", name="Mail 1")).to_be_visible()


class TestLate:
    """Answers that come late do not undo what was told meanwhile."""

    @pytest.fixture
    def shown(self, page, site):
        """A page that follows events, and shows a message; and the message."""
        sent = site.send("Subject: first\n\nHi.\n")
        page.goto(site.url)
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".status")).to_have_text("live")
        settle(page)
        return page, sent

    def test_a_tag_of_the_list_stays(self, shown, site):
        """The answer about the first one has only that."""
        page, sent = shown
        answers = Gate(page, PAGES, holds_answers=True)
        tag(page, site, sent, "one")
        answers.wait()
        tag(page, site, sent, "two")
        expect(page.locator(".side")).to_contain_text("two")
        answers.open()
        expect(page.locator(".row")).to_contain_text("two")

    def test_a_tag_of_the_open_message_stays(self, shown, site):
        """The same in its head."""
        page, sent = shown
        page.locator(".row").click()
        expect(page.get_by_role("heading", name="first")).to_be_visible()
        settle(page)
        answers = Gate(page, PAGES, holds_answers=True)
        tag(page, site, sent, "one")
        answers.wait()
        tag(page, site, sent, "two")
        expect(page.locator(".side")).to_contain_text("two")
        answers.open()
        expect(page.locator(".head")).to_contain_text("two")

    def test_the_list_catches_up_by_one_request(self, page, site):
        """However often it is scrolled and drawn meanwhile."""
        for number in range(60):
            site.send(f"Subject: no {number}\n\nHi.\n")
        page.goto(site.url)
        expect(page.locator(".row").first).to_contain_text("no 59")
        # It reads the list again when it is connected.
        expect(page.locator(".status")).to_have_text("live")
        settle(page)
        box = page.locator(".rows")
        box.evaluate("(box) => { box.scrollTop = 600 }")
        expect(page.locator(".row").first).not_to_be_in_viewport()
        site.send("Subject: newest\n\nHi.\n")
        expect(page.get_by_role("button", name="1 new")).to_be_visible()
        settle(page)
        pages = Gate(page, PAGES)
        box.evaluate("(box) => { box.scrollTop = 0 }")
        pages.wait()
        box.evaluate(
            "(box) => { for (let n = 0; n < 5; n += 1)"
            " box.dispatchEvent(new Event('scroll')) }"
        )
        pages.open()
        expect(page.locator(".row").first).to_contain_text("newest")
        settle(page)
        assert len(pages.urls) == 1


class TestSessions:
    """The list of sessions."""

    def answer(self, page, count):
        """Answer as a server with many sessions does; return what was asked for."""
        asked = []

        def tell(route):
            query = dict(
                each.split("=") for each in urlsplit(route.request.url).query.split("&")
            )
            asked.append(query)
            last = int(query.get("after", count + 1)) - 1
            found = range(last, max(last - int(query["limit"]), 0), -1)
            follow = found[-1] if found and found[-1] > 1 else None
            sessions = [self.session(number) for number in found]
            route.fulfill(json={"sessions": sessions, "next": follow})

        page.route("**/api/v2/sessions?*", tell)
        return asked

    def session(self, number):
        return {**self.like, "id": f"s{number}", "number": number}

    @pytest.fixture
    def many(self, page, site):
        """The list of a server with 450 sessions."""
        site.send()
        answer = page.request.get(f"{site.url}api/v2/sessions")
        [self.like] = answer.json()["sessions"]
        self.asked = self.answer(page, 450)
        page.goto(f"{site.url}#/sessions?show=all")
        expect(page.locator(".list li.row")).to_have_count(100)
        return page

    def more(self, page, count):
        page.get_by_role("button", name="More", exact=True).click()
        expect(page.locator(".list li.row")).to_have_count(count)

    def first(self, page):
        return page.locator(".list li.row .to").first

    def test_a_new_session_leaves_the_pages_that_are_loaded(self, many, site):
        """Two pages are read anew."""
        self.more(many, 200)
        with many.expect_response("**/api/v2/sessions?limit=200"):
            site.send()
        settle(many)
        expect(many.locator(".list li.row")).to_have_count(200)

    def test_a_late_answer_does_not_hide_a_session(self, page, site):
        """It was asked for before that one began."""
        page.goto(f"{site.url}#/sessions?show=all")
        expect(page.locator(".status")).to_have_text("live")
        settle(page)
        answers = Gate(page, "**/api/v2/sessions?limit*", holds_answers=True)
        site.send(sender="one@example.com")
        answers.wait()
        site.send(sender="two@example.com")
        site.controller._settle()
        answers.open()
        expect(page.locator(".list li.row")).to_have_count(2)

    def test_a_click_while_it_is_read_loads_no_page_twice(self, many):
        """Nor does a second click."""
        pages = Gate(many, "**/api/v2/sessions?*after*")
        button = many.get_by_role("button", name="More", exact=True)
        button.click()
        button.click()
        pages.wait()
        pages.open()
        expect(many.locator(".list li.row")).to_have_count(300)
        numbers = many.locator(".list li.row .to").all_text_contents()
        assert len(set(numbers)) == 300

    def test_its_filters_are_in_reach_in_a_narrow_window(self, page, site):
        """They take more than one line."""
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(f"{site.url}#/sessions")
        filters = page.get_by_role("group", name="Which sessions").get_by_role("link")
        expect(filters).to_have_count(7)
        boxes = [each.bounding_box() for each in filters.all()]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 320 for box in boxes)
        assert len({box["y"] for box in boxes}) > 1
