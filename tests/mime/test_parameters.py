"""Fields with parameters, by the grammar and as mailers write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.parameters import read_parameters, read_structured
from lazr_smtptest.model.envelope import Envelope

OPEN_QUOTE = "a quoted string that does not end"
OPEN_COMMENT = "a comment that does not end"
NO_SEMICOLON = "a parameter without the semicolon before it"
NO_VALUE = "a parameter without a name or a value"


@pytest.mark.parametrize(
    "body",
    [
        b"text/plain; charset=koi8-r (Plain text)",
        b"text/plain; charset=koi8-r(Plain (nested (twice)) text)",
        b"(first) text/plain (second); (third) charset (fourth) = (fifth) koi8-r",
        b'text/plain; charset="koi8-r" (a; b="c"); x=y',
        b"text / plain ; charset = koi8-r",
        b"TEXT/PLAIN;CHARSET=koi8-r;",
        b";; text/plain;; charset=koi8-r ;;",
        b'text/plain; x="a;charset=b"; charset=koi8-r',
        b'text/plain; x="a\\";charset=b"; charset=koi8-r',
        b'text/plain; charset="\\k\\o\\i8-r"',
        b"text/plain (a \\) b); charset=koi8-r",
        b"text/plain; charset=koi8-r; charset=utf-8",
        b"text/plain; charset*=''koi8-r",
        b"text/plain; charset*0=koi; charset*1=8-r",
    ],
)
def test_comments_blanks_and_quotes_are_none_of_a_value(body):
    """RFC 2045 section 5.1 with the grammar of RFC 5322 section 3.2."""
    value, parameters = read_parameters(body.removeprefix(b";; "))
    assert (value, parameters["charset"]) == ("text/plain", "koi8-r")


@pytest.mark.parametrize(
    ("body", "parameters", "trouble"),
    [
        (b'x; charset="utf-8', {"charset": "utf-8"}, OPEN_QUOTE),
        (b'x; a="b; c=d', {"a": "b", "c": "d"}, OPEN_QUOTE),
        (b'x; a="b; c="d"', {"a": "b", "c": "d"}, OPEN_QUOTE),
        (b'x; a="b"c; d=e', {"a": "b", "d": "e"}, OPEN_QUOTE),
        (b'x; a="', {"a": ""}, OPEN_QUOTE),
        (b"x; a=b (c; d=e", {"a": "b", "d": "e"}, OPEN_COMMENT),
        (b"x a=b; c=d", {"a": "b", "c": "d"}, NO_SEMICOLON),
        (b"x, a=b", {"a": "b"}, NO_SEMICOLON),
        (b"x; a; b=c", {"b": "c"}, NO_VALUE),
        (b"x; =a; b=c", {"b": "c"}, NO_VALUE),
        (b"x; name*; b=c", {"b": "c"}, NO_VALUE),
        (
            b'x; name="a "b" c.pdf"; d=e',
            {"name": 'a "b" c.pdf', "d": "e"},
            "a quote within a quoted string",
        ),
        (
            b"x; a*2=c; a*0=b",
            {"a": "bc"},
            "a piece of the parameter 'a' is missing",
        ),
        (
            b"x; a*1=c",
            {"a": "c"},
            "a piece of the parameter 'a' is missing",
        ),
        (b"x; a*=utf-8''%C3", {"a": "\ufffd"}, "octets that are not utf-8"),
        (b"x; a*=none''b", {"a": "b"}, "unknown charset 'none'"),
    ],
)
def test_what_is_malformed_is_read_and_reported(body, parameters, trouble):
    """As its writer meant it."""
    field = read_structured(body)
    assert (field.parameters, field.trouble) == (parameters, (trouble,))


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (r'filename="C:\Users\ann\bill.pdf"', r"C:\Users\ann\bill.pdf"),
        (r'filename="C:\\Users\\ann\\bill.pdf"', r"C:\Users\ann\bill.pdf"),
        (r'filename="\\server\share\bill.pdf"', r"\\server\share\bill.pdf"),
        (r"filename=C:\temp\bill.pdf", r"C:\temp\bill.pdf"),
        ('filename="C:\\bills\\"', "C:\\bills\\"),
        (r'filename="the \"big\" bill.pdf"', 'the "big" bill.pdf'),
        (r'filename="bill\(1\).pdf"', "bill(1).pdf"),
        ("filename=bill (1).pdf", "bill (1).pdf"),
        ("filename=bill.pdf (a comment)", "bill.pdf"),
        ("filename=my bill.pdf", "my bill.pdf"),
        ('filename="a;b.pdf"', "a;b.pdf"),
        ('filename="a(b.pdf"; size=3', "a(b.pdf"),
        ('filename="=?utf-8?B?R3LDvMOfZS5wZGY=?="', "Grüße.pdf"),
        ("filename==?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=", "Grüße.pdf"),
        ('filename="=?utf-8?Q?Gr=C3=BC?= =?utf-8?Q?=C3=9Fe.pdf?="', "Grüße.pdf"),
        ('filename*0="=?utf-8?Q?Gr=C3=BC"; filename*1="=C3=9Fe.pdf?="', "Grüße.pdf"),
        ("filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        ("filename*=iso-8859-1'de'%93Gr%FC%DFe%94.pdf", "“Grüße”.pdf"),
        ("filename*=''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        ("filename*=Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        ("filename*1*=%9Fe.pdf; filename*0*=utf-8''Gr%C3%BC%C3", "Grüße.pdf"),
        ("filename*0*=utf-8''Gr%C3%BC%C3%9F; filename*1=e%20.pdf", "Grüße%20.pdf"),
        ("filename=old.pdf; filename*=utf-8''new.pdf", "new.pdf"),
        ("filename*=utf-8''new.pdf; filename=old.pdf", "new.pdf"),
        ("filename*=utf-8'en'it's.pdf", "it's.pdf"),
        ("FileName*0=a; FILENAME*1=.pdf", "a.pdf"),
        ('filename=""; x=y', ""),
    ],
)
def test_a_file_has_the_name_that_its_sender_gave_it(field, name):
    """RFC 2231, RFC 2183, and what mailers write instead."""
    header = (
        f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {field}"
    )
    read = Envelope(mail_from="", rcpt_tos=(), content=f"{header}\r\n\r\nx".encode())
    assert read.attachments[0].name == name


def test_raw_eight_bit_names_are_read():
    """As UTF-8, or else as windows-1252."""
    _, parameters = read_parameters(b'x; name="caf\xe9.pdf"; other=caf\xc3\xa9')
    assert parameters == {"name": "café.pdf", "other": "café"}


@pytest.mark.parametrize(
    ("parameter", "delimiter"),
    [
        (b'boundary="=?utf-8?Q?b=5F1?="', b"=?utf-8?Q?b=5F1?="),
        (b'boundary="a b?=:(c)"', b"a b?=:(c)"),
        (b"boundary=----=_Part_1=2?x", b"----=_Part_1=2?x"),
        (b"boundary=(b)", b"(b)"),
        (b"boundary=b (a comment)", b"b"),
        (b"boundary*0=b; boundary*1=c", b"bc"),
        (b"boundary=\xe9", b"\xe9"),
        (b'boundary="b\\"c"', b'b"c'),
        (b'boundary="b', b"b"),
        (b'boundary="b ', b"b"),
    ],
)
def test_a_boundary_is_taken_as_it_is(parameter, delimiter):
    """RFC 2046 section 5.1.1: it is no text, so nothing in it is decoded."""
    content = (
        b"Content-Type: multipart/mixed; " + parameter + b"\r\n\r\n"
        b"--" + delimiter + b"\r\n\r\nHi\r\n--" + delimiter + b"--\r\n"
    )
    assert Envelope(mail_from="", rcpt_tos=(), content=content).text == "Hi"


def test_a_quote_that_does_not_end_is_in_trouble():
    """With the field that it is in."""
    content = b'Content-Type: text/plain; charset="utf-8\r\n\r\nHi'
    read = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert read.trouble == (f"Content-Type: {OPEN_QUOTE}",)


def test_a_bad_content_type_is_in_trouble():
    """RFC 2045 section 5.2: the part is plain text then."""
    read = Envelope(mail_from="", rcpt_tos=(), content=b"Content-Type: html\r\n\r\nHi")
    assert (read.text, read.trouble) == (
        "Hi",
        ("Content-Type: 'html' is no type: read as text/plain",),
    )


def test_over_100_parameters_are_in_trouble():
    """The rest is not read."""
    field = read_structured(b"x" + b"".join(b";p%d=1" % n for n in range(101)))
    assert field.trouble == ("over 100 parameters: the rest is not read",)


def test_over_8_kib_of_a_field_are_in_trouble():
    """The rest is not read."""
    field = read_structured(b"x; a=" + b"b" * 9000)
    assert field.trouble == ("a field of over 8192 octets: the rest is not read",)


UNITS = [
    *(b";", b";a", b";a=", b';a="', b"(", b"()", b'"', b"\\", b'a="', b'"a=', b"(;"),
    *(b";a*0=", b'a="b" ', b";;a ", b'"; b="', b"a\t", b"=?a?q?", b"%", b"'", b'\\"'),
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", [b"", b"x;", b'x; name="', b"x; a=(", b'x; a="b"c'])
def test_a_hostile_field_is_read_in_time(unit, start):
    """A thousand parts may each have such a field."""
    body = start + unit * (8192 // len(unit))
    begin = time.process_time()
    for _ in range(10):
        read_structured(body)
    assert time.process_time() - begin < 1


@given(
    st.lists(st.sampled_from([*UNITS, b" ", b"x/y", b"; ", b"*=", b"utf-8''", b"\xe9"]))
)
def test_any_field_can_be_read(pieces):
    """Nothing is raised, and what is said is text."""
    field = read_structured(b"".join(pieces))
    assert all(isinstance(value, str) for value in field.parameters.values())
    assert isinstance(field.boundary, bytes)
