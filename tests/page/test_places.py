"""Sessions, faults, mailboxes, sending, and the state of the server."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from imaplib import IMAP4
from poplib import POP3
from smtplib import SMTP, SMTPRecipientsRefused, SMTPResponseException

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.model.session import Session
from lazr_smtptest.outbound.settings import Outgoing, Relay, Server

from .browser import without_websockets
from .gate import Gate

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


def file(name, content):
    """Return a file as a field for files takes it."""
    kind = "message/rfc822" if name.endswith(".eml") else "text/csv"
    return {"name": name, "mimeType": kind, "buffer": content}


def drop(page, name, content):
    """Drop a file on the page."""
    expect(page.locator(".status")).to_contain_text("live")
    page.evaluate(
        """([name, bytes]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
          for (const kind of ["dragover", "drop"]) {
            const how = {dataTransfer, bubbles: true, cancelable: true};
            const isLeft = document.body.dispatchEvent(new DragEvent(kind, how));
            if (isLeft) throw new Error(`${kind} is not handled`);
          }
        }""",
        [name, list(content)],
    )


class TestReaders:
    """A server whose mail is read by IMAP and POP3, too."""

    @pytest.fixture
    def site(self, make_site):
        """The server, after a session of each."""
        site = make_site(imap=True, pop3=True)
        controller = site.controller
        site.send()
        with IMAP4(controller.host, controller.imap_port) as client:
            client.login("anna", "x")
            client.select()
        client = POP3(controller.host, controller.pop3_port)
        client.user("bert")
        client.pass_("x")
        client.quit()
        return site

    @pytest.mark.parametrize(
        ("name", "user", "said"),
        [("IMAP", "anna", "SELECT"), ("POP3", "bert", "PASS")],
    )
    def test_their_sessions_are_shown(self, go, name, user, said):
        """What was said has no codes that could be explained."""
        page = go("sessions")
        page.get_by_role("link", name=name, exact=True).click()
        row = page.locator(".list li.row")
        expect(row).to_have_count(1)
        expect(row).to_contain_text(f"user {user}")
        expect(row.locator(".chip")).to_have_text(name)
        row.click()
        expect(page.locator(".talk")).to_contain_text(said)
        expect(page.locator(".talk q")).to_have_count(0)

    def test_where_it_is_read_is_beside_where_it_is_sent(self, go, site, context):
        """As URLs to copy, the same that the server tells to programs."""
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = go("connect")
        controller = site.controller
        for settings in (controller.imap_settings(), controller.pop3_settings()):
            url = settings.url
            expect(page.locator(".view .who")).to_contain_text(url)
            page.get_by_role("button", name=f"Copy {url}").click()
            expect(page.get_by_text("Copied")).to_be_visible()
            assert page.evaluate("navigator.clipboard.readText()") == url

    def test_a_mailbox_names_its_account(self, go, site):
        """That of its address, as for a server with an account for each."""
        page = go("mailboxes")
        page.get_by_label("Address", exact=True).fill("anna@box.test")
        page.get_by_role("button", name="Make").click()
        page.get_by_text("Settings of your framework").click()
        settings = page.locator("server-settings .who")
        controller = site.controller
        for port, end in (
            (controller.imap_port, "INBOX"),
            (controller.pop3_port, ""),
        ):
            place = f"://anna%40box.test@127.0.0.1:{port}/{end}"
            expect(settings).to_contain_text(place)

    def test_the_status_has_their_addresses(self, go, site):
        """Beside that of SMTP."""
        page = go("status")
        table = page.get_by_role("table", name="Addresses")
        controller = site.controller
        ports = {"imap": controller.imap_port, "pop3": controller.pop3_port}
        for name, port in ports.items():
            expect(table.get_by_role("row", name=name)).to_contain_text(f":{port}")


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
            expect(self.rows(page)).to_contain_text("here.test")
        expect(self.rows(page)).to_have_count(0)

    def test_no_more_than_300_are_in_the_document(self, go, site):
        """The newest ones make room for older ones, and can be had again."""
        for _ in range(401):
            with SMTP(site.controller.host, site.controller.port):
                pass
        site.controller._settle()
        page = go("sessions?show=all")
        more = page.get_by_role("button", name="More")
        newest = page.get_by_role("button", name="Newest")
        for count in (100, 200, 300):
            expect(self.rows(page)).to_have_count(count)
            expect(newest).to_be_hidden()
            more.click()
        expect(newest).to_be_visible()
        expect(self.rows(page)).to_have_count(300)
        newest.click()
        expect(self.rows(page)).to_have_count(100)
        expect(self.rows(page).first).to_contain_text("401 ·")

    def test_a_late_answer_of_another_list_is_not_shown(self, go, refused):
        """Who has chosen another list meanwhile sees that one."""
        page = go("sessions?show=open")
        expect(page.get_by_text("There are no such sessions.")).to_be_visible()
        answers = Gate(page, "**/api/v2/sessions?limit=100*", holds_answers=True)
        page.get_by_role("link", name="All", exact=True).click()
        answers.wait()
        page.get_by_role("link", name="Failed", exact=True).click()
        answers.open()
        expect(self.rows(page)).to_have_count(1)
        expect(self.rows(page)).to_contain_text("452 4.2.2 Mailbox full")

    def test_what_comes_before_the_events_is_not_missed(self, make_context, site):
        """The list is read again when the connection is there."""
        page = without_websockets(make_context)
        events = Gate(page, "**/api/v2/events*")
        page.goto(f"{site.url}#/sessions?show=all")
        expect(page.get_by_text("There are no such sessions.")).to_be_visible()
        site.send()
        events.open()
        expect(self.rows(page)).to_have_count(1)

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

    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("Refused", "452 4.2.2 Mailbox full"),
            ("Login failed", "Login refused"),
            ("Dropped", "Left without sending mail"),
            ("TLS failed", "The TLS handshake failed"),
        ],
    )
    def test_those_of_one_kind_are_shown(self, go, refused, site, name, row):
        """By what ended them."""
        host, port = site.controller.host, site.controller.port
        with SMTP(host, port) as client:
            client.ehlo("left.test")
        rule = site.controller.faults.on("AUTH", times=1)
        rule.reply(535, "5.7.8 wrong")
        with SMTP(host, port) as client:
            client.ehlo("login.test")
            client.docmd("AUTH", "PLAIN AGEAYg==")
        failed = Session(id="tls-1", started=1.0, ended=2.0, peer=("192.0.2.1", 1))
        failed.transcript.note("the TLS handshake failed: no shared cipher")
        failed.close()
        assert len(site.controller.sessions) == 4
        site.controller.mailbox.reader.keep_session(failed)
        page = go("sessions")
        page.get_by_role("link", name=name, exact=True).click()
        expect(self.rows(page).filter(has_text=row)).to_have_count(1)

    def test_a_letter_that_turns_the_name_of_a_client_is_a_mark(self, go, site):
        """In the list of sessions, and in the session."""
        session = Session(id="turned", started=1.0, ended=2.0, peer=("192.0.2.1", 1))
        session.helo = "\u202eevil"
        session.close()
        site.controller.mailbox.reader.keep_session(session)
        page = go("sessions?show=all")
        expect(self.rows(page).locator(".mark")).to_have_text("U+202E RLO")
        self.rows(page).click()
        expect(page.locator(".head .mark")).to_have_text("U+202E RLO")

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
        page.get_by_label("Recipient", exact=True).fill("*@slow.test")
        page.get_by_label("Code", exact=True).fill("450")
        expect(page.locator("form pre")).to_contain_text('recipient = "*@slow.test"')
        page.locator("form").get_by_role("button", name="Arm").click()
        expect(page.get_by_text("fired 0 of 1")).to_be_visible()
        with pytest.raises(SMTPRecipientsRefused, match="450"):
            site.send(recipients=["a@slow.test"])
        expect(page.get_by_text("fired 1 of 1")).to_be_visible()
        journal = page.locator("section", has_text="Journal")
        expect(journal).to_contain_text("a@slow.test", ignore_case=True)

    def test_a_row_of_the_journal_leads_to_its_session(self, go, site):
        """With what the client and the server said."""
        site.controller.faults.on("RCPT", times=1).reply(450, "4.7.1 Slow down")
        with pytest.raises(SMTPRecipientsRefused):
            site.send()
        [session] = site.controller.sessions
        page = go("faults")
        journal = page.locator("section", has_text="Journal")
        journal.get_by_role("link", name=f"session {session.number}").click()
        expect(page.locator(".talk")).to_contain_text("450 4.7.1 Slow down")
        expect(page).to_have_url(re.compile(f"#/sessions/{session.id}"))

    def test_a_rule_that_was_armed_elsewhere_is_shown_to_who_comes_back(self, go, site):
        """By a test that runs beside the page; no event tells of it."""
        page = go("faults")
        expect(page.get_by_text("No rule is armed")).to_be_visible()
        site.controller.faults.on("RCPT").reply(452)
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(page.get_by_text("on('RCPT')")).to_be_visible()

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

    def test_all_rules_are_disarmed(self, go, site):
        """The journal begins anew."""
        rules = site.controller.faults
        rules.on("RCPT", times=1).reply(450, "4.2.0 no")
        rules.on("MAIL", sender="x@*").reply(451, "4.3.0 no")
        with pytest.raises(SMTPRecipientsRefused):
            site.send()
        page = go("faults")
        expect(page.get_by_role("button", name=re.compile("^Disarm"))).to_have_count(2)
        expect(page.get_by_text("No rule has fired yet.")).to_have_count(0)
        page.get_by_role("button", name="Clear all").click()
        expect(page.get_by_text("No rule is armed")).to_be_visible()
        expect(page.get_by_text("No rule has fired yet.")).to_be_visible()
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
        page.get_by_role("combobox", name="At", exact=True).select_option("EOD")
        page.get_by_role("combobox", name="Then").select_option("Discard")
        expect(page.locator("form pre")).to_contain_text("discard = true")
        page.get_by_role("combobox", name="At", exact=True).select_option("CONNECT")
        expect(page.locator("option", has_text="Discard")).to_have_count(0)
        expect(page.locator("form pre")).to_contain_text("reply = ")

    def test_a_reply_of_imap_has_no_code(self, go):
        """A rule for those who read mail is armed as one for SMTP."""
        page = go("faults")
        page.get_by_role("combobox", name="At", exact=True).select_option("IMAP SELECT")
        expect(page.get_by_label("Code", exact=True)).to_have_count(0)
        page.get_by_label("Text", exact=True).fill("NO [INUSE] not now")
        page.locator("form").get_by_role("button", name="Arm").click()
        expect(page.get_by_text("fired 0 of 1")).to_be_visible()

    def test_to_copy_a_rule_arms_nothing(self, go, context):
        """It is for the file of somebody else's server."""
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = go("faults")
        page.get_by_role("button", name="Copy TOML").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()").startswith("[[fault]]")
        expect(page.get_by_text("No rule is armed")).to_be_visible()

    def test_the_keys_reach_the_button_of_a_rule_soon(self, page, go):
        """Past the bar and the places, by the link that leads to the view."""
        go("faults")
        expect(page.get_by_label("Recipient", exact=True)).to_be_visible()
        page.get_by_role("link", name="Skip to the message").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        arm = page.locator("form").get_by_role("button", name="Arm")
        for _ in range(12):
            page.keyboard.press("Tab")
            if arm.evaluate("(arm) => arm === document.activeElement"):
                break
        expect(arm).to_be_focused()

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
        """It ends with its messages; those before it are not in it."""
        site.send(recipients=["anna@box.test"])
        page = go("mailboxes")
        page.get_by_label("Address", exact=True).fill("anna@box.test")
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
        dialog = page.get_by_role("dialog", name="and its 1 message?")
        dialog.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("There are no mailboxes.")).to_be_visible()

    def test_what_no_search_finds_is_not_linked(self, go):
        """A query has no wildcards of addresses."""
        page = go("mailboxes")
        page.get_by_label("Address", exact=True).fill("*@box.test")
        page.get_by_role("button", name="Make").click()
        expect(page.get_by_role("button", name="Copy *@box.test")).to_be_visible()
        expect(page.get_by_role("link", name="Show its mail")).to_have_count(0)

    def test_one_without_an_address_gets_its_own(self, go):
        """Nobody else has it."""
        page = go("mailboxes")
        page.get_by_role("button", name="Make").click()
        expect(page.locator("section h2 bdi")).to_have_text(
            re.compile("@mailbox.test$")
        )

    @pytest.fixture
    def box(self, go, context):
        """A mailbox, shown by a page that may read the clipboard."""
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = go("mailboxes")
        page.get_by_label("Address", exact=True).fill("anna@box.test")
        page.get_by_role("button", name="Make").click()
        box = page.locator("section", has_text="anna@box.test")
        expect(box).to_be_visible()
        return box

    def copied(self, page):
        """Return what is in the clipboard, when the page has told of it."""
        expect(page.get_by_text("Copied")).to_be_visible()
        return page.evaluate("navigator.clipboard.readText()")

    def test_its_address_is_copied(self, page, box):
        """By one click."""
        box.get_by_role("button", name="Copy anna@box.test").click()
        assert self.copied(page) == "anna@box.test"

    def test_its_name_is_copied(self, page, box):
        """By which tests find its mail."""
        name = box.locator("dd code").first.text_content()
        box.get_by_role("button", name=f"Copy {name}").click()
        assert self.copied(page) == name

    @pytest.mark.parametrize("name", ["SMTP URL", "Django", "Go"])
    def test_the_settings_of_frameworks_are_copied(self, page, box, site, name):
        """Those of the server that takes its mail."""
        box.get_by_text("Settings of your framework").click()
        box.get_by_role("button", name=name, exact=True).click()
        box.get_by_role("button", name=f"Copy {name}").click()
        text = self.copied(page)
        assert text == box.locator("pre").text_content()
        assert str(site.controller.port) in text

    def test_the_settings_name_the_login_of_a_mailbox(self, page, go, site):
        """If it has the mail of one."""
        body = {"user": "anna"}
        assert page.request.post(f"{site.url}api/v2/mailboxes", data=body).ok
        page = go("mailboxes")
        page.get_by_text("Settings of your framework").click()
        expect(page.locator("section pre")).to_contain_text("smtp://anna:@")

    @pytest.mark.parametrize(
        ("chosen", "seconds"), [("10 minutes", 600), ("7 days", 604_800)]
    )
    def test_it_lasts_as_long_as_chosen(self, go, page, site, chosen, seconds):
        """The server removes it then."""
        go("mailboxes")
        page.get_by_label("Lifetime").select_option(chosen)
        page.get_by_role("button", name="Make").click()
        expect(page.locator("section h2 bdi")).to_be_visible()
        answer = page.request.get(f"{site.url}api/v2/mailboxes").json()
        [found] = answer["mailboxes"]
        ends = datetime.fromisoformat(found["expires_at"].replace("Z", "+00:00"))
        left = (ends - datetime.now(timezone.utc)).total_seconds()
        assert seconds - 120 < left <= seconds


