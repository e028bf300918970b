"""Fault rules in IMAP sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import succeed

from lazr_smtptest.faults import Faults, Rule
from lazr_smtptest.tls.context import TLS
from tests.harness import TLSPeer

from .peers import SIMPLE, Inbox


class Site(Inbox):
    """An inbox of one message, with fault rules."""

    def __init__(self, *contents: bytes, **settings: Any) -> None:
        self.faults = Faults()
        server = {"faults": self.faults, **settings.pop("server", {})}
        super().__init__(*(contents or (SIMPLE,)), server=server, **settings)
        self.faults.use_clock(self.reactor)  # type: ignore[arg-type]


@pytest.fixture
def site() -> Site:
    """A store with a message, its IMAP side, and rules."""
    return Site()


# By phase, the command that it is about.
COMMANDS = {
    "CAPABILITY": "CAPABILITY",
    "STARTTLS": "STARTTLS",
    "LOGIN": "LOGIN bob secret",
    "LIST": 'LIST "" *',
    "STATUS": "STATUS INBOX (MESSAGES)",
    "SELECT": "EXAMINE INBOX",
    "FETCH": "UID FETCH 1 FLAGS",
    "SEARCH": "SORT (DATE) UTF-8 ALL",
    "STORE": "STORE 1 FLAGS (\\Seen)",
    "COPY": "COPY 1 INBOX",
    "MOVE": "UID MOVE 1 INBOX",
    "EXPUNGE": "CLOSE",
    "APPEND": "APPEND INBOX {3+}\r\nabc",
    "IDLE": "IDLE",
    "NOOP": "CHECK",
    "LOGOUT": "LOGOUT",
    "OTHER": "XYZZY",
}


@pytest.mark.parametrize(("phase", "command"), COMMANDS.items())
def test_a_reply_of_a_rule_takes_the_place_of_the_servers(
    site: Site, phase: str, command: str
) -> None:
    """With the tag of the command, which is not carried out."""
    peer = site.select()
    site.faults.on(f"IMAP {phase}").reply("NO [SERVERBUG] try later")
    assert peer.say(f"x {command}") == b"x NO [SERVERBUG] try later\r\n"
    assert [each.phase for each in site.faults.journal] == [f"IMAP {phase}"]
    assert site.store.numbers() == [1]


def test_any_is_all_commands_and_the_greeting(site: Site) -> None:
    """A rule without a command in its name."""
    site.faults.on("IMAP ANY", optional=True).delay(1)
    peer = site.join()
    assert peer.heard() == b""
    site.reactor.advance(1)
    assert peer.heard().startswith(b"* OK")
    assert peer.say("a NOOP") == b""
    site.reactor.advance(1)
    assert peer.heard() == b"a OK done\r\n"


@pytest.mark.parametrize("status", ["BAD no", "NO no"])
def test_the_session_goes_on_after_a_refusal(site: Site, status: str) -> None:
    """The next command is answered as usual."""
    peer = site.select()
    site.faults.on("IMAP NOOP", times=1).reply(status)
    assert peer.say("a NOOP", "b NOOP") == f"a {status}\r\nb OK done\r\n".encode()


def test_bye_ends_the_session(site: Site) -> None:
    """RFC 3501 section 7.1.5."""
    peer = site.select()
    site.faults.on("IMAP FETCH").reply("BYE shutting down")
    assert peer.say("a FETCH 1 FLAGS") == b"* BYE shutting down\r\n"
    assert peer.closed


def test_ok_changes_only_the_text(site: Site) -> None:
    """The command is carried out."""
    peer = site.select()
    site.faults.on("IMAP FETCH").reply("OK so be it")
    heard = peer.say("a FETCH 1 UID")
    assert heard == b"* 1 FETCH (UID 1)\r\na OK so be it\r\n"


def test_ok_does_not_hide_what_the_server_refuses(site: Site) -> None:
    """A client is not told that a wrong command was right."""
    site.faults.on("IMAP FETCH").reply("OK so be it")
    assert b"a BAD" in site.select().say("a FETCH x")


def test_a_greeting_may_be_bye(site: Site) -> None:
    """RFC 3501 section 7.1.5: the server refuses the connection."""
    site.faults.on("IMAP GREETING").reply("BYE too busy")
    peer = site.join()
    assert peer.heard() == b"* BYE too busy\r\n"
    assert peer.closed


def test_a_greeting_has_another_text(site: Site) -> None:
    """The session goes on."""
    site.faults.on("IMAP GREETING").reply("OK Gimap ready")
    peer = site.join()
    assert peer.heard() == b"* OK Gimap ready\r\n"
    assert b"a OK" in peer.say("a NOOP")


def test_a_reply_of_any_command_refuses_the_client_at_the_greeting(site: Site) -> None:
    """There is no NO before the first command."""
    site.faults.on("IMAP ANY").reply("NO try later")
    assert site.join().heard() == b"* BYE try later\r\n"


def test_a_delay_is_that_of_the_clock(site: Site) -> None:
    """And the command is carried out after it."""
    peer = site.select()
    site.faults.on("IMAP NOOP").delay(5)
    assert peer.say("a NOOP") == b""
    site.reactor.advance(4.9)
    assert peer.heard() == b""
    site.reactor.advance(0.1)
    assert peer.heard() == b"a OK done\r\n"


def test_commands_wait_for_the_one_before(site: Site) -> None:
    """Replies come in the order of the commands."""
    peer = site.select()
    site.faults.on("IMAP NOOP", times=1).delay(5)
    assert peer.say("a NOOP", "b NOOP") == b""
    site.reactor.advance(5)
    assert peer.heard() == b"a OK done\r\nb OK done\r\n"


def test_a_client_that_is_held_gets_nothing(site: Site) -> None:
    """However long it waits: the server does not call it idle."""
    peer = site.select()
    site.faults.on("IMAP FETCH").hold()
    assert peer.say("a FETCH 1 FLAGS") == b""
    site.reactor.advance(10_000)
    assert peer.heard() == b""
    assert not peer.closed
    peer.leave()
    assert not site.reactor.getDelayedCalls()


def test_a_drop_closes_the_connection(site: Site) -> None:
    """Nothing is answered, not even the commands that have come."""
    peer = site.select()
    site.faults.on("IMAP FETCH").drop()
    assert peer.say("a FETCH 1 FLAGS", "b NOOP") == b""
    assert peer.closed


def test_a_reset_aborts_the_connection(site: Site) -> None:
    """TCP sends RST."""
    peer = site.select()
    site.faults.on("IMAP STORE").reset()
    peer.say("a STORE 1 FLAGS (\\Seen)")
    assert peer.aborted
    assert site.flags(1) == set()


def test_a_drop_after_the_reply(site: Site) -> None:
    """The message was changed."""
    peer = site.select()
    site.faults.on("IMAP STORE").go_on().then.drop()
    assert peer.say("a STORE 1 FLAGS.SILENT (\\Seen)").startswith(b"a OK")
    assert peer.closed
    assert site.flags(1) == {"seen"}


def test_a_reply_comes_slowly(site: Site) -> None:
    """Octet by octet."""
    peer = site.select()
    site.faults.on("IMAP NOOP").trickle(1)
    assert peer.say("a NOOP") == b"a"
    site.reactor.pump([1] * 3)
    assert peer.heard() == b" OK"
    site.reactor.pump([1] * 7)
    assert peer.heard() == b" done\r\n"


def test_a_client_that_leaves_ends_a_slow_reply(site: Site) -> None:
    """No timer is left."""
    peer = site.select()
    site.faults.on("IMAP NOOP").trickle(1)
    peer.say("a NOOP")
    peer.leave()
    assert not site.reactor.getDelayedCalls()


FETCHED = b"* 1 FETCH (BODY[] {23}\r\n" + SIMPLE + b")\r\na OK done\r\n"

Write = Callable[[Rule], Rule]


@pytest.mark.parametrize(
    ("write", "heard", "closed"),
    [
        (lambda rule: rule.cut(9), FETCHED[:9], True),
        (lambda rule: rule.cut_literal(5), FETCHED[:29], True),
        (lambda rule: rule.cut_literal(500), FETCHED[:47], True),
        (
            lambda rule: rule.resize_literal(10),
            FETCHED.replace(b"{23}", b"{33}"),
            False,
        ),
        (lambda rule: rule.resize_literal(-99), FETCHED.replace(b"{23}", b"{0}"), 0),
        (lambda rule: rule.expunge(), b"* 1 EXPUNGE\r\n" + FETCHED, False),
        (lambda rule: rule.swallow(), b"", False),
        (lambda rule: rule.inject(b"* BAD x\r\n"), FETCHED + b"* BAD x\r\n", False),
        (lambda rule: rule.blank(), b"\r\n" + FETCHED, False),
        (lambda rule: rule.raw(b"??\r\n"), b"??\r\n", False),
        (lambda rule: rule.raw(b"a OK x\r\n"), b"a OK x\r\n", False),
        (lambda rule: rule.split(), FETCHED, False),
        (lambda rule: rule.repeat_exists(), FETCHED, False),
    ],
    ids=lambda value: "" if not callable(value) else value.__code__.co_names[0],
)
def test_a_reply_is_changed(
    site: Site, write: Write, heard: bytes, closed: bool
) -> None:
    """As the table says, and the rule has fired."""
    peer = site.select()
    write(site.faults.on("IMAP FETCH"))
    said = peer.say("a FETCH 1 BODY.PEEK[]")
    assert said.replace(b"a OK fetched\r\n", b"a OK done\r\n") == heard
    assert peer.closed == closed
    site.faults.assert_all_fired()


def test_a_garbled_reply_has_the_highest_bits(site: Site) -> None:
    """Its line ends are right."""
    peer = site.select()
    site.faults.on("IMAP NOOP").garble()
    assert peer.say("a NOOP") == bytes(each | 0x80 for each in b"a OK done") + b"\r\n"


def test_a_mailbox_has_another_validity(site: Site) -> None:
    """A client has to forget what it knows of it (RFC 3501 section 2.3.1.1)."""
    site.faults.on("IMAP SELECT", times=1).uidvalidity(77)
    peer = site.log_in()
    assert b"[UIDVALIDITY 77]" in peer.say("a SELECT INBOX")
    assert b"[UIDVALIDITY 77]" not in peer.say("a SELECT INBOX")


def test_exists_is_sent_twice(site: Site) -> None:
    """RFC 3501 section 7.3.1 allows it."""
    site.faults.on("IMAP SELECT").repeat_exists()
    assert site.log_in().say("a SELECT INBOX").count(b"* 1 EXISTS\r\n") == 2


def test_exists_is_sent_twice_in_idle(site: Site) -> None:
    """When a message comes."""
    peer = site.select()
    site.faults.on("IMAP IDLE").repeat_exists()
    assert peer.say("a IDLE").startswith(b"+ ")
    site.add()
    assert peer.heard().count(b"* 2 EXISTS\r\n") == 2
    assert peer.say("DONE") == b"a OK no longer idling\r\n"


def test_a_message_with_the_text_of_a_response_is_not_changed() -> None:
    """Literals are what they are."""
    content = b"A: b\r\n\r\n* 3 EXISTS\r\nUIDVALIDITY 7\r\n"
    site = Site(content)
    peer = site.select()
    site.faults.on("IMAP FETCH").repeat_exists()
    assert content in peer.say("a FETCH 1 BODY[]")


def test_idle_ends_without_a_word(site: Site) -> None:
    """The steps after the server's reply run while the client idles."""
    peer = site.select()
    site.faults.on("IMAP IDLE").go_on().then.delay(60).then.drop()
    assert peer.say("a IDLE").startswith(b"+ ")
    site.reactor.advance(59)
    assert not peer.closed
    site.reactor.advance(1)
    assert peer.closed
    peer.leave()
    assert not site.reactor.getDelayedCalls()


