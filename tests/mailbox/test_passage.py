"""`lazr_smtptest.mailbox.passage`: the passage around the first difference."""

from __future__ import annotations

import time

import pytest

from lazr_smtptest.mailbox.passage import (
    common,
    compare_bytes,
    compare_lines,
    compare_texts,
    first_difference,
)

LINES = [f"line {number}" for number in range(5000)]


def changed(number: int, line: str) -> list[str]:
    return [*LINES[:number], line, *LINES[number + 1 :]]


@pytest.mark.parametrize(
    ("first", "second", "number"),
    [
        ("", "", 0),
        ("a", "", 0),
        ("a", "b", 0),
        ("abc", "abc", 3),
        ("abc", "abd", 2),
        ("abc", "abcd", 3),
        (b"\0" * 99, b"\0" * 70 + b"\1" * 29, 70),
    ],
)
def test_the_common_beginning_is_counted(first: str, second: str, number: int) -> None:
    """Of texts and of bytes."""
    assert common(first, second) == number


def test_short_texts_are_shown_whole() -> None:
    """With a mark below the first difference."""
    assert compare_texts("Welcome", "Welcome, Bob") == [
        "- 'Welcome'",
        "+ 'Welcome, Bob'",
        "          ^",
    ]


def test_texts_without_likeness_have_no_mark() -> None:
    """It would point at nothing."""
    assert compare_texts("Bye", "Hello") == ["- 'Bye'", "+ 'Hello'"]


@pytest.mark.parametrize("place", [150, 250, 1000, 999_000])
def test_a_long_line_is_shown_around_the_difference(place: int) -> None:
    """Wherever it is; the mark says at which character."""
    wanted = "x" * place + "17" + "y" * 500
    ours, theirs, mark = compare_texts(wanted, wanted.replace("17", "18"))
    assert "x17y" in ours
    assert "x18y" in theirs
    assert ours.index("7") == theirs.index("8") == mark.index("^")
    assert mark.endswith(f"^ character {place + 2}")
    assert max(map(len, (ours, theirs, mark))) < 120


def test_a_part_is_shown_beside_what_is_most_like_it() -> None:
    """The rest of the text is left out."""
    text = "Dear Bob,\n" * 50 + "Your code is 4712. Use it now.\n" + "Bye.\n" * 50
    assert compare_texts("Your code is 4711.", text, part=True) == [
        "- contains 'Your code is 4711.'",
        "+       ...'Your code is 4712. Use it no'...",
        "                            ^",
    ]


def test_a_part_of_which_nothing_is_there_is_shown_beside_the_beginning() -> None:
    """Nothing is known of where it should be."""
    assert compare_texts("4711", "Hello!", part=True) == [
        "- contains '4711'",
        "+ 'Hello!'",
    ]


@pytest.mark.parametrize("number", [0, 150, 199, 200, 250, 4999])
def test_texts_of_many_lines_are_compared_at_the_line_that_differs(number: int) -> None:
    """Also beyond the first hundreds; the line before and after it is shown."""
    theirs = changed(number, "another")
    line, lines = compare_lines("\n".join(LINES), "\n".join(theirs))
    assert line == number + 1
    assert [each for each in lines if each[:1] in "-+"] == [
        f"- line {number}",
        "+ another",
    ]


def test_a_part_of_some_lines_is_compared_where_it_is() -> None:
    """The lines before and after it are no difference."""
    wanted = "line 2000\nyour code is 4711\nline 2002\n"
    line, lines = compare_lines(
        wanted, "\n".join(changed(2001, "your code is 4712")), part=True
    )
    assert line == 2002
    assert lines == [
        "  line 2000",
        "- your code is 4711",
        "+ your code is 4712",
        "  line 2002",
    ]


def test_a_part_may_begin_and_end_within_lines() -> None:
    """The rest of these lines is no difference."""
    wanted = "Bob,\nyour code is 4711\nit is valid"
    came = "Dear Bob,\nyour code is 4712\nit is valid for an hour.\nBye.\n"
    assert compare_lines(wanted, came, part=True) == (
        2,
        ["  Bob,", "- your code is 4711", "+ your code is 4712", "  it is valid"],
    )


def test_a_long_line_among_others_is_shown_around_the_difference() -> None:
    """A line cut at its end would show nothing."""
    wanted = f"Hello\n{'x' * 300}17\nBye"
    _, lines = compare_lines(wanted, wanted.replace("17", "18"))
    assert any(line.startswith("-") and "x17'" in line for line in lines)
    assert any(line.startswith("+") and "x18'" in line for line in lines)


def test_many_lines_that_differ_are_counted() -> None:
    """Twenty are shown."""
    _, lines = compare_lines("a\n" * 60, "b\n" * 60)
    assert len(lines) == 21
    assert lines[-1].startswith("... and ")


