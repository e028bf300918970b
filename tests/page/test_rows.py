"""Rows of long lists."""

from __future__ import annotations

import pytest

# In the browser: a list, and the rows at a place of its scrollbar.
AT = "m.rowsAt(m.measure(...args[0]), args[1])"


@pytest.mark.parametrize("count", [0, 1, 300, 10_000, 1_000_000, 50_000_000])
@pytest.mark.parametrize("height", [100, 800, 20_000])
def test_few_rows_are_in_the_document(module, count, height):
    """At every place at most 300 rows, and they exist."""
    good = module("rows.js").run(
        "[...Array(101).keys()].every((percent) => {"
        " const list = m.measure(args[0], 56, args[1]);"
        " const { first, end } = m.rowsAt(list, (percent / 100) * list.height);"
        " return first >= 0 && end <= args[0] && first <= end"
        " && end - first <= 300; })",
        count,
        height,
    )
    assert good


@pytest.mark.parametrize("count", [1, 20, 1000, 1_000_000, 50_000_000])
def test_the_first_and_the_last_row_can_be_reached(module, count):
    """At the top of the scrollbar is the first row, at its end the last one."""
    assert module("rows.js").run(AT, [count, 56, 800], 0)["first"] == 0
    assert module("rows.js").run(AT, [count, 56, 800], 1e12)["end"] == count


def test_the_element_is_no_higher_than_browsers_can_scroll(module):
    """A million rows of 56 pixels are 56 million pixels, which no browser has."""
    assert module("rows.js").run("m.measure(1000000, 56, 800).height") <= 8_000_000


@pytest.mark.parametrize("count", [100, 1_000_000])
@pytest.mark.parametrize("row", [0, 50, 77])
def test_a_row_is_shown_at_its_place(module, count, row):
    """The place of a row is where it is the first one that is seen."""
    shown = module("rows.js").run(
        "(() => { const list = m.measure(args[0], 56, 800);"
        " const place = m.placeOf(list, args[1]);"
        " const { first, top } = m.rowsAt(list, place);"
        " return top + (args[1] - first) * 56 - place; })()",
        count,
        row,
    )
    assert abs(shown) < 1


def test_a_row_that_is_seen_moves_nothing(module):
    """The keyboard moves over the rows that are seen without scrolling."""
    list_ = "m.measure(1000, 50, 500)"
    assert module("rows.js").run(f"m.placeToSee({list_}, 100, 5)") == 100
    assert module("rows.js").run(f"m.placeToSee({list_}, 100, 1)") == 50
    assert module("rows.js").run(f"m.placeToSee({list_}, 100, 12)") == 150


def windows(module, steps):
    return module("rows.js").run(
        "(() => { const w = new m.Windows(6);"
        " for (const [index, rows] of args[0]) w.put(index, rows);"
        " return [w.first, w.rows]; })()",
        steps,
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, "abc"), (3, "def")], (0, "abcdef")),
        ([(0, "abc"), (3, "defghi")], (3, "defghi")),
        ([(3, "def"), (0, "abc")], (0, "abcdef")),
        ([(3, "defghi"), (0, "abc")], (0, "abcdef")),
        ([(0, "abc"), (100, "xyz")], (100, "xyz")),
        ([(0, "abc"), (1, "BC")], (0, "aBC")),
        ([(10, "abcdef"), (12, "CDEFGH")], (12, "CDEFGH")),
        ([(0, "abcdefgh")], (0, "abcdef")),
    ],
)
def test_loaded_rows_are_kept_at_their_places(module, steps, expected):
    """Rows that join are kept together, up to the bound; others are forgotten."""
    first, rows = windows(module, [(index, list(text)) for index, text in steps])
    assert (first, "".join(rows)) == expected


def test_newer_rows_move_the_others_down(module):
    """A row keeps its message when others arrive above."""
    assert module("rows.js").run(
        "(() => { const w = new m.Windows(); w.put(0, ['a', 'b']); w.shift(2);"
        " return [w.at(2), w.at(0) === undefined, w.has(2, 4), w.has(1, 3)]; })()"
    ) == ["a", True, True, False]


@pytest.mark.parametrize(
    ("index", "after"), [(0, None), (1, 1_000_000), (500_000, 500_001), (999_999, 2)]
)
def test_a_place_far_away_has_a_cursor(module, index, after):
    """The page that begins after the cursor begins at the index."""
    cursor = module("rows.js").call("cursorAt", index, 1_000_000, 1_000_000, 1)
    assert cursor == after