def test_idle_that_is_not_disturbed_goes_on(site: Site) -> None:
    """A client that ends it gets its reply, once the steps are done."""
    peer = site.select()
    site.faults.on("IMAP IDLE").go_on().then.delay(60)
    peer.say("a IDLE")
    assert peer.say("DONE", "b NOOP") == b"a OK no longer idling\r\n"
    site.reactor.advance(60)
    assert peer.heard() == b"b OK done\r\n"


@pytest.mark.parametrize(
    ("phase", "command"),
    [("GREETING", None), ("CAPABILITY", "a CAPABILITY"), ("LOGIN", "a LOGIN a b")],
)
def test_a_capability_is_hidden(site: Site, phase: str, command: str | None) -> None:
    """In each reply that lists them."""
    hidden = {"LOGIN": "IDLE"}.get(phase, "SASL-IR")
    site.faults.on(f"IMAP {phase}").hide(hidden.lower()).announce("X-ONE", "X-TWO")
    peer = site.join()
    greeting = peer.heard()
    heard = greeting if command is None else peer.say(command)
    listed = heard.partition(b"CAPABILITY ")[2].partition(b"\r\n")[0]
    words = listed.partition(b"]")[0].decode().split()
    assert {"IMAP4rev1", "X-ONE", "X-TWO"} <= {*words}
    assert hidden not in words


