"""Parts are text, attachments or messages, by their fields and by their place."""

from __future__ import annotations

import pytest

from lazr_smtptest.model.envelope import Envelope


def read(content: bytes) -> Envelope:
    return Envelope(mail_from="", rcpt_tos=(), content=content)


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"b") -> bytes:
    """Make a multipart of parts that have their headers."""
    lines = [b"Content-Type: multipart/" + kind + b"; boundary=" + boundary, b""]
    for part in parts:
        lines += [b"--" + boundary, part]
    return b"\r\n".join([*lines, b"--" + boundary + b"--", b""])


def part(fields: bytes, content: bytes) -> bytes:
    return fields.replace(b"\n", b"\r\n") + b"\r\n\r\n" + content


TEXT = part(
    b'Content-Type: text/plain; name="a.txt"\nContent-Disposition: inline', b"T"
)
HTML = part(b'Content-Type: text/html; name="a.html"', b"<p>H</p>")
FILE = part(b'Content-Type: text/plain; name="file.txt"', b"F")
IMAGE = part(b"Content-Type: image/png; name=i.png\nContent-ID: <i@x>", b"png")


@pytest.mark.parametrize(
    ("content", "text", "html", "names"),
    [
        (multipart(b"alternative", TEXT, HTML), "T", "<p>H</p>", []),
        (
            multipart(
                b"mixed", multipart(b"alternative", TEXT, HTML, boundary=b"c"), FILE
            ),
            "T",
            "<p>H</p>",
            ["file.txt"],
        ),
        (
            multipart(
                b"alternative", TEXT, multipart(b"related", HTML, IMAGE, boundary=b"c")
            ),
            "T",
            "<p>H</p>",
            ["i.png"],
        ),
        (multipart(b"related", HTML, FILE), None, "<p>H</p>", ["file.txt"]),
        (multipart(b"signed", TEXT, IMAGE), "T", None, ["i.png"]),
        (multipart(b"report", TEXT, FILE), "T", None, ["file.txt"]),
        (multipart(b"mixed", TEXT), "T", None, []),
        (multipart(b"mixed", TEXT, FILE), None, None, ["a.txt", "file.txt"]),
        (
            multipart(
                b"alternative",
                TEXT.replace(b"inline", b"attachment"),
                HTML,
            ),
            None,
            "<p>H</p>",
            ["a.txt"],
        ),
    ],
)
def test_a_name_does_not_make_a_file_of_the_text(content, text, html, names):
    """An alternative, the first of what belongs together, or the only part."""
    message = read(content)
    assert (message.text, message.html) == (text, html)
    assert [attachment.name for attachment in message.attachments] == names


@pytest.mark.parametrize(
    ("fields", "is_text"),
    [
        (b'Content-Type: text/plain; name="a.txt"', True),
        (b'Content-Type: text/html; name="a.html"', True),
        (b'Content-Disposition: inline; filename="a.txt"', True),
        (b"Content-Disposition: INLINE (as it is)", True),
        (b"Content-Disposition: filename=a.txt", True),
        (b'Content-Disposition: attachment; filename="a.txt"', False),
        (b'Content-Disposition: "attachment"', False),
        (b"Content-Disposition: unheard-of", False),
        (b"Content-Type: text/calendar", False),
    ],
)
def test_the_only_part_is_text_unless_its_sender_says_otherwise(fields, is_text):
    """RFC 2183 section 2.8: a disposition that is unknown is an attachment."""
    message = read(part(fields, b"Hi"))
    assert ((message.text or message.html) == "Hi") is is_text
    assert len(message.attachments) == (not is_text)


@pytest.mark.parametrize(
    ("parts", "types"),
    [
        ([b"\r\nSubject: One\r\n\r\none"], ("message/rfc822",)),
        (
            [b"\r\nSubject: One\r\n\r\none", b"\r\nSubject: Two\r\n\r\ntwo"],
            ("message/rfc822", "message/rfc822"),
        ),
        ([b"Content-Type: text/html\r\n\r\n<p>"], ()),
        ([b"Content-ID: <a@b>\r\n\r\nSubject: One\r\n\r\n"], ("message/rfc822",)),
        ([b"Content-Type: image/png\r\n\r\nx"], ("image/png",)),
    ],
)
def test_a_part_of_a_digest_is_a_message_if_it_does_not_say(parts, types):
    """RFC 2046 section 5.1.5."""
    message = read(multipart(b"digest", *parts))
    assert tuple(each.content_type for each in message.attachments) == types
    assert message.text is None


def test_a_message_of_a_digest_is_an_attachment_as_it_is():
    """With its header."""
    message = read(multipart(b"digest", b"\r\nSubject: One\r\n\r\none"))
    assert message.attachments[0].content == b"Subject: One\r\n\r\none"


def test_a_multipart_within_a_digest_is_taken_apart():
    """And its parts are text by default again."""
    inner = multipart(b"mixed", b"\r\nHi", boundary=b"c")
    assert read(multipart(b"digest", inner)).text == "Hi"


@pytest.mark.parametrize(
    ("field", "content_id"),
    [
        (b"<a@b>", "a@b"),
        (b"a@b", "a@b"),
        (b"<a@b> (the logo)", "a@b"),
        (b"(the logo) <a@b>", "a@b"),
        (b"<a@b", "a@b"),
        (b"< a@b >", "a@b"),
        (b"<a@b> x", "a@b"),
        (b"", ""),
    ],
)
def test_a_content_id_is_what_cid_links_refer_to(field, content_id):
    """RFC 2392, without brackets and comments."""
    message = read(part(b"Content-Type: image/png\nContent-ID: " + field, b"x"))
    assert message.attachments[0].content_id == content_id


def test_html_declares_its_charset_where_no_field_does():
    """The field goes before it, if there is one."""
    page = b'<meta charset="gb2312">\xc4\xfa'
    declared = read(part(b"Content-Type: text/html", page))
    named = read(part(b"Content-Type: text/html; charset=iso-8859-1", page))
    assert declared.html.endswith("您")
    assert named.html.endswith("Äú")
