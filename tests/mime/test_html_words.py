"""The words of an HTML document and its links."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.html_words import read_words


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>A<p>B <b>C</b>d", "A\nB Cd"),
        ("one\r\ntwo<BR>three", "one two\nthree"),
        ("<td>a</td><td>b</td>", "a\nb"),
        ("a<!-- <p>x -->b<!doctype x>c", "ab\nc"),
        ("<title>x</title><style>y</style><SCRIPT>'<p>z'</script >a", "a"),
        ("a<style>never ends", "a"),
        ("<scripted>a", "a"),
        ("<p hidden style='display:none'>first line</p>", "first line"),
        ("1 < 2 &amp;&lt;b&gt; &eacute;", "1 < 2 &<b> \u00e9"),
        ("<body>a<p", "a"),
        ("<p title='x>y' id = \"z>\">a<b title='>'>b", "ab"),
        ("<p title='x>a", "a"),
        ("<p class=it's>a'b", "a'b"),
        ("", ""),
    ],
)
def test_text_stands_in_lines_of_blocks(html: str, text: str) -> None:
    """Tags within a line do not end a word."""
    assert read_words(html).text == text


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ("<a href=http://x/a>", ["http://x/a"]),
        ("<A class=y HREF = 'https://x/?a=1&amp;b=2'>", ["https://x/?a=1&b=2"]),
        ('<a href="https://x"><a href=https://x><a href=http://y>', None),
        ("<a href=mailto:a@x><a href=/a><a><abbr href=http://x>", []),
        ("<img src=http://x><link href=http://x>", []),
    ],
)
def test_links_are_those_of_anchors(html: str, links: list[str] | None) -> None:
    """Of HTTP, each once."""
    expected = ["https://x", "http://y"] if links is None else links
    assert list(read_words(html).links) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<script>",
        "<a ",
        "<a href=",
        "</title",
        "<",
        "&",
        "<a\thref ",
        "<a=' ",
        "='",
    ],
)
def test_the_time_is_linear(piece: str) -> None:
    """Whatever is opened and not closed: quadratic time would be minutes."""
    started = time.process_time()
    read_words(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 20


@given(st.text("<>!-/ab='\"&;ps \n"))
def test_nothing_is_raised(html: str) -> None:
    """Whatever the document is."""
    read_words(html)
