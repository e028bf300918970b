"""Rows of long lists."""

from __future__ import annotations

import pytest

# In the browser: a list, and the rows at a place of its scrollbar.
AT = (
    "(() => { const list = m.measure(...args[0]);"
    " return m.rowsAt(list, m.pixelAt(list, args[1])); })()"
)

# A list of a million rows in a window of ten, and where it stands after some steps.
MILLION = 1_000_000
STEPS = (
    f"(() => {{ const list = m.measure({MILLION}, 50, 500);"
    " const scroll = new m.Scroll();"
    " for (const place of args[0]) scroll.follow(list, place);"
    " return scroll.pixel / 50; })()"
)


@pytest.mark.parametrize("count", [0, 1, 300, 10_000, 1_000_000, 50_000_000])
@pytest.mark.parametrize("height", [100, 800, 20_000])
def test_few_rows_are_in_the_document(module, count, height):
    """At every place at most 300 rows, and they exist."""
    good = module("rows.js").run(
        "[...Array(101).keys()].every((percent) => {"
        " const list = m.measure(args[0], 56, args[1]);"
        " const pixel = m.pixelAt(list, (percent / 100) * list.height);"
        " const { first, end } = m.rowsAt(list, pixel, 20);"
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


@pytest.mark.parametrize("count", [100, 150_000, 1_000_000])
@pytest.mark.parametrize("share", [0, 0.001, 0.2, 0.5, 0.99, 1])
def test_the_scrollbar_stands_where_its_pixel_is(module, count, share):
    """The two ways between them are the opposites of each other."""
    wrong = module("rows.js").run(
        "(() => { const list = m.measure(args[0], 56, 800);"
        " const pixel = args[1] * list.last;"
        " return m.pixelAt(list, m.placeOf(list, pixel)) - pixel; })()",
        count,
        share,
    )
    assert abs(wrong) < 0.001


def test_a_turn_of_the_wheel_moves_a_long_list_as_far_as_a_short_one(module):
    """Also in the middle of a million rows, where the scrollbar is scaled."""
    before, after = (
        module("rows.js").run(STEPS, steps)
        for steps in ([4_000_000], [4_000_000, 4_000_100])
    )
    assert before == pytest.approx(MILLION / 2, rel=0.01)
    assert after - before == pytest.approx(2)


@pytest.mark.parametrize(
    ("place", "row"), [(0, 0), (2_000_000, 180_012), (8_000_000, MILLION - 10)]
)
def test_a_drag_of_the_scrollbar_goes_where_it_points(module, place, row):
    """Any place of a long list is reached at once."""
    assert module("rows.js").run(STEPS, [place]) == pytest.approx(row, abs=1)


def test_steps_to_an_end_of_the_scrollbar_reach_the_last_row(module):
    """Nothing is left behind it."""
    assert module("rows.js").run(STEPS, [7_999_000, 7_999_500]) == MILLION - 10


def test_a_row_that_is_seen_moves_nothing(module):
    """The keyboard moves over the rows that are seen without scrolling."""
    list_ = "m.measure(1000, 50, 500)"
    assert module("rows.js").run(f"m.pixelToSee({list_}, 100, 5)") == 100
    assert module("rows.js").run(f"m.pixelToSee({list_}, 100, 1)") == 50
    assert module("rows.js").run(f"m.pixelToSee({list_}, 100, 12)") == 150


@pytest.mark.parametrize(
    ("index", "after"), [(0, None), (1, 1_000_000), (500_000, 500_001), (999_999, 2)]
)
def test_a_place_far_away_has_a_cursor(module, index, after):
    """The page that begins after the cursor begins at the index."""
    cursor = module("rows.js").call("cursorAt", index, 1_000_000, 1_000_000, 1)
    assert cursor == after
