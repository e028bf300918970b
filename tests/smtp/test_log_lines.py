"""Text of clients cannot break out of a log line, or change how it looks."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from lazr_smtptest.model.reply import escaped
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.settings import Settings

# A line separator, a next line, a change of direction, an isolate, a soft hyphen,
# a zero width space, a byte order mark.
HOSTILE = ["\u2028", "\u2029", "\x85", "\u202e", "\u2066", "\xad", "\u200b", "\ufeff"]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """Return the lines of the log, each of which has to be printable ASCII."""
    caplog.set_level(logging.DEBUG, "lazr.smtptest")

    def lines() -> str:
        for message in caplog.messages:
            assert message.isascii()
            assert message.isprintable()
        return "\n".join(caplog.messages)

    return lines


def shown(sign: str) -> str:
    """Write a character as the log has it."""
    return sign.encode("unicode_escape").decode()


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
@pytest.mark.parametrize("address", ["a{}b@example.com", '"a{}b"@example.com'])
def test_an_address_is_escaped(wire: Any, lines: Any, sign: str, address: str) -> None:
    """The sender and the recipients are escaped, whatever the reply is."""
    hostile = address.format(sign)
    wire.say("EHLO a")
    wire.say(f"MAIL FROM:<{hostile}> SMTPUTF8", f"RCPT TO:<{hostile}>", "DATA")
    wire.say("x", ".")
    wire.say("MAIL FROM:<a@b> SMTPUTF8", f"RCPT TO:<{hostile}>", "DATA", "x", ".")
    assert shown(sign) in lines()


@pytest.mark.parametrize("sign", HOSTILE[:5], ids=ascii)
def test_an_address_with_a_control_is_taken_with_a_warning(
    wire: Any, sign: str
) -> None:
    """The grammar allows it (RFC 6531 section 3.3), and it is surely a mistake."""
    wire.say("EHLO a")
    wire.say("MAIL FROM:<a@b> SMTPUTF8", f"RCPT TO:<a{sign}b@d>", "DATA")
    wire.say("x", ".")
    (envelope,) = wire.envelopes
    assert envelope.rcpt_tos == (f"a{sign}b@d",)
    assert envelope.warnings == ("control-character",)


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
def test_a_subject_is_escaped(wire: Any, lines: Any, sign: str) -> None:
    """It may be anything."""
    wire.begin()
    wire.say(f"Subject: a{sign}b", "", ".")
    assert shown(sign) in lines()


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
@pytest.mark.parametrize("what", ["ENVID", "HELO", "AUTH"])
def test_a_parameter_and_a_name_are_escaped(
    wire: Any, lines: Any, sign: str, what: str
) -> None:
    """They are escaped in accepted and in refused commands."""
    name = f"a{sign}b" if what == "HELO" else "a"
    wire.say(f"EHLO {name}")
    extra = "" if what == "HELO" else f" {what}=a{sign}b"
    wire.say(f"MAIL FROM:<a@b>{extra}", "RCPT TO:<c@d>", "DATA", "x", ".")
    lines()


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
def test_the_address_of_a_peer_is_escaped(new_wire: Any, lines: Any, sign: str) -> None:
    """A zone of IPv6 may have any name, and a proxy may hand on anything."""
    wire = new_wire(settings=Settings(xclient=True))
    wire.say("EHLO proxy")
    wire.say(f"XCLIENT ADDR=IPV6:fe80::1%a{sign}b")
    wire.protocol.session.peer = (f"a{sign}b", 1)

    def fail() -> None:
        raise ValueError("what a handler says is its own")

    wire.handler.then = fail
    wire.begin()
    wire.say("x", ".")
    assert shown(sign) in lines()


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
def test_what_the_server_handles_is_escaped(lines: Any, sign: str) -> None:
    """At the level DEBUG the envelope and the id of the message are logged, too."""
    from ..wire import Wire

    class Parsing(Server):
        rset_clears = False

        def handle_message(self, message: Any) -> None:
            pass

    wire = Wire(Parsing())  # type: ignore[arg-type]
    wire.say("EHLO a")
    wire.say(f"MAIL FROM:<a{sign}b@c> SMTPUTF8", f"RCPT TO:<a{sign}b@c>", "DATA")
    wire.say(f"Message-ID: <a{sign}b@c>", "", ".")
    assert "processed message" in lines()


def test_other_text_stays_as_it_is() -> None:
    """An address of ASCII is not changed, whatever signs it has."""
    text = '"o\'brien\\ x"@example.com ~!#$%^&*{}|'
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("text", "escape"),
    [
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\x1b", "\\x1b"),
        ("\udcff", "\\udcff"),
        ("ü", "\\xfc"),
    ],
    ids=ascii,
)
def test_what_is_no_printable_ascii_is_escaped(text: str, escape: str) -> None:
    """Bytes that were not UTF-8 are escaped too (PEP 383)."""
    assert escaped(f"a{text}b") == f"a{escape}b"
