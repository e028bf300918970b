"""The features that HTML uses."""

from __future__ import annotations

import pytest

from lazr_smtptest.checks import css_features, html_features, html_usage
from lazr_smtptest.checks.html_usage import TooComplexError, find_usage
from lazr_smtptest.checks.support import load_support


def found(html: str) -> dict[str, int]:
    return find_usage(html).found


def styled(sheet: str, body: str = "<p class=a id=b>x<b>y</b></p>") -> dict[str, int]:
    return found(f"<style>{sheet}</style>{body}")


def test_each_feature_is_in_the_data():
    """No table has a feature that the data does not have."""
    known = {*css_features.slugs(), *html_features.slugs()}
    assert known <= {*load_support().features}


def test_each_feature_of_the_data_is_recognised():
    """Only BIMI is missing: it is a matter of header fields and of DNS."""
    known = {*css_features.slugs(), *html_features.slugs()}
    assert {*load_support().features} - known == {"bimi"}


@pytest.mark.parametrize(
    ("html", "slug", "number"),
    [
        ("<video></video><VIDEO></VIDEO>", "html-video", 2),
        ("<h1>a</h1><h3>b</h3>", "html-h1-h6", 2),
        ("<td align=left><p align=right>", "html-align", 1),
        ("<input type=Checkbox>", "html-input-checkbox", 1),
        ("<input type=text><input>", "html-input-text", 1),
        ("<a href='#x'>a</a><a href=mailto:a@x>b</a>", "html-anchor-links", 1),
        ("<a href='#x'>a</a><a href=mailto:a@x>b</a>", "html-mailto-links", 1),
        ("<img src=cid:a><img src='http://x/a.PNG?b=c.gif'>", "image-png", 1),
        ("<img src='data:image/gif;base64,R0lG'>", "image-base64", 1),
        ("<img src='data:image/svg+xml,<svg/>'>", "image-svg", 1),
        ("<meta name=color-scheme content=dark>", "html-meta-color-scheme", 1),
        ("<!doctype html><p>a", "html-doctype", 1),
        ("<!doctype html public 'x'><p>a", "html-doctype", 0),
        ("<body bgcolor=red>a", "html-body", 1),
        ("<!-- a --><p>b<!-- c -->", "html-comments", 2),
        ("<html \u26a14email><body>", "amp", 1),
        ("<script>a</script>", "html-script", 1),
        ("<script type=application/ld+json>b</script>", "html-script", 0),
        ("<div inert>a</div>", "css-inert-attribute", 1),
    ],
)
def test_html_is_recognised(html, slug, number):
    """The elements that use a feature are counted."""
    assert found(html).get(slug, 0) == number


@pytest.mark.parametrize(
    ("style", "slug"),
    [
        ("border-radius: 3px", "css-border-radius"),
        ("BORDER-TOP-LEFT-RADIUS: 3px", "css-border-radius"),
        ("border-start-end-radius: 1px", "css-border-radius-logical"),
        ("display: inline-flex", "css-display-flex"),
        ("display: none", "css-display"),
        ("flex-wrap: wrap", "css-flex-wrap"),
        ("width: calc(100% - (2 * 3em))", "css-unit-em"),
        ("width: calc(100% - 3em)", "css-unit-calc"),
        ("width: 50%", "css-unit-percent"),
        ("width: fit-content", "css-intrinsic-size"),
        ("background: repeating-linear-gradient(red, blue)", "css-linear-gradient"),
        ("background: url(https://x/a.webp)", "image-webp"),
        ("background: url('https://x/a.webp')", "image-webp"),
        ("color: rgba(1, 2, 3, 0.5)", "css-rgba"),
        ("color: red !important", "css-important"),
        ("--mine: red", "css-variables"),
        ("color: var(--mine)", "css-variables"),
        ("font-family: Arial, system-ui", "css-sytem-ui"),
        ("color: /* why */ red; /* so */", "css-comments"),
    ],
)
def test_a_declaration_is_recognised(style, slug):
    """Properties, values, functions, units and keywords are found in an attribute."""
    assert found(f'<p style="{style}">a</p>')[slug] == 1


@pytest.mark.parametrize(
    "style",
    [
        "content: 'border-radius: 3px'",
        "my-border-radius: 3px",
        "x: url(border-radius)",
        "flex-wrap: nowrap",
        "display: block; list-style: none",
    ],
)
def test_what_only_looks_like_a_feature_is_none(style):
    """Texts, names and values are told apart."""
    absent = {"css-border-radius", "css-flex-wrap", "css-display-none"}
    assert not absent & {*found(f'<p style="{style}">a</p>')}


@pytest.mark.parametrize(
    ("selector", "slugs"),
    [
        ("p > b", {"child", "type"}),
        ("p b", {"descendant", "type"}),
        (".a, #b", {"class", "id", "grouping"}),
        ("p.a#b", {"chaining", "class", "id", "type"}),
        ("[class=a]", {"attribute"}),
        (
            "* + b, b ~ *, *",
            {"universal", "adjacent-sibling", "general-sibling", "type", "grouping"},
        ),
    ],
)
def test_selectors_are_recognised(selector, slugs):
    """The kinds of simple selectors and of combinators are found."""
    body = "<p class=a id=b><i>x</i><b>y</b><i>z</i></p>"
    used = {each for each in styled(selector + "{}", body) if "selector" in each}
    assert used == {f"css-selector-{slug}" for slug in slugs}


