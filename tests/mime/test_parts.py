"""Messages taken apart: multiparts, parameters, transfer encodings, charsets."""

from __future__ import annotations

import base64

import pytest

from lazr_smtptest.mime.addresses import read_addresses
from lazr_smtptest.mime.charsets import decode
from lazr_smtptest.mime.parameters import read_parameters
from lazr_smtptest.mime.parts import read_parts
from lazr_smtptest.mime.transfer import decode_transfer, read_base64
from lazr_smtptest.mime.words import decode_words
from lazr_smtptest.model.envelope import Envelope

MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def bodies(content: bytes) -> list[bytes]:
    return [part.body for part in read_parts(content).leaves]


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_the_line_end_before_a_delimiter_belongs_to_it(newline):
    """RFC 2046 section 5.1.1; also where lines end in LF."""
    lines = [b"--b", b"", b"one", b"--b \t", b"", b"two", b"", b"--b--", b"epilogue"]
    assert bodies(MULTIPART + newline.join(lines)) == [b"one", b"two" + newline]


def test_a_boundary_may_begin_another():
    """Only a whole line is a delimiter."""
    content = MULTIPART + b"--b\r\n\r\n--bb\r\n--b--\r\n"
    assert bodies(content) == [b"--bb"]


def test_multiparts_are_gone_through_in_order():
    """The inner one stands where it is."""
    inner = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n2\r\n--c--"
    content = (
        MULTIPART + b"--b\r\n\r\n1\r\n--b\r\n" + inner + b"\r\n--b\r\n\r\n3\r\n--b--"
    )
    assert bodies(content) == [b"1", b"2", b"3"]


def test_a_message_within_the_message_stays_whole():
    """It is an attachment."""
    content = b"Content-Type: message/rfc822\r\n\r\n" + MULTIPART + b"--b\r\n\r\nx\r\n"
    assert bodies(content) == [MULTIPART + b"--b\r\n\r\nx\r\n"]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (MULTIPART + b"--b\r\n\r\nx", "a multipart without its last delimiter"),
        (MULTIPART + b"x", "a multipart without parts"),
        (MULTIPART + b"--b--\r\n", "a multipart without parts"),
        (
            b"Content-Type: multipart/mixed\r\n\r\nx",
            "a multipart without a usable boundary",
        ),
        (b"A: b\r\nx\r\n", "the header ends in a line that is no header field"),
    ],
)
def test_what_is_wrong_with_a_structure_is_said(content, trouble):
    """And what there is is read."""
    parts = read_parts(content)
    assert parts.trouble == (trouble,)
    assert parts.leaves[0].body.strip() in (b"x", b"--b--")


def test_multiparts_over_50_deep_are_left_whole():
    """The 51st is what is there."""
    one = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    content = b"".join(one % (number, number) for number in range(60))
    parts = read_parts(content)
    assert parts.leaves[0].content_type == "multipart/mixed"
    assert "multiparts over 50 deep: what is in them is not read" in parts.trouble


def test_of_1000_parts_the_rest_is_not_read():
    """The message itself is one."""
    parts = read_parts(MULTIPART + b"--b\r\n\r\nx\r\n" * 1200 + b"--b--\r\n")
    assert len(parts.leaves) == 999
    assert parts.trouble == ("over 1000 parts: the rest is not read",)


@pytest.mark.parametrize("type_", [b"text", b"a b/c", b"", b"; charset=utf-8"])
def test_a_bad_type_is_plain_text(type_):
    """RFC 2045 section 5.2."""
    leaf = read_parts(b"Content-Type: " + type_ + b"\r\n\r\n").leaves[0]
    assert leaf.content_type == "text/plain"


@pytest.mark.parametrize(
    ("field", "is_text"),
    [
        (b"X: y", True),
        (b"Content-Disposition: inline", True),
        (b"Content-Disposition: attachment", False),
        (b"Content-Type: text/html; name=a.html", True),
        (b"Content-Disposition: unheard-of", False),
        (b"Content-Type: text/calendar", False),
    ],
)
def test_text_is_what_is_no_file(field, is_text):
    """The sender's word makes it a file; a name does not, if it is all there is."""
    assert read_parts(field + b"\r\n\r\n").leaves[0].is_text is is_text


