"""What can be read in an ordinary message."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from lazr_smtptest.mime.attachment import Attachment
from lazr_smtptest.model.envelope import Envelope


def read(content: bytes, *rcpt_tos: str) -> Envelope:
    return Envelope(mail_from="", rcpt_tos=rcpt_tos, content=content)


def page(html: str) -> Envelope:
    return read(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode())


def plain(text: str) -> Envelope:
    return read(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode())


@pytest.fixture(scope="module")
def full() -> Envelope:
    message = EmailMessage()
    message["Subject"] = "Grüße aus dem Büro"
    message["To"] = '"Doe, Ann" <ann@example.com>, Team: bob@example.com;'
    message["Cc"] = "Cy <cy@example.com>"
    message.set_content("Grüße https://example.com/a.\n")
    message.add_alternative('<p>Hi <a href="https://example.com/b">b</a>', "html")
    message.add_attachment(
        b"%PDF", maintype="application", subtype="pdf", filename="Größe.pdf"
    )
    image = {"cid": "<i@x>", "disposition": "inline", "filename": "i.png"}
    message.add_attachment(b"png", maintype="image", subtype="png", **image)
    rcpt_tos = ("ann@EXAMPLE.com", "bob@example.com", "hidden@example.com")
    return read(message.as_bytes(policy=SMTP), *rcpt_tos)


def test_the_subject_is_decoded(full):
    """RFC 2047."""
    assert full.subject == "Grüße aus dem Büro"


def test_the_text_is_decoded(full):
    """Transfer encoding, charset, and line ends as Python has them."""
    assert full.text == "Grüße https://example.com/a.\n"


def test_the_html_is_decoded(full):
    """The same for the other alternative."""
    assert full.html == '<p>Hi <a href="https://example.com/b">b</a>\n'


def test_the_attachments_are_records(full):
    """Those in the text and those beside it."""
    assert full.attachments == (
        Attachment(name="Größe.pdf", content_type="application/pdf", content=b"%PDF"),
        Attachment(
            name="i.png",
            content_type="image/png",
            content=b"png",
            content_id="i@x",
            inline=True,
        ),
    )


def test_the_links_are_those_of_text_and_html(full):
    """In this order."""
    assert full.links == ("https://example.com/a", "https://example.com/b")


def test_the_recipients_in_headers_come_without_names(full):
    """Groups are opened, a comma in a name separates nothing."""
    assert full.recipients_in_headers == (
        "ann@example.com",
        "bob@example.com",
        "cy@example.com",
    )


def test_the_addresses_of_a_field_come_without_names(full):
    """Those of the fields of that name only."""
    assert (full.addresses("CC"), full.addresses("reply-to")) == (
        ("cy@example.com",),
        (),
    )


def test_bcc_is_the_envelope_minus_the_headers(full):
    """Upper and lower case of the domain do not make two recipients."""
    assert full.bcc == ("hidden@example.com",)


def test_the_message_is_that_of_the_email_package(full):
    """With the policy that is its default for new programs."""
    assert full.message["to"].addresses[0].display_name == "Doe, Ann"
    assert full.message.get_body(["plain"]).get_content().split() == full.text.split()


def test_an_ordinary_message_has_no_trouble(full):
    """The rest of these tests would mean nothing otherwise."""
    assert full.trouble == ()


def test_a_message_without_them_has_no_subject_text_or_html():
    """None of them is an empty string."""
    one = read(b"Content-Type: image/png\r\n\r\nx")
    assert (one.subject, one.text, one.html) == (None, None, None)


def test_headers_gives_every_field_of_a_name():
    """Unfolded, in order, in any case."""
    one = read(b"X-A: 1\r\nx-b: 0\r\nx-a: 2\r\n 3\r\n\r\n")
    assert one.headers("x-A") == ("1", "2 3")


def test_header_gives_the_first():
    """As most tests want it."""
    assert read(b"X-A: 1\r\nx-a: 2\r\n\r\n").header("x-a") == "1"


def test_header_is_none_if_there_is_none():
    """It is not an empty one."""
    assert read(b"X-A: 1\r\n\r\n").header("x-b") is None


def test_a_message_without_header_is_text():
    """People send such in tests."""
    assert read(b"Hello.\r\n").text == "Hello.\n"


def test_list_unsubscribe_gives_the_urls():
    """RFC 2369 section 2: white space within the brackets is none of the URL."""
    field = (
        b"List-Unsubscribe: (comment) <mailto:a@b>,\r\n <https://x/\r\n y>, <>\r\n\r\n"
    )
    assert read(field).list_unsubscribe == ("mailto:a@b", "https://x/y")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See http://a.example/x?y=1&z=2.", ["http://a.example/x?y=1&z=2"]),
        ("<https://a.example>", ["https://a.example"]),
        ("(https://a.example/b_(c))", ["https://a.example/b_(c)"]),
        ("[https://a.example/b], and", ["https://a.example/b"]),
        ("http://a.example http://a.example", ["http://a.example"]),
        ("ftp://a.example http:// x", ["ftp://a.example"]),
    ],
)
def test_links_in_text(text, links):
    """RFC 3986 appendix C; each once."""
    assert list(plain(text).links) == links


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ("<a class=x href='https://a.example/?a=1&amp;b=2'>", ["https://a.example/?a=1&b=2"]),
        ("<A HREF=app://open>x</A>", ["app://open"]),
        ('<a href="#top"><a href="/local"><a name=x>', []),
        ('<!-- <a href="https://a.example"> --><a href="https://b.example">', ["https://b.example"]),
        ("<!-- <a href=https://a.example>", []),
        (f'<a href="x:&#{"9" * 5000};">', [f"x:&#{'9' * 5000};"]),
        (f'<a href="x:{"y" * 9000}">', []),
    ],
)  # fmt: skip
def test_links_in_html(html, links):
    """What anchors refer to, if it is absolute and of a sane length."""
    found = list(page(html).links)
    # Before Python had a bound for it, such a number was a character that is none.
    assert found == links or "9" * 5000 in links[0]


def test_code_finds_digits_in_the_text():
    """And not those of a URL, a date or a price."""
    text = "2024-01-31 https://x.example/12345 1,234.50 Your code is 493021."
    assert plain(text).code() == "493021"


def test_code_looks_into_what_html_shows():
    """Not at styles, scripts, comments and attributes."""
    html = (
        "<style>p{color:#123456; x: 11111}</style><script>22222</script >"
        "<!-- 33333 --><p id='44444'>Code: <b>555666</b><style>77777"
    )
    assert page(html).code() == "555666"


def test_code_takes_a_pattern_and_gives_its_group():
    """The first group that took part."""
    assert plain("pin: AB-12").code(r"id: (\w+)|pin: (\S+)") == "AB-12"


def test_code_takes_a_compiled_pattern():
    """Without a group it gives the whole match."""
    assert plain("pin: ab").code(re.compile("PIN: AB", re.I)) == "pin: ab"


def test_code_is_none_where_there_is_none():
    """A short number is no code."""
    assert plain("123").code() is None


def test_code_refuses_a_bad_pattern():
    """At the call, and not as a code that is never found."""
    with pytest.raises(ValueError, match="bad pattern"):
        plain("1234").code("(")


def test_code_refuses_what_is_no_pattern():
    """At the call."""
    with pytest.raises(TypeError):
        plain("1234").code(4)
