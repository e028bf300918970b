"""BDAT: octets that look like commands, counts that are lies (RFC 3030)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.smtp.limits import Limits

BEGIN = b"EHLO a\r\nMAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\n"
SMUGGLED = (
    b"\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\n"
    b"DATA\r\nSubject: smuggled\r\n.\r\n"
)


def chunk(octets: bytes, last: bool = False) -> bytes:
    return b"BDAT %d%s\r\n%b" % (len(octets), b" LAST" * last, octets)


def test_nothing_in_a_chunk_ends_it(site: Any) -> None:
    """Only its count does (RFC 3030 section 2): no dot, and no command."""
    peer = site.connect()
    peer.say(BEGIN)
    assert peer.say(chunk(SMUGGLED) + chunk(SMUGGLED, last=True)) == ["250", "250"]
    assert site.contents == [SMUGGLED * 2]
    assert site.still_serves()


def test_a_chunk_that_is_refused_is_read_all_the_same(site: Any) -> None:
    """The octets follow the command whatever the answer to it is."""
    peer = site.connect()
    peer.say(b"EHLO a\r\n")
    assert peer.say(chunk(SMUGGLED, last=True) + b"NOOP\r\n") == ["503", "250"]
    assert site.contents == []
    assert site.still_serves()


def test_chunks_over_the_size_limit_are_read_all_the_same(
    new_site: Callable[..., Any],
) -> None:
    """The sum counts (RFC 1870 section 6.3); the message is lost with one 552."""
    site = new_site(limits=Limits(message_size=100))
    peer = site.connect()
    peer.say(BEGIN)
    assert peer.say(chunk(b"x" * 60)) == ["250"]
    assert peer.say(chunk(SMUGGLED) + b"NOOP\r\n") == ["552", "250"]
    assert peer.say(chunk(SMUGGLED, last=True) + b"NOOP\r\n") == ["503", "250"]
    assert site.contents == []
    assert site.still_serves()


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"LAST",
        b"-1",
        b"-1 LAST",
        b"+5",
        b" 5,",
        b"5.0",
        b"0x10",
        b"1e3",
        b"5 FIRST",
        b"5 LAST LAST",
        b"5\t LAST",
        b"5\0",
        b"5\rLAST",
        "\N{ARABIC-INDIC DIGIT FIVE}".encode(),
        b"9" * 20,
        b"9" * 1000,
    ],
)
def test_a_count_that_is_none_ends_the_session(site: Any, argument: bytes) -> None:
    """Where the next command begins is not known: what follows is not run."""
    peer = site.connect()
    peer.say(BEGIN)
    assert peer.say(b"BDAT " + argument + b"\r\n" + SMUGGLED) == ["501"]
    assert peer.transport.disconnecting
    assert site.contents == []
    assert site.still_serves()


@pytest.mark.parametrize("begin", [b"EHLO a\r\n", BEGIN], ids=["refused", "too big"])
def test_a_count_beyond_reason_ends_the_session(site: Any, begin: bytes) -> None:
    """Nobody waits for so many octets only to refuse them."""
    peer = site.connect()
    peer.say(begin)
    (code,) = peer.say(b"BDAT " + b"9" * 19 + b" LAST\r\n" + SMUGGLED)
    assert code in ("503", "552")
    assert peer.transport.disconnecting
    assert site.contents == []
    assert site.still_serves()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/status is Linux's")
def test_a_count_takes_no_memory(new_process: Callable[..., Any]) -> None:
    """What is announced is not allocated: 20 chunks of 50 MB that never come."""
    process = new_process()
    before = process.status()["rss"]
    for _ in range(20):
        client = process.connect()
        client.begin()
        client.send(b"BDAT 52428800 LAST\r\nx")
    assert process.still_serves()
    assert process.status()["peak"] - before < 10 * 1024 * 1024


def test_a_chunk_that_does_not_come_to_its_end_is_not_delivered(site: Any) -> None:
    """One octet is missing, and then the client is gone."""
    peer = site.connect()
    peer.say(BEGIN)
    assert peer.say(chunk(b"Subject: x\r\n", last=True)[:-1]) == []
    peer.disconnect()
    assert site.contents == []
    assert site.still_serves()


def test_a_message_of_many_chunks_is_one_message(site: Any) -> None:
    """10,000 chunks of one octet."""
    peer = site.connect()
    peer.say(BEGIN)
    codes = peer.say(chunk(b"x") * 10_000 + chunk(b"", last=True))
    assert set(codes) == {"250"}
    assert site.contents == [b"x" * 10_000]
    assert site.still_serves()


def test_a_flood_of_empty_chunks_ends_the_session(site: Any) -> None:
    """They bring no mail nearer."""
    peer = site.connect()
    peer.say(BEGIN)
    assert peer.say(chunk(b"") * 5_000)[-1] == "421"
    assert site.contents == []
    assert site.still_serves()