class TestSend:
    """A test mail."""

    def test_it_is_kept_and_shown(self, go):
        """As if a client had sent it."""
        page = go("send")
        page.get_by_label("To", exact=True).fill("anna@example.com, bert@example.com")
        page.get_by_label("Subject", exact=True).fill("By hand")
        page.get_by_label("Text", exact=True).fill("Hello.")
        page.get_by_role("main").get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading", name="By hand")).to_be_visible()
        expect(page.locator(".head")).to_contain_text("RCPT TO:<bert@example.com>")

    def test_addresses_may_have_names_and_letters_of_any_script(self, go, site):
        """As they are copied from another program."""
        page = go("send")
        page.get_by_label("From", exact=True).fill("müller@example.com")
        page.get_by_label("To", exact=True).fill("Anna <anna@example.com>")
        page.get_by_label("Subject", exact=True).fill("By name")
        page.get_by_role("main").get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading", name="By name")).to_be_visible()
        [envelope] = site.controller.mailbox
        assert envelope.rcpt_tos == ("anna@example.com",)
        assert envelope.header("to") == "Anna <anna@example.com>"
        assert "müller@example.com" in envelope.header("from")

    def test_a_refusal_is_told_and_the_text_stays(self, go):
        """Nothing that was written is lost."""
        page = go("send")
        page.get_by_label("To", exact=True).fill("no address")
        page.get_by_label("Text", exact=True).fill("Hello.")
        page.get_by_role("main").get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("no")
        expect(page.get_by_role("alert")).not_to_have_text("400")
        expect(page.get_by_label("Text", exact=True)).to_have_value("Hello.")

    def test_files_are_attached(self, go, site):
        """One that was removed is not sent."""
        page = go("send")
        page.get_by_label("To", exact=True).fill("anna@example.com")
        files = page.get_by_label("Attach files")
        files.set_input_files([file("a.csv", b"a,b\n\xff\0"), file("b.csv", b"b")])
        page.get_by_role("button", name="Remove b.csv").click()
        page.get_by_role("main").get_by_role("button", name="Send").click()
        # The list of the draft has the same name.
        expect(page).to_have_url(re.compile("#/messages/"))
        expect(page.get_by_role("list", name="Attachments")).to_contain_text("a.csv")
        [envelope] = site.controller.mailbox
        [attachment] = envelope.attachments
        assert (attachment.name, attachment.content) == ("a.csv", b"a,b\n\xff\0")

    def test_a_message_is_answered(self, go, site):
        """To its sender, with its text quoted, in the same thread."""
        sent = site.send(
            "From: Shop <shop@example.com>\nReply-To: help@example.com\n"
            "Subject: Order\nMessage-ID: <1@shop.example>\n\nHello Anna.\n"
        )
        page = go(f"messages/{sent.id}")
        page.get_by_role("link", name="Reply", exact=True).click()
        expect(page.get_by_label("To", exact=True)).to_have_value("help@example.com")
        expect(page.get_by_label("From", exact=True)).to_have_value("anna@example.com")
        expect(page.get_by_label("Text", exact=True)).to_have_value(
            re.compile("> Hello Anna.")
        )
        page.get_by_role("main").get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading", name="Re: Order")).to_be_visible()
        answer = site.controller.mailbox[1]
        assert answer.header("in-reply-to") == "<1@shop.example>"
        assert answer.header("references") == "<1@shop.example>"

    def test_another_mail_is_no_answer(self, go, site):
        """It begins empty."""
        found = site.send("Subject: Question\nMessage-ID: <1@b.example>\n\nWhy?\n")
        page = go(f"send?reply={found.id}")
        expect(page.get_by_label("Subject", exact=True)).to_have_value("Re: Question")
        places = page.get_by_role("navigation", name="Places")
        places.get_by_role("link", name="Send").click()
        expect(page.get_by_label("Subject", exact=True)).to_have_value("")
        expect(page.get_by_label("Text", exact=True)).to_have_value("")


