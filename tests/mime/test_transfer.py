"""Transfer encodings that are not quite right: what can be read, and what is said."""

from __future__ import annotations

from base64 import b64encode
from binascii import b2a_uu
from quopri import encodestring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.transfer import decode_transfer
from lazr_smtptest.model.envelope import Envelope

CUT_OFF = "base64 that is cut off"
UNPADDED = "base64 without its padding: it may be cut off"
FOOTER = "text after the end of the base64"
JUNK = "characters that are no base64"
SHORT = "base64 without all of its padding: it may be cut off"
NO_CODE = "a '=' that begins no code of quoted-printable"


def message(fields: str, content: bytes) -> Envelope:
    """Make a message that has a body in a transfer encoding."""
    header = fields.replace("\n", "\r\n").encode() + b"\r\n\r\n"
    return Envelope(mail_from="", rcpt_tos=(), content=header + content)


@pytest.mark.parametrize(
    ("encoded", "content", "wrong"),
    [
        (
            b"Zmlyc3QgaGFsZiA=\r\nYW5kIHRoZSByZXN0Lg==\r\n",
            b"first half and the rest.",
            "",
        ),
        (b"YQ==\nYg==\nYw==", b"abc", ""),
        (b"YQ==YQ==", b"aa", ""),
        (b"YW=Jj", b"a", f"{SHORT}, {FOOTER}"),
        (b"R3LDvMOfZQ=", "Grüße".encode(), SHORT),
        (b"R3LDvMOfZQ=\r\n", "Grüße".encode(), SHORT),
        (b"YQ=", b"a", SHORT),
        (b"YWI=", b"ab", ""),
        (b"YQ==\nYg=", b"a", FOOTER),
        (b"YWJjZA", b"abcd", UNPADDED),
        (b"YWJjZGU", b"abcde", UNPADDED),
        (b"YWJjZ", b"abc", CUT_OFF),
        (b"JVBERi0xLjQKJ\r\n", b"%PDF-1.4\n", CUT_OFF),
        (b"YW!Jj*", b"abc", JUNK),
        (b"\xef\xbb\xbfYWJj", b"abc", JUNK),
        (b"Y W\tJ\r\nj", b"abc", ""),
        (b"YWJj====", b"abc", ""),
        (b"Zm9v_-8=", b"foo\xff\xef", "base64 in the alphabet for URLs"),
        (b"YQ==\r\n-- \r\nA list's footer\r\n", b"a", FOOTER),
        (b"YQ==\r\nfooter\r\n", b"a", FOOTER),
        (b"YW!J", b"ab", f"{JUNK}, {UNPADDED}"),
        (b"A", b"", CUT_OFF),
    ],
)
def test_of_base64_all_is_read_that_can_be(encoded, content, wrong):
    """RFC 2045 section 6.8."""
    assert decode_transfer(encoded, "base64") == (content, wrong)


@pytest.mark.parametrize(
    ("encoded", "content", "wrong"),
    [
        (b"Hello   \r\nWorld=20\r\n", b"Hello\r\nWorld \r\n", ""),
        (b"tab\t \nend \t", b"tab\nend", ""),
        (b"soft=\r\nbreak", b"softbreak", ""),
        (b"soft= \t\r\nbreak", b"softbreak", ""),
        (b"at the end=", b"at the end", ""),
        (b"at the end=\r\n", b"at the end", ""),
        (b"Gr=c3=bc=C3=9fe", "Grüße".encode(), ""),
        (b"a=b c=ZZ d", b"a=b c=ZZ d", NO_CODE),
        (b"a=\rb", b"a=\rb", NO_CODE),
        (b"cut off =C", b"cut off =C", NO_CODE),
        (b"double==\r\nx", b"double=x", NO_CODE),
        (b"a=0D\r\n", b"a\r\r\n", ""),
        (b"8 bits \xc3\xa9", b"8 bits \xc3\xa9", ""),
    ],
)
def test_of_quoted_printable_all_is_read_that_can_be(encoded, content, wrong):
    """RFC 2045 section 6.7."""
    assert decode_transfer(encoded, "quoted-printable") == (content, wrong)


def uuencoded(content: bytes, newline: bytes = b"\n") -> bytes:
    """Encode as the program of that name does."""
    lines = [
        b2a_uu(content[n : n + 45]).rstrip(b"\n") for n in range(0, len(content), 45)
    ]
    return newline.join([b"begin 644 a.bin", *lines, b"`", b"end", b""])


