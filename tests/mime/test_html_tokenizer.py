"""Cases that the suite of html5lib lacks: content models by tag name, and time."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.mime.html_tokenizer import ContentModel, tokenize
from lazr_smtptest.mime.html_tokens import (
    Characters,
    Comment,
    EndOfDocument,
    EndTag,
    StartTag,
    Token,
)

from ..chance import some
from .times import once_in_three


def tokens(html: str) -> list[Token]:
    """Return the tokens but the last, which says only how the document ended."""
    return list(tokenize(html))[:-1]


def end(html: str) -> EndOfDocument:
    """Return the last token."""
    *_, last = tokenize(html)
    assert isinstance(last, EndOfDocument)
    return last


@pytest.mark.parametrize("name", ["title", "textarea"])
def test_rcdata_holds_text_and_references(name):
    """And no tags but its own end."""
    assert tokens(f"<{name}>&lt;<b></{name}>") == [
        StartTag(name, {}),
        Characters("<<b>"),
        EndTag(name),
    ]


@pytest.mark.parametrize("name", ["style", "xmp", "iframe", "noembed", "noframes"])
def test_rawtext_holds_text_only(name):
    """References stay as they are."""
    assert tokens(f"<{name}>&lt;<b></{name.upper()} >") == [
        StartTag(name, {}),
        Characters("&lt;<b>"),
        EndTag(name),
    ]


def test_an_end_tag_of_a_longer_name_ends_no_rawtext():
    """Nor does one of another element."""
    assert tokens("<style></styles></p></style>")[1] == Characters("</styles></p>")


def test_a_script_in_a_comment_holds_the_end_tag_of_a_script():
    """The double escaped state."""
    script = "<!--<script></script>-->"
    assert tokens(f"<script>{script}</script>")[1:] == [
        Characters(script),
        EndTag("script"),
    ]


@pytest.mark.parametrize("comment", ["<!-->", "<!--->"])
def test_a_comment_in_a_script_may_end_with_its_own_dashes(comment):
    """So the script is not escaped behind it."""
    html = f"<script>{comment}<script></script>a"
    assert tokens(html)[-2:] == [EndTag("script"), Characters("a")]


def test_plaintext_never_ends():
    """Nothing is an end tag for it, and that is no fault."""
    assert tokens("<plaintext></plaintext>") == [
        StartTag("plaintext", {}),
        Characters("</plaintext>"),
    ]
    assert end("<plaintext>a") == EndOfDocument("")


def test_noscript_holds_tags():
    """No mail reader runs scripts."""
    assert tokens("<noscript><p>")[1] == StartTag("p", {})


def test_a_cdata_section_is_a_comment_in_html():
    """It ends at the first ``>``."""
    assert tokens("<![CDATA[<b>]]>") == [Comment("[CDATA[<b"), Characters("]]>")]


@pytest.mark.parametrize("name", ["svg", "math"])
def test_a_cdata_section_is_text_in_foreign_content(name):
    """Until the end tag."""
    html = f"<{name}><![CDATA[<b>&lt;]]></{name}><![CDATA[x>"
    assert tokens(html)[1:] == [
        Characters("<b>&lt;"),
        EndTag(name),
        Comment("[CDATA[x"),
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [("a]]>b", "ab"), ("a]]]>", "a]"), ("a]]", "a]]"), ("&lt;\0", "&lt;\0")],
)
def test_a_cdata_section_ends_at_its_brackets(html, text):
    """Its text is what it is."""
    assert next(tokenize(html, ContentModel.CDATA_SECTION)) == Characters(text)


def test_an_element_that_closes_itself_in_svg_begins_no_rawtext():
    """In HTML the slash means nothing."""
    assert EndTag("svg") in tokens("<svg><style/></svg>")
    assert EndTag("p") not in tokens("<style/></p>")


def test_line_ends_become_lf():
    """CRLF and CR alone, within values too."""
    assert tokens("a\r\nb\rc<a title='\r\n'>") == [
        Characters("a\nb\nc"),
        StartTag("a", {"title": "\n"}),
    ]


def test_of_two_attributes_the_first_counts():
    """Whatever the case of their names."""
    assert tokens("<a HREF=x href=y>") == [StartTag("a", {"href": "x"})]


def test_only_ascii_letters_become_lower_case():
    """A Kelvin sign is no ``k``."""
    assert tokens("<LIN\u212a>") == [StartTag("lin\u212a", {})]


@pytest.mark.parametrize(
    ("html", "inside"),
    [
        ("<p>", ""),
        ("<a href='x", "a tag"),
        ("</p ", "a tag"),
        ("<!-- x", "a comment"),
        ("<!x", "a comment"),
        ("<!DOCTYPE html", "a DOCTYPE"),
        ("<style>p {}", "<style>"),
        ("<title>", "<title>"),
        ("<script><!--<script></script>", "<script>"),
        ("<svg><![CDATA[x", "a CDATA section"),
    ],
)
def test_the_end_says_what_it_came_in_the_middle_of(html, inside):
    """So a message that is cut off can be reported."""
    assert end(html) == EndOfDocument(inside)


@pytest.mark.parametrize("digits", ["9" * 5000, "0" * 5000 + "65"])
def test_a_reference_may_have_any_number_of_digits(digits):
    """A number over the last character is replaced."""
    assert tokens(f"&#{digits};") == [Characters("A" if "65" in digits else "\ufffd")]


# Each is repeated; what it leaves open stays open to the end.
UNITS = [
    "<", "<!", "<?", "</", "<!-", "<!--", "<!-->", "<!-- --!", "-->", "&", "&#", "&#x",
    "&#9", "&a", "&amp", "&notit;", "<a ", "<a", "<a/", "<a =", "<a b=", '<a b="',
    "<a b='", "<a href=x>", "<p>", "</p>", "<div>", "<title>", "</title", "<style>",
    "<style></style>", "<script>", "<script><!--", "<script><!--<script>", "</script",
    "<textarea></textarea >", "<plaintext>", "<svg>", "<svg><![CDATA[", "]]>", "]",
    "<!DOCTYPE ", "<!DOCTYPE a PUBLIC '", "<!DOCTYPE a SYSTEM \"b\" ", "\0", "\r", " ",
]  # fmt: skip


def seconds(html: str) -> float:
    """Return the CPU time that a document takes."""
    start = time.process_time()
    for _ in tokenize(html):
        pass
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_the_time_is_linear(unit):
    """Four times the text takes four times as long, and not sixteen times."""
    short, long = (unit * (size // len(unit)) for size in (20_000, 80_000))
    assert once_in_three(lambda: seconds(long) < 10 * seconds(short) + 0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000,
        "<a " + " ".join(f"a{number}=x" for number in range(20_000)) + ">",
        "<a " + "a=x " * 20_000 + ">",
        "<" * 200_000,
        "<!--" * 100_000,
        "<table>" * 3000,
        "<a>" * 20_000,
        "<b><p>" * 10_000,
    ],
    ids=lambda html: html[:12],
)
def test_a_hostile_document_takes_no_time(html):
    """Nested elements, attributes, and what begins and does not end."""
    assert once_in_three(lambda: seconds(html) < 3)


ANY_HTML = st.lists(
    st.sampled_from([*UNITS, ">", "=", "'", '"', "--", "!", "a", "/", "svg", "&copy="])
    | st.text(max_size=4),
    max_size=40,
).map("".join)


@pytest.mark.slow
@settings(max_examples=some(300), deadline=None)
@given(
    ANY_HTML, st.sampled_from(ContentModel), st.sampled_from(["", "title", "script"])
)
def test_any_text_has_tokens(html, model, element):
    """Nothing is raised, the last token is the end, and text is not cut in two."""
    found = list(tokenize(html, model, element))
    assert [token for token in found if isinstance(token, EndOfDocument)] == found[-1:]
    for first, second in pairwise(found):
        assert not (isinstance(first, Characters) and isinstance(second, Characters))


@settings(max_examples=some(200), deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="<&\r", codec="utf-8")))
def test_text_without_markup_is_its_own_token(text):
    """Every character of it."""
    assert tokens(text) == ([Characters(text)] if text else [])
