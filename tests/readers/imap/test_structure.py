"""BODY and BODYSTRUCTURE (RFC 3501 section 7.4.2)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.readers.imap.section import find_part
from lazr_smtptest.readers.imap.structure import (
    Entity,
    plain_structure,
    read_structure,
)

from .conftest import crlf, tree

PLAIN = [b"TEXT", b"PLAIN", [b"CHARSET", b"us-ascii"], None, None, b"7BIT"]
MIXED = "Content-Type: multipart/mixed; boundary=b\n\n"


def described(content: bytes, *, extended: bool = True) -> Any:
    (found,) = tree(read_structure(content).describe(extended=extended))
    return found


def leaf(header: str, body: str = "") -> list[Any]:
    found: list[Any] = described(crlf(f"{header}\n\n{body}"))
    return found


# The fields of a part: its header, and what they are from their index on.
FIELDS = {
    "X: a": (0, [*PLAIN, b"0", b"0", None, None, None, None]),
    "Content-Type: text/html; charset=utf-8": (
        0,
        [b"TEXT", b"HTML", [b"CHARSET", b"utf-8"], None, None, b"7BIT", b"0", b"0"],
    ),
    "Content-Type: text/plain": (0, [b"TEXT", b"PLAIN", None]),
    "Content-Type: image/PNG": (
        0,
        [b"IMAGE", b"PNG", None, None, None, b"7BIT", b"0", None, None, None, None],
    ),
    "Content-Type: nonsense": (0, [b"TEXT", b"PLAIN", None]),
    "Content-Type: text/": (0, [b"TEXT", b"PLAIN", None]),
    "Content-Type: a/b/c; d=e": (0, [b"TEXT", b"PLAIN", None]),
    "Content-Type:": (0, [b"TEXT", b"PLAIN", None]),
    # without parts there is no multipart
    "Content-Type: multipart/mixed; boundary=b": (0, [b"TEXT", b"PLAIN"]),
    "Content-Type: multipart/mixed": (0, [b"TEXT", b"PLAIN", None]),
    'Content-Type: a/b; name="x \\"y\\" z"; q=1': (
        2,
        [[b"NAME", b'x "y" z', b"Q", b"1"]],
    ),
    "Content-Type: a/b; name==?utf-8?q?=C3=A4?=": (
        2,
        [[b"NAME", b"=?utf-8?q?=C3=A4?="]],
    ),
    "Content-Type: a/b; name=ä": (2, [[b"NAME", "ä".encode()]]),
    "Content-Type: a/b; name*=utf-8''%C3%A4": (2, [[b"NAME*", b"utf-8''%C3%A4"]]),
    "Content-Type: a/b; name*1=b; name*0*=utf-8''a": (
        2,
        [[b"NAME*0*", b"utf-8''a", b"NAME*1", b"b"]],
    ),
    "Content-Type: a/b; n*0=x": (2, [[b"N*0", b"x"]]),
    "Content-ID: <a@b>": (3, [b"<a@b>"]),
    "Content-Description: =?utf-8?q?a?=": (4, [b"=?utf-8?q?a?="]),
    "Content-Transfer-Encoding: Base64": (5, [b"BASE64"]),
    "Content-Transfer-Encoding: (c) 8bit ; x": (5, [b"8BIT"]),
    "Content-Transfer-Encoding: x-odd": (5, [b"X-ODD"]),
    "Content-Transfer-Encoding:": (5, [b"7BIT"]),
    "Content-MD5: abc": (8, [b"abc", None, None, None]),
    "Content-Disposition: inline": (8, [None, [b"INLINE", None]]),
    "Content-Disposition: attachment; filename=a.b; size=3": (
        9,
        [[b"ATTACHMENT", [b"FILENAME", b"a.b", b"SIZE", b"3"]]],
    ),
    "Content-Disposition: ; filename=a.b": (9, [None]),
    "Content-Language: en": (10, [b"en"]),
    "Content-Language: en, de-AT (c)": (10, [[b"en", b"de-AT"]]),
    "Content-Language: ()": (10, [None]),
    "Content-Location: http://a/b": (11, [b"http://a/b"]),
}


@pytest.mark.parametrize("header", FIELDS)
def test_fields(header: str) -> None:
    """Of a part that is no multipart, and no message."""
    index, wanted = FIELDS[header]
    assert leaf(header)[index : index + len(wanted)] == wanted


BODIES = {
    "": (0, 0),
    "a": (1, 0),
    "a\n": (3, 1),
    "a\nb\n\n": (8, 3),
}


@pytest.mark.parametrize("body", BODIES)
def test_size_and_lines(body: str) -> None:
    """Of the body, in bytes and in line ends."""
    size, lines = BODIES[body]
    assert leaf("X: a", body)[6:8] == [b"%d" % size, b"%d" % lines]


def test_lines_that_end_in_lf() -> None:
    """They are counted too, and their bytes as they are stored."""
    assert described(b"X: a\n\na\nb\n")[6:8] == [b"4", b"2"]


NESTED = crlf(
    """From: ann@a.example
Content-Type: multipart/mixed; boundary=b

preamble
--b

one
--b
Content-Type: multipart/alternative; boundary=c
Content-Language: en

--c
Content-Type: text/html

<p>
--c--
--b
Content-Type: message/rfc822
Content-Description: inner

Subject: inner
Content-Type: multipart/digest; boundary=d

--d

Subject: digested

text
--d
Content-Type: text/plain

