"""The conformance table, in memory, in pieces, within TLS, and over TCP."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.tls.context import TLS
from tests.harness import TLSPeer

from ..sides import as_bytes, lines_of, matches, over_tcp
from .conftest import Post
from .table import ROWS, Row

FEWEST_ROWS = 120


def lines_wanted(wanted: Any) -> list[str]:
    """Return the lines of the reply that a row has: none, one, or many."""
    return [] if wanted is None else [wanted] if isinstance(wanted, str) else wanted


def check(lines: list[str], wanted: Any, sent: object) -> None:
    """Compare the lines of a reply with those that are wanted."""
    expected = lines_wanted(wanted)
    assert len(lines) == len(expected), (sent, lines, expected)
    for line, each in zip(lines, expected, strict=True):
        assert matches(line, each), (sent, lines, expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_session_gets_the_replies_of_the_table(row: Row) -> None:
    """In memory."""
    post = Post(*row.messages, **row.settings)
    peer = post.connect()
    for sent, wanted in row.steps:
        check(lines_of(peer.send(as_bytes(sent))), wanted, sent)
    assert peer.closed or not row.closed
    if row.left is not None:
        kept = [envelope.content for envelope in post.store]
        assert kept == [row.messages[index] for index in row.left]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_octet_by_octet_the_replies_are_the_same(row: Row) -> None:
    """The cuts of the network change nothing."""
    post = Post(*row.messages, **row.settings)
    peer = post.connect()
    for sent, wanted in row.steps:
        data = as_bytes(sent)
        # A long line is about its length.
        cuts = (
            [data[at : at + 1] for at in range(len(data))]
            if len(data) < 999
            else [data]
        )
        check(lines_of(b"".join(map(peer.send, cuts))), wanted, sent)


TLS_CHANGES = {"capa", "capa-lower-case", "stls-without-tls"}


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.id not in TLS_CHANGES], ids=lambda row: row.id
)
def test_within_tls_the_replies_are_the_same(row: Row, tls: TLS) -> None:
    """From the beginning of the connection (RFC 8314)."""
    settings = {**row.settings, "begins_with_tls": True}
    post = Post(*row.messages, server={"tls": tls}, **settings)
    peer = TLSPeer(post.join().transport, tls.client_context())
    peer.handshake()
    for sent, wanted in row.steps:
        peer.ssl.write(as_bytes(sent))
        check(peer.heard(), wanted, sent)


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS[::20] if not row.settings],
    ids=lambda row: row.id,
)
def test_over_tcp_the_replies_are_the_same(row: Row) -> None:
    """Of a server in a thread."""
    with over_tcp("pop3", row.messages) as (client, replies):
        assert replies.readline().startswith(b"+OK")
        for sent, wanted in row.steps:
            client.sendall(as_bytes(sent))
            count = len(lines_wanted(wanted))
            lines = [replies.readline() for _ in range(count)]
            check([line.decode().rstrip("\r\n") for line in lines], wanted, sent)
        if row.closed:
            assert replies.readline() == b""


def test_the_table_is_whole() -> None:
    """Each row has a name of its own, and the section that it is about."""
    assert len({row.id for row in ROWS}) == len(ROWS) >= FEWEST_ROWS
    assert all(row.rfc.split()[0].isdigit() for row in ROWS)
