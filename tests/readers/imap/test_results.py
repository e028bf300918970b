"""The responses to SEARCH (RFC 3501 section 7.2.5, RFC 4731, RFC 5182, RFC 7162)."""

from __future__ import annotations

import pytest

from lazr_smtptest.readers.imap.results import (
    Match,
    esearch_response,
    saved,
    search_response,
)

FOUND = [Match(2, 30), Match(3, 50), Match(4, 10), Match(9, 20)]


@pytest.mark.parametrize(
    ("matches", "has_change", "sent"),
    [
        (FOUND, False, b"* SEARCH 2 3 4 9\r\n"),
        (FOUND, True, b"* SEARCH 2 3 4 9 (MODSEQ 50)\r\n"),
        ([], False, b"* SEARCH\r\n"),
        ([], True, b"* SEARCH\r\n"),
    ],
)
def test_search(matches: list[Match], has_change: bool, sent: bytes) -> None:
    """It is sent even if nothing was found."""
    assert search_response(matches, has_change=has_change) == sent


# Result options, the response, and what is saved.
OPTIONS = [
    ("MIN", b"MIN 2", [2]),
    ("MAX", b"MAX 9", [9]),
    ("MIN MAX", b"MIN 2 MAX 9", [2, 9]),
    ("ALL", b"ALL 2:4,9", [2, 3, 4, 9]),
    ("COUNT", b"COUNT 4", [2, 3, 4, 9]),
    ("MIN COUNT", b"MIN 2 COUNT 4", [2, 3, 4, 9]),
    ("MIN MAX ALL COUNT", b"MIN 2 MAX 9 ALL 2:4,9 COUNT 4", [2, 3, 4, 9]),
    ("SAVE", b"", [2, 3, 4, 9]),
    ("SAVE MIN", b"MIN 2", [2]),
]


@pytest.mark.parametrize(("options", "sent", "kept"), OPTIONS)
def test_result_options(options: str, sent: bytes, kept: list[int]) -> None:
    """RFC 4731 section 3.1, and RFC 5182 section 2.4."""
    returns = options.split()
    start = b'* ESEARCH (TAG "a1")'
    wanted = b"%s %s" % (start, sent) if sent else start
    assert esearch_response(b"a1", FOUND, returns) == wanted + b"\r\n"
    assert [each.number for each in saved(FOUND, returns)] == kept


def test_nothing_found() -> None:
    """Only COUNT has a value."""
    sent = esearch_response(b"a", [], ["MIN", "MAX", "ALL", "COUNT"], has_change=True)
    assert sent == b'* ESEARCH (TAG "a") COUNT 0\r\n'
    assert saved([], ["MIN", "MAX"]) == []


def test_uid() -> None:
    """The numbers are unique identifiers."""
    sent = esearch_response(b"a", FOUND, ["MAX"], is_uid=True)
    assert sent == b'* ESEARCH (TAG "a") UID MAX 9\r\n'


@pytest.mark.parametrize(
    ("options", "change"),
    [("MIN", 30), ("MAX", 20), ("MIN MAX", 30), ("ALL", 50), ("COUNT", 50)],
)
def test_highest_change(options: str, change: int) -> None:
    """It is that of the messages in the response (RFC 7162 section 3.1.10)."""
    sent = esearch_response(b"a", FOUND, options.split(), has_change=True)
    assert sent.endswith(b" MODSEQ %d\r\n" % change)