last
--d--
--b--
epilogue
"""
)


def test_parts_are_nested() -> None:
    """Multiparts, and a message with its envelope, structure and lines."""
    one, alternative, message, subtype = described(NESTED, extended=False)
    assert subtype == b"MIXED"
    assert one == [*PLAIN, b"3", b"0"]
    assert alternative == [
        [b"TEXT", b"HTML", None, None, None, b"7BIT", b"3", b"0"],
        b"ALTERNATIVE",
    ]
    assert message[:6] == [b"MESSAGE", b"RFC822", None, None, b"inner", b"7BIT"]
    assert message[7][1] == b"inner"
    digested, last, digest = message[8]
    assert digest == b"DIGEST"
    assert digested[:2] == [b"MESSAGE", b"RFC822"]
    assert digested[8] == [*PLAIN, b"4", b"0"]
    assert last[:3] == [b"TEXT", b"PLAIN", None]
    assert message[9] == b"12"


def test_extension_data_of_a_multipart() -> None:
    """Its parameters, disposition, language and location."""
    assert described(NESTED)[3:] == [b"MIXED", [b"BOUNDARY", b"b"], None, None, None]
    assert described(NESTED)[1][1:] == [
        b"ALTERNATIVE",
        [b"BOUNDARY", b"c"],
        None,
        b"en",
        None,
    ]


def test_extension_data_of_a_message() -> None:
    """It is after the lines."""
    assert described(NESTED)[2][9:] == [b"12", None, None, None, None]


def test_content_in_a_file() -> None:
    """It has the same structure."""
    spooled = SpooledContent()
    spooled.append(NESTED)
    assert read_structure(spooled) == read_structure(NESTED)
    assert plain_structure(spooled) == plain_structure(NESTED)


PLAINS = {
    b"A: b\r\n\r\nc\r\n": (8, 3, 1),
    b"A: b\n\nc\n": (6, 2, 1),
    b"no header": (0, 9, 0),
    b"": (0, 0, 0),
}


@pytest.mark.parametrize("content", PLAINS)
def test_a_message_that_cannot_be_parsed(content: bytes) -> None:
    """It is a plain text without an envelope."""
    body, size, lines = PLAINS[content]
    found = plain_structure(content)
    assert (found.body, found.stop) == (body, len(content))
    (shown,) = tree(found.describe(extended=True))
    assert shown[:2] == [b"TEXT", b"PLAIN"]
    assert shown[6:] == [b"%d" % size, b"%d" % lines, None, None, None, None]
    assert tree(found.envelope) == [[None] * 10]


def test_message_with_one_part_cut_off() -> None:
    """A part that is empty has offsets that are in order."""
    found = read_structure(crlf(MIXED + "--b\n--b"))
    for part in found.parts:
        assert part.start <= part.body <= part.stop


def depth(entity: Entity) -> int:
    return 1 + max(map(depth, entity.parts), default=0)


def count(entity: Entity) -> int:
    return 1 + sum(map(count, entity.parts))


MULTIPARTS = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (each, each)
    for each in range(3000)
)
MESSAGES = b"Content-Type: message/rfc822\r\n\r\n" * 3000
HOSTILE = {
    "multiparts": MULTIPARTS,
    "messages": MESSAGES,
    "parts": crlf(MIXED) + b"--b\r\n" * 20_000,
    "messages in parts": crlf(MIXED)
    + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" * 5000,
    "boundary": b"Content-Type: multipart/mixed; boundary=" + b"b" * 50_000,
    "parameters": b"Content-Type: a/b" + b"; a=b" * 12_000,
    "languages": b"Content-Language: " + b"a," * 30_000,
    "type": b"Content-Type: " + b"a" * 60_000 + b"/",
    "quotes": b'Content-Type: a/b; c="' + b'\\"' * 30_000,
    "header": b"a: b\r\n" * 50_000,
    "encoding": b"Content-Transfer-Encoding: " + b"(" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages(name: str) -> None:
    """They have a structure with bounds, soon."""
    begin = time.process_time()
    found = read_structure(HOSTILE[name])
    tree(found.describe(extended=True))
    assert depth(found) <= 52
    assert count(found) <= 1001
    assert time.process_time() - begin < 30


def test_messages_too_deep() -> None:
    """The innermost one is not parsed, and is not called a message."""
    found = read_structure(MESSAGES)
    while found.parts:
        (found,) = found.parts
    assert found.type == b"application/octet-stream"


_lines = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=a",
        b"Content-Type: multipart/digest; boundary=b",
        b"Content-Type: message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"--a",
        b"--b",
        b"--a--",
        b"--b--",
        b"",
        b"",
        b"text",
    ]
)


def walk(entity: Entity, path: tuple[int, ...] = ()) -> Any:
    """Yield the parts that BODYSTRUCTURE tells, with their numbers and what it says."""
    (shown,) = tree(entity.describe(extended=False))
    todo = [(shown, (), True)]
    while todo:
        body, path, is_message = todo.pop()
        if isinstance(body[0], list):
            parts = [each for each in body if isinstance(each, list)]
            todo += [(each, (*path, n), False) for n, each in enumerate(parts, 1)]
            continue
        path = (*path, 1) if is_message else path
        yield path, body
        if body[:2] == [b"MESSAGE", b"RFC822"]:
            todo.append((body[8], path, True))


@given(st.lists(_lines, max_size=30), st.sampled_from([b"\r\n", b"\n"]))
def test_each_part_of_the_structure_can_be_found(
    lines: list[bytes], end: bytes
) -> None:
    """By the number that a client computes; its size is that of its slice."""
    content = end.join(lines)
    root = read_structure(content)
    for path, body in walk(root):
        part = find_part(root, path)
        assert part is not None
        assert int(body[6]) == part.stop - part.body
        assert 0 <= part.start <= part.body <= part.stop <= len(content)
