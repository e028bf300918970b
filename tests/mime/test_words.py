"""Encoded words as mailers write them."""

# ruff: noqa: RUF001 -- such characters are what is read here.

from __future__ import annotations

import time
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.words import decode_words
from lazr_smtptest.model.envelope import Envelope


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"=?UTF-8?Q?Are_you_coming??=", "Are you coming?"),
        (b"=?UTF-8?Q?Are_you_coming???=", "Are you coming??"),
        (b"=?UTF-8?Q?What?_Now?!?=", "What? Now?!"),
        (b"=?UTF-8?Q?Was?=C3=BC?=", "Was?ü"),
        (b"=?UTF-8?Q?a=3F?=", "a?"),
        (b"=?UTF-8?Q?a?= =?UTF-8?Q?b??=", "ab?"),
        (b"=?UTF-8?Q?Jahr?=2024 und =?UTF-8?Q?x?=", "Jahr2024 und x"),
        (b"=?UTF-8?Q?a?= why?= b", "a why?= b"),
    ],
)
def test_a_q_word_may_have_question_marks(body, text):
    """Which should be codes (RFC 2047 section 4.2)."""
    assert decode_words(body) == (text, ())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"=?UTF-8?Q?What are you doing? [ask]?=", "What are you doing? [ask]"),
        (b"=?UTF-8?Q?two  blanks?= x", "two  blanks x"),
        (b"=?UTF-8?Q? a ?=", " a "),
        (b"=?UTF-8?B?R3LD vMOf ZQ==?=", "Grüße"),
    ],
)
def test_a_word_may_have_blanks(body, text):
    """Which should be underscores, or none."""
    assert decode_words(body) == (text, ())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?utf-8?b?R3LD?= =?utf-8?q?=BC=C3?= =?UTF-8?B?n2U=?=", "Grüße"),
        (b"=?utf-8?q?=F0=9F?=\t =?utf-8?q?=98=80?=", "😀"),
        (b"=?gbk?b?1g==?= =?gbk?b?0M7E?=", "中文"),
        (b"=?Shift_JIS?q?=93?= =?shift_jis?q?=FA=96=7B?=", "日本"),
        (b"=?iso-2022-jp?b?GyRCRnw=?= =?iso-2022-jp?b?S1wbKEI=?=", "日本"),
        (b"=?utf-8*de?q?=C3?= =?utf-8*en?q?=A9?=", "é"),
    ],
)
def test_a_character_may_be_cut_in_two(body, text):
    """RFC 2047 section 5 does not allow it."""
    assert decode_words(body) == (text, ())


def test_words_that_are_wrong_together_are_read_one_by_one():
    """Each begins in the initial state of its charset (RFC 2047 section 3)."""
    words = b"=?utf-7?q?+AGE?= =?utf-7?q?+AGI-?="
    assert decode_words(words) == ("ab", ())


