"""Sessions, faults, mailboxes, sending, and the state of the server."""

from __future__ import annotations

import re
from smtplib import SMTP, SMTPRecipientsRefused, SMTPResponseException

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once


def refuse_rule(route):
    """Answer as the server does to a wrong rule."""
    if route.request.method == "POST":
        route.fulfill(status=400, json={"status": 400, "detail": "no such rule"})
    else:
        route.continue_()


@pytest.fixture
def go(page, site):
    """Open a place of the page, and return the page."""

    def go(place):
        page.goto(f"{site.url}#/{place}")
        return page

    return go


class TestSessions:
    """All sessions."""

    @pytest.fixture
    def refused(self, site):
        """A session that delivered nothing, and one that did."""
        rule = site.controller.faults.on("RCPT", recipient="full@*", times=1)
        rule.reply(452, "4.2.2 Mailbox full")
        with pytest.raises(SMTPRecipientsRefused):
            site.send(recipients=["full@example.com"])
        site.send(recipients=["anna@example.com"])

    def rows(self, page):
        return page.locator(".list li.row")

    def test_those_that_delivered_nothing_come_first(self, go, refused):
        """Others are behind a click."""
        page = go("sessions")
        expect(self.rows(page)).to_have_count(1)
        expect(self.rows(page)).to_contain_text("452 4.2.2 Mailbox full")
        page.get_by_role("link", name="All", exact=True).click()
        expect(self.rows(page)).to_have_count(2)
        expect(self.rows(page).first).to_contain_text("1 delivered")

    def test_the_reply_that_decided_is_explained(self, go, refused):
        """And the rule that made it."""
        page = go("sessions")
        self.rows(page).click()
        talk = page.locator(".talk")
        expect(talk.locator("[data-kind=hit]")).to_contain_text("the mailbox is full")
        expect(talk.locator("[data-kind=fault]")).to_contain_text("on('RCPT'")

    def test_a_refusal_becomes_a_test(self, go, refused):
        """With the rule that brings it about again."""
        page = go("sessions")
        self.rows(page).click()
        page.get_by_role("button", name="Make this a test").click()
        code = page.get_by_role("dialog").locator("pre")
        expect(code).to_contain_text("452")
        expect(code).to_contain_text("full@example.com")

    def test_an_open_one_is_live(self, go, site):
        """While the client is there."""
        page = go("sessions?show=open")
        expect(page.get_by_text("There are no such sessions.")).to_be_visible()
        with SMTP(site.controller.host, site.controller.port) as client:
            client.ehlo("here.test")
            page.reload()
            expect(self.rows(page)).to_contain_text("here.test")

    def test_a_part_that_was_refused_is_told_beside_what_was_delivered(self, go, site):
        """With the reply, and not as a refusal of everything."""
        rule = site.controller.faults.on("RCPT", recipient="full@*")
        rule.reply(452, "4.2.2 Mailbox full")
        site.send(recipients=["anna@example.com", "full@example.com"])
        page = go("sessions")
        expect(self.rows(page)).to_contain_text("452 4.2.2 Mailbox full")
        expect(self.rows(page).locator(".chip.warn")).to_have_text("1 delivered")

    def test_a_refused_command_is_told_with_its_reply(self, go, site):
        """A transaction has not begun."""
        with SMTP(site.controller.host, site.controller.port) as client:
            client.ehlo()
            assert client.docmd("MAIL FROM:nobody at all")[0] == 501
        [session] = site.controller.sessions
        page = go(f"sessions/{session.id}")
        expect(page.locator(".head")).to_contain_text("1 command refused")
        expect(page.locator(".head")).to_contain_text("501 ")

    def test_a_client_that_left_is_not_counted_as_refused(self, go, site):
        """The server refused it nothing."""
        with SMTP(site.controller.host, site.controller.port) as client:
            client.ehlo()
        assert len(site.controller.sessions) == 1
        page = go("sessions")
        expect(self.rows(page)).to_contain_text("Left without sending mail")
        expect(self.rows(page).locator(".chip")).to_have_text("left")
        expect(page.get_by_role("link", name="Sessions", exact=True)).to_be_visible()

    def test_no_refusal_is_told_in_a_sentence(self, go):
        """An empty list teaches."""
        page = go("sessions")
        expect(
            page.get_by_text("Every session has delivered its mail.")
        ).to_be_visible()