class TestFiles:
    """Messages in files."""

    CONTENT = (
        b"From: a@b.example\r\nTo: anna@example.com\r\nSubject: Kept\r\n\r\n\xff\0"
    )

    def test_a_message_is_dropped_anywhere(self, go, site):
        """It is kept byte for byte, with the envelope that its header tells."""
        page = go("messages")
        drop(page, "a.eml", self.CONTENT)
        expect(page.get_by_role("heading", name="Kept")).to_be_visible()
        [envelope] = site.controller.mailbox
        assert envelope.content == self.CONTENT
        assert (envelope.mail_from, envelope.rcpt_tos) == (
            "a@b.example",
            ("anna@example.com",),
        )

    def test_a_message_is_chosen(self, go, site):
        """By a button, which the keyboard reaches."""
        page = go("send")
        button = page.get_by_label("Choose .eml files")
        button.focus()
        expect(button).to_be_focused()
        button.set_input_files(file("a.eml", self.CONTENT))
        expect(page.get_by_role("heading", name="Kept")).to_be_visible()
        assert site.controller.mailbox[0].content == self.CONTENT

    def test_a_large_message_is_kept(self, go, site):
        """Larger than what other requests may bring, with every byte there is."""
        content = self.CONTENT + bytes(range(256)) * 32_000
        page = go("send")
        page.get_by_label("Choose .eml files").set_input_files(file("a.eml", content))
        expect(page.get_by_role("heading", name="Kept")).to_be_visible()
        assert site.controller.mailbox[0].content == content

    def test_another_file_is_refused(self, go, site):
        """The page stays, and says which are taken."""
        page = go("send")
        drop(page, "a.pdf", b"%PDF")
        expect(page.get_by_text("a.pdf is no message")).to_be_visible()
        assert page.url.startswith(site.url)
        assert len(site.controller.mailbox) == 0


