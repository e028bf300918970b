"""The page around the views: keys, colours, languages, narrow screens, logins."""

from __future__ import annotations

import re
from email.message import EmailMessage
from smtplib import SMTPRecipientsRefused

import pytest

from lazr_smtptest.readers.http.gate import Gate as LoginGate

from .browser import until
from .gate import Gate

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.once


class TestKeys:
    """Everything can be done by the keyboard."""

    def test_a_question_mark_shows_them(self, page, site):
        """With what they do."""
        page.goto(site.url)
        page.locator(".rows").press("?")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Next row")
        expect(dialog.get_by_role("heading", name="Keys")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()

    def test_a_message_is_opened_marked_and_deleted(self, page, site):
        """Without a mouse."""
        site.send("Subject: one\n\nHi.\n")
        page.goto(site.url)
        expect(page.locator(".row.unread")).to_have_count(1)
        page.keyboard.press("j")
        page.keyboard.press("o")
        expect(page.get_by_role("heading", name="one")).to_be_visible()
        expect(page.locator(".row.read")).to_have_count(1)
        page.keyboard.press("u")
        expect(page.locator(".row.unread")).to_have_count(1)
        page.keyboard.press("#")
        expect(page.locator(".row")).to_have_count(0)

    @pytest.mark.parametrize(
        ("keys", "title"),
        [("gf", "Faults"), ("gb", "Mailboxes"), ("gc", "Connect"), ("c", "Send")],
    )
    def test_letters_go_to_places(self, page, site, keys, title):
        """One after the other."""
        site.send()
        page.goto(site.url)
        expect(page.locator(".row")).to_have_count(1)
        page.keyboard.type(keys)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()

    def test_letters_in_a_field_are_text(self, page, site):
        """No key does anything there."""
        page.goto(f"{site.url}#/send")
        page.get_by_label("Subject", exact=True).press_sequentially("c?gi")
        expect(page.get_by_label("Subject", exact=True)).to_have_value("c?gi")
        expect(page.get_by_role("dialog")).to_be_hidden()

    def test_a_command_is_found_by_its_words(self, page, site):
        """In the palette."""
        page.goto(site.url)
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        page.keyboard.press("Control+k")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("combobox").fill("the faults")
        expect(dialog.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Faults")).to_be_visible()
        expect(dialog).to_be_hidden()


class TestNotices:
    """The title and notifications tell of new mail."""

    def test_the_title_has_the_unread_messages_if_asked_for(self, page, site):
        """It follows them."""
        site.send()
        page.goto(site.url)
        expect(page.locator(".row")).to_have_count(1)
        assert page.title() == "smtptest"
        page.get_by_role("button", name="Show the keys").click()
        page.get_by_label("Tell of new mail").check()
        expect(page).to_have_title("(1) smtptest")
        site.send()
        expect(page).to_have_title("(2) smtptest")

    # Keeps the notifications that are shown, in a window that nobody looks at. They are
    # allowed, which a browser without windows does not do.
    HIDDEN = """
      window.shown = [];
      window.Notification = class extends Notification {
        static permission = "granted";
        constructor(title, options) {
          super(title, options);
          this.what = [title, options.body];
          window.shown.push(this);
        }
      };
      Object.defineProperty(document, "hidden", { get: () => true });
    """

    @pytest.fixture
    def hidden(self, page, site):
        """A page that nobody looks at."""
        page.add_init_script(self.HIDDEN)
        site.send()
        page.goto(site.url)
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".status")).to_have_text("live")
        return page

    def test_a_notification_tells_of_a_message(self, hidden, site):
        """If asked for and granted; it leads to the message."""
        hidden.keyboard.press("?")
        hidden.get_by_label("Tell of new mail").check()
        hidden.keyboard.press("Escape")
        site.send("Subject: Your order\n\nHi.\n", recipients=["bert@example.com"])
        expect(hidden).to_have_title("(2) smtptest")
        until(hidden, "() => shown.length > 0")
        found = hidden.evaluate("shown.map((each) => each.what)")
        assert found == [["bert@example.com", "Your order"]]
        hidden.evaluate("shown[0].onclick()")
        expect(hidden.get_by_role("heading", name="Your order")).to_be_visible()

    def test_nothing_is_notified_that_was_not_asked_for(self, hidden, site):
        """Also if the browser would allow it."""
        site.send()
        expect(hidden.locator(".row")).to_have_count(2)
        assert hidden.evaluate("shown.length") == 0


