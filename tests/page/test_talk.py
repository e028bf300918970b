"""The lines of a conversation, and the reply that decided."""

from __future__ import annotations

import pytest


def lines(*texts):
    """Return lines of a transcript: «> » before those of the client."""
    return [
        {"who": "client", "text": each[2:]}
        if each.startswith("> ")
        else {"who": "server", "text": each}
        for each in texts
    ]


TWO = lines(
    "220 ready",
    "> EHLO a",
    "250-a",
    "250 b",
    "> MAIL FROM:<a@b>",
    "250 ok",
    "> DATA",
    "354 go",
    "> MAIL FROM:<the message says so>",
    "> .",
    "250 kept",
    "> mail from:<a@b>",
    "250 ok",
    "> data",
    "354 go",
    "> .",
    "250 kept",
    "> QUIT",
    "221 bye",
)


def test_a_reply_of_several_lines_is_one(module):
    """The others are in it."""
    found = module("talk.js").call("folded", TWO)
    assert [each["more"] for each in found if each["more"]] == [["250 b"]]
    assert len(found) == len(TWO) - 1


@pytest.mark.parametrize(("transaction", "index"), [(1, 10), (2, 16), (0, 16)])
def test_the_reply_to_a_message_is_that_of_its_own_transaction(
    module, transaction, index
):
    """Replies with the same text belong to others; what a message says is no MAIL."""
    found = module("talk.js").call("decidingLine", TWO, "250 kept", transaction)
    assert found == index


@pytest.mark.parametrize("reply", ["", None, "550 never said"])
def test_no_reply_decided_that_was_not_said(module, reply):
    """None is marked then."""
    assert module("talk.js").call("decidingLine", TWO, reply, 1) == -1
