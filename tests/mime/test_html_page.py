"""The text that an HTML document shows, and its links."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.mime.html_page import read_page
from lazr_smtptest.model.envelope import Envelope

from ..chance import some
from .times import once_in_three

GO = "https://shop.example/go"


def text(html: str) -> str:
    return read_page(html).text


def links(html: str) -> list[str]:
    return list(read_page(html).links)


def page(html: str) -> Envelope:
    content = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    return Envelope(mail_from="", rcpt_tos=(), content=content)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        # Blocks and what is within a line
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<div>b</div>c", "a\nb\nc"),
        ("<b>a</b><i>b</i> <u>c</u>", "ab c"),
        ("<span>4</span><span>8</span>", "48"),
        ("a<br>b<br/><br>c</br>d", "a\nb\n\nc\nd"),
        ("a<hr>b", "a\nb"),
        ("a<wbr>b&shy;c", "ab\xadc"),
        ("<span style='display:block'>a</span>b", "a\nb"),
        ("<div style='display:inline-block'>a</div>b", "a\tb"),
        # Lists and tables
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "a\nb\nc\nd"),
        ("<dl><dt>a<dd>b</dl>c", "a\nb\nc"),
        ("<table><tr><td>a<td>b<tr><th>c</table>d", "a\tb\nc\nd"),
        ("<table><td><p>a</p></td><td>b</td></table>", "a\nb"),
        # White space
        (" a \n\t b ", "a b"),
        ("a&nbsp;&nbsp;b", "a b"),
        ("<pre>\n a\n  b</pre>c", " a\n  b\nc"),
        ("<div style='white-space: pre-wrap'>a\n  b</div>", "a\n  b"),
        ("<textarea>\na  b</textarea>", "a  b"),
        # References
        ("&lt;b&gt; &amp;amp; &#8364; &#x80; &eacute &notit;", "<b> &amp; € € é ¬it;"),
        # What is no text
        ("<title>t</title><style>s</style><script>c</script>a", "a"),
        ("<iframe>i</iframe><noembed>n</noembed><template>t</template>a", "a"),
        ("<!-- c -->a<!-- d --!>b<!--> e", "ab e"),
        ("<noscript>a</noscript>", "a"),
        ("a<?php b ?>c", "ac"),
        ("3 < 4 <5> &", "3 < 4 <5> &"),
        ("<p title='a > b'>c", "c"),
        ("", ""),
    ],
)
def test_the_text_is_what_a_browser_shows(html, shown):
    """Lines for blocks, tabs between cells, white space collapsed."""
    assert text(html) == shown


@pytest.mark.parametrize(
    "attributes",
    [
        "hidden",
        "hidden=until-found",
        "style='display:none'",
        "style='DISPLAY : None !important'",
        "style='color:red;/* x */display:/**/none;mso-hide:all'",
        "style='visibility:hidden'",
        "style='opacity:0'",
        "style='opacity:0.0;'",
        "style='font-size:0'",
        "style='font-size:0px;line-height:0'",
        "style='font:0/0 a'",
        "style='max-height:0;overflow:hidden'",
        "style='height:0px;overflow:hidden'",
    ],
)
def test_hidden_text_is_not_shown(attributes):
    """Nor is anything within it, and it ends with its element."""
    html = f"a<div {attributes}>x<div>y</div>z</div>b"
    assert text(html).split() == ["a", "b"]


@pytest.mark.parametrize(
    "attributes",
    [
        "style='mso-hide:all'",
        "style='display:none;display:block'",
        "style='opacity:0.5'",
        "style='font-size:0.5em'",
        "style='font:12px/0 serif'",
        "style='max-height:0'",
        "style='line-height:0'",
        "style='background:url(display:none)'",
        "data-hidden=1",
        "aria-hidden=true",
        "class=hidden",
    ],
)
def test_what_only_looks_hidden_is_shown(attributes):
    """``mso-hide`` hides it from one program, and a class is not looked up."""
    assert text(f"<div {attributes}>x</div>") == "x"


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<td style='font-size:0'><p style='font-size:13px'>a</p>b", "a"),
        ("<p style='font-size:0'><i style='font-size:2em'>a", ""),
        ("<p style='font-size:0'><font size=2>a", "a"),
        ("<p style='visibility:hidden'><i style='visibility:visible'>a", "a"),
        ("<p style='display:none'><i style='display:block'>a", ""),
    ],
)
def test_an_element_within_may_be_shown(html, shown):
    """If what hides it is inherited, and not if the whole element is gone."""
    assert text(html) == shown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p hidden>x<p>a", "a"),
        ("<p hidden><b>x<div>a", "a"),
        ("<ul><li hidden>x<li>a</ul>", "a"),
        ("<ul><li hidden>x<ul><li>y</ul><li>a</ul>", "a"),
        ("<dl><dt hidden>x<dd>a</dl>", "a"),
        ("<table><tr><td hidden>x<td>a<tr><td>b</table>", "a\nb"),
        ("<table><tr hidden><td>x<tr><td>a</table>", "a"),
        ("<div><span hidden>x</div>a", "a"),
        ("<table><td><div hidden>x</td><td>a</table>", "a"),
        ("<div hidden><table><td></div>x</table>y</div>a", "a"),
        ("<span hidden><div>x</span>y</div></span>a", "a"),
        ("<div hidden>x</p>y</div>a", "a"),
        ("<div hidden/>x</div>a", "a"),
        ("<img hidden>a", "a"),
        ("<br hidden>a", "a"),
        ("<div hidden></body></html>x", ""),
        ("</div></table></p>a", "a"),
    ],
)
def test_a_hidden_element_ends_where_it_ends_in_a_browser(html, shown):
    """End tags may be missing, in the wrong order, or too many."""
    assert text(html) == shown


@pytest.mark.parametrize(
    ("html", "found"),
    [
        # Attributes
        ('<a title="a > b" href="https://shop.example/go">', [GO]),
        ("<a class=\"[&>p]:mt-0\" href='https://shop.example/go'>", [GO]),
        ("<a href=https://shop.example/go>", [GO]),
        ("<a\nhref\n=\n'https://shop.example/go'/>", [GO]),
        ("<A HREF='https://shop.example/go' href='https://b.example'>", [GO]),
        ("<a data-href='https://b.example' href='https://shop.example/go'>", [GO]),
        ("<a title='href=\"https://b.example\"'>", []),
        ("<a href=''>x</a><a href>y</a><a>z</a>", []),
        ("<area href='https://shop.example/go'>", [GO]),
        ("<svg><a xlink:href='https://shop.example/go'/></svg>", [GO]),
        ("<abbr href='https://b.example'><link href='https://b.example'>", []),
        # References in values
        ("<a href='x:?a=1&amp;b=2'>", ["x:?a=1&b=2"]),
        ("<a href='x:?a=1&copy=2&not=3&lang=4'>", ["x:?a=1&copy=2&not=3&lang=4"]),
        ("<a href='x:?a&copy;'>", ["x:?a©"]),
        ("<a href='x:&#47;&#x2f;y'>", ["x://y"]),
        # White space
        ("<a href=' https://shop.\r\n\texample/go\n'>", [GO]),
        ("<a href='https://shop.example/a b'>", ["https://shop.example/a b"]),
        # Comments
        ("<!--[if mso]><a href='x:y'><![endif]--><a href='x:z'>", ["x:z"]),
        ("<!--[if !mso]><!--><a href='x:y'><!--<![endif]-->", ["x:y"]),
        ("<![if !mso]><a href='x:y'><![endif]>", ["x:y"]),
        ("<!--><a href='x:y'>-->", ["x:y"]),
        ("<!-- --!><a href='x:y'>", ["x:y"]),
        # Content that is no markup
        ("<style>a{}<a href='x:y'></style><title><a href='x:y'></title>", []),
        ("<script>'<a href=\"x:y\">'</script><textarea><a href='x:y'></textarea>", []),
        ("<template><a href='x:y'></template><noscript><a href='x:z'>", ["x:z"]),
        ("<a hidden href='x:y'>", ["x:y"]),
        # Schemes
        ("<a href='//shop.example/x'>", ["//shop.example/x"]),
        ("<a href='mailto:a@b.c'><a href='tel:1'>", ["mailto:a@b.c", "tel:1"]),
        ("<a href='/x'><a href='x'><a href='#x'>", []),
        ("<a href='?x'><a href='a/b:c'>", []),
    ],
)  # fmt: skip
def test_the_links_are_those_of_a_browser(html, found):
    """The href of each anchor, if it has a scheme or a host."""
    assert links(html) == found


@pytest.mark.parametrize(
    ("base", "href", "link"),
    [
        ("https://shop.example/", "reset/abc", "https://shop.example/reset/abc"),
        ("https://shop.example/a/b", "c", "https://shop.example/a/c"),
        ("https://shop.example/a/b", "/c?d#e", "https://shop.example/c?d#e"),
        ("https://shop.example/a", "?b=c", "https://shop.example/a?b=c"),
        ("https://shop.example", "b?../c", "https://shop.example/b?../c"),
        ("https://shop.example/a/b", ".", "https://shop.example/a/"),
        ("https://shop.example/a/b", "../c", "https://shop.example/c"),
        ("https://shop.example/a/b/c", "..", "https://shop.example/a/"),
        ("https://shop.example/a", "../../../b", "https://shop.example/b"),
        ("https://shop.example/a", "/b/./../c/..", "https://shop.example/"),
        ("https://shop.example/a/../b/./c", "d", "https://shop.example/b/d"),
        ("https://shop.example/../../", "../a", "https://shop.example/a"),
        ("https://shop.example/a//b", "c/../../d", "https://shop.example/a/d"),
        ("file:///a/b", "c", "file:///a/c"),
        ("mailto:a@b.example", "c", None),
        ("https://shop.example/a", "//b.example/c", "https://b.example/c"),
        ("https://shop.example/a", "https://b.example/?", "https://b.example/?"),
        ("https://shop.example/a", "mailto:a@b.example", "mailto:a@b.example"),
        ("//shop.example/a", "b", None),
        ("/a/", "b", None),
        ("javascript:x", "b", None),
        ("https://shop.example/a", "#b", None),
        ("https://shop.example/a", "", None),
    ],
)
def test_a_base_makes_relative_links_absolute(base, href, link):
    """But those to a place in the document itself."""
    html = f"<base target=_blank><base href='{base}'><base href='https://no.example'>"
    assert links(f"<a href='{href}'>{html}") == ([link] if link else [])


@pytest.mark.parametrize(
    ("html", "trouble"),
    [
        ("<a href='x:y", "the HTML ends within a tag"),
        ("<!-- <p>", "the HTML ends within a comment"),
        ("<style>p {}", "the HTML ends within <style>"),
        (f"<a href='x:{'y' * 9000}'>", "a link of over 8192 characters is left out"),
        ("<base href='/x'>", "a <base> that is no absolute URL: '/x'"),
        (
            "<base href='https://[x/'><a href='y'>",
            "a <base> that is no absolute URL: 'https://[x/'",
        ),
        (
            f"<base href='x://y/{'z' * 9000}'><a href='y'>",
            "a <base> of over 8192 characters",
        ),
        (
            f"<base href='x://y/{'z' * 8000}/'>" + "<a href=z>" * 2100,
            "links that the <base> completes are left out after 16777216 characters",
        ),
    ],
)
def test_what_is_lost_is_in_trouble(html, trouble):
    """And in that of the message."""
    assert read_page(html).trouble == (trouble,)
    assert page(html).trouble == (trouble,)


def test_ordinary_html_has_no_trouble():
    """Even if no validator would pass it."""
    assert read_page("<p>a<b><p>c</i></table>&x;<a href=/x>").trouble == ()


UNITS = [
    "<div>", "<p>", "</p>", "<li>", "<td>", "<tr>", "<table>", "</table>", "<b>",
    "<a href=x:y>", "<br>", "<span hidden>", "</span>", "<dd><dt>", "<option>",
    "<table><tr><td><div><p><b></td>", "<svg>", "<a style='font:0", "<pre>\n", "a ",
    "<p style='font-size:0'>", "<base href='x://y/'><a href=z>",
]  # fmt: skip


def seconds(html: str) -> float:
    """Return the CPU time that a document takes."""
    start = time.process_time()
    read_page(html)
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_the_time_is_linear(unit):
    """However many elements are open."""
    short, long = (unit * (size // len(unit)) for size in (20_000, 80_000))
    assert once_in_three(lambda: seconds(long) < 10 * seconds(short) + 0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "html",
    [
        "<span><div>" + "<i>" * 20_000 + "</span>" * 20_000,
        "<p><table>" + "<div>" * 20_000 + "</p>" * 20_000,
        "<ul><li>" + "<div>" * 20_000 + "<li>" * 20_000,
        "<div style='font-size:" + "0" * 100_000 + "!x'>",
        "<div style='font:" + " 0/" * 30_000 + "'>",
        "<div style='opacity:" + "/*" * 50_000 + "'>",
        "<base href='http://a/" + "../" * 50_000 + "'>" + "<a href=../../x>" * 5000,
        "<base href='http://a/" + "../" * 2500 + "'>" + "<a href=x>" * 50_000,
        "<base href='http://a/" + "a/" * 4000 + "'>" + "<a href=../x>" * 50_000,
        "<base href='http://a/" + "a" * 8000 + "'>" + "<a href='?x'>" * 50_000,
        "<base href='http://a?" + "/" * 8000 + "'>" + "<a href='x'>" * 50_000,
        "<base href='http://a/'>" + ("<a href='" + "../" * 3000 + "'>") * 50,
        "<base href='http://a/'>" + ("<a href='" + "x/../" * 2000 + "'>") * 50,
    ],
    ids=lambda html: html[:24],
)
def test_a_hostile_document_takes_no_time(html):
    """End tags that look for what they end, numbers without an end, long bases."""
    assert once_in_three(lambda: seconds(html) < 3)


@settings(max_examples=some(200), deadline=None)
@given(
    st.lists(
        st.sampled_from([*UNITS, "</div>", "</td>", "</li>", "</body>", "<body>", "x"])
        | st.text(max_size=4),
        max_size=40,
    ).map("".join)
)
def test_any_html_is_a_page(html):
    """Nothing is raised, and links are as they should be."""
    found = read_page(html)
    assert found.text == found.text.strip("\n")
    assert all(":" in link or link.startswith("//") for link in found.links)
