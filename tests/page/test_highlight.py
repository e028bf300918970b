"""Colours of HTML source and header fields."""

from __future__ import annotations

import pytest


def coloured(module, text, kind):
    ranges = module("highlight.js").call("rangesOf", text, kind)
    return [(text[each["start"] : each["end"]], each["name"]) for each in ranges]


def test_html_has_tags_attributes_values_comments_and_entities(module):
    """Each piece has its name; text has none."""
    text = '<!-- c --><p class="x" id=y hidden>a &amp; b<br/></p>'
    assert coloured(module, text, "html") == [
        ("<!-- c -->", "comment"),
        ("<p", "tag"),
        ("class", "attribute"),
        ('="x"', "value"),
        ("id", "attribute"),
        ("=y", "value"),
        ("hidden", "attribute"),
        (">", "tag"),
        ("&amp;", "entity"),
        ("<br", "tag"),
        ("/>", "tag"),
        ("</p", "tag"),
        (">", "tag"),
    ]


def test_a_header_has_fields_addresses_and_encoded_words(module):
    """A colon within a value begins no field."""
    text = 'From: "A: b" <a@b.example>\nSubject: =?utf-8?q?x?= re: y\n'
    assert coloured(module, text, "header") == [
        ("From:", "field"),
        ('"A: b"', "value"),
        ("<a@b.example>", "address"),
        ("Subject:", "field"),
        ("=?utf-8?q?x?=", "entity"),
    ]


@pytest.mark.parametrize("kind", ["html", "header"])
@pytest.mark.parametrize(
    "unit", ["<", '"', "&a", "<a ", "=?", "<!--", "a=", "\n:", "'"]
)
def test_a_text_of_one_token_is_read_to_its_end(module, kind, unit):
    """Ranges ascend and do not overlap, whatever the text is made of."""
    assert module("highlight.js").run(
        "(() => { let end = 0; const text = args[0].repeat(100000);"
        " return m.rangesOf(text, args[1]).every(({start, end: stop}) => {"
        " const ok = start >= end && stop > start; end = stop; return ok; }) })()",
        unit,
        kind,
    )
