"""Sessions of IMAP with logins, TLS, time, changes, and stores that fail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import fail
from zope.interface import implementer

from lazr_smtptest import Auth
from lazr_smtptest.auth.credentials import IToken
from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.imap.factory import IMAPReader
from lazr_smtptest.readers.imap.settings import IMAPSettings
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.tls.context import TLS
from tests.harness import TLSPeer

from .peers import SIMPLE, Inbox


@implementer(ICredentialsChecker)
class Tokens:
    """Refuses every token, and knows no passwords."""

    credentialInterfaces = (IToken,)

    def requestAvatarId(self, credentials: Any) -> Any:
        return fail(UnauthorizedLogin())


USERS = {"bob": "secret"}
DENIED = b"a NO [AUTHENTICATIONFAILED] wrong user or password\r\n"


@pytest.fixture
def inbox() -> Inbox:
    """A store with three messages."""
    return Inbox(SIMPLE, SIMPLE, SIMPLE)


class TestLogins:
    """Logins, and the mail that they show."""

    @pytest.fixture
    def inbox(self) -> Inbox:
        return Inbox(SIMPLE, server={"auth": Auth.users(USERS)})

    def test_the_right_password_is_accepted(self, inbox: Inbox) -> None:
        assert b"a OK" in inbox.connect().say("a LOGIN bob secret")

    @pytest.mark.parametrize("user", ["bob", "eve"])
    def test_a_wrong_password_is_refused(self, inbox: Inbox, user: str) -> None:
        assert inbox.connect().say(f"a LOGIN {user} wrong") == DENIED

    def test_a_wrong_response_is_refused(self, inbox: Inbox) -> None:
        peer = inbox.connect()
        assert peer.say("a AUTHENTICATE PLAIN AGJvYgB4") == DENIED

    def test_many_wrong_passwords_end_the_session(self) -> None:
        server = {"auth": Auth.users(USERS)}
        peer = Inbox(server=server, max_errors=2).connect()
        peer.say("a LOGIN bob x")
        assert peer.say("a LOGIN bob x") == DENIED + b"* BYE too many errors\r\n"
        assert peer.closed

    def test_without_passwords_login_is_disabled(self) -> None:
        """RFC 3501 section 6.2.3."""
        peer = Inbox(server={"auth": Auth.checkers(Tokens())}).join()
        assert b"LOGINDISABLED" in peer.heard()
        assert b"a NO" in peer.say("a LOGIN bob x")

    def test_with_accounts_a_user_sees_the_mail_to_an_address(self) -> None:
        inbox = Inbox(has_accounts=True)
        inbox.add(SIMPLE, "ann@example.com")
        inbox.add(SIMPLE, "bob@example.com")
        peer = inbox.log_in("bob@example.com")
        assert b"* 1 EXISTS" in peer.say("b SELECT INBOX")
        assert peer.say("c FETCH 1 UID") == b"* 1 FETCH (UID 2)\r\nc OK fetched\r\n"

    def test_with_accounts_the_name_of_a_disposable_mailbox_is_one(self) -> None:
        names = {"0a1b": "ann@example.com"}
        inbox = Inbox(has_accounts=True, server={"mailbox_addresses": names})
        inbox.add(SIMPLE, "ann@example.com")
        inbox.add(SIMPLE, "bob@example.com")
        assert b"* 1 EXISTS" in inbox.log_in("0a1b").say("b SELECT INBOX")

    def test_with_accounts_mail_to_others_is_not_told(self) -> None:
        inbox = Inbox(has_accounts=True)
        peer = inbox.log_in("bob@example.com")
        peer.say("b SELECT INBOX")
        inbox.add(SIMPLE, "ann@example.com")
        assert peer.say("c NOOP") == b"c OK done\r\n"
        inbox.add(SIMPLE, "bob@example.com")
        assert b"* 1 EXISTS" in peer.say("c NOOP")

    def test_with_accounts_what_is_appended_is_mail_to_the_address(self) -> None:
        inbox = Inbox(has_accounts=True)
        peer = inbox.log_in("bob@example.com")
        peer.say("b APPEND INBOX {6+}\r\nA: b\r\n")
        [envelope] = inbox.store
        assert envelope.rcpt_tos == ("bob@example.com",)

    def test_the_log_says_that_what_is_appended_came_by_imap(self) -> None:
        events: list[MailEvent] = []
        inbox = Inbox(SIMPLE)
        inbox.context.delivery_events.subscribe(events.append)
        peer = inbox.log_in()
        peer.say("b APPEND INBOX {6+}\r\nA: b\r\n", "c SELECT INBOX", "d COPY 1 INBOX")
        assert [each.session for each in events] == ["imap", "imap"]


class TestTLS:
    """STARTTLS, and TLS from the beginning."""

    def test_a_session_goes_on_within_tls(self, tls: TLS) -> None:
        peer = Inbox(SIMPLE, server={"tls": tls}).join()
        assert b"STARTTLS" in peer.heard()
        assert peer.say("a STARTTLS") == b"a OK begin TLS\r\n"
        inside = TLSPeer(peer.transport, tls.client_context())
        inside.handshake()
        inside.ssl.write(b"a CAPABILITY\r\n")
        [capabilities, done] = inside.heard()
        assert "STARTTLS" not in capabilities
        assert done == "a OK that is all"

    def test_commands_after_starttls_are_dropped(self, tls: TLS) -> None:
        """The connection is closed with a word."""
        peer = Inbox(SIMPLE, server={"tls": tls}).connect()
        replies = peer.say("a STARTTLS", "b LOGIN bob x")
        assert replies.startswith(b"a BAD commands came after STARTTLS")
        assert b"* BYE" in replies
        assert b"b " not in replies
        assert peer.closed

    def test_tls_begins_once(self, tls: TLS) -> None:
        inbox = Inbox(server={"tls": tls}, begins_with_tls=True)
        peer = TLSPeer(inbox.join().transport, tls.client_context())
        peer.handshake()
        peer.heard()
        peer.ssl.write(b"a STARTTLS\r\n")
        assert peer.heard() == ["a BAD TLS is on already"]

    def test_a_server_that_requires_tls_refuses_logins_without(self, tls: TLS) -> None:
        settings = Settings(tls=tls, require_tls=True)
        peer = Inbox(server={"tls": tls, "settings": settings}).join()
        greeting = peer.heard()
        assert b"LOGINDISABLED" in greeting
        assert b"AUTH=" not in greeting
        assert b"[PRIVACYREQUIRED]" in peer.say("a LOGIN bob x")
        assert b"[PRIVACYREQUIRED]" in peer.say("a AUTHENTICATE PLAIN")

    def test_tls_from_the_beginning_needs_a_certificate(self) -> None:
        context = Inbox().context
        with pytest.raises(ValueError, match="needs the certificate"):
            IMAPReader(context, IMAPSettings(begins_with_tls=True))


class TestChanges:
    """Changes by others, as a session is told of them."""

    def test_new_messages_are_told_after_a_command(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.add()
        assert peer.heard() == b""
        assert peer.say("c NOOP") == b"* 4 EXISTS\r\n* 0 RECENT\r\nc OK done\r\n"

    def test_new_messages_are_told_at_once_while_idle(self, inbox: Inbox) -> None:
        peer = inbox.select()
        peer.say("c IDLE")
        inbox.add()
        assert peer.heard() == b"* 4 EXISTS\r\n* 0 RECENT\r\n"
        assert peer.say("DONE") == b"c OK no longer idling\r\n"

    def test_what_came_before_idle_is_told_when_it_begins(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.add()
        assert peer.say("c IDLE") == b"+ idling\r\n* 4 EXISTS\r\n* 0 RECENT\r\n"

    def test_several_changes_while_one_is_read_are_all_told(self, inbox: Inbox) -> None:
        peer = inbox.select()
        peer.say("c IDLE")
        inbox.held = []
        inbox.add()
        inbox.add()
        inbox.release()
        assert b"* 5 EXISTS" in peer.heard()

    def test_removed_messages_are_told(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.store.remove(Selection(numbers=[1, 3]))
        assert peer.say("c NOOP") == b"* 3 EXPUNGE\r\n* 1 EXPUNGE\r\nc OK done\r\n"

    def test_fetch_store_and_search_do_not_change_numbers(self, inbox: Inbox) -> None:
        """RFC 3501 section 7.4.1."""
        peer = inbox.select()
        inbox.store.remove(Selection(numbers=[1]))
        assert peer.say("c SEARCH ALL") == b"* SEARCH 2 3\r\nc OK that is all\r\n"
        assert b"EXPUNGE\r\n" not in peer.say("c FETCH 2 UID")
        assert b"EXPUNGE\r\n" not in peer.say("c STORE 2 FLAGS (a)")
        assert b"* 1 EXPUNGE" in peer.say("c UID FETCH 2 UID")

    @pytest.mark.parametrize(
        "command",
        [
            "FETCH (",
            "FETCH 1",
            "STORE 1 X (a)",
            "SEARCH X",
            "SORT )",
            "THREAD {1+}\r\n(",
        ],
    )
    def test_nor_do_they_if_they_are_malformed(
        self, inbox: Inbox, command: str
    ) -> None:
        """A client that sends several at once counts on the numbers."""
        peer = inbox.select()
        inbox.store.remove(Selection(numbers=[1]))
        said = peer.say(f"c {command}")
        assert said.startswith(b"c BAD ")
        assert b"EXPUNGE" not in said
        assert peer.say("d NOOP") == b"* 1 EXPUNGE\r\nd OK done\r\n"

    @pytest.mark.parametrize(
        "command",
        ["FETCH 1 FLAGS", "FETCH 1 BODY[]", "STORE 1 FLAGS (a)", "COPY 1 INBOX"],
    )
    def test_messages_that_are_gone_are_told(self, inbox: Inbox, command: str) -> None:
        """RFC 2180 section 4."""
        peer = inbox.select()
        inbox.store.remove(Selection(numbers=[1]))
        assert b"c NO [EXPUNGEISSUED]" in peer.say(f"c {command}")

    @pytest.mark.parametrize(
        "command",
        [
            "FETCH 1 FLAGS",
            "FETCH 1 BODY[]",
            "STORE 1 FLAGS (a)",
            "STORE 1 (UNCHANGEDSINCE 1) FLAGS (a)",
            "COPY 1 INBOX",
            "MOVE 1 INBOX",
            "COPY 1 other",
            "MOVE 1 other",
        ],
    )
    def test_unique_identifiers_that_are_gone_are_ignored(
        self, inbox: Inbox, command: str
    ) -> None:
        """RFC 3501 section 6.4.8: the command succeeds, and does nothing."""
        peer = inbox.select()
        peer.say("c CREATE other")
        inbox.store.remove(Selection(numbers=[1]))
        said = peer.say(f"d UID {command}")
        assert said.startswith(b"* 1 EXPUNGE\r\nd OK ")
        assert b"UID" not in said

    def test_all_messages_may_go_at_once(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.store.clear()
        inbox.add()
        reply = peer.say("c NOOP")
        assert reply.endswith(
            b"* 3 EXPUNGE\r\n* 2 EXPUNGE\r\n* 1 EXPUNGE\r\nc OK done\r\n"
        )

    def test_flags_that_others_change_are_told(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.store.change(Selection(numbers=[2]), set_flags=["flagged"])
        assert peer.say("c NOOP") == (
            b"* 2 FETCH (UID 2 FLAGS (\\Flagged))\r\nc OK done\r\n"
        )

    def test_flags_that_the_client_changes_are_told_once(self, inbox: Inbox) -> None:
        peer = inbox.select()
        peer.say("c STORE 1 +FLAGS (\\Seen)")
        peer.say("c FETCH 2 BODY[]")
        assert peer.say("c NOOP") == b"c OK done\r\n"

    def test_a_flag_of_a_message_that_is_gone_is_not_told(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.store.change(Selection(numbers=[2]), set_flags=["flagged"])
        inbox.store.remove(Selection(numbers=[2]))
        assert peer.say("c NOOP") == b"* 2 EXPUNGE\r\nc OK done\r\n"

    def test_two_clients_expunge_the_same_message(self, inbox: Inbox) -> None:
        one, other = inbox.select(), inbox.select()
        one.say("c STORE 2 +FLAGS.SILENT (\\Deleted)")
        assert one.say("c EXPUNGE").startswith(b"* 2 EXPUNGE\r\n")
        assert other.say("c EXPUNGE") == b"* 2 EXPUNGE\r\nc OK expunged\r\n"

    def test_after_deselecting_nothing_is_told(self, inbox: Inbox) -> None:
        peer = inbox.select()
        peer.say("c UNSELECT")
        inbox.add()
        assert peer.say("c NOOP") == b"c OK done\r\n"

    def test_a_message_that_came_and_went_is_not_told(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.add()
        inbox.store.remove(Selection(numbers=[4]))
        assert peer.say("c NOOP") == b"c OK done\r\n"
        inbox.add()
        inbox.store.clear()
        assert b"EXISTS" not in peer.say("d NOOP")
        inbox.add()
        assert peer.say("e NOOP") == b"* 1 EXISTS\r\n* 0 RECENT\r\ne OK done\r\n"

    def test_a_new_message_raises_uidnext(self, inbox: Inbox) -> None:
        """Also if it is gone when the client asks."""
        peer = inbox.select()
        inbox.add()
        peer.say("c NOOP")
        inbox.store.remove(Selection(numbers=[4]))
        assert b"(UIDNEXT 5)" in peer.say("c STATUS INBOX (UIDNEXT)")

    def test_the_seen_flag_is_that_of_the_store(self, inbox: Inbox) -> None:
        inbox.select().say("c FETCH 1 BODY[]")
        assert inbox.flags(1) == {"seen"}

    def test_tags_that_are_no_keywords_stay(self, inbox: Inbox) -> None:
        inbox.store.change(Selection(numbers=[1]), add_tags=["to do", "old"])
        assert b"FLAGS (new)" in inbox.select().say("c STORE 1 FLAGS (new)")
        assert inbox.flags(1) == {"to do", "new"}


class TestTime:
    """How long a client may do nothing."""

    def test_an_idle_client_is_disconnected_with_a_word(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.reactor.advance(1799)
        assert not peer.closed
        inbox.reactor.advance(1)
        assert peer.heard().startswith(b"* BYE")
        assert peer.closed

    def test_a_client_that_does_not_read_the_word_is_aborted(self) -> None:
        inbox = Inbox()
        peer = inbox.connect()
        inbox.reactor.advance(1800)
        assert not peer.aborted
        inbox.reactor.advance(5)
        assert peer.aborted

    def test_every_command_begins_the_time_anew(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.reactor.advance(1000)
        peer.say("c NOOP")
        inbox.reactor.advance(1000)
        assert not peer.closed

    def test_a_client_that_leaves_leaves_no_timer(self, inbox: Inbox) -> None:
        peer = inbox.select()
        peer.say("c IDLE")
        peer.leave()
        assert inbox.reactor.getDelayedCalls() == []


class TestServers:
    """A server that is full, that stops, or whose store fails."""

    def test_too_many_connections_are_refused(self) -> None:
        inbox = Inbox(max_connections=1)
        inbox.connect()
        assert inbox.join().heard() == b"* BYE too many connections\r\n"

    def test_a_server_that_stops_ends_the_sessions(self, inbox: Inbox) -> None:
        peer = inbox.select()
        ended: list[object] = []
        inbox.reader.close().addCallback(ended.append)
        assert peer.heard() == b"* BYE the server stops\r\n"
        peer.leave()
        assert ended

    def test_a_store_that_fails_is_told(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        peer = inbox.select()
        reader = inbox.context.reader
        monkeypatch.setattr(reader, "ask", lambda *_: fail(StoreError("broken")))
        for command in ("FETCH 1 FLAGS", "SEARCH ALL", "SELECT INBOX"):
            assert b"c NO [UNAVAILABLE]" in peer.say(f"c {command}")

    def test_a_store_that_fails_while_idle_ends_the_session(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        peer = inbox.select()
        peer.say("c IDLE")
        reader = inbox.context.reader
        monkeypatch.setattr(reader, "ask", lambda *_: fail(StoreError("broken")))
        inbox.add()
        assert peer.heard() == b"* BYE the store cannot be used\r\n"
        assert peer.closed

    def test_an_error_of_the_server_ends_the_session(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        peer = inbox.select()
        reader = inbox.context.reader
        monkeypatch.setattr(reader, "ask", lambda *_: fail(ZeroDivisionError()))
        assert peer.say("c SEARCH ALL") == b"* BYE something went wrong here\r\n"
        assert peer.closed

    def test_a_client_may_leave_while_a_mailbox_is_read(self, inbox: Inbox) -> None:
        peer = inbox.log_in()
        inbox.held = []
        peer.say("b SELECT INBOX")
        peer.leave()
        inbox.release()
        inbox.add()
        assert peer.heard() == b""

    def test_answers_come_in_the_order_of_the_commands(self, inbox: Inbox) -> None:
        peer = inbox.select()
        inbox.held = []
        assert peer.say("c SEARCH ALL", "d NOOP") == b""
        inbox.release()
        assert peer.heard() == b"* SEARCH 1 2 3\r\nc OK that is all\r\nd OK done\r\n"


class Refusing:
    """A handler that refuses the second message."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.number = 0

    def envelope_received(self, envelope: Any) -> None:
        self.number += 1
        if self.number == 2:
            raise RuntimeError("no")
        self.store.add(envelope)