class TestLooks:
    """Colours and languages."""

    def ground(self, page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    def test_the_colours_are_those_of_the_system(self, make_context, site):
        """Light or dark."""
        grounds = set()
        for scheme in ("light", "dark"):
            page = make_context(color_scheme=scheme).new_page()
            page.goto(site.url)
            grounds.add(self.ground(page))
        assert len(grounds) == 2

    def test_chosen_colours_stay_and_do_not_flash(self, page, site):
        """They are set before anything is drawn."""
        page.goto(site.url)
        light = self.ground(page)
        button = page.get_by_role("button", name="Colours")
        button.click()
        button.click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.route("**/app.js", lambda route: route.abort())
        page.reload()
        assert self.ground(page) != light

    def test_the_bar_is_seen_before_the_page_is_loaded(self, page, site):
        """It stays where it is when the rest comes."""
        modules = Gate(page, "**/app.js")
        page.goto(site.url, wait_until="commit")
        name = page.locator(".bar .name")
        expect(name).to_be_visible()
        modules.wait()
        before = name.bounding_box()
        expect(page.get_by_role("navigation")).to_have_count(0)
        modules.open()
        expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        assert name.bounding_box()["y"] == before["y"]
        assert name.bounding_box()["x"] == before["x"]

    def test_it_speaks_german(self, make_context, site):
        """To a browser that does."""
        page = make_context(locale="de-AT").new_page()
        site.send()
        page.goto(site.url)
        expect(page.get_by_role("link", name="Alle Nachrichten 1")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "de")

    def test_another_language_is_chosen(self, page, site):
        """In the list of keys."""
        page.goto(site.url)
        page.get_by_role("button", name="Show the keys").click()
        page.get_by_label("Language").select_option("de")
        expect(page.locator("html")).to_have_attribute("lang", "de")

    def test_a_narrow_screen_shows_one_column(self, make_context, site):
        """With a way back, and a menu."""
        page = make_context(
            locale="en", viewport={"width": 390, "height": 800}
        ).new_page()
        site.send("Subject: one\n\nHi.\n")
        page.goto(site.url)
        page.locator(".row").click()
        expect(page.get_by_role("heading", name="one")).to_be_visible()
        expect(page.locator(".row")).to_be_hidden()
        page.get_by_role("button", name="Back to the list").click()
        expect(page.locator(".row")).to_be_visible()
        page.get_by_role("button", name="Menu").click()
        page.get_by_role("link", name="Status").click()
        expect(page.get_by_role("heading", name="Status")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


class TestPlace:
    """Where the page is."""

    def test_it_works_below_a_base(self, page, make_site_with, requests):
        """Also at the base without a slash."""
        site = make_site_with(base="/some/mail")
        page.goto(site.url.rstrip("/"))
        site.send("Subject: below\n\nHi.\n")
        page.locator(".row").click()
        expect(page.get_by_role("heading", name="below")).to_be_visible()
        assert all("/some/mail" in each for each in requests.urls)

    def test_a_place_that_is_none_says_so(self, page, site):
        """With what was asked for."""
        page.goto(f"{site.url}#/nothing")
        expect(page.get_by_text("There is no such place: #/nothing")).to_be_visible()


class TestLogin:
    """A server that needs a login."""

    @pytest.fixture
    def guarded(self, page, make_site_with):
        """Its page, with one message behind the form."""
        site = make_site_with(gate=LoginGate(users={"anna": "secret"}))
        site.send("Subject: private\n\nHi.\n")
        page.goto(site.url)
        return page

    def log_in(self, page, password):
        page.get_by_label("User", exact=True).fill("anna")
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Log in").click()

    def test_a_form_asks_for_it(self, guarded):
        """The mail comes after it."""
        expect(guarded.locator(".row")).to_have_count(0)
        self.log_in(guarded, "secret")
        expect(guarded.locator(".row")).to_contain_text("private")

    def test_a_button_logs_out(self, guarded):
        """The form comes back."""
        self.log_in(guarded, "secret")
        expect(guarded.locator(".row")).to_have_count(1)
        guarded.get_by_role("button", name="Log out").click()
        expect(guarded.get_by_role("dialog")).to_be_visible()

    def test_it_comes_back_when_the_login_has_ended(self, guarded, context, site):
        """At the next thing that needs one."""
        self.log_in(guarded, "secret")
        expect(guarded.locator(".row")).to_have_count(1)
        context.clear_cookies()
        # The form may have come already, and then it takes all clicks.
        guarded.evaluate("location.hash = '#/status'")
        expect(guarded.get_by_role("dialog", name="Log in")).to_be_visible()

    def test_a_key_does_not_close_it(self, guarded):
        """There would be no way back."""
        form = guarded.get_by_role("dialog", name="Log in")
        expect(form).to_be_visible()
        for _ in range(3):
            guarded.keyboard.press("Escape")
        expect(form).to_be_visible()
        self.log_in(guarded, "secret")
        expect(guarded.locator(".row")).to_contain_text("private")

    def test_what_was_written_stays_when_the_login_has_ended(self, guarded, context):
        """It can be sent after the next login."""
        self.log_in(guarded, "secret")
        expect(guarded.locator(".row")).to_have_count(1)
        guarded.evaluate("location.hash = '#/send'")
        guarded.get_by_label("To", exact=True).fill("bert@example.com")
        guarded.get_by_label("Subject", exact=True).fill("Written before")
        context.clear_cookies()
        # The dialog may have come already, and then it takes all clicks.
        guarded.locator("form.compose").evaluate("(form) => form.requestSubmit()")
        expect(guarded.get_by_role("dialog", name="Log in")).to_be_visible()
        self.log_in(guarded, "secret")
        expect(guarded.get_by_role("dialog")).to_have_count(0)
        expect(guarded.get_by_label("Subject", exact=True)).to_have_value(
            "Written before"
        )
        guarded.get_by_role("main").get_by_role("button", name="Send").click()
        expect(guarded.get_by_role("heading", name="Written before")).to_be_visible()

    def test_a_wrong_password_is_told(self, guarded):
        """And can be tried again."""
        self.log_in(guarded, "wrong")
        expect(guarded.get_by_role("alert")).to_contain_text("wrong user name")
        expect(guarded.get_by_label("User", exact=True)).to_have_value("anna")


class TestLive:
    """The light that tells whether events arrive."""

    def test_it_is_not_green_before_the_first_connection(self, page, site):
        """Nor behind the form of a login."""
        page.route_web_socket("**/events*", lambda socket: socket.close())
        page.route("**/api/v2/events*", lambda route: None)
        page.goto(site.url)
        expect(page.locator(".status")).to_have_text("connecting…")

    def test_a_websocket_that_nobody_answers_is_given_up(self, make_context, site):
        """After ten seconds the events come by themselves."""
        page = make_context(locale="en").new_page()
        page.clock.install()
        page.add_init_script("WebSocket = class { close() {} }")
        page.goto(site.url)
        expect(page.locator(".status")).to_have_text("connecting…")
        page.clock.fast_forward(10_000)
        page.clock.fast_forward(1000)
        expect(page.locator(".status")).to_have_text("live")


class TestAway:
    """A server that does not answer."""

    def test_a_place_that_is_not_loaded_yet_is_shown_later(self, page, site):
        """As soon as the server is back."""
        page.goto(site.url)
        expect(page.locator(".status")).to_have_text("live")
        site.controller.stop()
        expect(page.locator(".away")).to_be_visible()
        page.evaluate("location.hash = '#/faults'")
        site.controller.start()
        expect(page.get_by_role("heading", name="Faults")).to_be_visible()

    def test_every_view_has_its_frame(self, page, site):
        """Its modules are loaded before somebody goes there."""
        views = ("compare", "faults", "mailboxes", "send", "status")
        page.goto(site.url)
        for view in views:
            until(page, f"() => customElements.get('{view}-view')")
        site.controller.stop()
        expect(page.locator(".away")).to_be_visible()
        for view in views:
            page.evaluate(f"location.hash = '#/{view}/1/2'")
            expect(page.locator(f"{view}-view")).to_contain_text(re.compile(r"\S"))

    def test_what_was_written_stays_and_can_be_sent_later(self, page, site):
        """A bar tells that the server is away, and goes when it is back."""
        page.goto(f"{site.url}#/send")
        expect(page.locator(".status")).to_have_text("live")
        page.get_by_label("To", exact=True).fill("anna@example.com")
        page.get_by_label("Subject", exact=True).fill("Written before")
        site.controller.stop()
        bar = page.locator(".away")
        expect(bar).to_contain_text("The server does not answer")
        send = page.get_by_role("main").get_by_role("button", name="Send")
        send.click()
        expect(page.locator("form [role=alert]")).to_be_visible()
        expect(page.get_by_label("Subject", exact=True)).to_have_value("Written before")
        site.controller.start()
        expect(bar).to_be_hidden()
        send.click()
        expect(page.get_by_role("heading", name="Written before")).to_be_visible()

    def test_what_cannot_be_loaded_tells_why(self, page, site):
        """In the language of the page, and not in the words of the browser."""
        found = site.send("Subject: one\n\nHi.\n")
        site.send("Subject: two\n\nHi.\n")
        page.goto(f"{site.url}#/messages/{found.id}")
        expect(page.get_by_role("heading", name="one")).to_be_visible()
        site.controller.stop()
        expect(page.locator(".away")).to_be_visible()
        page.locator(".row", has_text="two").click()
        expect(page.locator(".view .empty")).to_contain_text("does not answer")

    @pytest.mark.parametrize("tab", ["", "/html", "/text", "/conversation", "/source"])
    def test_what_was_not_loaded_comes_when_it_is_back(self, page, site, tab):
        """Nobody has to load the page again."""
        message = EmailMessage()
        message["Subject"] = "two"
        message.set_content("Hello.\n")
        message.add_alternative("<p>Hello.</p>", subtype="html")
        site.send("Subject: one\n\nHi.\n")
        found = site.send(message)
        page.goto(f"{site.url}#/messages")
        expect(page.locator(".row")).to_have_count(2)
        until(page, "() => customElements.get('mail-view')")
        # The message itself is loaded, and its tab is not.
        if tab:
            page.goto(f"{site.url}#/messages/{found.id}/envelope")
            expect(page.get_by_role("tabpanel")).to_contain_text("Transaction")
        site.controller.stop()
        expect(page.locator(".away")).to_be_visible()
        page.goto(f"{site.url}#/messages/{found.id}{tab}")
        expect(page.locator(".view")).to_contain_text("does not answer")
        site.controller.start()
        expect(page.locator(".away")).to_be_hidden()
        expect(page.locator(".view")).not_to_contain_text("does not answer")
        expect(page.get_by_role("tabpanel")).to_be_visible()

    def test_the_list_stays(self, page, site):
        """With its search."""
        site.send("Subject: kept\n\nHi.\n")
        page.goto(f"{site.url}#/messages?q=subject:kept")
        expect(page.locator(".row")).to_have_count(1)
        site.controller.stop()
        expect(page.locator(".away")).to_be_visible()
        page.get_by_role("combobox", name="Search mail").fill("subject:ke")
        expect(page).to_have_url(re.compile(r"q=subject%3Ake$"))
        expect(page.locator(".row")).to_have_count(1)


class TestNarrow:
    """A telephone."""

    @pytest.fixture
    def narrow(self, make_context):
        return make_context(
            locale="en", viewport={"width": 390, "height": 800}
        ).new_page()

    def test_the_button_of_the_keys_has_its_sign(self, narrow, site):
        """It is no empty hole."""
        narrow.goto(site.url)
        expect(narrow.locator(".bar kbd", has_text="?")).to_be_visible()

    def test_an_empty_store_shows_how_to_connect(self, narrow, site):
        """Until something arrives, or is refused."""
        narrow.goto(site.url)
        expect(narrow.get_by_role("heading", name="No mail yet")).to_be_visible()
        expect(narrow.get_by_role("main")).to_contain_text(str(site.controller.port))
        site.send()
        expect(narrow.locator(".row")).to_be_visible()

    def test_the_menu_leads_to_connect(self, narrow, site):
        """The bar has no room for it."""
        narrow.goto(f"{site.url}#/send")
        narrow.get_by_role("button", name="Menu").click()
        narrow.get_by_role("navigation").get_by_role("link", name="Connect").click()
        expect(narrow.get_by_role("heading", name="No mail yet")).to_be_visible()

    def test_the_chosen_tab_is_seen(self, narrow, site):
        """Though it is the last one."""
        found = site.send()
        narrow.goto(f"{site.url}#/messages/{found.id}/conversation")
        tab = narrow.get_by_role("tab", name="Conversation")
        expect(tab).to_be_in_viewport(ratio=0.9)

    def test_a_long_subject_leaves_the_buttons_in_reach(self, narrow, site):
        """It is cut to two lines."""
        found = site.send(f"Subject: {'long subject ' * 60}\n\nHi.\n")
        narrow.goto(f"{site.url}#/messages/{found.id}")
        expect(narrow.get_by_role("button", name="Delete")).to_be_in_viewport()

    def test_a_refusal_has_the_room_of_its_line(self, narrow, site):
        """Its explanation is below it."""
        text = "4.2.2 the mailbox of this person is over its quota"
        site.controller.faults.on("RCPT").reply(452, text)
        with pytest.raises(SMTPRecipientsRefused):
            site.send()
        [session] = site.controller.sessions
        narrow.goto(f"{site.url}#/sessions/{session.id}")
        line = narrow.locator(".talk [data-kind=hit]")
        expect(line.locator("q")).to_be_visible()
        # At one moment: what is loaded later may move both.
        width, end, top = line.evaluate(
            """(line) => {
              const reply = line.querySelector("code").getBoundingClientRect();
              const { top } = line.querySelector("q").getBoundingClientRect();
              return [reply.width, reply.bottom, top];
            }"""
        )
        assert width > 180
        assert top >= end - 1
