"""Differences of two texts."""

from __future__ import annotations

import difflib
import random

import pytest


def rows(module, left, right):
    found = module("diff.js").call("compareLines", left, right)
    return [(each["kind"], each["left"], each["right"]) for each in found]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("", "", []),
        ("a", "a", [("same", "a", "a")]),
        ("", "a", [("added", None, "a")]),
        ("a", "", [("removed", "a", None)]),
        (
            "a\nb\nc",
            "a\nx\nc",
            [("same",) + ("a",) * 2, ("changed", "b", "x"), ("same",) + ("c",) * 2],
        ),
        ("a\r\nb", "b", [("removed", "a", None), ("same", "b", "b")]),
        (
            "b",
            "a\nb\n",
            [("added", None, "a"), ("same", "b", "b"), ("added", None, "")],
        ),
    ],
)
def test_lines_are_compared_side_by_side(module, left, right, expected):
    """Equal lines are beside each other, whatever their ends are."""
    assert rows(module, left, right) == expected


def test_both_texts_are_in_the_rows(module):
    """Nothing is lost and nothing is out of order, in texts that share some lines."""
    chance = random.Random(5)
    for size in (3, 20, 200):
        for letters in ("ab", "abcdefgh", "".join(map(chr, range(200, 500)))):
            left = chance.choices(letters, k=size)
            right = chance.choices(letters, k=size)
            found = module("diff.js").call(
                "compareLines", "\n".join(left), "\n".join(right)
            )
            assert [each["left"] for each in found if each["leftNumber"]] == left
            assert [each["right"] for each in found if each["rightNumber"]] == right
            same = [each for each in found if each["kind"] == "same"]
            assert all(each["left"] == each["right"] for each in same)


def test_small_texts_have_the_fewest_differences(module):
    """Not fewer lines are found equal than by Python's difflib."""
    chance = random.Random(6)
    for _ in range(30):
        left = chance.choices("abc", k=30)
        right = chance.choices("abc", k=30)
        pairs = module("diff.js").call("matches", left, right)
        matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
        least = sum(each.size for each in matcher.get_matching_blocks())
        assert len(pairs) >= least


def test_words_are_compared_within_a_line(module):
    """Spaces and punctuation are words of their own."""
    pieces = module("diff.js").call("compareWords", "Code: 12, bye", "Code: 345, bye")
    assert [(each["kind"], each["text"]) for each in pieces] == [
        ("same", "Code: "),
        ("removed", "12"),
        ("added", "345"),
        ("same", ", bye"),
    ]


# In the browser: lists of lines, made of the numbers up to 40,000.
LARGE = {
    "nothing in common": "[all.map((n) => `left ${n}`), all.map((n) => `right ${n}`)]",
    "shuffled": "[all, all.map((n) => (n * 7919) % 40000)]",
    "one line again and again": "[all.map(() => 1), all.map((n) => n > 20000)]",
    "ever new anchors": "[-1, 1].map((by) => all.flatMap((n) => [n, n + by]))",
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_large_texts_end(module, make):
    """Texts of half a megabyte are compared within the patience of a test."""
    assert module("diff.js").run(
        "(() => { const all = [...Array(40000).keys()];"
        f" const [left, right] = ({make}).map((each) => each.join('\\n'));"
        " const rows = m.compareLines(left, right);"
        " const lines = rows.filter((row) => row.leftNumber).map((row) => row.left);"
        " return lines.join('\\n') === left; })()"
    )


def test_a_line_of_a_megabyte_counts_as_one_word(module):
    """It is not compared word by word."""
    pieces = module("diff.js").run(
        "m.compareWords('a '.repeat(500000), 'b '.repeat(500000)).map((p) => p.kind)"
    )
    assert pieces == ["removed", "added"]
