"""THREAD (RFC 5256 section 3)."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.search import Scope
from lazr_smtptest.readers.imap.sort import Entry
from lazr_smtptest.readers.imap.texts import Header
from lazr_smtptest.readers.imap.thread import parse_thread, thread_response

from .conftest import MOMENT, Stored

SCOPE = Scope(last=9, last_uid=99, saved=frozenset(), now=MOMENT)


def threads(algorithm: str, entries: list[Entry]) -> str:
    thread = parse_thread([algorithm.encode(), b"UTF-8", b"ALL"], SCOPE)
    sent = thread_response(
        thread.threads(entries), lambda message: message.sequence
    ).decode()
    assert sent.startswith("* THREAD")
    assert sent.endswith("\r\n")
    return sent[len("* THREAD") : -2].strip()


def entry(
    sequence: int,
    id_: str = "",
    references: str = "",
    subject: str = "",
    sent: int | None = None,
) -> Entry:
    header = Header(
        fields=(("subject", subject),),
        sent=sequence if sent is None else sent,
        message_id=id_.encode(),
        references=tuple(references.encode().split()),
    )
    return Entry(Stored(b"", sequence=sequence), header)


# Messages by number: id, references, subject, sent; and their threads.
REFERENCES: list[tuple[list[tuple[Any, ...]], str]] = [
    ([], ""),
    ([("a",)], "(1)"),
    ([("a",), ("b",)], "(1)(2)"),
    ([("a",), ("b", "a")], "(1 2)"),
    ([("a",), ("b", "a"), ("c", "a b")], "(1 2 3)"),
    ([("a",), ("b", "a"), ("c", "a")], "(1 (2)(3))"),
    ([("a",), ("b", "a"), ("c", "a"), ("d", "a c")], "(1 (2)(3 4))"),
    # a reply that came before its message
    ([("b", "a"), ("a",)], "(2 1)"),
    # the message between two is missing
    ([("a",), ("c", "a b")], "(1 2)"),
    # the first message is missing: one reply is promoted, several stay together
    ([("b", "a")], "(1)"),
    ([("b", "a"), ("c", "a")], "((1)(2))"),
    ([("b", "a"), ("c", "a b")], "(1 2)"),
    ([("b", "x a"), ("c", "x a"), ("d", "x")], "((1)(2)(3))"),
    # step 1.B: a message's own references are better than those of others
    ([("c", "a b"), ("a",), ("b",)], "(2)(3 1)"),
    ([("a",), ("b", "x"), ("c", "a b"), ("x",)], "(1)(4 2 3)"),
    # loops
    ([("a", "a")], "(1)"),
    ([("a", "b"), ("b", "a")], "(2 1)"),
    ([("a", "b c"), ("b", "c a"), ("c", "a b")], "(2 3 1)"),
    # ids that are there twice, or missing
    ([("a",), ("a",), ("b", "a")], "(1 3)(2)"),
    ([("",), ("", "x"), ("", "x")], "(1)((2)(3))"),
    # siblings are sorted by their sent dates
    ([("a",), ("b", "a", "", 9), ("c", "a", "", 5)], "(1 (3)(2))"),
    ([("a", "", "", 9), ("b", "", "", 5)], "(2)(1)"),
    ([("b", "x", "", 9), ("c", "x", "", 3), ("d", "", "", 5)], "((2)(1))(3)"),
    ([("a", "", "", 5), ("b", "", "", 5)], "(1)(2)"),
    # step 5: threads with the same base subject
    ([("a", "", "s"), ("b", "", "Re: s")], "(1 2)"),
    ([("b", "", "Re: s"), ("a", "", "S")], "(2 1)"),
    ([("a", "", "s"), ("b", "", "s")], "((1)(2))"),
    ([("a", "", "Re: s"), ("b", "", "Re: s")], "((1)(2))"),
    ([("a", "", "s"), ("b", "", "s"), ("c", "", "s")], "((1)(2)(3))"),
    ([("a", "", "s"), ("b", "", "Re: s"), ("c", "", "Fwd: s")], "(1 (2)(3))"),
    ([("a", "", "s"), ("b", "", "t")], "(1)(2)"),
    ([("a", "", ""), ("b", "", "Re:")], "(1)(2)"),
    ([("b", "x", "Re: s"), ("c", "x", "s"), ("d", "", "s")], "((1)(2)(3))"),
    ([("d", "", "s"), ("b", "x", "Re: s"), ("c", "x", "s")], "((1)(2)(3))"),
    (
        [("a", "x", "s"), ("b", "x", "s"), ("c", "y", "s"), ("d", "y", "s")],
        "((1)(2)(3)(4))",
    ),
    ([("a", "", "s"), ("b", "a", "s"), ("c", "", "Re: s")], "(1 (2)(3))"),
    # a subject that changed does not split a thread
    ([("a", "", "s"), ("b", "a", "t")], "(1 2)"),
]


@pytest.mark.parametrize(("messages", "found"), REFERENCES)
def test_references(messages: list[tuple[Any, ...]], found: str) -> None:
    """By ids first, then by subjects."""
    entries = [entry(number, *each) for number, each in enumerate(messages, 1)]
    assert threads("references", entries) == found


SUBJECTS: list[tuple[list[tuple[str, int]], str]] = [
    ([], ""),
    ([("s", 1), ("t", 2)], "(1)(2)"),
    ([("s", 1), ("Re: S", 2)], "(1 2)"),
    ([("s", 1), ("Re: s", 2), ("[list] s", 3)], "(1 (2)(3))"),
    ([("s", 3), ("Re: s", 2), ("t", 1)], "(3)(2 1)"),
    ([("t", 2), ("s", 1), ("Re: t", 3)], "(2)(1 3)"),
]


@pytest.mark.parametrize(("messages", "found"), SUBJECTS)
def test_ordered_subject(messages: list[tuple[str, int]], found: str) -> None:
    """By base subjects, the threads by their first messages."""
    entries = [
        entry(number, subject=subject, sent=sent)
        for number, (subject, sent) in enumerate(messages, 1)
    ]
    assert threads("ORDEREDSUBJECT", entries) == found


def test_unique_identifiers() -> None:
    """UID THREAD has them."""
    thread = parse_thread([b"REFERENCES", b"UTF-8", b"ALL"], SCOPE)
    found = thread.threads([entry(1)])
    assert thread_response(found, lambda message: message.uid) == b"* THREAD (11)\r\n"


BAD: list[list[Any]] = [
    [],
    [b"REFERENCES", b"UTF-8"],
    [[b"REFERENCES"], b"UTF-8", b"ALL"],
    [b"REFERENCES", [b"UTF-8"], b"ALL"],
    [b"REFS", b"UTF-8", b"ALL"],
    [b"\xff", b"UTF-8", b"ALL"],
    [b"REFERENCES", b"UTF-8", b"NONE"],
]


@pytest.mark.parametrize("arguments", BAD)
def test_malformed(arguments: list[Any]) -> None:
    """It is BAD."""
    with pytest.raises(CommandError) as caught:
        parse_thread(arguments, SCOPE)
    assert caught.value.status == "BAD"
    assert caught.value.text.isascii()


def test_search_keys() -> None:
    """They select the messages."""
    thread = parse_thread([b"REFERENCES", b"UTF-8", b"2"], SCOPE)
    assert thread.search.matches(Stored(b"", sequence=3)) is False


@pytest.mark.parametrize("direction", [1, -1])
def test_a_thread_as_deep_as_the_mailbox(direction: int) -> None:
    """It takes no stack, and no seconds."""
    entries = [
        entry(number, str(number), str(number - direction)) for number in range(1, 5001)
    ]
    begin = time.process_time()
    found = threads("REFERENCES", entries)
    assert time.process_time() - begin < 30
    numbers = [str(number) for number in range(1, 5001)]
    assert found == f"({' '.join(numbers[::direction])})"


_ids = st.sampled_from("abcde")
_messages = st.lists(
    st.tuples(
        _ids,
        st.lists(_ids, max_size=3).map(" ".join),
        st.sampled_from(["", "s", "Re: s", "t"]),
        st.integers(0, 3),
    ),
    max_size=8,
)


@pytest.mark.slow
@given(_messages, st.sampled_from(["REFERENCES", "ORDEREDSUBJECT"]))
def test_each_message_is_in_one_thread(
    messages: list[tuple[str, str, str, int]], algorithm: str
) -> None:
    """Whatever ids and loops there are; brackets are as the grammar has them."""
    entries = [entry(number, *each) for number, each in enumerate(messages, 1)]
    found = threads(algorithm, entries)
    numbers = sorted(map(int, re.findall("[0-9]+", found)))
    assert numbers == list(range(1, len(messages) + 1))
    # thread-members, and thread-nested of two or more (RFC 5256 section 5)
    while re.search(r"\([0-9]", found):
        shorter = re.sub(r"\([0-9]+(?: [0-9]+)*\)", "@", found)
        shorter = re.sub(r" @@+(?=\))", "", shorter)
        shorter = re.sub(r"\(@@+\)", "@", shorter)
        assert shorter != found
        found = shorter
    assert re.fullmatch("@*", found)
