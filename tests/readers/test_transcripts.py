"""The transcripts of sessions in which mail is read."""

from __future__ import annotations

import base64

import pytest

from lazr_smtptest import Faults, Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.readers.conversation import Conversation
from lazr_smtptest.readers.imap.connection import IMAPConnection

from .imap.peers import Inbox
from .pop3.conftest import Post
from .sides import SIMPLE, Side


def session_of(side: Side) -> Session:
    """Return the only session."""
    [session] = side.context.reader_sessions
    return session


def lines_of(side: Side) -> list[str]:
    """Return the lines of the only session: of the Client, the Server, and Notes."""
    return [
        f"{line.who[0].upper()}: {line.text}" for line in session_of(side).transcript
    ]


class TestIMAP:
    """A session of IMAP."""

    def test_it_has_what_was_said(self) -> None:
        """Line by line, with a note on its end."""
        inbox = Inbox()
        peer = inbox.connect()
        peer.say("a NOOP")
        peer.say("b XYZZY")
        peer.leave()
        said = lines_of(inbox)
        assert said[0].startswith("S: * OK [CAPABILITY ")
        assert said[1:] == [
            "C: a NOOP",
            "S: a OK done",
            "C: b XYZZY",
            "S: b BAD unknown command",
            "N: the client closed the connection",
        ]

    def test_it_is_recorded(self) -> None:
        """With who has logged in, and how."""
        inbox = Inbox()
        inbox.log_in("bob")
        session = session_of(inbox)
        assert (session.protocol, session.number) == ("imap", 1)
        assert (session.user, session.mechanism) == ("bob", "LOGIN")
        assert session.login_attempts == 1
        assert session.ended is None

    def test_it_ends_with_the_connection(self) -> None:
        """By the server, too."""
        inbox = Inbox()
        peer = inbox.connect()
        peer.say("a LOGOUT")
        peer.leave()
        assert session_of(inbox).ended == inbox.reactor.seconds()
        assert lines_of(inbox)[-1] == "N: the server closed the connection"

    def test_a_refusal_is_a_failure(self) -> None:
        """NO and BAD are refusals, and shown as such."""
        inbox = Inbox()
        inbox.log_in().say("a STATUS x (MESSAGES)")
        session = session_of(inbox)
        assert (session.refusals, session.failed) == (1, True)
        assert [line.text for line in session.transcript if line.refuses] == [
            "a NO [NONEXISTENT] there is no such mailbox"
        ]

    def test_a_session_without_a_refusal_has_not_failed(self) -> None:
        """Although it has delivered nothing."""
        inbox = Inbox()
        inbox.log_in()
        assert not session_of(inbox).failed

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("a LOGIN bob geheim", "a LOGIN bob ********"),
            ("a login bob geheim", "a login bob ********"),
            ('a LOGIN "bob b" "geheim"', 'a LOGIN "bob b" ********'),
            ('a LOGIN "b\\"b" geheim', "a LOGIN ********"),
            ("a LOGIN (geheim) geheim", "a LOGIN (geheim) ********"),
            ("LOGIN bob geheim", "LOGIN bob ********"),
            ("a AUTHENTICATE PLAIN AGJvYgBnZWhlaW0=", "a AUTHENTICATE PLAIN ********"),
            ("AUTHENTICATE PLAIN AGJvYgBnZWhlaW0=", "AUTHENTICATE PLAIN ********"),
        ],
    )
    def test_no_password_is_kept(self, sent: str, shown: str) -> None:
        """Neither where the command is malformed."""
        inbox = Inbox()
        inbox.connect().say(sent)
        assert f"C: {shown}" in lines_of(inbox)

    def test_no_password_in_a_literal_is_kept(self) -> None:
        """Its size is."""
        inbox = Inbox()
        peer = inbox.connect()
        for sent in ("a LOGIN {3}", "bob {6}", "geheim"):
            peer.say(sent)
        assert lines_of(inbox)[1:-1] == [
            "C: a LOGIN {3}",
            "S: + go ahead",
            "C: [... 3 octets ...]",
            "C: ********",
            "S: + go ahead",
            "C: [... 6 octets ...]",
            "C: ********",
        ]
        assert "geheim" not in session_of(inbox).transcript.text(secrets=True)

    def test_no_response_to_a_challenge_is_kept(self) -> None:
        """But that it was cancelled is."""
        inbox = Inbox()
        peer = inbox.connect()
        secret = base64.b64encode(b"\0bob\0geheim").decode()
        for sent in ("a AUTHENTICATE PLAIN", "*", "b AUTHENTICATE PLAIN", secret):
            peer.say(sent)
        clients = [each for each in lines_of(inbox) if each.startswith("C")]
        assert clients[1] == "C: *"
        assert clients[3] == "C: ********"

    def test_of_a_message_that_is_appended_the_size_is_kept(self) -> None:
        """Not its text."""
        inbox = Inbox()
        peer = inbox.log_in()
        peer.say(f"b APPEND INBOX {{{len(SIMPLE)}}}")
        peer.send(SIMPLE + b"\r\n")
        assert f"C: [... {len(SIMPLE)} octets ...]" in lines_of(inbox)
        assert "Hello." not in str(session_of(inbox).transcript)

    def test_of_a_message_that_is_fetched_the_size_is_kept(self) -> None:
        """As the literal tells it."""
        inbox = Inbox(SIMPLE)
        inbox.select().say("c FETCH 1 (RFC822 UID)")
        said = lines_of(inbox)
        at = said.index("C: c FETCH 1 (RFC822 UID)")
        assert said[at + 1].endswith(f"RFC822 {{{len(SIMPLE)}}}")
        assert said[at + 2] == "S: )"
        assert "Hello." not in str(session_of(inbox).transcript)

    def test_of_many_responses_the_first_and_the_last_are_kept(self) -> None:
        """A client may fetch a million."""
        inbox = Inbox(*[SIMPLE] * 100)
        peer = inbox.select()
        peer.say("c FETCH 1:* UID")
        peer.leave()
        said = lines_of(inbox)
        at = said.index("C: c FETCH 1:* UID")
        assert said[at + 20] == "S: * 20 FETCH (UID 20)"
        assert said[at + 21].startswith("N: 80 more lines of the server, ")
        assert said[at + 22] == "S: c OK fetched"

    def test_a_rule_that_fires_is_noted(self) -> None:
        """Before what it does."""
        faults = Faults()
        faults.on("IMAP NOOP").reply("NO not today")
        inbox = Inbox(server={"faults": faults})
        inbox.connect().say("a NOOP")
        said = lines_of(inbox)
        assert said[-2].startswith("N: fault: ")
        assert said[-1] == "S: a NO not today"

    def test_a_line_that_is_too_long_is_noted(self) -> None:
        """Not kept."""
        inbox = Inbox()
        inbox.connect().send(b"a LOGIN bob " + b"x" * 9000 + b"\r\n")
        assert "C: [... 8192 octets and more in a line ...]" in lines_of(inbox)