@pytest.mark.parametrize(
    ("body", "value", "parameters"),
    [
        (b'Text/Plain (c); A="b;\\"c"; d = e', "text/plain", {"a": 'b;"c', "d": "e"}),
        (b"x; a=1; a=2", "x", {"a": "1"}),
        (b"x; a*=iso-8859-1'en'%E9", "x", {"a": "é"}),
        (b"x; a*1=c; a*0*=utf-8''%C3; a*2*=%A9", "x", {"a": "\ufffdc\ufffd"}),
        (b"x; a*0=b; a*1*=%C3%A9", "x", {"a": "bé"}),
        (b"x; a=old; a*=''new", "x", {"a": "new"}),
        (b'x; a="=?utf-8?q?=C3=A9?="', "x", {"a": "é"}),
        (b"x; name*", "x", {}),
        (b"x; *=a; a**=b", "x", {}),
        (b'x; a="b', "x", {"a": "b"}),
        (b'x; a="', "x", {"a": ""}),
    ],
)
def test_parameters(body, value, parameters):
    """RFC 2045 section 5.1 and RFC 2231, and what is neither."""
    assert read_parameters(body) == (value, parameters)


def test_parameters_over_100_are_ignored():
    """As are those beyond 8 KiB."""
    assert (
        len(read_parameters(b"x" + b"".join(b";p%d=1" % n for n in range(200)))[1])
        == 100
    )


@pytest.mark.parametrize(
    ("encoding", "octets", "content"),
    [
        (" BASE64 ", b"YW\r\nJj", b"abc"),
        ("Quoted-Printable", b"a=3D=\r\nb", b"a=b"),
        ("8bit", b"\xff", b"\xff"),
    ],
)
def test_transfer_encodings(encoding, octets, content):
    """RFC 2045 section 6."""
    assert decode_transfer(octets, encoding) == (content, "")


@pytest.mark.parametrize("octets", [b"", b"=", b"A", b"\xff", b"===="])
def test_base64_of_nothing_is_nothing(octets):
    """Nothing is raised."""
    assert read_base64(octets)[0] == b""


@pytest.mark.parametrize(
    ("octets", "charset", "text", "wrong"),
    [
        (b"\xe9", "ISO-8859-1", "é", ""),
        (b"\x80", "windows-1252", "€", ""),
        ("д".encode("koi8-r"), "KOI8-R", "д", ""),
        ("é".encode(), "us-ascii", "é", "octets that are not ascii"),
        (b"\xe9", "us-ascii", "é", "octets that are not ascii"),
        (b"a\xe9", "utf-8", "a\ufffd", "octets that are not utf-8"),
        (b"abc", "utf-16", "\u6261\ufffd", "octets that are not utf-16"),
        (b"a", "x" * 99, "a", f"unknown charset {'x' * 64!r}"),
        (b"a", "", "a", "unknown charset ''"),
    ],
)
def test_charsets(octets, charset, text, wrong):
    """What is wrong is replaced; only what has no charset is guessed."""
    assert decode(octets, charset) == (text, wrong)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"=?utf-8?q?a_b?=", "a b"),
        (b"x =?utf-8?B?w6k=?= y", "x é y"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "aé"),
        (b" =?utf-8?q?a?=", " a"),
        (b"=?utf-8*en?q?a?=", "a"),
        (b"a=?utf-8?q?b?=c", "abc"),
        (b"=?utf-8?q?caf\xc3\xa9?=", "café"),
    ],
)
def test_words(body, text):
    """RFC 2047: white space between two words is none of the text."""
    assert decode_words(body) == (text, ())


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        (b"a@b", ["a@b"]),
        (b"Ann (the (first), of) <a@b>, c@d (x\\)y)", ["a@b", "c@d"]),
        (b'"A, <x@y> \\" B" <a@b>', ["a@b"]),
        (b'"a b"@c', ['"a b"@c']),
        (b"Team: a@b, c@d; e@f", ["a@b", "c@d", "e@f"]),
        (b"undisclosed-recipients:;", []),
        (b"<@x,@y:a@b>", ["a@b"]),
        (b"a @ b", ["a@b"]),
        (b"Ann a@b", ["a@b"]),
        (b"a@[IPv6:::1]", ["a@[IPv6:::1]"]),
        ("ä@ö".encode(), ["ä@ö"]),
        (b"=?utf-8?q?x=40y=2C?= <a@b>", ["a@b"]),
        (b"<a@b", ["a@b"]),
        (b'"\\', []),
        (b"<>, ,", []),
    ],
)
def test_addresses(body, addresses):
    """RFC 5322 section 3.4, and what is none of it."""
    assert list(read_addresses(body)) == addresses


# Multiparts that are encoded as a whole, which RFC 2045 section 6.4 forbids