class TestRelease:
    """A message that is sent on to a real server."""

    def test_without_a_server_it_says_how(self, go, site):
        """With the option of the command."""
        page = go(f"messages/{site.send().id}")
        page.get_by_role("button", name="Release").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("--relay-host")
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()

    @pytest.fixture
    def released(self, page, make_open_site):
        """The dialog of a message, and the server that it is released to."""
        with CaptureController() as world:
            relay = Relay(
                server=Server(host=world.host, port=world.port), allowed="@real"
            )
            site = make_open_site(outgoing=Outgoing(relay=relay))
            sent = site.send("From: shop@example.com\nSubject: Go\n\nHi.\n")
            page.goto(f"{site.url}#/messages/{sent.id}")
            page.get_by_role("button", name="Release").click()
            yield page.get_by_role("dialog"), world

    def test_it_is_sent_to_those_that_are_asked_for(self, page, released):
        """The recipients of the message are offered."""
        dialog, world = released
        to = dialog.get_by_label("Recipients", exact=True)
        expect(to).to_have_value("anna@example.com")
        to.fill("anna@real.example, bert@real.example")
        dialog.get_by_role("button", name="Send it now").click()
        expect(page.get_by_text("Released to 2 recipients")).to_be_visible()
        [arrived] = world.mailbox
        assert arrived.rcpt_tos == ("anna@real.example", "bert@real.example")

    def test_a_refusal_is_told(self, released):
        """The recipients that were typed stay."""
        dialog, world = released
        dialog.get_by_role("button", name="Send it now").click()
        expect(dialog.get_by_role("alert")).to_contain_text("allowlist")
        expect(dialog.get_by_label("Recipients", exact=True)).to_have_value(
            "anna@example.com"
        )
        assert len(world.mailbox) == 0