class Dropping:
    """A handler that keeps nothing."""

    def envelope_received(self, envelope: Any) -> None:
        """Drop a message."""


def appended(inbox: Inbox) -> bytes:
    """Append two messages at once, and return the reply."""
    peer = inbox.log_in()
    reply: bytes = peer.say("b APPEND INBOX {1+}\r\nx {1+}\r\ny")
    return reply


def test_of_several_messages_all_or_none_are_appended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """RFC 3502."""
    inbox = Inbox()
    inbox = Inbox(store=inbox.store, server={"handler": Refusing(inbox.store)})
    assert appended(inbox).startswith(b"b NO the message was refused: 451")
    assert len(inbox.store) == 0
    assert "the handler of a message raised" in caplog.text


def test_a_message_that_the_server_does_not_keep_is_told() -> None:
    """A hook may drop it."""
    assert appended(Inbox(server={"handler": Dropping()})) == (
        b"b NO the message was not kept\r\n"
    )


def test_a_large_message_is_sent_in_pieces() -> None:
    """As fast as the client reads."""
    content = SIMPLE + b"x" * 1_000_000
    peer = Inbox(content).select()
    reply = peer.say("c FETCH 1 BODY.PEEK[]")
    assert content in reply
    assert max(map(len, peer.transport.writes)) < 400_000