def test_a_login_of_one_user_fails(site: Site) -> None:
    """By LOGIN, and by PLAIN with an initial response."""
    rule = site.faults.on("IMAP LOGIN", user="bob")
    rule.reply("NO [AUTHENTICATIONFAILED] no")
    peer = site.connect()
    assert b"a NO" in peer.say('a LOGIN "bob" x')
    assert b"b NO" in peer.say("b AUTHENTICATE PLAIN AGJvYgB4")
    assert b"c OK" in peer.say("c LOGIN ann x")
    assert rule.fired == 2


@pytest.mark.parametrize(
    "line", ["LOGIN", "LOGIN (", "LOGIN (a) b", "LOGIN a (b)", "AUTHENTICATE PLAIN !"]
)
def test_a_malformed_login_has_no_user(site: Site, line: str) -> None:
    """So a rule about a user does not fire."""
    site.faults.on("IMAP LOGIN", user="*", optional=True).reply("NO no")
    assert b"a BAD" in site.connect().say(f"a {line}")


def test_a_rule_is_about_who_has_logged_in(site: Site) -> None:
    """At the phases after the login."""
    site.faults.on("IMAP NOOP", user="bob").reply("NO no")
    assert b"x NO" in site.log_in("bob").say("x NOOP")
    assert b"x OK" in site.log_in("ann").say("x NOOP")