class TestCompare:
    """Two messages side by side."""

    @pytest.fixture
    def two(self, site):
        """Two messages with different texts and subjects."""
        return [
            site.send(f"Subject: {name}\nTo: a@b.example\n\nSame.\n{name}\n")
            for name in ("old", "new")
        ]

    def test_each_side_is_named(self, go, two):
        """By subject, recipient and time, with a link to the message."""
        page = go(f"compare/{two[0].id}/{two[1].id}")
        names = page.get_by_role("columnheader")
        expect(names).to_have_count(2)
        expect(names.nth(0)).to_contain_text("anna@example.com")
        expect(page.get_by_role("status").get_by_text("1 line differs")).to_be_visible()
        names.nth(1).get_by_role("link", name="new").click()
        expect(page.get_by_role("heading", name="new")).to_be_visible()

    def test_the_numbers_of_the_lines_leave_the_room_to_them(self, go, two):
        """They have a narrow column on each side."""
        page = go(f"compare/{two[0].id}/{two[1].id}")
        number, text = (page.locator(".diff tbody td").nth(n) for n in range(2))
        expect(number).to_have_text("1")
        assert number.bounding_box()["width"] * 5 < text.bounding_box()["width"]

    def test_headers_are_compared(self, go, two):
        """Word by word where a line was changed."""
        page = go(f"compare/{two[0].id}/{two[1].id}")
        page.get_by_role("button", name="Headers").click()
        table = page.get_by_role("table", name="Headers")
        expect(table.locator("del")).to_have_text("old")
        expect(table.locator("ins")).to_have_text("new")

    def test_the_html_sources_are_compared(self, go, site):
        """Neither is drawn."""
        two = [
            site.send(
                "Content-Type: text/html\n\n"
                f"<p>Hello,</p>\n<b>{name}</b>\n<script>top.pwned = 1</script>\n"
            )
            for name in ("Anna", "Bert")
        ]
        page = go(f"compare/{two[0].id}/{two[1].id}")
        page.get_by_role("button", name="HTML source").click()
        table = page.get_by_role("table", name="HTML source")
        expect(table.locator("del")).to_have_text("Anna")
        expect(table.locator("ins")).to_have_text("Bert")
        expect(table.get_by_text("<p>Hello,</p>")).to_have_count(2)
        expect(page.get_by_role("status").get_by_text("1 line differs")).to_be_visible()

    def test_what_neither_has_is_said(self, go, two):
        """Such as HTML."""
        page = go(f"compare/{two[0].id}/{two[1].id}")
        page.get_by_role("button", name="HTML source").click()
        expect(page.get_by_text("Neither of them has that.")).to_be_visible()
        expect(page.get_by_role("table")).to_have_count(0)

    def test_a_message_that_is_gone_is_said(self, go, two):
        """Nothing is compared."""
        page = go(f"compare/{two[0].id}/gone")
        expect(page.get_by_role("alert")).to_have_text(
            "One of the messages has been deleted."
        )