def test_many_messages_are_fetched() -> None:
    """Page by page."""
    inbox = Inbox(*[SIMPLE] * 1200)
    lines = inbox.select().say("c FETCH 1:* (UID)").splitlines()
    assert lines[-2:] == [b"* 1200 FETCH (UID 1200)", b"c OK fetched"]
    assert len(lines) == 1201


class Unparsed(MemoryStore):
    """A store whose messages are not to be parsed for a list; it counts its calls."""

    asked = 0

    def page(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a page was read")

    def summary(self, message: str | int) -> Any:
        raise AssertionError("a summary was read")

    def marks(self, numbers: Any) -> Any:
        self.asked += 1
        return super().marks(numbers)


@pytest.mark.parametrize("mailbox", ["INBOX", "Archive"])
@pytest.mark.parametrize(
    "line",
    [
        "FETCH 1:* (FLAGS UID MODSEQ)",
        "FETCH 1:* BODY.PEEK[]",
        "FETCH 1:* BODY[]",
        "FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE)",
        "FETCH 1:* FAST",
        "UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)] RFC822.SIZE)",
        "SEARCH UNSEEN UNDELETED",
        "SEARCH SINCE 1-Jan-2020 SMALLER 1000 LARGER 1 YOUNGER 60",
        "SEARCH TEXT hello",
        "SORT (ARRIVAL SIZE) UTF-8 ALL",
        "SORT (SUBJECT) UTF-8 ALL",
        "THREAD REFERENCES UTF-8 ALL",
        "STATUS INBOX (MESSAGES UNSEEN SIZE)",
        "STORE 1:* +FLAGS (\\Flagged later)",
    ],
)
def test_no_summary_is_made_for_a_command(mailbox: str, line: str) -> None:
    """A summary is made of the parsed message."""
    inbox = Inbox(*[SIMPLE] * 3, store=Unparsed())
    peer = inbox.select()
    peer.say("c CREATE Archive", "d COPY 1:* Archive", f"e SELECT {mailbox}")
    assert b"f OK" in peer.say(f"f {line}")


def test_the_flags_of_a_folder_are_read_at_once() -> None:
    """Not message by message."""
    inbox = Inbox(*[SIMPLE] * 50, store=Unparsed())
    peer = inbox.select()
    peer.say("c CREATE Archive", "d MOVE 1:* Archive", "e SELECT Archive")
    inbox.store.asked = 0
    assert peer.say("f FETCH 1:* FLAGS").count(b"FETCH (FLAGS ())") == 50
    assert inbox.store.asked == 1


def test_messages_keep_their_order_when_they_are_moved_on() -> None:
    """The order in a folder is not that of the store."""
    inbox = Inbox(*[b"Subject: %d\r\n\r\n" % number for number in range(3)])
    peer = inbox.select()
    peer.say("c CREATE A", "d CREATE B", "e MOVE 3 A", "f MOVE 1:2 A", "g SELECT A")
    peer.say("h MOVE 1:* B", "i SELECT B")
    said = peer.say("j FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
    assert re.findall(rb"Subject: (\d)", said) == [b"2", b"0", b"1"]


def test_the_resource_of_quotas_is_announced() -> None:
    """RFC 9208 section 3.1.1: at least one; none has a limit."""
    said = Inbox().log_in().say("b CAPABILITY")
    assert {b"QUOTA", b"QUOTA=RES-MESSAGE"} <= set(said.split())
