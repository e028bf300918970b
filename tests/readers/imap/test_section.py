"""BODY[...] and BINARY[...] (RFC 3501 section 6.4.5, RFC 3516)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.section import Section, parse_section

from .conftest import Stored, crlf
from .test_structure import NESTED

SIMPLE = crlf("From: a\nTo: b\n c\nX: d\n\nbody\n")


def read(raw: str | bytes, content: bytes) -> bytes | None:
    section = parse_section(raw.encode() if isinstance(raw, str) else raw)
    message = Stored(content)
    found = section.read(
        content, message.structure if section.needs_structure else None
    )
    if found is None or isinstance(found, bytes):
        return found
    return content[found.start : found.stop]


INNER = crlf(
    "Subject: inner\nContent-Type: multipart/digest; boundary=d\n\n--d\n\n"
    "Subject: digested\n\ntext\n--d\nContent-Type: text/plain\n\nlast\n--d--"
)
# The rows of RFC 3501 section 6.4.5: a section of NESTED, and what it is.
PARTS = {
    "": NESTED,
    "HEADER": NESTED.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
    "TEXT": NESTED.partition(b"\r\n\r\n")[2],
    "1": b"one",
    "1.MIME": b"\r\n",
    "1.HEADER": None,
    "1.TEXT": None,
    "1.1": None,
    "2": crlf("--c\nContent-Type: text/html\n\n<p>\n--c--"),
    "2.MIME": crlf(
        "Content-Type: multipart/alternative; boundary=c\nContent-Language: en\n\n"
    ),
    "2.1": b"<p>",
    "2.1.MIME": crlf("Content-Type: text/html\n\n"),
    "2.2": None,
    "3": INNER,
    "3.MIME": crlf("Content-Type: message/rfc822\nContent-Description: inner\n\n"),
    "3.HEADER": INNER.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
    "3.TEXT": INNER.partition(b"\r\n\r\n")[2],
    "3.HEADER.FIELDS (SUBJECT)": b"Subject: inner\r\n\r\n",
    "3.1": b"Subject: digested\r\n\r\ntext",
    "3.1.MIME": b"\r\n",
    "3.1.TEXT": b"text",
    "3.1.1": b"text",
    "3.1.1.1": None,
    "3.1.2": None,
    "3.2": b"last",
    "3.3": None,
    "4": None,
    "999999999": None,
}


@pytest.mark.parametrize("inner", PARTS)
def test_parts(inner: str) -> None:
    """They are slices of the message; one that is not there is NIL."""
    assert read(f"BODY[{inner}]", NESTED) == PARTS[inner]


@pytest.mark.parametrize(("inner", "found"), [("1", b"body\r\n"), ("2", None)])
def test_parts_of_a_message_that_is_no_multipart(
    inner: str, found: bytes | None
) -> None:
    """Part 1 is its body."""
    assert read(f"BODY[{inner}]", SIMPLE) == found
    assert read("BODY[1.MIME]", SIMPLE) == SIMPLE[:-6]
    assert read("BODY[1.1]", SIMPLE) is None


def test_message_that_is_a_message() -> None:
    """Part 1 is the inner message, and 1.1 its body."""
    content = crlf("Content-Type: message/rfc822\n\nSubject: a\n\nb")
    assert read("BODY[1]", content) == b"Subject: a\r\n\r\nb"
    assert read("BODY[1.1]", content) == b"b"
    assert read("BODY[1.HEADER]", content) == b"Subject: a\r\n\r\n"


# RFC 3501 section 6.4.5: header, names, and what is sent.
HEADERS = [
    (SIMPLE, "HEADER.FIELDS (FROM)", b"From: a\r\n\r\n"),
    (SIMPLE, "HEADER.FIELDS (to from)", b"From: a\r\nTo: b\r\n c\r\n\r\n"),
    (SIMPLE, "HEADER.FIELDS (Y)", b"\r\n"),
    (SIMPLE, "HEADER.FIELDS.NOT (from to)", b"X: d\r\n\r\n"),
    (SIMPLE, "HEADER.FIELDS.NOT (Y)", SIMPLE[:-6]),
    (SIMPLE, 'HEADER.FIELDS ("X" "\\"")', b"X: d\r\n\r\n"),
    (SIMPLE, "HEADER.FIELDS ({1}\r\nX {4+}\r\nFrom)", b"From: a\r\nX: d\r\n\r\n"),
    (b"A: b\r\nA: c\r\n\r\n", "HEADER.FIELDS (A)", b"A: b\r\nA: c\r\n\r\n"),
    (b"A: b\nC: d\n\nx", "HEADER.FIELDS (A)", b"A: b\n\r\n"),
    # neither an empty line nor a body
    (b"A: b\r\nC: d\r\n", "HEADER.FIELDS (A)", b"A: b\r\n"),
    (b"A: b\r\nC: d\r\n", "HEADER", b"A: b\r\nC: d\r\n"),
    (b"", "HEADER.FIELDS (A)", b""),
    (b"\xef\xbb\xbfA: b", "HEADER.FIELDS (A)", b"A: b"),
    (b"\r\n", "HEADER.FIELDS (A)", b"\r\n"),
    (b"\n", "HEADER.FIELDS (A)", b"\r\n"),
    (b"A: b\n\n", "HEADER.FIELDS (A)", b"A: b\n\r\n"),
    # a line that is no field ends the header
    (b"A: b\r\nnone\r\nC: d\r\n\r\n", "HEADER.FIELDS (A C)", b"A: b\r\n\r\n"),
    (b"A: b\r\nnone\r\n", "HEADER", b"A: b\r\n"),
    (b"A: b\r\nnone\r\n", "TEXT", b"none\r\n"),
    (b"A: b", "HEADER.FIELDS (A)", b"A: b"),
    (crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n--b--"), "1.MIME",
     b"A: b"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "inner", "found"), HEADERS)
def test_headers(content: bytes, inner: str, found: bytes) -> None:
    """Fields are as they are stored, in their order, and an empty line ends them."""
    assert read(f"BODY[{inner}]", content) == found


def test_header_of_an_inner_message_that_is_cut_off() -> None:
    """It ends where its message ends."""
    inner = b"Content-Type: message/rfc822\r\n\r\nA: b"
    content = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n") + inner
    assert read("BODY[1.HEADER.FIELDS (A)]", content + b"\r\n--b--") == b"A: b"


LABELS = {
    "body[]": b"BODY[]",
    "BODY.PEEK[1.2.header.fields (a B)]<5.10>": b"BODY[1.2.HEADER.FIELDS (a B)]<5>",
    'BODY[HEADER.FIELDS.NOT ("a b" "c")]': b'BODY[HEADER.FIELDS.NOT ("a b" c)]',
    "BODY[1.MIME]": b"BODY[1.MIME]",
    "binary.peek[1]<0.1>": b"BINARY[1]<0>",
    "BINARY.SIZE[1.2]": b"BINARY.SIZE[1.2]",
}


@pytest.mark.parametrize("raw", LABELS)
def test_label(raw: str) -> None:
    """The response names the section without PEEK, and the first byte."""
    section = parse_section(raw.encode())
    assert section.label == LABELS[raw]
    assert section.is_peek is ("peek" in raw.lower() or "SIZE" in raw)


BAD = [
    "BODY[",
    "BODY[]x",
    "BODY[0]",
    "BODY[1.]",
    "BODY[.1]",
    "BODY[1..2]",
    "BODY[01]",
    "BODY[TEXT.1]",
    "BODY[1TEXT]",
    "BODY[.TEXT]",
    "BODY[MIME]",
    "BODY[FOO]",
    "BODY[HEADER.FIELDS]",
    "BODY[HEADER.FIELDS ()]",
    "BODY[HEADER.FIELDS A]",
    "BODY[HEADER (A)]",
    "BODY[TEXT (A)]",
    'BODY[HEADER.FIELDS ("a)]',
    'BODY[HEADER.FIELDS ("a"b)]',
    "BODY[HEADER.FIELDS (a (b))]",
    "BODY[HEADER.FIELDS (a  b)]",
    "BODY[]<0>",
    "BODY[]<0.0>",
    "BODY[]<-1.5>",
    "BODY[]<1.9999999999999999999>",
    "BODY[]<9999999999999999999.1>",
    "BODY[]<1.99999999999999999999999999>",
    "BODY[1" + ".1" * 200 + "]",
    "BINARY[TEXT]",
    "BINARY[1.MIME]",
    "BINARY.SIZE[1]<0.1>",
    "BINARY.SIZE.PEEK[1]",
    "FLAGS[]",
    "BODY[\xff]",
]


@pytest.mark.parametrize("raw", BAD)
def test_malformed(raw: str) -> None:
    """It is BAD, in one line of ASCII."""
    with pytest.raises(CommandError, match="malformed section") as caught:
        parse_section(raw.encode("latin-1"))
    assert caught.value.status == "BAD"
    assert caught.value.text.isascii()
    assert len(caught.value.text.splitlines()) == 1


PARTIALS = {
    "<0.4>": b"From",
    "<2.3>": b"om:",
    "<0.99999>": SIMPLE,
    "<99999.1>": b"",
    f"<{len(SIMPLE) - 1}.10>": b"\n",
    f"<{len(SIMPLE)}.1>": b"",
    f"<0.{2**63 - 1}>": SIMPLE,
}


@pytest.mark.parametrize("partial", PARTIALS)
def test_partials(partial: str) -> None:
    """They are cut off at the end of the section; beyond it they are empty."""
    assert read(f"BODY[]{partial}", SIMPLE) == PARTIALS[partial]


@pytest.mark.slow
@given(
    st.sampled_from(
        ["", "TEXT", "HEADER", "HEADER.FIELDS (CONTENT-TYPE)", "1", "2.1.MIME", "3"]
    ),
    st.integers(1, 200),
)
def test_partials_joined_give_the_whole(inner: str, size: int) -> None:
    """Of any size."""
    whole = read(f"BODY[{inner}]", NESTED)
    assert whole is not None
    pieces = [
        read(f"BODY[{inner}]<{start}.{size}>", NESTED) or b""
        for start in range(0, len(whole) + size, size)
    ]
    assert b"".join(pieces) == whole


@given(st.lists(st.sampled_from([b"A: b", b"c", b"", b"\r", b"\n", b"\r\n", b"\0"])))
def test_header_and_text_are_the_message(words: list[bytes]) -> None:
    """Whatever line ends it has, every byte is in one of them."""
    content = b"".join(words)
    header, text = read("BODY[HEADER]", content), read("BODY[TEXT]", content)
    assert header is not None
    assert text is not None
    assert header + text == read("BODY[]", content) == content


def encoded(encoding: str, body: str, type_: str = "text/plain") -> bytes:
    return crlf(
        f"Content-Type: {type_}\nContent-Transfer-Encoding: {encoding}\n\n{body}"
    )


# RFC 3516 section 4.2
BINARIES = {
    ("base64", "AGE="): b"\0a",
    ("BASE64", "YQ=="): b"a",
    ("quoted-printable", "=C3=A4=\n!"): "ä!".encode(),
    ("7bit", "a=C3"): b"a=C3",
    ("8bit", "ä"): "ä".encode(),
    ("binary", "a"): b"a",
}


@pytest.mark.parametrize(("encoding", "body"), BINARIES)
def test_binary(encoding: str, body: str) -> None:
    """It is the part without its transfer encoding."""
    content = encoded(encoding, body)
    assert read("BINARY[1]", content) == BINARIES[encoding, body]
    assert read("BINARY.SIZE[1]", content) == BINARIES[encoding, body]


def test_binary_of_the_message() -> None:
    """It is all of it, as it is."""
    content = encoded("base64", "YQ==")
    assert read("BINARY[]", content) == content


def test_binary_of_a_part_that_is_not_there() -> None:
    """It is NIL."""
    assert read("BINARY[2]", encoded("base64", "YQ==")) is None


@pytest.mark.parametrize("number", ["2", "3"])
def test_binary_of_a_composite_part(number: str) -> None:
    """It has no encoding, whatever its header says."""
    content = NESTED.replace(
        b"Content-Description: inner", b"Content-Transfer-Encoding: base64"
    )
    assert read(f"BINARY[{number}]", content) == PARTS[number]


def test_partial_binary() -> None:
    """It counts decoded bytes."""
    assert read("BINARY[1]<1.2>", encoded("base64", "YWJjZA==")) == b"bc"


@pytest.mark.parametrize("encoding", ["x-odd", "uuencode", "ä"])
def test_binary_of_an_unknown_encoding(encoding: str) -> None:
    """NO [UNKNOWN-CTE] (RFC 3516 section 4.3)."""
    with pytest.raises(CommandError) as caught:
        read("BINARY[1]", encoded(encoding, "a"))
    assert (caught.value.status, caught.value.code) == ("NO", "UNKNOWN-CTE")
    assert caught.value.text.isascii()


@pytest.mark.parametrize("raw", ["BODY[]", "BODY[]<0.5>", "BODY.PEEK[]"])
def test_the_whole_message_needs_no_structure(raw: str) -> None:
    """A message that cannot be parsed is sent all the same."""
    assert parse_section(raw.encode()).needs_structure is False


def test_section_is_hashable() -> None:
    """Sections that are equal are one."""
    assert len({parse_section(b"BODY[1]"), Section("BODY", numbers=(1,))}) == 1