class TestPOP3:
    """A session of POP3."""

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("PASS geheim", "PASS ********"),
            ("pass geheim x", "pass ********"),
            ("APOP bob 0123", "APOP bob ********"),
            ("AUTH PLAIN AGJvYgBnZWhlaW0=", "AUTH PLAIN ********"),
        ],
    )
    def test_no_password_is_kept(self, sent: str, shown: str) -> None:
        """Whatever the reply is."""
        post = Post(offers_apop=True)
        post.connect().say(sent)
        assert f"C: {shown}" in lines_of(post)

    def test_no_response_to_a_challenge_is_kept(self) -> None:
        """It is a line of its own."""
        post = Post()
        peer = post.connect()
        peer.say("AUTH PLAIN")
        peer.say("AGJvYgBnZWhlaW0=")
        assert lines_of(post)[-2] == "C: ********"

    def test_it_is_recorded(self) -> None:
        """With who has logged in, and how."""
        post = Post()
        post.log_in("bob").say("XYZZY")
        session = session_of(post)
        assert (session.protocol, session.user) == ("pop3", "bob")
        assert (session.mechanism, session.refusals) == ("USER", 1)
        assert session.transcript.lines()[-1].refuses

    def test_of_a_long_message_the_beginning_and_the_end_are_kept(self) -> None:
        """And how much is between."""
        post = Post(b"Subject: hi\r\n\r\n" + b"line\r\n" * 100)
        peer = post.log_in()
        peer.say("RETR 1")
        peer.say("QUIT")
        said = lines_of(post)
        at = said.index("C: RETR 1")
        assert said[at + 2] == "S: Subject: hi"
        assert said[at + 21 : at + 23] == [
            "N: 83 more lines of the server, 498 octets",
            "S: .",
        ]


class TestConversation:
    """What is kept of the bytes of a server."""

    @pytest.fixture
    def transcript(self) -> Transcript:
        """Where it is kept."""
        return Transcript()

    @pytest.fixture
    def conversation(self, transcript: Transcript) -> Conversation:
        """That of a session of IMAP."""
        return Conversation(
            transcript, lambda: 0.0, IMAPConnection.masked, has_literals=True
        )

    @pytest.mark.parametrize("step", [1, 2, 3, 5, 1000])
    def test_cuts_change_nothing(
        self, conversation: Conversation, transcript: Transcript, step: int
    ) -> None:
        """Of lines and of literals."""
        data = b"* 1 FETCH (RFC822 {7}\r\nx\r\ny\r\n! UID 1)\r\na OK\r\n"
        for at in range(0, len(data), step):
            conversation.server(data[at : at + step])
        assert [line.text for line in transcript] == [
            "* 1 FETCH (RFC822 {7}",
            " UID 1)",
            "a OK",
        ]

    def test_a_line_without_an_end_is_bounded(self, conversation: Conversation) -> None:
        """In memory."""
        for _ in range(10):
            conversation.server(b"x" * 65_536)
        assert len(conversation._begun) == 65_536

    def test_of_many_lines_some_are_kept(
        self, conversation: Conversation, transcript: Transcript
    ) -> None:
        """The first, the last, and how many are between."""
        conversation.server(b"* 1 EXISTS\r\n" * 30)
        conversation.server(b"* 1 EXISTS\r\n" * 30 + b"a OK\r\n")
        conversation.client(b"b NOOP")
        texts = [line.text for line in transcript]
        assert len(texts) == 23
        assert texts[-3:] == [
            "40 more lines of the server, 480 octets",
            "a OK",
            "b NOOP",
        ]