def test_no_password_is_in_the_journal(site: Site) -> None:
    """The line of a login is left out."""
    site.faults.on("IMAP LOGIN", "IMAP NOOP").delay(0)
    peer = site.connect()
    peer.say("a LOGIN bob secret", "b NOOP")
    site.reactor.pump([0, 0, 0])
    assert [each.line for each in site.faults.journal] == [b"", b"b NOOP"]


def test_the_journal_has_the_sizes_of_literals(site: Site) -> None:
    """Not the message that was appended."""
    site.faults.on("IMAP APPEND").reply("NO no")
    site.log_in().send(b"a APPEND INBOX {3+}\r\nabc\r\n")
    assert [each.line for each in site.faults.journal] == [b"a APPEND INBOX {3}"]


def test_sessions_are_numbered(site: Site) -> None:
    """And the journal names them."""
    rule = site.faults.on("IMAP NOOP", session=2)
    rule.reply("NO no")
    first, second = site.connect(), site.connect()
    assert b"a OK" in first.say("a NOOP")
    assert b"a NO" in second.say("a NOOP")
    assert [each.session for each in site.faults.journal] == [2]


def test_a_function_that_fails_refuses(site: Site) -> None:
    """And the test gets its error."""
    errors: list[BaseException] = []
    site.faults.on_error = errors.append

    def broken(context: object) -> bool:
        raise RuntimeError("broken")

    site.faults.on("IMAP NOOP", where=broken, optional=True).reply("NO no")
    assert site.select().say("a NOOP") == b"a NO [SERVERBUG] a fault rule failed\r\n"
    assert [str(each) for each in errors] == ["broken"]


def test_a_reply_to_starttls_may_be_changed(tls: TLS) -> None:
    """And TLS begins after it."""
    site = Site(server={"tls": tls})
    site.faults.on("IMAP STARTTLS").reply("OK here we go")
    peer = site.connect()
    assert peer.say("a STARTTLS") == b"a OK here we go\r\n"
    secure = TLSPeer(peer.transport, tls.client_context())
    secure.handshake()
    secure.ssl.write(b"b NOOP\r\n")
    assert secure.heard() == ["b OK done"]


def test_a_drop_without_close_notify(tls: TLS) -> None:
    """The connection below TLS is closed."""
    site = Site(server={"tls": tls}, begins_with_tls=True)
    site.faults.on("IMAP NOOP").drop(close_notify=False)
    peer = site.join()
    secure = TLSPeer(peer.transport, tls.client_context())
    secure.handshake()
    secure.heard()
    secure.ssl.write(b"b NOOP\r\n")
    assert secure.heard() == []
    assert peer.transport.disconnecting


def test_logout_may_be_changed(site: Site) -> None:
    """And ends the session."""
    peer = site.select()
    site.faults.on("IMAP LOGOUT").reply("OK see you")
    assert peer.say("a LOGOUT") == b"* BYE bye\r\na OK see you\r\n"
    assert peer.closed


def test_a_rule_that_has_fired_at_other_servers_changes_nothing(site: Site) -> None:
    """The command is carried out."""
    site.faults.on("IMAP NOOP").reply("NO try later").claim = lambda: succeed(0)
    assert site.select().say("a NOOP") == b"a OK done\r\n"
    assert site.faults.journal == ()
