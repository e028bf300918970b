"""The names of tags."""

from __future__ import annotations

import pytest

from lazr_smtptest.query.tags import check_tag, check_tags, clean_tag, joined_tags

NOT_TAGS = {
    "empty": "",
    "blank": "   ",
    "too-long": "x" * 101,
    "comma": "a,b",
    "tab": "a\tb",
    "nul": "a\0b",
    "newline": "a\nb",
    "c1-control": "a\x85b",
    "line-separator": "a\u2028b",
    "surrogate": "a\ud800b",
}


@pytest.mark.parametrize("tag", ["a", "x" * 100, "Zahlung ü", "請求", "a:b", "*", '"'])
def test_a_valid_tag_is_returned(tag: str) -> None:
    """Any characters but commas and control characters."""
    assert check_tag(tag) == tag


def test_white_space_is_normalized() -> None:
    """Around the tag and within it."""
    assert check_tag("\t two   words \r\n") == "two words"


@pytest.mark.parametrize("tag", NOT_TAGS.values(), ids=NOT_TAGS)
def test_an_invalid_tag_is_a_value_error_of_one_line(tag: str) -> None:
    """It says what a tag must be."""
    with pytest.raises(ValueError, match=r"^a tag must .*\Z"):
        check_tag(tag)


@pytest.mark.parametrize("tag", [None, 7, b"a", ["a"]])
def test_a_tag_of_another_type_is_a_type_error(tag: object) -> None:
    """And names what was given."""
    with pytest.raises(TypeError, match="a tag must be a str"):
        check_tag(tag)  # type: ignore[arg-type]


def test_a_single_str_is_not_a_collection_of_tags() -> None:
    """Its characters would become tags."""
    with pytest.raises(TypeError, match="not the str 'bug'"):
        check_tags("bug")


def test_tags_are_sorted_and_the_first_spelling_is_kept() -> None:
    """Letter case does not tell tags apart."""
    assert joined_tags(["b", "A"], ["a", "B", "c"]) == ("A", "b", "c")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("a/b!c", "a b c"),
        (" x,,y/z ", "x y z"),
        ("a-b_c.d@e 1", "a-b_c.d@e 1"),
        ("grün 請求 e\u0301", "grün 請求 e\u0301"),
        ("tab\tand\0nul", "tab and nul"),
    ],
)
def test_other_characters_of_a_cleaned_tag_become_one_space(
    text: str, tag: str
) -> None:
    """All but letters and digits of any script, their marks, and ``-_.@``."""
    assert clean_tag(text) == tag


@pytest.mark.parametrize("text", ["", " / ", "x" * 101])
def test_a_text_that_leaves_no_tag_is_a_value_error(text: str) -> None:
    """The same as that of a tag."""
    with pytest.raises(ValueError, match="a tag must have 1 to 100 characters"):
        clean_tag(text)


def test_only_a_str_can_be_cleaned() -> None:
    """A list of letters is no tag."""
    with pytest.raises(TypeError, match="a tag must be a str"):
        clean_tag(["a"])  # type: ignore[arg-type]