PARTS = (
    b"--b\r\n\r\nYour code is 481516.\r\n--b\r\n"
    b"Content-Type: text/html\r\n\r\n<p>Hi</p>\r\n--b--\r\n"
)
ENCODINGS = {
    "base64": base64.encodebytes,
    "BASE64": base64.encodebytes,
    "quoted-printable": lambda octets: octets.replace(b"=", b"=3D").replace(
        b"--b", b"=2D-b"
    ),
}


def encoded(encoding: str, octets: bytes, more: bytes = b"") -> bytes:
    head = b"Content-Type: multipart/alternative; boundary=b\r\n"
    return head + b"Content-Transfer-Encoding: %s\r\n\r\n%s" % (
        encoding.encode(),
        octets + more,
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_parts_of_an_encoded_multipart_are_read(encoding):
    """It decodes to its boundary, and the trouble says so."""
    parts = read_parts(encoded(encoding, ENCODINGS[encoding](PARTS)))
    assert [part.body for part in parts.leaves] == [
        b"Your code is 481516.",
        b"<p>Hi</p>",
    ]
    assert [part.content_type for part in parts.leaves] == ["text/plain", "text/html"]
    assert parts.trouble == (f"a multipart in {encoding.lower()}",)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_parts_that_are_not_encoded_are_read_as_they_are(encoding):
    """Most programs do so, whatever the header says."""
    parts = read_parts(encoded(encoding, PARTS))
    assert len(parts.leaves) == 2
    assert parts.trouble == (f"a multipart in {encoding.lower()}",)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_multipart_without_its_boundary_is_one_part(encoding):
    """It is decoded as any part is."""
    parts = read_parts(encoded(encoding, ENCODINGS[encoding](b"no parts\r\n")))
    (leaf,) = parts.leaves
    assert leaf.octets()[0] == b"no parts\r\n"
    assert parts.trouble == (
        f"a multipart in {encoding}",
        "a multipart without parts",
    )


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", ""])
def test_a_multipart_may_have_these_encodings(encoding):
    """They change nothing."""
    parts = read_parts(encoded(encoding, PARTS))
    assert (len(parts.leaves), parts.trouble) == (2, ())


def test_an_encoded_multipart_within_an_encoded_one_is_not_decoded():
    """The time would no longer be linear."""
    inner = encoded("base64", base64.encodebytes(PARTS))
    outer = b"--b\r\n" + inner.replace(b"=b\r\n", b"=c\r\n") + b"\r\n--b--\r\n"
    (leaf,) = read_parts(encoded("base64", base64.encodebytes(outer))).leaves
    assert leaf.content_type == "multipart/alternative"


def test_an_encoded_multipart_that_is_cut_says_so():
    """Its last delimiter lacks."""
    octets = base64.encodebytes(PARTS[:-8])
    parts = read_parts(encoded("base64", octets))
    assert len(parts.leaves) == 2
    assert "a multipart without its last delimiter" in parts.trouble


def test_the_code_in_an_encoded_multipart_is_found():
    """Whatever is read of a message is read of its parts."""
    content = encoded("base64", base64.encodebytes(PARTS))
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert (envelope.code(), envelope.html) == ("481516", "<p>Hi</p>")
    assert "a multipart in base64" in envelope.trouble


def multipart(kind: str, *parts: str, after: str = "") -> Envelope:
    """Return a multipart of parts, each with its header."""
    joined = "".join(f"--b\r\n{part}\r\n" for part in parts)
    header = f"Content-Type: multipart/{kind}; boundary=b"
    content = f"{header}\r\n\r\n{joined}--b--\r\n{after}"
    return Envelope(mail_from="", rcpt_tos=(), content=content.encode())


def part(content_type: str, body: str, *fields: str) -> str:
    header = [f"Content-Type: {content_type}", *fields]
    return "\r\n".join([*header, "", body])


PDF = part("application/pdf", "%PDF", "Content-Disposition: attachment")


def test_texts_stand_below_each_other():
    """As mail programs show the inline parts of a multipart/mixed."""
    first, second = part("text/plain", "hello"), part("text/plain", "second: code 4711")
    assert multipart("mixed", first, PDF, second).text == "hello\nsecond: code 4711"


def test_the_code_may_be_in_a_later_text():
    """It is searched for in all of the text."""
    first, second = part("text/plain", "hello"), part("text/plain", "your code is 4711")
    assert multipart("mixed", first, PDF, second).code() == "4711"


def test_documents_stand_below_each_other():
    """The HTML around an attachment."""
    first, second = part("text/html", "<p>1"), part("text/html", "<p>2")
    assert multipart("mixed", first, PDF, second).html == "<p>1\n<p>2"


def test_an_empty_text_adds_no_line():
    """Neither before the others nor after them."""
    empty, text = part("text/plain", ""), part("text/plain", "hello")
    assert multipart("mixed", empty, text, empty).text == "hello"


def test_texts_that_are_all_empty_are_empty():
    """They are there, so the text is not None."""
    empty = part("text/plain", "")
    assert multipart("mixed", empty, empty).text == ""


def test_of_alternatives_one_is_the_text():
    """They say the same (RFC 2046 section 5.1.4)."""
    texts = [part("text/plain", "one"), part("text/plain", "two")]
    assert multipart("alternative", *texts).text == "one"


def test_a_text_after_alternatives_is_added_to_the_one_that_is_read():
    """Such as the footer of a mailing list."""
    inner = "Content-Type: multipart/alternative; boundary=c\r\n\r\n" + "".join(
        f"--c\r\n{part('text/plain', text)}\r\n" for text in ("one", "two")
    )
    footer = part("text/plain", "footer")
    assert multipart("mixed", f"{inner}--c--", footer).text == "one\nfooter"


ROOT = part("text/html", "<p>root", "Content-ID: <r>")
OTHER = part("text/html", "<p>other", "Content-ID: <o>")


def test_start_names_the_root():
    """RFC 2387 section 3.2."""
    assert multipart('related; start="<r>"', OTHER, ROOT).html == "<p>root"


def test_the_first_part_is_the_root_without_start():
    """RFC 2387 section 3.2."""
    assert multipart("related", OTHER, ROOT).html == "<p>other"


def test_a_text_that_the_root_refers_to_is_an_attachment():
    """It is none of the text of the message."""
    [file] = multipart('related; start="<r>"', OTHER, ROOT).attachments
    assert file.content == b"<p>other"


def test_a_text_beside_a_root_that_is_no_text_is_read():
    """Some writers put the image first."""
    image = part("image/png", "png", "Content-ID: <i>")
    assert multipart("related", image, ROOT).html == "<p>root"


def test_a_start_that_names_no_part_is_reported():
    """The first part is the root then."""
    assert multipart('related; start="<x>"', OTHER, ROOT).trouble == (
        "start: no part has the Content-ID 'x'",
    )


def test_parts_after_the_last_delimiter_are_reported():
    """RFC 2046 section 5.1.1: they are no parts."""
    text = part("text/plain", "hello")
    after = f"--b\r\n{text}\r\n--b--\r\n"
    assert multipart("mixed", text, after=after).trouble == (
        "parts after the last delimiter of a multipart are not read (RFC 2046 section "
        "5.1.1)",
    )


@pytest.mark.parametrize("after", ["epilogue", "--b--\r\n", "--c\r\n"])
def test_an_epilogue_is_no_trouble(after):
    """RFC 2046 section 5.1.1: it is left out."""
    assert multipart("mixed", part("text/plain", "hello"), after=after).trouble == ()


def test_base64_of_padding_only_is_reported():
    """Nothing is read of it."""
    assert read_base64(b"====") == (b"", "padding without any base64 before it")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        (
            "Content-Type: text/plain; charset=utf-8; charset=utf-8",
            "Content-Type: the parameter 'charset' is there twice: the first one is "
            "read",
        ),
        (
            "Content-Disposition: inline; filename=a; filename=b",
            "Content-Disposition: the parameter 'filename' is there twice: the first "
            "one is read",
        ),
        (
            "Content-Disposition: inline; filename*0=a; filename*0=b",
            "Content-Disposition: the parameter 'filename' is there twice: the first "
            "one is read",
        ),
        (
            "Content-Disposition: filename=a.pdf",
            "Content-Disposition: 'filename=a.pdf' does not begin with a type (RFC "
            "2183 section 2)",
        ),
        (
            "Content-Disposition: inline; filename*=utf-8''%zz.pdf",
            "Content-Disposition: a '%' that begins no code in the parameter "
            "'filename' (RFC 2231 section 4)",
        ),
    ],
)
def test_a_malformed_parameter_is_reported(field, wrong):
    """It is read all the same."""
    content = f"{field}\r\n\r\nhello".encode()
    assert Envelope(mail_from="", rcpt_tos=(), content=content).trouble == (wrong,)


def test_a_file_name_in_both_forms_is_no_trouble():
    """RFC 6266 and mailers have both, for readers without RFC 2231."""
    field = "Content-Disposition: inline; filename=a; filename*=utf-8''%C3%A4"
    content = f"{field}\r\n\r\nhello".encode()
    assert Envelope(mail_from="", rcpt_tos=(), content=content).trouble == ()
