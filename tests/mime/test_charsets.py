"""Charsets: their names, what they stand for, and what a bad sequence costs."""

# ruff: noqa: RUF001 -- such characters are what is read here.

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.charsets import decode, guess
from lazr_smtptest.mime.labels import encoding_of
from lazr_smtptest.model.envelope import Envelope


def body(charset: str, octets: bytes) -> Envelope:
    """Make a message whose text is in a charset."""
    header = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    return Envelope(mail_from="", rcpt_tos=(), content=header + octets)


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("ISO-8859-1", "windows-1252"),
        ("latin1", "windows-1252"),
        ("iso_8859-1:1987", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("iso-8859-11", "windows-874"),
        ("TIS-620", "windows-874"),
        ("gb2312", "gb18030"),
        ("x-gbk", "gb18030"),
        ("cp936", "gb18030"),
        ("x-sjis", "shift_jis"),
        ("windows-31j", "shift_jis"),
        ("cp932", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("cp949", "euc-kr"),
        ("big5-hkscs", "big5"),
        ("logical", "iso-8859-8-i"),
        ("visual", "iso-8859-8"),
        ("koi8-ru", "koi8-u"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("utf8mb4", "utf-8"),
        ("UTF_8", "utf-8"),
        (' "utf-8"; ', "utf-8"),
        ("cp-850", "cp850"),
        ("IBM437", "cp437"),
        ("win-1251", "windows-1251"),
        ("_iso-2022-jp$ESC", "iso-2022-jp"),
        ("cp50221", "iso-2022-jp"),
        ("ansi_x3.4-1968", "us-ascii"),
        ("X-User-Defined", "x-user-defined"),
    ],
)
def test_a_label_stands_for_an_encoding(label, encoding):
    """Those of the WHATWG table, and those that mail has beside it."""
    assert encoding_of(label) == encoding


@pytest.mark.parametrize("label", ["", "replacement", "iso-2022-cn", "rot13", "u" * 65])
def test_a_label_that_stands_for_no_text_is_unknown(label):
    """No decoder is found by it."""
    assert encoding_of(label) == ""


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("iso-8859-1", b"\x93Hi\x94 \x80 5", "“Hi” € 5"),
        ("iso-8859-1", b"\x81\x8d", "\x81\x8d"),
        ("iso-8859-9", b"\x80 \xfe", "€ ş"),
        ("windows-874", b"\xca\xc7\xd1\xca\xb4\xd5 \x80", "สวัสดี €"),
        ("windows-1253", b"\xc3\xe5\xe9\xdc \x81", "Γειά \x81"),
        ("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
        ("koi8-u", b"\xae\xbe", "ўЎ"),
        ("gb2312", b"\xd6\xec\xe9F\xbb\xf9", "朱镕基"),
        ("gbk", b"\x80 5", "€ 5"),
        ("gb2312", "龦".encode("gb18030"), "龦"),
        ("Shift_JIS", b"\x87@\xee\xe0\x8b\xb4\x97l", "①髙橋様"),
        ("euc-jp", b"\xad\xa1\xa4\xa2", "①あ"),
        ("euc-jp", b"\xfc\xe2", "髙"),
        ("iso-2022-jp", b"\x1b$B-!HV\x1b(B", "①番"),
        ("iso-2022-jp", b"\x1b$By!\x1b(B", "纊"),
        ("iso-2022-jp", b"\x1b(I123\x1b(B", "ｱｲｳ"),
        ("iso-2022-jp", b"\x1b$(D0!\x1b(B\x1b$B-!\x1b(B", "丂①"),
        ("euc-kr", b"\x8cc\xb9\xe6\xb0\xa2\xc7\xcf", "똠방각하"),
        ("big5", "喺".encode("big5hkscs"), "喺"),
        ("big5", b"\xa3\xe1", "€"),
        ("hz-gb-2312", b"~{<:Ky2;S{~}", "己所不欲"),
        ("iso-2022-kr", "안녕".encode("iso2022_kr"), "안녕"),
        ("utf-7", b"Gr+APwA3w-e", "Grüße"),
        ("utf-7", b"1 +- 1", "1 + 1"),
        ("utf-7", b"+2D3eAA-", "😀"),
        ("utf-16be", "é".encode("utf-16-be"), "é"),
        ("cp850", b"Gr\x81\xe1e", "Grüße"),
        ("macintosh", b"Gr\x9f\xa7e", "Grüße"),
    ],
)
def test_a_charset_is_read_with_its_superset(charset, octets, text):
    """As programs write it under the name of the smaller one."""
    assert decode(octets, charset) == (text, "")


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("utf-8", b"Gr\xc3\xbc\xc3 \xc3\x9fe", "Grü\ufffd ße"),
        ("utf-8", b"\xe2\x82 5 \xe2\x82\xac", "\ufffd 5 €"),
        ("utf-8", "Grüße".encode() + b"\xc3", "Grüße\ufffd"),
        ("utf-7", b"Gr+APwA3w-e und +ZZ", "Grüße und \ufffd"),
        ("utf-7", b"Gr+APwA3w-e \xe9", "Grüße \ufffd"),
        ("utf-7", b"a+2AA-b", "a\ufffdb"),
        ("utf-16", "é".encode("utf-16-le") + b"\x00\xd8a\x00", "é\ufffda"),
        ("shift_jis", b"\x82\xa0\x82 \x82\xa2", "あ\ufffd い"),
        ("shift_jis", b"\x82\xa0\x81\xff\x82\xa2", "あ\ufffdい"),
        ("shift_jis", b"\x82\xa0\x82", "あ\ufffd"),
        ("euc-jp", b"\xa4\xa2\xff\xa4\xa4", "あ\ufffdい"),
        ("gb2312", b"\xc4\xfa\xfe\xff\xba\xc3", "您\ufffd好"),
        ("big5", b"\xa4\xa4\xff\xa4\xe5", "中\ufffd文"),
        ("euc-kr", b"\xb9\xe6\xfe\xff\xb0\xa2", "방\ufffd각"),
        ("iso-2022-jp", b"\x1b$B$*CN\x1b(B \xff ok", "お知 \ufffd ok"),
        ("iso-2022-jp", b"\x1b$B$*~~CN\x1b(B", "お\ufffd知"),
        ("iso-2022-jp", b"\x1b$B$*CN\x1b(B \x1b[1m", "お知 \ufffd[1m"),
        ("iso-2022-jp", b"\x1b$B$*CN$\x1b(B.", "お知\ufffd."),
        ("iso-2022-jp", b"\x1b$B$*CN\x1b", "お知\ufffd"),
        ("iso-2022-jp", b"\x1b(I1\x7e2\x1b(B", "ｱ\ufffdｲ"),
        ("iso-8859-7", b"\xc3\xff\xe5", "Γ\ufffdε"),
    ],
)
def test_one_bad_sequence_costs_one_replacement_character(charset, octets, text):
    """The rest is there, in the charset that was named, and it is reported."""
    assert decode(octets, charset) == (text, f"octets that are not {charset}")