def test_the_state_of_the_server_is_shown(go, site):
    """Its address, its store and its versions."""
    site.send()
    page = go("status")
    main = page.get_by_role("main")
    expect(main).to_contain_text(f":{site.controller.port}")
    expect(main).to_contain_text("mailbox")
    expect(main.get_by_role("row", name="Mail 1")).to_be_visible()
    expect(main).to_contain_text("message_size")


class TestSettings:
    """The settings of the server, where its state is shown."""

    def test_a_limit_is_changed(self, go, site):
        """For the next session; a field that is empty has the value of the start."""
        page = go("status")
        field = page.get_by_label("recipients", exact=True)
        expect(field).to_have_value("1000")
        field.fill("1")
        field.press("Enter")
        expect(page.get_by_role("status")).to_have_text("recipients is changed.")
        with SMTP(site.controller.host, site.controller.port) as client:
            refused = client.sendmail("a@b.test", ["c@d.test", "e@f.test"], "Hi.")
        assert set(refused) == {"e@f.test"}
        field.fill("")
        field.press("Enter")
        expect(field).to_have_value("1000")

    def test_each_has_its_unit_and_what_it_means(self, go):
        """A name and a number alone say too little."""
        page = go("status")
        row = page.get_by_role("row", name="idle", exact=False)
        expect(row.first).to_contain_text("seconds")
        expect(row.first).to_contain_text("time without a byte from the client")

    def test_a_switch_is_changed(self, go, site):
        """As a check box."""
        page = go("status")
        page.get_by_label("vrfy", exact=True).uncheck()
        expect(page.get_by_role("status")).to_have_text("vrfy is changed.")
        with SMTP(site.controller.host, site.controller.port) as client:
            client.ehlo()
            assert not client.has_extn("vrfy")
            assert client.verify("anna@example.com")[0] == 502

    def test_a_wrong_value_is_told_and_stays(self, go):
        """It can be corrected."""
        page = go("status")
        field = page.get_by_label("message_size", exact=True)
        field.fill("much")
        field.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("'much'")
        expect(field).to_have_value("much")

    def test_the_bounds_and_tag_rules_of_a_store_are_changed(self, go, page):
        """Of one that has them."""
        bounds = {"max_count": 10, "max_bytes": None, "max_age": None}
        tags = {"header": False, "plus_addresses": True, "user": False, "queries": {}}
        asked = []

        def answer(route):
            if route.request.method == "PATCH":
                asked.append(route.request.post_data_json)
                bounds["max_count"] = 20
            response = route.fetch(method="GET")
            whole = {**response.json(), "store": bounds, "tags": tags}
            route.fulfill(response=response, json=whole)

        page.route("**/api/v2/settings", answer)
        go("status")
        field = page.get_by_label("max_count", exact=True)
        field.fill("20")
        field.press("Enter")
        expect(page.get_by_role("status")).to_have_text("max_count is changed.")
        expect(page.get_by_label("max_bytes", exact=True)).to_have_value("0")
        page.get_by_label("header", exact=True).check()
        expect(page.get_by_role("status")).to_have_text("header is changed.")
        assert asked == [{"store": {"max_count": 20}}, {"tags": {"header": True}}]

    def test_what_was_set_at_the_start_is_only_shown(self, go, page):
        """The API does not change it."""

        def fix(route):
            answer = route.fetch()
            whole = {**answer.json(), "fixed": ["recipients"], "hidden": ["DSN"]}
            route.fulfill(response=answer, json=whole)

        page.route("**/api/v2/settings", fix)
        go("status")
        expect(page.get_by_role("row", name="recipients 1000")).to_be_visible()
        expect(page.get_by_role("row", name="hidden DSN")).to_be_visible()
        expect(page.get_by_label("recipients", exact=True)).to_have_count(0)


def test_the_messages_that_are_not_indexed_yet_are_counted(go, page):
    """By how many the search is behind."""

    def lag(route):
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "missing": 1234})

    page.route("**/api/v2/status", lag)
    go("status")
    expect(page.get_by_role("row", name="Not indexed yet 1,234")).to_be_visible()