@pytest.mark.parametrize("name", ["x-uuencode", "X-UUE", "uuencode", "uue"])
def test_uuencoded_content_is_decoded(name):
    """Under each of its names."""
    content = bytes(range(256))
    assert decode_transfer(uuencoded(content, b"\r\n"), name) == (content, "")


def test_blanks_that_were_taken_off_uuencoded_lines_are_not_missed():
    """They stand for zeros."""
    content = bytes(100)
    lines = uuencoded(content).replace(b"`", b" ").split(b"\n")
    stripped = b"\n".join(line.rstrip(b" ") for line in lines)
    assert decode_transfer(stripped, "uue") == (content, "")


@pytest.mark.parametrize(
    ("encoded", "content", "wrong"),
    [
        (b"Hello.\n", b"Hello.\n", "uuencoded text without its line 'begin'"),
        (
            b"begin 644 a\n#86)C\n",
            b"abc",
            "uuencoded text without its line 'end': it is cut off",
        ),
        (
            b"Hi\nbegin 644 a\n#86)C\n`\nend\n",
            b"abc",
            "text before the uuencoded text",
        ),
        (
            b"begin 644 a\n#86)C\nend\nBye\n",
            b"abc",
            "text after the uuencoded text",
        ),
        (
            b"begin 644 a\n#\x80\x81bc\n#86)C\nend",
            b"abc",
            "a line that is not uuencoded",
        ),
    ],
)
def test_of_uuencoded_content_all_is_read_that_can_be(encoded, content, wrong):
    """And it is said what could not be."""
    assert decode_transfer(encoded, "x-uuencode") == (content, wrong)


def test_an_attachment_that_is_cut_off_is_in_trouble():
    """Its bytes alone do not show it."""
    read = message(
        "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64",
        b"JVBERi0xLjQKJ\r\n",
    )
    assert read.attachments[0].content == b"%PDF-1.4\n"
    assert read.trouble == (f"application/pdf: {CUT_OFF}",)


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("base64;", b"R3LDvMOfZQ=="),
        ("base64 (comment)", b"R3LDvMOfZQ=="),
        ("(a (b)) Base64", b"R3LDvMOfZQ=="),
        ('"base64"', b"R3LDvMOfZQ=="),
        ("quoted-printable (soft)", b"Gr=C3=BC=C3=9Fe"),
        ("quoted-printable; x=y", b"Gr=C3=BC=C3=9Fe"),
        ("8bit;", "Grüße".encode()),
        ("", "Grüße".encode()),
    ],
)
def test_the_encoding_is_the_first_word_of_its_field(field, content):
    """RFC 2045 section 6.1: no comment and no semicolon hides it."""
    fields = (
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {field}"
    )
    assert message(fields, content).text == "Grüße"


def test_an_encoding_of_two_words_is_in_trouble():
    """RFC 2045 section 6.1 has one."""
    read = message("Content-Transfer-Encoding: base64; x", b"YQ==")
    assert read.trouble == (
        "Content-Transfer-Encoding: 'base64; x' is more than a word",
    )


@pytest.mark.parametrize(
    "encoded", [b"One=0D\r\nTwo=0D\r\n", b"One=0d\r\nTwo\r\n", b"One=0D=0A=\r\nTwo\r\n"]
)
def test_the_lines_of_a_text_end_in_lf(encoded):
    """Also where their writer encoded the CR."""
    read = message("Content-Transfer-Encoding: quoted-printable", encoded)
    assert read.text == "One\nTwo\n"


@given(st.binary(max_size=200))
def test_right_base64_is_read_as_it_was_written(content):
    """Without a word of trouble."""
    assert decode_transfer(b64encode(content), "base64") == (content, "")


@given(st.binary(max_size=200))
def test_right_quoted_printable_is_read_as_it_was_written(content):
    """Without a word of trouble, in lines that end in LF."""
    encoded = encodestring(content.replace(b"\r", b""), quotetabs=True)
    assert decode_transfer(encoded, "quoted-printable") == (
        content.replace(b"\r", b""),
        "",
    )


@given(st.binary(max_size=200))
def test_right_uuencoded_content_is_read_as_it_was_written(content):
    """Without a word of trouble."""
    assert decode_transfer(uuencoded(content), "uue") == (content, "")


@given(
    st.binary(max_size=60),
    st.sampled_from(["base64", "quoted-printable", "uue", "8bit", "x"]),
)
def test_any_bytes_can_be_decoded(octets, encoding):
    """Nothing is raised."""
    content, wrong = decode_transfer(octets, encoding)
    assert isinstance(content, bytes)
    assert isinstance(wrong, str)