class TestFaults:
    """Rules that make the server misbehave."""

    def test_a_rule_is_armed_and_fires(self, go, site):
        """The journal and the counts follow."""
        page = go("faults")
        page.get_by_label("Recipient").fill("*@slow.test")
        page.get_by_label("Code").fill("450")
        expect(page.locator("form pre")).to_contain_text('recipient = "*@slow.test"')
        page.locator("form").get_by_role("button", name="Arm").click()
        expect(page.get_by_text("fired 0 of 1")).to_be_visible()
        with pytest.raises(SMTPRecipientsRefused, match="450"):
            site.send(recipients=["a@slow.test"])
        expect(page.get_by_text("fired 1 of 1")).to_be_visible()
        journal = page.locator("section", has_text="Journal")
        expect(journal).to_contain_text("a@slow.test", ignore_case=True)

    def test_the_next_one_fails(self, go, site):
        """And the one after it does not."""
        page = go("faults")
        page.get_by_role("button", name="Fail the next one").click()
        expect(page.get_by_text("fired 0 of 1")).to_be_visible()
        with pytest.raises(SMTPResponseException, match="451"):
            site.send()
        site.send()

    def test_a_rule_is_disarmed(self, go, site):
        """The server behaves well again."""
        site.controller.faults.on("MAIL").reply(451, "4.3.0 no")
        page = go("faults")
        page.get_by_role("button", name=re.compile("^Disarm")).click()
        expect(page.get_by_text("No rule is armed")).to_be_visible()
        site.send()

    def test_a_rule_that_has_fired_all_it_can_is_not_counted(self, go, site):
        """It is armed no more."""
        site.controller.faults.on("RCPT", times=1).reply(450, "4.2.0 no")
        page = go("faults")
        expect(page.get_by_role("link", name="Faults 1 armed")).to_be_visible()
        with pytest.raises(SMTPRecipientsRefused):
            site.send()
        expect(page.get_by_role("link", name="Faults", exact=True)).to_be_visible()

    def test_a_message_is_discarded_at_its_end_only(self, go):
        """What a phase does not take is not offered."""
        page = go("faults")
        discard = page.get_by_role("button", name="Discard")
        page.get_by_role("button", name="EOD").click()
        discard.click()
        expect(page.locator("form pre")).to_contain_text("discard = true")
        page.get_by_role("button", name="CONNECT").click()
        expect(discard).to_have_count(0)
        expect(page.locator("form pre")).to_contain_text("reply = ")

    def test_a_personality_is_armed(self, go, site):
        """By its name."""
        page = go("faults")
        page.get_by_role("button", name="Arm full-disk").click()
        armed = page.locator("section", has_text="Armed").first
        expect(armed.locator("li").first).to_be_visible()
        with pytest.raises(SMTPResponseException):
            site.send()

    def test_a_wrong_rule_is_told_why(self, go):
        """In the words of the server; what was typed stays."""
        page = go("faults")
        page.get_by_label("Times").fill("7")
        page.route("**/api/v2/faults", refuse_rule)
        page.locator("form").get_by_role("button", name="Arm").click()
        expect(page.get_by_role("alert")).to_have_text("no such rule")
        expect(page.get_by_label("Times")).to_have_value("7")


class TestMailboxes:
    """Disposable mailboxes."""

    def test_one_is_made_counts_its_mail_and_is_deleted(self, go, site):
        """It ends with its messages."""
        page = go("mailboxes")
        page.get_by_label("Address").fill("anna@box.test")
        page.get_by_role("button", name="Make").click()
        box = page.locator("section", has_text="anna@box.test")
        expect(box).to_contain_text("0 messages")
        site.send(recipients=["anna@box.test"])
        site.send(recipients=["other@box.test"])
        expect(box).to_contain_text("1 message")
        box.get_by_role("link", name="Show its mail").click()
        expect(page.locator(".row")).to_have_count(1)
        page.go_back()
        box.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("There are no mailboxes.")).to_be_visible()

    def test_one_without_an_address_gets_its_own(self, go):
        """Nobody else has it."""
        page = go("mailboxes")
        page.get_by_role("button", name="Make").click()
        expect(page.locator("section h2 bdi")).to_have_text(
            re.compile("@mailbox.test$")
        )


class TestSend:
    """A test mail."""

    def test_it_is_kept_and_shown(self, go):
        """As if a client had sent it."""
        page = go("send")
        page.get_by_label("To").fill("anna@example.com, bert@example.com")
        page.get_by_label("Subject").fill("By hand")
        page.get_by_label("Text").fill("Hello.")
        page.get_by_role("main").get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading", name="By hand")).to_be_visible()
        expect(page.locator(".head")).to_contain_text("RCPT TO:<bert@example.com>")

    def test_a_refusal_is_told_and_the_text_stays(self, go):
        """Nothing that was written is lost."""
        page = go("send")
        page.get_by_label("To").fill("no address")
        page.get_by_label("Text").fill("Hello.")
        page.get_by_role("main").get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("no")
        expect(page.get_by_role("alert")).not_to_have_text("400")
        expect(page.get_by_label("Text")).to_have_value("Hello.")


def test_the_state_of_the_server_is_shown(go, site):
    """Its address, its store and its versions."""
    site.send()
    page = go("status")
    main = page.get_by_role("main")
    expect(main).to_contain_text(f":{site.controller.port}")
    expect(main).to_contain_text("mailbox")
    expect(main.get_by_role("row", name="Mail 1")).to_be_visible()
    expect(main).to_contain_text("message_size")
