"""A long text in blocks."""

from __future__ import annotations

import pytest

# Texts without lines, with long and short ones, and with characters of two halves.
TEXTS = {
    "empty": "",
    "short": "one\ntwo",
    "lines": "\n" * 30_000,
    "no line": "x" * 30_000,
    "long lines": ("x" * 9000 + "\n") * 5,
    "halves": "x" + "\U0001f600" * 15_000,
    "mixed": "a\n" * 500 + "b" * 25_000 + "\nc\n" * 700,
}

HALF = r"/^[\udc00-\udfff]|[\ud800-\udbff]$/"


@pytest.mark.parametrize("name", TEXTS)
def test_the_blocks_are_the_whole_text(module, name):
    """None is empty, and none begins or ends within a character."""
    text = TEXTS[name]
    blocks = module("blocks.js").call("blocksOf", text)
    assert "".join(blocks) == text
    assert all(blocks)
    halved = f"m.blocksOf(args[0]).filter((each) => {HALF}.test(each))"
    assert module("blocks.js").run(halved, text) == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_block_is_long(module, name):
    """Neither of many lines nor of many characters."""
    blocks = module("blocks.js").call("blocksOf", TEXTS[name])
    assert all(len(each) <= 10_000 for each in blocks)
    assert all(each.count("\n") <= 200 for each in blocks)


def test_a_block_ends_with_a_line_if_it_can(module):
    """A line that fits into a block is in one block."""
    blocks = module("blocks.js").call("blocksOf", ("y" * 70 + "\n") * 1000)
    assert all(each.endswith("\n") for each in blocks)
    assert len(blocks) > 1


@pytest.mark.parametrize("name", TEXTS)
def test_each_place_is_found_in_its_block(module, name):
    """The character at the place is that of the text."""
    wrong = module("blocks.js").run(
        "(() => { const blocks = m.blocksOf(args[0]);"
        " const find = m.finderOf(blocks);"
        " return [...Array(args[0].length).keys()].filter((place) => {"
        " const [index, within] = find(place);"
        " return blocks[index][within] !== args[0][place]; }).length })()",
        TEXTS[name],
    )
    assert wrong == 0