@pytest.mark.parametrize(
    ("selector", "slug", "number"),
    [
        ("b:hover", "css-pseudo-class-hover", 1),
        ("p::before", "css-pseudo-element-before", 1),
        ("p:after", "css-pseudo-element-after", 1),
        (":nth-child(1)", "css-pseudo-class-nth-child", 5),
        ("p:has(b)", "css-pseudo-class-has", 1),
        ("p:has(i)", "css-pseudo-class-has", 0),
        ("p:not(.a):hover", "css-pseudo-class-not", 0),
    ],
)
def test_pseudo_selectors_are_matched_without_the_state(selector, slug, number):
    """A rule for a state counts the elements that can have it."""
    assert styled(selector + "{color:red}").get(slug, 0) == number


@pytest.mark.parametrize(
    ("sheet", "number"),
    [
        ("p{gap:1px}", 1),
        ("p, b{gap:1px}", 2),
        ("p{gap:1px} .a{gap:2px}", 1),
        (".absent{gap:1px}", 0),
        ("@media (max-width: 1px) {b{gap:1px}}", 1),
        ("p{color:red; & b{gap:1px}}", 1),
        ("b{color:red; & b{gap:1px}}", 0),
        (".absent, {gap:1px}", 0),
        ("p:{gap:1px}", 0),
        ("p[{gap:1px}", 0),
    ],
)
def test_declarations_count_the_elements_that_they_apply_to(sheet, number):
    """Selectors are really matched, also those within other rules."""
    assert styled(sheet).get("css-gap", 0) == number


def test_an_element_counts_once_for_a_feature():
    """Its style attribute and the rules that match it are one use."""
    html = "<style>p{gap:1px} *{gap:2px}</style><p style='gap:3px'>a</p>"
    users = 4  # html, head, style, body
    assert found(html)["css-gap"] == users + 1


@pytest.mark.parametrize(
    ("sheet", "slug"),
    [
        ("@import 'x.css';", "css-at-import"),
        ("@font-face {font-family: x}", "css-at-font-face"),
        ("@keyframes x {from {top: 0}}", "css-at-keyframes"),
        ("@supports (gap: 1px) {p{}}", "css-at-supports"),
        (
            "@media (prefers-color-scheme: dark) {p{}}",
            "css-at-media-prefers-color-scheme",
        ),
        ("@media screen and (any-hover) {p{}}", "css-at-media-hover"),
        ("p{& b{}}", "css-nesting"),
        ("/* c */", "css-comments"),
    ],
)
def test_at_rules_are_recognised(sheet, slug):
    """A feature outside of rules is counted by its uses."""
    assert styled(sheet)[slug] >= 1


@pytest.mark.parametrize(
    ("html", "nodes"),
    [
        ("<p>a<b>b</b></p>", 2),
        ("<html><head><meta x><title>a</title></head><body><p>b</p></body></html>", 3),
        ("", 0),
        ("text", 0),
    ],
)
def test_elements_are_counted(html, nodes):
    """A fragment has those of its body, a document all but its frame."""
    assert find_usage(html).nodes == nodes


HOSTILE = {
    "nested elements": "<div>" * 50_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">",
    "brackets": "<" * 250_000,
    "size": "a" * (1 << 21),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_html_is_refused(name):
    """A document that takes a parser more than linear time is not parsed."""
    with pytest.raises(TooComplexError):
        find_usage(HOSTILE[name])


@pytest.mark.parametrize("unit", ["<a ", "<a", "</a\n", "<a b='"])
@pytest.mark.parametrize("before", ["", "<" + "a" * 500_000])
def test_a_tag_without_an_end_is_read_once(before, unit):
    """It is no element; to look for its end again and again would take for ever."""
    assert find_usage(before + unit * 60_000).nodes == 0


@pytest.mark.parametrize("bound", ["MOST_PAIRS", "MOST_MATCHES"])
def test_many_selectors_for_many_elements_are_refused(monkeypatch, bound):
    """The product is bounded: it can be far more than the size of the document."""
    monkeypatch.setattr(html_usage, bound, 100)
    assert styled("*{}" * 10)["html-p"] == 1
    with pytest.raises(TooComplexError):
        styled("*{}" * 100)


@pytest.mark.parametrize(
    "sheet",
    [
        "{" * 2999,
        "(" * 2999,
        "a{" * 2999,
        ":not(" * 2999,
        ":is(" * 999 + "*",
        "@" * 2999,
        "\\" * 2999,
        "," * 2999 + "{}",
        "/*" * 999,
        "p{" * 50 + "gap:1px",
        "&&" * 999,
    ],
)
def test_a_hostile_sheet_is_read(sheet):
    """Neither brackets without end nor odd characters raise anything."""
    assert styled(sheet + "{}")["html-p"] == 1


def test_selectors_of_nested_rules_stay_short():
    """Each level can repeat the one around it: the length is bounded."""
    assert styled("p,b{" + "&&&&&&&&{" * 15 + "gap:1px" + "}" * 16)["html-p"] == 1
