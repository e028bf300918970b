"""The conformance table, in memory, in pieces, and within TLS."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.tls.context import TLS
from tests.harness import TLSPeer

from ..http.conftest import RECEIVED_AT
from ..sides import as_bytes, lines_of, matches, over_tcp
from .peers import Inbox
from .table import MESSAGES, ROWS, Row

FEWEST_ROWS = 500


def make(row: Row, **settings: Any) -> Inbox:
    """Make the store of a row, whose messages have just come."""
    inbox = Inbox(*row.messages, **{**row.settings, **settings})
    inbox.reactor.advance(1_769_860_800)
    return inbox


def check(lines: list[str], wanted: tuple[str, ...], sent: object) -> None:
    """Compare lines with those that are wanted."""
    assert len(lines) == len(wanted), (sent, lines, wanted)
    for line, each in zip(lines, wanted, strict=True):
        assert matches(line, each), (sent, lines, wanted)


def sample(step: int) -> list[Row]:
    """Return some of the rows, which say the same with TLS, from all of the tables."""
    return [row for row in ROWS[::step] if not row.id.startswith("starttls")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_session_gets_the_replies_of_the_table(row: Row) -> None:
    """In memory."""
    inbox = make(row)
    peer = inbox.connect()
    for sent, wanted in row.steps:
        check(lines_of(peer.send(as_bytes(sent))), wanted, sent)
    assert peer.closed == row.closed
    if row.left is not None:
        assert tuple(inbox.store.numbers()) == row.left


@pytest.mark.parametrize("row", sample(3), ids=lambda row: row.id)
def test_octet_by_octet_the_replies_are_the_same(row: Row) -> None:
    """The cuts of the network change nothing."""
    peer = make(row).connect()
    for sent, wanted in row.steps:
        data = as_bytes(sent)
        # A long line is about its length.
        cuts = [data[at : at + 1] for at in range(len(data))]
        pieces = cuts if len(data) < 999 else [data]
        check(lines_of(b"".join(map(peer.send, pieces))), wanted, sent)


@pytest.mark.parametrize("row", sample(8), ids=lambda row: row.id)
def test_within_tls_the_replies_are_the_same(row: Row, tls: TLS) -> None:
    """From the beginning of the connection (RFC 8314)."""
    inbox = make(row, server={"tls": tls}, begins_with_tls=True)
    peer = TLSPeer(inbox.join().transport, tls.client_context())
    peer.handshake()
    peer.heard()
    for sent, wanted in row.steps:
        peer.ssl.write(as_bytes(sent))
        check(peer.heard(), wanted, sent)


@pytest.mark.parametrize(
    "row",
    [row for row in sample(40) if not row.settings and row.messages is MESSAGES],
    ids=lambda row: row.id,
)
def test_over_tcp_the_replies_are_the_same(row: Row) -> None:
    """Of a server in a thread."""
    with over_tcp("imap", row.messages, RECEIVED_AT) as (client, replies):
        assert replies.readline().startswith(b"* OK")
        for sent, wanted in row.steps:
            client.sendall(as_bytes(sent))
            check(
                [replies.readline().decode().rstrip("\r\n") for _ in wanted],
                wanted,
                sent,
            )
        if row.closed:
            assert replies.readline() == b""


def test_the_table_is_whole() -> None:
    """Each row has a name of its own, and the section that it is about."""
    assert len({row.id for row in ROWS}) == len(ROWS) >= FEWEST_ROWS
    assert all(row.rfc.split()[0].isdigit() for row in ROWS)
