"""Smuggling: what looks like an end of data, or of a line, and is none.

RFC 5321 section 2.3.8: lines end in CRLF, and CR or LF alone ends nothing;
section 4.1.1.4: the mail data ends at CRLF.CRLF. Whoever takes anything else for
the end runs a part of the message as commands.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from lazr_smtptest.smtp.limits import Limits

# What some program, somewhere, takes for a line end.
LINE_ENDS = {
    "nothing": b"",
    "CRLF": b"\r\n",
    "LF": b"\n",
    "CR": b"\r",
    "LF CR": b"\n\r",
    "CR CR LF": b"\r\r\n",
    "CR NUL LF": b"\r\0\n",
    "CR space LF": b"\r \n",
    "NUL": b"\0",
    "NEL in UTF-8": "\x85".encode(),
    "line separator": "\u2028".encode(),
}
POSITIONS = {
    "first line": b"",
    "in the body": b"Subject: one\r\n\r\nbody",
    "after a full line": b"Subject: one\r\n\r\nbody\r\n",
}
SMUGGLED = (
    b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\n"
    b"DATA\r\nSubject: smuggled\r\n\r\nevil"
)
BEGIN = (
    b"EHLO a\r\nMAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\nDATA\r\n"
)
ACCEPTED = ["250", "250", "250", "354", "250"]


def look_alikes(*positions: str) -> list[Any]:
    """Every message in which a dot between two line ends is no end of data."""
    starts = [(where, POSITIONS[where]) for where in positions]
    cases = itertools.product(starts, LINE_ENDS.items(), LINE_ENDS.items())
    return [
        pytest.param(start + before + b"." + after, id=f"{where}: {a} . {b}")
        for (where, start), (a, before), (b, after) in cases
        # DATA's own CRLF stands before the first line.
        if b"\r\n.\r\n" not in b"\r\n" + start + before + b"." + after
    ]


def unstuffed(content: bytes) -> bytes:
    """A content without its transparency dots (RFC 5321 section 4.5.2)."""
    lines = content.split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


@pytest.mark.parametrize("start", look_alikes(*POSITIONS))
def test_only_crlf_dot_crlf_ends_the_data(site: Any, start: bytes) -> None:
    """The commands behind the look-alike are content of the one message."""
    content = start + SMUGGLED + b"\r\n"
    assert site.connect().say(BEGIN + content + b".\r\n") == ACCEPTED
    assert site.contents == [unstuffed(content)]
    assert site.still_serves()


@pytest.mark.parametrize("start", look_alikes("in the body"))
def test_strict_servers_cannot_be_smuggled_either(new_site: Any, start: bytes) -> None:
    """They refuse odd line ends and NUL, and run nothing of the message."""
    site = new_site(profile="strict")
    content = start + SMUGGLED + b"\r\n"
    peer = site.connect()
    peer.say_in_turn(BEGIN)
    (code,) = peer.say(content + b".\r\n")
    rest = content.replace(b"\r\n", b"")
    bare = b"\r" in rest or b"\n" in rest
    regular = not bare and content.isascii() and b"\0" not in content
    assert code[0] == ("2" if regular else "5")
    assert site.contents == ([unstuffed(content)] if regular else [])
    assert site.still_serves()


@pytest.mark.parametrize("cut", range(1, 9))
def test_an_end_of_data_in_pieces_is_the_same_end(site: Any, cut: int) -> None:
    """TCP may cut anywhere (RFC 5321 section 4.1.1.4 is about octets)."""
    peer = site.connect()
    peer.say(BEGIN)
    octets = b"x\r\n.\r\nNOOP\r\n"
    assert peer.say(octets[:cut]) + peer.say(octets[cut:]) == ["250", "250"]
    assert site.contents == [b"x\r\n"]
    assert site.still_serves()


@pytest.mark.parametrize("length", [998, 1001, 2049, 16_385, 70_000, 300_000])
@pytest.mark.parametrize("size", [1000, 65_536])
def test_a_long_line_of_a_message_does_not_end_it(
    site: Any, length: int, size: int
) -> None:
    """The commands behind it are content, however the stream was cut."""
    content = b"x" * length + b"\r\n" + SMUGGLED + b"\r\n"
    peer = site.connect()
    peer.say(BEGIN)
    octets = content + b".\r\n"
    for start in range(0, len(octets) - size, size):
        assert peer.say(octets[start : start + size]) == []
    rest = len(octets) % size or size
    assert peer.say(octets[-rest:]) == ["250"]
    assert site.contents == [content]
    assert site.still_serves()


def test_a_message_over_the_size_limit_is_read_to_its_end(new_site: Any) -> None:
    """One 552, and no command of the rest is run (RFC 1870 section 6.3)."""
    site = new_site(limits=Limits(message_size=1000))
    peer = site.connect()
    peer.say(BEGIN)
    content = (b"x" * 70 + b"\r\n") * 100 + SMUGGLED
    assert peer.say(content + b"\r\n.\r\nNOOP\r\n") == ["552", "250"]
    assert site.contents == []
    assert site.still_serves()


HIDDEN = b"MAIL FROM:<evil@example.com>\r\n"


@pytest.mark.parametrize("end", [b"\n", b"\n\r", b"\r\0\n", b"\r \n", b" \n"])
def test_a_command_behind_an_odd_line_end_is_not_run(site: Any, end: bytes) -> None:
    """The whole of it is one bad line, with one answer."""
    peer = site.connect()
    peer.say(b"EHLO a\r\n")
    assert peer.say(b"NOOP" + end + HIDDEN + b"NOOP\r\n") == ["500", "250"]
    # No transaction has begun.
    assert peer.say(b"RCPT TO:<to@example.com>\r\n") == ["503"]
    assert site.still_serves()


@pytest.mark.parametrize(
    "line",
    [
        b"NOOP\rMAIL FROM:<evil@example.com>",
        b"RSET\rMAIL FROM:<evil@example.com>",
        b"VRFY x\rMAIL FROM:<evil@example.com>",
        b"FOO\rMAIL FROM:<evil@example.com>",
    ],
)
def test_a_command_behind_a_bare_cr_is_not_run(site: Any, line: bytes) -> None:
    """A CR alone ends no command."""
    peer = site.connect()
    peer.say(b"EHLO a\r\n")
    assert len(peer.say(line + b"\r\n")) == 1
    assert peer.say(b"RCPT TO:<to@example.com>\r\n") == ["503"]
    assert site.still_serves()


@pytest.mark.parametrize("length", [2049, 4097, 16_385, 70_000, 300_000])
@pytest.mark.parametrize("inside", [b"", b"\n", b"\r", b"\n.\n"])
def test_what_stands_in_an_over_long_command_is_not_run(
    site: Any, length: int, inside: bytes
) -> None:
    """It is thrown away up to its CRLF (RFC 5321 section 4.5.3.1.9)."""
    peer = site.connect()
    peer.say(b"EHLO a\r\n")
    long = b"NOOP " + b"x" * length + inside + HIDDEN
    # Each further line that ends in a bare LF is told of.
    refusals = ["500"] * max(1, inside.count(b"\n"))
    assert peer.say(long + b"NOOP\r\n") == [*refusals, "250"]
    assert peer.say(b"RCPT TO:<to@example.com>\r\n") == ["503"]
    assert site.still_serves()


@pytest.mark.parametrize("octet", [*range(0x20), 0x7F])
@pytest.mark.parametrize("command", [b"MAIL FROM:", b"RCPT TO:"])
def test_no_control_character_gets_into_a_path(
    site: Any, octet: int, command: bytes
) -> None:
    """RFC 5321 section 4.1.2 has none: a header made of a path stays one line."""
    peer = site.connect()
    peer.say(b"EHLO a\r\n")
    if command.startswith(b"RCPT"):
        peer.say(b"MAIL FROM:<>\r\n")
    path = b"<a%cb@example.com>" % octet
    (code,) = peer.say(command + path + b"\r\n")
    assert code in ("500", "501", "553")
    assert site.still_serves()