def test_a_line_of_iso_2022_jp_ends_in_ascii():
    """RFC 1468, where its writer forgot to say so and something else is wrong too."""
    text, _ = decode(b"\x1b$B$*\r\nabc\r\n\xff", "iso-2022-jp")
    assert text == "お\r\nabc\r\n\ufffd"


@pytest.mark.parametrize(
    ("charset", "octets", "text", "wrong"),
    [
        ("utf-8", b"\xef\xbb\xbfHi", "Hi", ""),
        ("us-ascii", b"\xef\xbb\xbfHi \xc3\xa9", "Hi é", ""),
        ("utf-16", b"\xfe\xff\x00H\x00i", "Hi", ""),
        ("utf-16", b"\xff\xfeH\x00i\x00", "Hi", ""),
        ("utf-32", "Hi".encode("utf-32"), "Hi", ""),
        (
            "iso-8859-1",
            b"\xef\xbb\xbf\xc3\xa9",
            "é",
            "a byte order mark of utf-8 in text that is named 'iso-8859-1'",
        ),
        ("utf-8", b"\xef\xbb\xbf\xff", "\ufffd", "octets that are not utf-8"),
    ],
)
def test_a_byte_order_mark_decides_and_is_no_text(charset, octets, text, wrong):
    """WHATWG Encoding section 6: whatever the name says."""
    assert decode(octets, charset) == (text, wrong)


def test_a_text_without_a_charset_is_utf8_if_most_of_it_is():
    """One bad sequence does not make everything else unreadable."""
    assert guess("Grüße aus Köln ".encode() + b"\xff") == "Grüße aus Köln \ufffd"


def test_a_text_without_a_charset_is_else_windows_1252():
    """So older programs write it."""
    assert guess(b"It\x92s a caf\xe9") == "It’s a café"


@pytest.mark.parametrize("charset", ["utf-8", "utf-7", "gb2312", "iso-2022-jp"])
def test_a_bad_sequence_is_in_trouble(charset):
    """The text alone would not show how much is missing."""
    message = body(charset, b"Hello \xff\r\n")
    assert (message.text, message.trouble) == (
        "Hello \ufffd\n",
        (f"text/plain: octets that are not {charset}",),
    )


def test_a_byte_order_mark_is_no_part_of_html():
    """Nor of the text, as a reader sees it."""
    content = b"Content-Type: text/html; charset=utf-8\r\n\r\n\xef\xbb\xbf<p>Hi</p>\r\n"
    assert Envelope(mail_from="", rcpt_tos=(), content=content).html == "<p>Hi</p>\n"


CHARSETS = st.sampled_from(
    [
        "us-ascii",
        "utf-8",
        "utf-7",
        "utf-16",
        "utf-32",
        "iso-8859-1",
        "iso-8859-8-i",
        "windows-874",
        "gb2312",
        "big5",
        "shift_jis",
        "euc-jp",
        "iso-2022-jp",
        "iso-2022-kr",
        "hz-gb-2312",
        "euc-kr",
        "johab",
        "x",
    ]
)


@given(st.binary(max_size=40), CHARSETS)
def test_any_bytes_are_text_in_any_charset(octets, charset):
    """Nothing is raised, and no surrogate is left that could not be written again."""
    text, _ = decode(octets, charset)
    assert text.encode("utf-8").decode("utf-8") == text


@pytest.mark.slow
@given(st.text(max_size=40).filter(lambda text: not text.startswith("\ufeff")))
def test_what_is_right_is_read_as_it_was_written(text):
    """Without a word of trouble."""
    assert decode(text.encode("utf-8"), "utf-8") == (text, "")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"A\x7f", "A\x7f"),
        (b"\x80", "\uf780"),
        (b"\xa5", "\uf7a5"),
        (b"\xff", "\uf7ff"),
        (b"a\x80\xffb", "a\uf780\uf7ffb"),
    ],
)
def test_user_defined_bytes_are_of_the_private_use_area(octets, text):
    """Each byte is a character, and none is bad (Encoding Standard section 14.5)."""
    assert decode(octets, "x-user-defined") == (text, "")
