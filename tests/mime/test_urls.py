"""URLs in plain text, wrapped, flowed, and beside other characters."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.mime.flowed import unflow
from lazr_smtptest.mime.urls import find_urls, text_links
from lazr_smtptest.model.envelope import Envelope

from ..chance import some
from .times import LONG, SECONDS

A, B = "https://a.example/x", "https://b.example/y"


def links(text: str) -> list[str]:
    return text_links(text)[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # The end of a sentence
        (f"See {A}. {B}, {A}; {B}: {A}! {B}? {A}...", [A, B, A, B, A, B, A]),
        (f"'{A}', \"{B}\". `{A}`", [A, B, A]),
        ("https://a.example/?", ["https://a.example/"]),
        ("https://a.example/v1.2.3/x.html.", ["https://a.example/v1.2.3/x.html"]),
        # Brackets
        (f"({A}) [{B}], {{{A}}}.", [A, B, A]),
        ("(https://a.example/b_(c))", ["https://a.example/b_(c)"]),
        ("(see https://a.example/b_(c).)", ["https://a.example/b_(c)"]),
        (f"[{A}]({B})more", [A, B]),
        ("https://a.example/?a[]=1&b[c]=2", ["https://a.example/?a[]=1&b[c]=2"]),
        ("https://[::1]:8025/x]", ["https://[::1]:8025/x"]),
        # Marks of emphasis, and tokens that end alike
        (f"*{A}* **{B}** _{A}_ ~~{B}~~", [A, B, A, B]),
        (f"**{A}**.", [A]),
        (
            f"{A}?t=abc_ {A}?t=abc- {A}?t=abc* {A}?t=abc~",
            [f"{A}?t=abc{end}" for end in "_-*~"],
        ),
        (f"_{A}?t=a_b_", [f"{A}?t=a_b"]),
        (
            f"{A}?t=YWI= {A}?t=YQ== {A}/ {A}?a=1& {A}#",
            [f"{A}?t=YWI=", f"{A}?t=YQ==", f"{A}/", f"{A}?a=1&", f"{A}#"],
        ),
        # Characters that apps leave as they are
        (f"{A}?sig=a|b&t={{id}}", [f"{A}?sig=a|b&t={{id}}"]),
        (f"{A}?a=^b^&c=$d+e@f", [f"{A}?a=^b^&c=$d+e@f"]),
        (f"{A}/{{{{id}}}}/z", [f"{A}/{{{{id}}}}/z"]),
        (f"| {A} | {B}|", [A, B]),
        (f"{A}|{B}", [A, B]),
        (f"{A},{B};{A}", [A, B, A]),
        (f"{A}?next={B}", [f"{A}?next={B}"]),
        # Neighbours outside of ASCII
        (f"\u786e\u8ba4\uff1a{A}\u3002\u8c22", [A]),
        (f"{A}\uff0c{B}\u3001{A}\uff01{B}\uff1f{A}\uff1b", [A, B, A, B, A]),
        (f"\u300c{A}\u300d\u3010{B}\u3011\uff08{A}\uff09", [A, B, A]),
        (f"\u201c{A}\u201d \u2018{B}\u2019 \u00ab{A}\u00bb", [A, B, A]),
        (f"\u201e{B}\u201c \u2039{A}\u203a", [B, A]),
        (f"{A}\u2026 {B}\u2014and {A}\u2013", [A, B, A]),
        (f"{A}\u00a0{B}\u200b{A}\u3000{B}", [A, B, A, B]),
        (f"\u70b9\u51fb{A}\u5b8c\u6210 {B}\uc5d0\uc11c", [A, B]),
        (f"{A}\u060c {B}\u0964", [A, B]),
        ("https://a.example/gr\u00f6\u00dfe", ["https://a.example/gr\u00f6\u00dfe"]),
        ("https://m\u00fcnchen.example/x", ["https://m\u00fcnchen.example/x"]),
        ("https://a.example/\u9a8c\u8bc1", ["https://a.example/\u9a8c\u8bc1"]),
        # Schemes
        ("myapp://verify?token=abc.", ["myapp://verify?token=abc"]),
        (
            "com.shop.app://cb?x=1 git+ssh://a/b",
            ["com.shop.app://cb?x=1", "git+ssh://a/b"],
        ),
        (
            "otpauth://totp/A:b?secret=C intent://x#I;end",
            ["otpauth://totp/A:b?secret=C", "intent://x#I;end"],
        ),
        ("mailto:help@a.example, mailto: x", ["mailto:help@a.example"]),
        ("HTTPS://A.EXAMPLE/X", ["HTTPS://A.EXAMPLE/X"]),
        (f"more.{A} 1{B} -{A}", [A, B, A]),
        ("http:// https://. http(s)://x ://x x: //y javascript:z", []),
        ("www.a.example a.example/x 12:30", []),
    ],
)
def test_urls_in_text(text, found):
    """A URL ends before the punctuation of the sentence around it."""
    assert links(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<https://a.example/x?t=abc\ndef>", [f"{A}?t=abcdef"]),
        ("<https://a.example/x\n  ?t=abc\n  def\n>", [f"{A}?t=abcdef"]),
        ("<URL:https://a.example/x\n/z> <url:https://b.example/y>", [f"{A}/z", B]),
        ("<https://a.example/x.>", [f"{A}."]),
        ("<https://a.example/x and more>", [A]),
        ("<https://a.example/x\n\nb>", [A]),
        ("<https://a.example/x\n<https://b.example/y>", [A, B]),
        ("<myapp://a\nb>", ["myapp://ab"]),
        ("https://a.example/x\ndef", [A]),
    ],
)
def test_a_url_in_angle_brackets_may_be_wrapped(text, found):
    """RFC 3986 appendix C; one without brackets may not."""
    assert links(text) == found


def plain(text: str, parameters: str = "") -> Envelope:
    header = f"Content-Type: text/plain; charset=utf-8{parameters}\r\n\r\n"
    content = (header + text.replace("\n", "\r\n")).encode()
    return Envelope(mail_from="", rcpt_tos=(), content=content)


@pytest.mark.parametrize(
    ("parameters", "text", "found"),
    [
        ("; format=flowed; delsp=yes", f"{A}?t=a \nbc \nd.", f"{A}?t=abcd"),
        ("; format=Flowed; DelSp=Yes", f"{A}?t=a \nbc", f"{A}?t=abc"),
        ("; format=flowed; delsp=yes", f"> {A}?t=a \n> bc", f"{A}?t=abc"),
        ("; format=flowed; delsp=yes", f"> {A}?t=a \nbc", f"{A}?t=a"),
        ("; format=flowed; delsp=yes", f"{A}?t=a\nbc", f"{A}?t=a"),
        ("; format=flowed", f"{A}?t=a \nbc", f"{A}?t=a"),
        ("; delsp=yes", f"{A}?t=a \nbc", f"{A}?t=a"),
        ("; format=fixed; delsp=yes", f"{A}?t=a \nbc", f"{A}?t=a"),
    ],
)
def test_a_url_in_flowed_text_is_joined(parameters, text, found):
    """RFC 3676, if the space at the end of a line is no part of it."""
    assert plain(text, parameters).links == (found,)


def test_a_code_in_flowed_text_is_joined():
    """A pattern is matched in whole paragraphs."""
    assert (
        plain("Your code \nis 481516", "; format=flowed").code(r"code is (.*)")
        == "481516"
    )


@pytest.mark.parametrize(
    ("text", "delete", "joined"),
    [
        ("a \nb\nc", False, "a b\nc"),
        ("a \nb\nc", True, "ab\nc"),
        ("> a \n> b\n>> c \nd", False, "> a b\n>> c \nd"),
        (" >a\n  b", False, ">a\n b"),
        ("a \n-- \nb", False, "a \n-- \nb"),
        ("a ", True, "a"),
        ("", False, ""),
    ],
)
def test_flowed_lines_are_joined(text, delete, joined):
    """Quoting, stuffed spaces and signatures are what RFC 3676 says of them."""
    assert unflow(text, delete) == joined


def test_the_text_itself_is_not_joined():
    """It is what was sent."""
    assert plain("a \nb", "; format=flowed; delsp=yes").text == "a \nb"


def test_a_url_that_is_too_long_is_in_trouble():
    """And not among the links, cut in two."""
    one = plain(f"{A}?{'y' * 9000} {B}")
    assert one.links == (B,)
    assert one.trouble == ("a link of over 8192 characters is left out",)


UNITS = [
    "://", "a://", "<http://a\n", "<http://a", "http://a", "http://a)", "http://a(",
    "(http://a", "](http://a)", "http://a|", "mailto:", "mailto:a@", "a", "a.", " ",
    "**http://a", "https://a.b/c ", "http://a\u3002", "<a://\n", "http://((((((((",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_a_hostile_text_takes_no_time(unit):
    """Whatever begins in it and does not end."""
    start = time.process_time()
    text_links(unit * (LONG // len(unit)))
    assert time.process_time() - start < SECONDS


@pytest.mark.slow
@settings(max_examples=some(200), deadline=None)
@given(
    st.lists(
        st.sampled_from([*UNITS, ">", "\n"]) | st.text(max_size=4), max_size=30
    ).map("".join)
)
def test_urls_do_not_overlap(text):
    """Each is where it says it is, after the one before."""
    end = 0
    for url, start, stop in find_urls(text):
        assert end <= start < stop <= len(text)
        assert text[start : start + 2] == url[:2]
        end = stop
