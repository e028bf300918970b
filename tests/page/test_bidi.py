"""Characters that cannot be seen, as marks."""

from __future__ import annotations

import pytest

# The last two have joiners: of an emoji, and of a Persian word.
ORDINARY = [
    *("", "plain", "tab\tand\r\nline", "Grüße", "東京", "👩\u200d💻"),
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
]


@pytest.mark.parametrize(
    "code",
    [0x202A, 0x202E, 0x2066, 0x2069, 0x200B, 0xFEFF, 0x00AD, 0x7F, 0x1B, 0xE0041],
)
def test_an_invisible_character_becomes_a_mark(module, code):
    """It is shown by its number, in the place where it stands."""
    pieces = module("bidi.js").call("visible", f"a{chr(code)}b")
    assert [piece["text"] for piece in pieces] == ["a", chr(code), "b"]
    assert pieces[1]["mark"].startswith(f"U+{code:04X}")


@pytest.mark.parametrize("text", ORDINARY)
def test_other_text_has_no_marks(module, text):
    """Letters, line ends, and joiners that scripts and emoji need are left alone."""
    pieces = module("bidi.js").call("visible", text)
    assert [piece for piece in pieces if piece["mark"]] == []


def test_the_pieces_are_the_whole_text(module):
    """Nothing of a text gets lost."""
    text = "".join(map(chr, range(0x20, 0x3000))) + "\U000e0041z"
    pieces = module("bidi.js").call("visible", text)
    assert "".join(piece["text"] for piece in pieces) == text


def test_a_file_name_that_is_turned_around_is_spelled_out(module):
    """The override that makes exe.gpj look like a picture is seen."""
    spelled = module("bidi.js").call("spelled", "invoice\u202egpj.exe")
    assert spelled == "invoice[U+202E RLO]gpj.exe"


def test_a_text_of_joiners_is_read_in_one_pass(module):
    """A megabyte of them is no burden."""
    assert (
        module("bidi.js").run("m.visible('\\u200d'.repeat(300000)).length") == 300_000
    )