@pytest.mark.parametrize(
    ("body", "text", "trouble"),
    [
        (
            b"=?utf-8?b?R3LDvMOfZQ=?=",
            "Grüße",
            ("encoded word: base64 without all of its padding: it may be cut off",),
        ),
        (b"=?utf-8?b?R3LDvMOfZQ====?=", "Grüße", ()),
        (
            b"=?utf-8?b?R3LDvMOfZQ?=",
            "Grüße",
            ("encoded word: base64 without its padding: it may be cut off",),
        ),
        (
            b"=?utf-8?b?R3LDvMOfZ?=",
            "Grüß",
            ("encoded word: base64 that is cut off",),
        ),
        (
            b"=?utf-8?b?R3LD!vMOfZQ==?=",
            "Grüße",
            ("encoded word: characters that are no base64",),
        ),
    ],
)
def test_a_b_word_may_have_wrong_padding(body, text, trouble):
    """All is read that can be."""
    assert decode_words(body) == (text, trouble)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"=?utf-8?q?a=c3=a9?=", "aé"),
        (b"=?UTF-8?q?a?=b", "ab"),
        (b'"=?utf-8?q?Doe=2C_Ann?=" <a@b>', '"Doe, Ann" <a@b>'),
        (b"(=?utf-8?q?a?=)", "(a)"),
        (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        (b"x=?utf-8?q?a?=", "xa"),
        (b"=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"),
        (b"=?utf-8?q??=", ""),
        (b"=?iso-8859-1?Q?It=92s_here=85?=", "It’s here…"),
        (b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "=?utf-8?q?a?="),
        (b"caf\xc3\xa9 =?utf-8?q?a?= caf\xe9", "café a café"),
        (b"=?utf-8?q?=EF=BB=BFa?=", "a"),
    ],
)
def test_words_are_read_where_they_are(body, text):
    """Also in quotes, in comments, and within other words."""
    assert decode_words(body) == (text, ())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"=?utf-8?b?R3LDvMOf", "=?utf-8?b?R3LDvMOf"),
        (b"=?utf-8?q?a?= =?utf-8?q?b", "a =?utf-8?q?b"),
        (b"=?utf-8?q?a", "=?utf-8?q?a"),
    ],
)
def test_a_word_that_does_not_end_is_text_and_trouble(body, text):
    """Nobody knows where it was cut off."""
    assert decode_words(body) == (text, ("an encoded word that does not end",))


def test_a_word_that_does_not_end_does_not_swallow_the_next():
    """It is text; the next is decoded."""
    assert decode_words(b"=?utf-8?q?a =?utf-8?q?b?=")[0] == "=?utf-8?q?a b"


def test_the_subject_of_a_message_is_read_so():
    """Its trouble too."""
    read = Envelope(
        mail_from="",
        rcpt_tos=(),
        content=b"Subject: =?iso-2022-jp?B?GyRCJCpDTiRpJDstIUhW/xsoQg==?=\r\n\r\n",
    )
    assert (read.subject, read.trouble) == (
        "お知らせ①番\ufffd",
        ("octets that are not iso-2022-jp",),
    )


UNITS = [b"=?a?q?", b"=?a?q??=41", b"?=", b"=?", b"=?a?b?=", b"=?a?q?x?=", b"=?a*"]


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", [b"", b"=?u?q?"])
def test_a_hostile_field_is_decoded_in_time(unit, start):
    """64 KiB of a header are read."""
    begin = time.process_time()
    decode_words(start + unit * (65_536 // len(unit)))
    assert time.process_time() - begin < 3


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs", "P"])))
def test_what_python_encodes_is_decoded(text):
    """Also where it is long, and so in several words."""
    encoded = Header(text, "utf-8").encode(linesep="").encode("ascii")
    assert decode_words(encoded) == (text, ())


@pytest.mark.slow
@given(st.lists(st.sampled_from([*UNITS, b"utf-8", b"q", b"\xe9", b" ", b"=41", b"a"])))
def test_any_field_can_be_decoded(pieces):
    """Nothing is raised."""
    text, _ = decode_words(b"".join(pieces))
    assert isinstance(text, str)


@pytest.mark.parametrize(
    ("word", "text", "wrong"),
    [
        ("?x?abc?=", "=?utf-8?x?abc?=", "an encoded word in the unknown encoding 'x'"),
        (
            "?q?a=?=",
            "a=",
            "encoded word: a '=' that begins no code of quoted-printable",
        ),
        (
            "?q?=ZZ?=",
            "=ZZ",
            "encoded word: a '=' that begins no code of quoted-printable",
        ),
        ("?b?====?=", "", "encoded word: padding without any base64 before it"),
        ("?q?a=0D=0AB?=", "a\r\nB", "an encoded word with '\\r' in it"),
        ("?q?a=00?=", "a\0", "an encoded word with '\\x00' in it"),
    ],
)
def test_a_malformed_word_is_reported(word, text, wrong):
    """RFC 2047 sections 2 to 5; it is read as far as it can be."""
    assert decode_words(f"=?utf-8{word}".encode()) == (text, (wrong,))
