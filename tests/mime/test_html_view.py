"""HTML parts as documents for a frame."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.mime.html_tokenizer import tokenize
from lazr_smtptest.mime.html_view import LONGEST, HTMLView, view_of
from lazr_smtptest.mime.parts import read_parts

FILE = (
    "Content-Type: multipart/related; boundary=b\n\n"
    "--b\nContent-Type: text/html\nContent-Location: http://mail.example/a/page\n\nx\n"
    "--b\nContent-Type: image/png\nContent-ID: <logo@x>\n\nlogo\n"
    "--b\nContent-Type: image/png\nContent-ID: <odd+id%x>\n\nodd\n"
    "--b\nContent-Type: image/png\nContent-Location: photo.png\n\nphoto\n"
    "--b--\n"
).replace("\n", "\r\n")
PARTS = read_parts(FILE.encode())


def view(html: str) -> HTMLView:
    """Return the view of a document in a message with three images."""
    return view_of(html, PARTS, lambda part: part.section)


def shown(html: str) -> str:
    """Return the document of its view, with simple URLs of parts."""
    return view(html).with_urls(lambda part: f"/{part}")


def blocked(html: str) -> list[tuple[str, str, int]]:
    """Return the loads that are blocked."""
    return [(each.kind, each.host, each.count) for each in view(html).blocked]


@pytest.mark.parametrize(
    "html",
    [
        "<p>plain</p>",
        '<p title="a &amp; b" class="">x &lt;b&gt; &amp;lt; y</p>',
        "<!DOCTYPE html>",
        '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/x.dtd">',
        '<!DOCTYPE html SYSTEM "about:legacy-compat">',
        "<style>p > b { content: '&lt;' }</style>",
        "<title>a &amp; </b></title><textarea>\n&lt;p></textarea>",
        "<xmp><b>&amp;</xmp><noframes><b></noframes>",
        "<svg><path d='M0'/><style/>x<b>&lt;</b></svg>",
        "<p a'b=1 =c=2 \"d>x</p>",
        "<table><tr><td>unclosed",
        "a < b &lt;/ c </",
        "<plaintext><b>&amp;</b>",
        "x\ud800\0y\xa0",
        "<pre>\n\nx</pre>",
    ],
)
def test_a_browser_sees_the_same_tokens(html: str) -> None:
    """The document is written anew, and means what it meant."""
    assert list(tokenize(shown(html))) == list(tokenize(html))


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert('x')</script>",
        "<script src=x.js></script>",
        "<SCRIPT>a<!--<script></script></SCRIPT>",
        "<svg><script/></svg>",
        "<link rel=prefetch href=http://a.example/>",
        "<meta http-equiv=refresh content='0;url=http://a.example/'>",
        "<base href=http://a.example/>",
        "<!-- c --><!--[if mso]><b><![endif]--><?x?>",
    ],
)
def test_what_could_begin_more_is_dropped(html: str) -> None:
    """All of it."""
    assert shown(html) in ("", "<svg></svg>")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src='cid:logo@x'>", '<img src="/2">'),
        ("<img src=' CID:logo@x '>", '<img src="/2">'),
        ("<img src=cid:odd+id%x>", '<img src="/3">'),
        ("<img src=cid:odd%2Bid%25x>", '<img src="/3">'),
        ("<img srcset='cid:logo@x 2x, b.png'>", '<img srcset="/2 2x, b.png">'),
        ("<td background=cid:logo@x>", '<td background="/2">'),
        ("<video poster=cid:logo@x>", '<video poster="/2">'),
        (
            "<p style='background: url(cid:logo@x)'>",
            '<p style="background: url(&quot;/2&quot;)">',
        ),
        ("<style>b{c:url('cid:logo@x')}</style>", '<style>b{c:url("/2")}</style>'),
        ("<img src=photo.png>", '<img src="/4">'),
        ("<img src=http://mail.example/a/photo.png>", '<img src="/4">'),
        ("<svg><image href=cid:logo@x></svg>", '<svg><image href="/2"></svg>'),
    ],
)
def test_a_reference_to_a_part_is_its_url(html: str, expected: str) -> None:
    """By its Content-ID or by its Content-Location."""
    assert shown(html) == expected


@pytest.mark.parametrize(
    "html", ["cid:logo@x", '<img src="cid:other">', '<p title="cid:logo@x">']
)
def test_all_else_stays(html: str) -> None:
    """Text, and references to parts that are not there."""
    assert shown(html) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src=http://A.example:81/x>", ("image", "a.example", 1)),
        ("<img src=//a.example/x>", ("image", "a.example", 1)),
        ("<img src='\\\\a.example/x'>", ("image", "a.example", 1)),
        ("<img src='ht\ntps://a.example/x'>", ("image", "a.example", 1)),
        (
            "<img srcset='http://a.example/1 1x,//a.example/2'>",
            ("image", "a.example", 2),
        ),
        ("<body background=http://a.example/>", ("image", "a.example", 1)),
        ("<input type=image src=http://a.example/>", ("image", "a.example", 1)),
        ("<video poster=http://a.example/>", ("image", "a.example", 1)),
        ("<svg><image xlink:href=http://a.example/></svg>", ("image", "a.example", 1)),
        ("<audio src=http://a.example/>", ("media", "a.example", 1)),
        ("<iframe src=http://a.example/></iframe>", ("frame", "a.example", 1)),
        ("<object data=http://a.example/></object>", ("object", "a.example", 1)),
        ("<embed src=http://a.example/>", ("object", "a.example", 1)),
        ("<script src=http://a.example/></script>", ("script", "a.example", 1)),
        (
            "<link rel=stylesheet href=http://a.example/>",
            ("style sheet", "a.example", 1),
        ),
        ("<link rel='shortcut icon' href=//a.example/>", ("image", "a.example", 1)),
        ("<link rel=preload href=http://a.example/>", ("other", "a.example", 1)),
        (
            "<meta http-equiv=Refresh content=' 0; URL=http://a.example/'>",
            ("redirect", "a.example", 1),
        ),
        (
            "<style>@import 'http://a.example/';</style>",
            ("style sheet", "a.example", 1),
        ),
        ("<style>@import url(//a.example/)</style>", ("style sheet", "a.example", 1)),
        (
            "<style>@font-face { src: url('http://a.example/f') }</style>",
            ("font", "a.example", 1),
        ),
        ("<p style='background:url(http://a.example/)'>", ("image", "a.example", 1)),
    ],
)
def test_a_remote_load_is_counted(html: str, expected: tuple[str, str, int]) -> None:
    """With its kind and its host."""
    assert blocked(html) == [expected]


@pytest.mark.parametrize(
    "html",
    [
        "<a href=http://a.example/>x</a>",
        "<img src=x.png><img src=data:image/png;base64,AA==><img src=cid:logo@x>",
        "<style>/* url(http://a.example/) */</style>",
        "<img src='http://[/'>",
        "<p title=http://a.example/>",
    ],
)
def test_nothing_else_is_counted(html: str) -> None:
    """Links are followed by people."""
    assert blocked(html) == []


def test_hosts_with_most_loads_come_first() -> None:
    """And a URL counts once."""
    html = "".join(
        f"<img src=http://{host}/{n}>" for host, n in ["b0", "a1", "a2", "a1"]
    )
    assert blocked(html) == [("image", "a", 2), ("image", "b", 1)]


@pytest.mark.parametrize("href", ["http://a.example/", "mailto:a@b.example", "x"])
def test_a_link_opens_a_new_window(href: str) -> None:
    """The frame could not show it."""
    wanted = f'<a href="{href}" target="_blank" rel="noreferrer noopener">'
    assert shown(f"<a href='{href}' target=_top>") == wanted


@pytest.mark.parametrize("tag", ['<a href="#top">', '<a name="top">'])
def test_a_link_within_the_document_stays(tag: str) -> None:
    """And so does the place that it leads to."""
    assert shown(tag) == tag


BASE = "<base href='http://a.example/mail/'>"


@pytest.mark.parametrize(
    ("tags", "href"),
    [
        (f"{BASE}<a href=x>", "http://a.example/mail/x"),
        (f"{BASE}<a href=/x>", "http://a.example/x"),
        (f"{BASE}<a href=//b.example/x>", "http://b.example/x"),
        (f"{BASE}<a href='?q=1'>", "http://a.example/mail/?q=1"),
        # The first one with a URL counts, also for what stands before it.
        (f"<a href=x><base target=_top>{BASE}<base href=http://b/>", BASE[12:-2] + "x"),
        (f"{BASE}<a href=mailto:a@b>", "mailto:a@b"),
        (f"{BASE}<a href=cid:logo@x>", "cid:logo@x"),
        # These name none.
        ("<base href=/mail/><a href=x>", "x"),
        ("<base href=javascript:x><a href=x>", "x"),
        ("<base href='http://['><a href=x>", "x"),
    ],
)
def test_a_link_that_the_base_completes_is_whole(tags: str, href: str) -> None:
    """Otherwise it would lead to this server."""
    assert re.findall('<a href="([^"]*)" target', shown(tags)) == [href]


def test_a_link_within_the_document_stays_beside_a_base() -> None:
    assert shown(f'{BASE}<a href="#top">') == '<a href="#top">'


@pytest.mark.parametrize(
    ("tags", "written", "kind"),
    [
        ("<img src=x>", '<img src="http://a.example/mail/x">', "image"),
        (
            "<img srcset='x,y.png 1x, /z 2x'>",
            '<img srcset="http://a.example/mail/x,y.png 1x, http://a.example/z 2x">',
            "image",
        ),
        (
            """<p style='a:url(x)'>""",
            '<p style="a:url(&quot;http://a.example/mail/x&quot;)">',
            "image",
        ),
        (
            """<style>a{b:url('x"y')}</style>""",
            '<style>a{b:url("http://a.example/mail/x%22y")}</style>',
            "image",
        ),
        ("<iframe src=x>", '<iframe src="http://a.example/mail/x">', "frame"),
        ("<link rel=stylesheet href=x>", "", "style sheet"),
    ],
)
def test_a_load_that_the_base_makes_remote_is_whole_and_counted(
    tags: str, written: str, kind: str
) -> None:
    """It is shown if somebody asks for remote images, and blocked until then."""
    assert shown(BASE + tags) == written
    assert [(each[0], each[1]) for each in blocked(BASE + tags)] == [
        (kind, "a.example")
    ]


@pytest.mark.parametrize(
    "tags",
    [
        f"{BASE}<img src=cid:logo@x><img src=photo.png><img src='#x'><img src=''>",
        "<base href=file:///mail/><img src=x>",
    ],
)
def test_what_the_base_does_not_make_remote_is_not_counted(tags: str) -> None:
    """Parts of the message are no files of a host."""
    assert blocked(tags) == []


def test_a_candidate_of_an_image_may_have_commas() -> None:
    """As data has; those between candidates are at the end of a URL."""
    html = '<img srcset="data:image/png;base64,AA== 1x, cid:logo@x,, //a.example/x 3x">'
    assert shown(html) == html.replace("cid:logo@x", "/2")
    assert blocked(html) == [("image", "a.example", 1)]


def test_a_base_makes_a_document_only_so_much_longer() -> None:
    """As a long one would, with many short links."""
    base = f"http://a.example/{'a' * 8000}/"
    html = f"<base href={base}>" + "<a href=x>" * 10_000
    assert len(view(html).html) < 3_000_000


def test_a_document_that_is_too_long_stays_as_it_was_sent() -> None:
    """The reason is told."""
    html = "<script></script>" + "x" * LONGEST
    found = view(html)
    assert (found.with_urls(str), bool(found.failure)) == (html, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["url(", "url('", 'url("', "@import ", "@font-face{", "/*", "url(' ", "\\"],
)
def test_time_is_linear_in_a_style_sheet(piece: str) -> None:
    """Quadratic time would not end."""
    view(f"<style>{piece * 30_000}</style>")


@pytest.mark.parametrize("piece", ["cid:", "//a,", " ", ",", "http://a/ 1x,"])
def test_time_is_linear_in_candidates(piece: str) -> None:
    """Likewise."""
    view(f"<img srcset='{piece * 30_000}'>")


def test_time_is_linear_in_a_redirect() -> None:
    """Likewise."""
    view(f"<meta http-equiv=refresh content='{' ' * 30_000}0{' ' * 30_000}'>")