@pytest.mark.parametrize(
    ("wanted", "came", "shown", "what"),
    [
        (
            "Order 17",
            "Order\xa017",
            "wanted U+0020 SPACE, came U+00A0 NO-BREAK SPACE",
            "only white space differs",
        ),
        (
            "Order 17",
            "Order\u200b 17",
            "wanted U+0020 SPACE, came U+200B ZERO WIDTH SPACE",
            "only invisible characters differ",
        ),
        (
            "Hello",
            "Hello ",
            "wanted the end, came U+0020 SPACE",
            "only white space around it differs",
        ),
        (
            "a b",
            "a\tb",
            "wanted U+0020 SPACE, came U+0009 TAB",
            "only white space differs",
        ),
        (
            "a\nb",
            "a\r\nb",
            "wanted U+000A LINE FEED, came U+000D CARRIAGE RETURN",
            "only line ends differ: wanted LF, came CRLF",
        ),
        (
            "a\r\nb",
            "a\nb",
            "wanted U+000D CARRIAGE RETURN, came U+000A LINE FEED",
            "only line ends differ: wanted CRLF, came LF",
        ),
        (
            "caf\xe9",
            "cafe\u0301",
            "came U+0065 LATIN SMALL LETTER E U+0301 COMBINING ACUTE ACCENT",
            "only Unicode normalization differs",
        ),
        ("Hello", "hello", "", "only letter case differs"),
        (
            "file",
            "\ufb01le",
            "came U+FB01 LATIN SMALL LIGATURE FI",
            "only white space, invisible or compatible characters differ",
        ),
        ("soft", "so\xadft", "came U+00AD SOFT HYPHEN", "only invisible"),
        ("ab", "a\u2028b", "came U+2028 LINE SEPARATOR", ""),
        ("PayPal", "P\u0430yPal", "came U+0430 CYRILLIC SMALL LETTER A", ""),
    ],
)
def test_what_cannot_be_seen_is_named(
    wanted: str, came: str, shown: str, what: str
) -> None:
    """The characters by their names, and what alone differs."""
    lines = compare_texts(wanted, came)
    assert lines[0] != lines[1].replace("+", "-", 1)
    assert shown in lines[2]
    assert any(what in line for line in lines)


@pytest.mark.parametrize(
    ("wanted", "came", "what"),
    [
        ("Hello\nBob", "Hello  \nBob", "white space at the ends of lines"),
        ("a  b\nc", "a\tb\nc", "white space differs"),
        ("caf\xe9\nx", "cafe\u0301\nx", "Unicode normalization"),
        ("a b\nc", "a\xa0b\nc", "white space differs"),
        ("ab\nc", "a\u200bb\nc", "invisible characters"),
    ],
)
def test_what_cannot_be_seen_in_a_line_is_named(
    wanted: str, came: str, what: str
) -> None:
    """The lines are shown in quotes then."""
    _, lines = compare_lines(wanted, came, part=True)
    assert any(line.startswith("- '") for line in lines)
    assert lines[-1].startswith("only ")
    assert what in lines[-1]


def test_contents_of_equal_size_are_compared_by_bytes() -> None:
    """The first that differs, in hexadecimal and as text on both sides."""
    wanted = bytes(range(256))
    came = bytearray(wanted)
    came[0x52] = 0
    assert compare_bytes(wanted, bytes(came)) == [
        "differs at byte 82 (both have 256 bytes):",
        "- 00000050  50 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f "
        " PQRSTUVWXYZ[\\]^_",
        "+ 00000050  50 51 00 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f "
        " PQ.STUVWXYZ[\\]^_",
        "                  ^^",
    ]


def test_a_content_that_ends_too_soon_is_shown_at_its_end() -> None:
    """There is nothing more of it."""
    lines = compare_bytes(b"x" * 32, b"x" * 16)
    assert lines[0] == "differs at byte 16 (16 bytes came, 32 wanted):"
    assert lines[2] == "+ 00000010  nothing more"


@pytest.mark.parametrize(
    ("wanted", "came", "what"),
    [
        (b"a\nb", b"a\r\nb", "only line ends differ: wanted LF, came CRLF"),
        (b"a\r\nb", b"a\nb", "only line ends differ: wanted CRLF, came LF"),
        (b"a\r\nb\n", b"a\nb\r\n", "only line ends differ"),
    ],
)
def test_line_ends_of_a_content_are_named(
    wanted: bytes, came: bytes, what: str
) -> None:
    """A converted file is a common mistake."""
    assert compare_bytes(wanted, came)[-1].startswith(what)


def test_nothing_in_common_has_no_first_difference() -> None:
    """Where a part was wanted."""
    assert first_difference("4711", "Hello", part=True) is None


def cpu(function: object, *args: object, **keywords: object) -> float:
    began = time.process_time()
    function(*args, **keywords)  # type: ignore[operator]
    return time.process_time() - began


LONG = "".join(f"<b>{number}</b> " for number in range(150_000))
HOSTILE = {
    "one line": LONG,
    "many lines": LONG.replace(" ", "\n"),
    "one letter": "a" * 2_000_000,
    "equal lines": "a\n" * 1_000_000,
    "periodic": "ab" * 1_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_two_megabytes_are_compared_in_a_moment(text: str, part: bool) -> None:
    """In 0.2 s of CPU time, or twice that on a machine that is busy."""
    place = len(text) * 2 // 3
    came = f"{text[:place]}#{text[place + 1 :]}"
    compare = compare_lines if "\n" in text else compare_texts
    assert min(cpu(compare, text, came, part=part) for _ in range(3)) < 0.4


def test_case_and_white_space_may_differ_at_once() -> None:
    """The first difference is marked, and what differs is named."""
    lines = compare_texts("Welcome ", "welcome")
    assert lines[2].strip() == "^"
    assert lines[3] == (
        "only letter case and white space, or invisible characters, differ"
    )


def test_one_byte_is_one() -> None:
    """In words too."""
    assert "both have 1 byte)" in compare_bytes(b"x", b"y")[0]
