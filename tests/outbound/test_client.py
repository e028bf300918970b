"""The commands that the client sends, and the errors that replies become."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionRefusedError
from twisted.python.failure import Failure

from lazr_smtptest.errors import SendError
from lazr_smtptest.outbound.client import Mail
from lazr_smtptest.outbound.settings import Login

if TYPE_CHECKING:
    from .conftest import Sending

LOGIN = Login(user="ann", password="secret")


def word(text: str) -> bytes:
    return base64.b64encode(text.encode())


def test_it_says_what_is_needed_and_nothing_else(sending: Sending) -> None:
    assert sending.say("220 mx") == b"EHLO [127.0.0.1]\r\n"
    assert sending.say("250-mx", "250 SIZE") == b"MAIL FROM:<ann@example.com>\r\n"
    assert sending.say("250 ok") == b"RCPT TO:<bob@example.com>\r\n"
    assert sending.say("250 ok") == b"DATA\r\n"
    assert sending.say("354 go") == b"Subject: hi\r\n\r\nHello.\r\n.\r\n"
    assert sending.results == []
    assert sending.say("250 ok") == b"QUIT\r\n"
    assert [str(reply) for reply in sending.results] == ["250 ok"]
    assert sending.transport.disconnecting


def test_an_empty_recipient_is_no_recipient(mail: Mail) -> None:
    """RFC 5321 section 4.1.1.3."""
    with pytest.raises(ValueError, match="a recipient is an address, not ''"):
        attrs.evolve(mail, recipients=("b@example.com", ""))


def test_each_recipient_is_named(
    make_sending: Callable[..., Sending], mail: Mail
) -> None:
    mail = attrs.evolve(mail, recipients=("b@example.com", "c@example.com"))
    sending = make_sending(mail).connect()
    sending.say("220 mx", "250 mx", "250 ok")
    assert sending.say("250 ok") == b"RCPT TO:<c@example.com>\r\n"
    assert sending.say("251 ok") == b"DATA\r\n"


def test_one_refused_recipient_ends_it(
    make_sending: Callable[..., Sending], mail: Mail
) -> None:
    mail = attrs.evolve(mail, recipients=("b@example.com", "c@example.com"))
    sending = make_sending(mail).connect()
    sending.say("220 mx", "250 mx", "250 ok", "250 ok")
    assert sending.say("550 5.1.1 unknown") == b"QUIT\r\n"
    assert sending.error == (
        "127.0.0.1 port 2525: reply to RCPT TO:<c@example.com>: 550 5.1.1 unknown"
    )


def test_a_server_without_ehlo_is_asked_for_helo(sending: Sending) -> None:
    assert sending.say("220 mx", "500 what") == b"HELO [127.0.0.1]\r\n"
    assert sending.say("250 mx") == b"MAIL FROM:<ann@example.com>\r\n"


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"", b"\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\nb\rc\r\n", b"a\r\nb\r\nc\r\n.\r\n"),
        (b".\r\n..\r\n.a\r\n", b"..\r\n...\r\n..a\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\rMAIL FROM:<x@y>\r\n", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n"),
    ],
)
def test_no_line_of_a_message_ends_it(
    make_sending: Callable[..., Sending], mail: Mail, content: bytes, sent: bytes
) -> None:
    """RFC 5321 section 4.5.2; a bare CR or LF is no way around it."""
    sending = make_sending(attrs.evolve(mail, content=content)).connect()
    assert sending.say("220 mx", "250 mx", "250 ok", "250 ok", "354 go") == sent


@pytest.mark.parametrize(
    "address",
    ["a\r\nb@c", "a b@c", "a>@c", "<a@b", "a\0@b", '"a\nb"@c', "a@b\r\nDATA", "a@b c"],
)
@pytest.mark.parametrize("field", ["sender", "recipients"])
def test_an_address_that_says_more_is_an_error(
    mail: Mail, field: str, address: str
) -> None:
    value = address if field == "sender" else (address,)
    with pytest.raises(ValueError, match="cannot send to or from the address"):
        attrs.evolve(mail, **{field: value})


def test_a_quoted_address_may_have_spaces(mail: Mail) -> None:
    assert attrs.evolve(mail, sender='"a b"@example.com').sender


def test_a_message_without_recipients_is_an_error(mail: Mail) -> None:
    with pytest.raises(ValueError, match="a message needs a recipient"):
        attrs.evolve(mail, recipients=())


def test_letters_beyond_ascii_are_said_to_come(
    make_sending: Callable[..., Sending], mail: Mail
) -> None:
    """RFC 6531 section 3.4."""
    sending = make_sending(attrs.evolve(mail, sender="jörg@example.com")).connect()
    said = sending.say("220 mx", "250 mx")
    assert said == "MAIL FROM:<jörg@example.com> SMTPUTF8\r\n".encode()


class TestLogin:
    """AUTH (RFC 4954)."""

    def test_plain(self, make_sending: Callable[..., Sending]) -> None:
        sending = make_sending(login=LOGIN).connect()
        said = sending.say("220 mx", "250-mx", "250 AUTH LOGIN PLAIN")
        assert said == b"AUTH PLAIN " + word("\0ann\0secret") + b"\r\n"
        assert sending.say("235 ok") == b"MAIL FROM:<ann@example.com>\r\n"

    def test_login(self, make_sending: Callable[..., Sending]) -> None:
        login = attrs.evolve(LOGIN, mechanism="login")
        sending = make_sending(login=login).connect()
        assert sending.say("220 mx", "250-mx", "250 AUTH LOGIN") == b"AUTH LOGIN\r\n"
        assert sending.say("334 VXNlcm5hbWU6") == word("ann") + b"\r\n"
        assert sending.say("334 UGFzc3dvcmQ6") == word("secret") + b"\r\n"
        assert sending.say("235 ok") == b"MAIL FROM:<ann@example.com>\r\n"

    def test_cram_md5(self, make_sending: Callable[..., Sending]) -> None:
        login = attrs.evolve(LOGIN, mechanism="cram-md5")
        sending = make_sending(login=login).connect()
        said = sending.say("220 mx", "250-mx", "250 AUTH CRAM-MD5")
        assert said == b"AUTH CRAM-MD5\r\n"
        digest = hmac.new(b"secret", b"<1@mx>", hashlib.md5).hexdigest()
        said = sending.say("334 " + word("<1@mx>").decode())
        assert said == word(f"ann {digest}") + b"\r\n"

    def test_a_challenge_that_is_no_base64(
        self, make_sending: Callable[..., Sending]
    ) -> None:
        login = attrs.evolve(LOGIN, mechanism="cram-md5")
        sending = make_sending(login=login).connect()
        sending.say("220 mx", "250-mx", "250 AUTH CRAM-MD5", "334 x")
        assert "its challenge is no base64" in sending.error

    def test_a_mechanism_that_is_not_offered(
        self, make_sending: Callable[..., Sending]
    ) -> None:
        sending = make_sending(login=LOGIN).connect()
        assert sending.say("220 mx", "250-mx", "250 AUTH LOGIN") == b"QUIT\r\n"
        assert "it does not offer AUTH PLAIN" in sending.error

    def test_an_error_does_not_show_the_password(
        self, make_sending: Callable[..., Sending]
    ) -> None:
        sending = make_sending(login=LOGIN).connect()
        sending.say("220 mx", "250-mx", "250 AUTH PLAIN", "535 5.7.8 wrong")
        assert sending.error == ("127.0.0.1 port 2525: reply to AUTH: 535 5.7.8 wrong")


class TestFailures:
    """Everything that goes wrong is a SendError, and ends the connection."""

    def test_no_connection(self, make_sending: Callable[..., Sending]) -> None:
        sending = make_sending()
        sending.factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
        assert sending.error.startswith("127.0.0.1 port 2525: cannot connect: ")

    def test_a_greeting_that_refuses(self, sending: Sending) -> None:
        assert sending.say("421 go away") == b"QUIT\r\n"
        assert "reply to connecting: 421 go away" in sending.error
        assert sending.results[0].value.code == 421

    def test_a_message_that_is_refused(self, sending: Sending) -> None:
        sending.say("220 mx", "250 mx", "250 ok", "250 ok", "354 go")
        sending.say("554 5.7.1 spam")
        assert "reply to the message: 554 5.7.1 spam" in sending.error

    def test_a_connection_that_ends(self, sending: Sending) -> None:
        sending.say("220 mx")
        sending.lose()
        assert "the connection ended: gone" in sending.error

    @pytest.mark.parametrize("line", ["HTTP/1.1 400", "22", "2200 x", "x" * 5000])
    def test_a_server_of_another_protocol(self, sending: Sending, line: str) -> None:
        sending.say(line)
        assert "it does not speak SMTP" in sending.error
        assert sending.transport.disconnecting

    def test_a_reply_without_an_end(self, sending: Sending) -> None:
        sending.say(*["220-mx"] * 300)
        assert "it does not speak SMTP" in sending.error

    def test_a_server_that_says_nothing(
        self, make_sending: Callable[..., Sending]
    ) -> None:
        sending = make_sending(timeout=5.0).connect()
        sending.reactor.advance(5)
        assert sending.error == "127.0.0.1 port 2525 took over 5 s"
        assert sending.transport.disconnecting

    def test_no_timeout_is_left_behind(self, sending: Sending) -> None:
        sending.say("220 mx", "250 mx", "250 ok", "250 ok", "354 go", "250 ok")
        assert sending.reactor.getDelayedCalls() == []

    def test_a_cancelled_attempt_ends_the_connection(self, sending: Sending) -> None:
        sending.deferred.cancel()
        assert sending.results[0].check(CancelledError, SendError)
        assert sending.transport.disconnecting

    def test_starttls_that_is_not_offered(
        self, make_sending: Callable[..., Sending]
    ) -> None:
        """Nothing is sent in clear then."""
        sending = make_sending(security="starttls").connect()
        assert sending.say("220 mx", "250 mx") == b"QUIT\r\n"
        assert "it does not offer STARTTLS, and TLS is required" in sending.error


def test_what_came_in_clear_before_tls_is_thrown_away(
    make_sending: Callable[..., Sending],
) -> None:
    """A reply that somebody put behind that to STARTTLS answers no command in TLS."""
    sending = make_sending(security="starttls").connect()
    sending.say("220 mx", "250-mx", "250 STARTTLS")
    sending.transport.clear()
    sending.protocol.dataReceived(b"220 go\r\n250 injected\r\n250 injected\r\n")
    # The handshake of TLS, and not the command behind the reply to EHLO.
    assert sending.transport.value().startswith(b"\x16\x03")
    assert not sending.results
