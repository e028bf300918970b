"""What is irregular: refused in one profile, noted in the other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.cred.portal import Portal

from lazr_smtptest.mime.lines import irregularities, longest_line_exceeds
from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.smtp.settings import Settings


def play(wire: Any, *sessions: bytes) -> list[str]:
    """Send each piece; give back the codes of all answers."""
    heard: list[str] = []
    for octets in sessions:
        heard += [line[:3] for line in wire.send(octets) if line[3] == " "]
    return heard


def lines(*commands: str) -> list[bytes]:
    return [command.encode() + b"\r\n" for command in commands]


HELLO, MAIL, RCPT, DATA = lines("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
(UTF8,) = lines("MAIL FROM:<a@b> SMTPUTF8")
END = b".\r\n"

SESSIONS = {
    "bare-newline": [HELLO, MAIL, RCPT, DATA, b"a\nb\r\n" + END],
    "long-line": [HELLO, MAIL, RCPT, DATA, b"x" * 999 + b"\r\n" + END],
    "undeclared-8bit": [HELLO, MAIL, RCPT, DATA, b"\xc3\xbc\r\n" + END],
    "undeclared-utf8": [HELLO, MAIL, *lines("RCPT TO:<ü@d>"), RCPT, DATA, END],
    "no-hello": [MAIL, RCPT, DATA, END],
    "pipelining": [HELLO, MAIL, RCPT, DATA + b"x\r\n" + END],
    "no-domain": [HELLO, MAIL, *lines("RCPT TO:<root>"), RCPT, DATA, END],
    "space-before-path": [HELLO, *lines("MAIL FROM: <a@b>"), RCPT, DATA, END],
    "space-before-colon": [HELLO, MAIL, *lines("RCPT TO :<c@d>"), RCPT, DATA, END],
    "no-brackets": [HELLO, MAIL, *lines("RCPT TO:c@d"), RCPT, DATA, END],
    "bad-domain": [HELLO, MAIL, *lines("RCPT TO:<c@d_e>"), RCPT, DATA, END],
    "trailing-dot": [HELLO, MAIL, *lines("RCPT TO:<c@d.>"), RCPT, DATA, END],
    "invisible-character": [
        HELLO,
        UTF8,
        *lines("RCPT TO:<c@d\u200be>"),
        RCPT,
        DATA,
        END,
    ],
    "long-local-part": [
        HELLO,
        MAIL,
        *lines(f"RCPT TO:<{'c' * 65}@d>"),
        RCPT,
        DATA,
        END,
    ],
    "long-domain": [HELLO, MAIL, *lines(f"RCPT TO:<c@{'d.' * 128}e>"), RCPT, DATA, END],
    "bad-idn": [HELLO, MAIL, *lines("RCPT TO:<c@xn--a>"), RCPT, DATA, END],
    "control-character": [HELLO, UTF8, *lines("RCPT TO:<c\x85@d>"), RCPT, DATA, END],
    "bad-hello": [*lines("EHLO a_b"), MAIL, RCPT, DATA, END],
    "esmtp-after-helo": [*lines("HELO a", "MAIL FROM:<a@b> SIZE=1"), RCPT, DATA, END],
    "auth-in-brackets": [HELLO, *lines("MAIL FROM:<a@b> AUTH=<c@d>"), RCPT, DATA, END],
    "nul": [HELLO, MAIL, RCPT, DATA, b"\0\r\n" + END],
}


def serve(new_wire: Any, profile: Any) -> Any:
    """Make a connection to a server of a profile that clients may log in to."""
    wire = new_wire(settings=Settings(profile=profile))
    wire.protocol.portal = Portal(None)
    return wire


def test_each_kind_has_a_session() -> None:
    """Below."""
    assert SESSIONS.keys() == IRREGULAR.keys()


@pytest.mark.parametrize("kind", SESSIONS)
def test_the_standard_profile_notes_it(new_wire: Any, kind: str) -> None:
    """On the envelope, once, and takes the message."""
    wire = serve(new_wire, "standard")
    assert play(wire, *SESSIONS[kind])[-1] == "250"
    assert wire.envelopes[0].warnings == (kind,)


@pytest.mark.parametrize("kind", SESSIONS)
def test_the_strict_profile_refuses_it(new_wire: Any, kind: str) -> None:
    """With the reply that stands in the table."""
    wire = serve(new_wire, "strict")
    said = [line for octets in SESSIONS[kind] for line in wire.send(octets)]
    assert str(IRREGULAR[kind]) in said


def test_a_regular_message_has_no_warnings(wire: Any) -> None:
    """In either profile."""
    wire.begin()
    wire.say("x" * 998, ".")
    assert wire.envelopes[0].warnings == ()


def test_a_refused_sender_leaves_no_warning(wire: Any) -> None:
    """The next one begins afresh."""
    play(wire, HELLO, *lines("MAIL FROM: <a@b> FOO=1"), MAIL, RCPT, DATA, END)
    assert wire.envelopes[0].warnings == ()


@pytest.mark.parametrize("option", ["BODY=8BITMIME", "SMTPUTF8"])
def test_eight_bit_octets_may_be_declared(wire: Any, option: str) -> None:
    """RFC 6152, RFC 6531."""
    (mail,) = lines(f"MAIL FROM:<a@b> {option}")
    play(wire, HELLO, mail, RCPT, DATA, "ü\r\n.\r\n".encode())
    assert wire.envelopes[0].warnings == ()


def test_an_ehlo_in_the_middle_of_a_group_is_noted(new_wire: Any) -> None:
    """RFC 2920 section 3.1: it is the last one of a group."""
    wire = new_wire(settings=Settings(profile="strict"))
    assert play(wire, HELLO + MAIL) == ["554", "503"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", []),
        (b"a\r\n", []),
        (b"a\rb\r\n", ["bare-newline"]),
        (b"\n\r\r\n", ["bare-newline"]),
        (b"\xff", ["undeclared-8bit"]),
        (b"\0", ["nul"]),
        (b"x" * 998, []),
        (b"x" * 999, ["long-line"]),
        (b"x" * 998 + b"\r\n" + b"x" * 998 + b"\r\n", []),
        (b"\r\n" * 3000 + b"x" * 999 + b"\r\n", ["long-line"]),
    ],
)
def test_contents_are_inspected(content: bytes, found: list[str]) -> None:
    """All that is irregular in them is found."""
    assert irregularities(content, {}) == found


@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"a", b"bb"])).map(b"".join),
    st.integers(0, 6),
)
def test_the_longest_line_is_found(content: bytes, limit: int) -> None:
    """As a look at each line would."""
    longest = max(len(line) for line in content.split(b"\r\n"))
    assert longest_line_exceeds(content, limit) == (longest > limit)


def test_an_original_recipient_in_utf8_is_noted(wire: Any) -> None:
    """RFC 6533 section 3: without SMTPUTF8 it is written in ASCII."""
    orcpt = "RCPT TO:<c@d> ORCPT=utf-8;\u00fc@d".encode() + b"\r\n"
    play(wire, HELLO, MAIL, orcpt, DATA, END)
    assert wire.envelopes[0].warnings == ("undeclared-utf8",)
