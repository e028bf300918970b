"""What hostile messages do to the readers: nothing."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest.model.envelope import Envelope

from ..chance import some
from .times import SECONDS

# Bytes that most of them have: enough that nothing is done for every pair of them.
LARGE = 250_000

MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def read(content: bytes) -> Envelope:
    return Envelope(mail_from="", rcpt_tos=("a@b.example",), content=content)


def read_all(envelope: Envelope) -> None:
    """Use every accessor, and the message as a user would."""
    envelope.header("to")
    envelope.headers("x")
    envelope.code()
    for name in ("subject", "text", "html", "attachments", "links", "bcc"):
        getattr(envelope, name)
    assert isinstance(envelope.recipients_in_headers, tuple)
    assert isinstance(envelope.list_unsubscribe, tuple)
    assert isinstance(envelope.trouble, tuple)
    message = envelope.message
    for part in message.walk():
        for value in part.values():
            str(value)
    message.get_body()
    message.as_bytes()


def fill(unit: bytes, size: int = LARGE) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


def nested(depth: int, inner: bytes = b"\r\nx\r\n") -> bytes:
    one = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"".join(one % (number, number) for number in range(depth)) + inner


def field(name: bytes, value: bytes) -> bytes:
    return name + b": " + value + b"\r\n\r\nx\r\n"


def body(content_type: bytes, octets: bytes) -> bytes:
    return b"Content-Type: " + content_type + b"\r\n\r\n" + octets


HOSTILE = {
    "fields-behind-a-from-line": fill(b"A: b\r\nFrom x\r\n", 14) + fill(b"a:\r\n"),
    "name-star": field(b"Content-Type", b"text/plain; name*"),
    "nested-3000": nested(3000),
    "nested-400": nested(400),
    "nested-49-lines": nested(49, fill(b"\r\n")),
    "nested-49-delimiters": nested(49, fill(b"--b0\r\n")),
    "messages-2000": b"Content-Type: message/rfc822\r\n\r\n" * 2000,
    "messages-40": b"Content-Type: message/rfc822\r\n\r\n" * 40 + b"x\r\n",
    "parts-50000": MULTIPART + b"--b\r\n\r\nx\r\n" * 50_000,
    "semicolons": field(b"Content-Type", b"text/plain" + b";" * 60_000),
    "semicolons-in-a-part": MULTIPART
    + b"--b\r\n"
    + field(b"Content-Type", b"multipart/mixed" + b";a" * 60_000),
    "parameters-in-each-part": MULTIPART
    + (b"--b\r\n" + field(b"Content-Type", b"text/plain" + b";a=" * 90)) * 900,
    "quotes": field(b"Content-Type", b"multipart/mixed" + b';a="' * 20_000),
    "addresses": field(b"To", b"Ann <ann@example.com>, " * 2500),
    "addresses-20000": field(b"To", b"Ann <ann@example.com>, " * 20_000),
    "addresses-300": field(b"To", b"Ann <ann@example.com>, " * 300),
    "comments": field(b"To", b"(" * 3000),
    "colons": field(b"To", b":" * 3000),
    "groups": field(b"To", b"a:" * 1500),
    "cc-comment-colon": field(b"Cc", b"(c):"),
    "cc-quote": field(b"Cc", b'"'),
    "message-id-literal": field(b"Message-ID", b"<[x@y]>"),
    "date": field(b"Date", b"Thu, 99 Foo 99999 99:99:99 +999999"),
    "disposition": field(b"Content-Disposition", b"attachment" + b";" * 5000),
    "eight-bit-headers": field(b"Subject", b"\xff\xfe\x80"),
    "eight-bit-names": b"\xff: x\r\n\r\ny\r\n",
    "eight-bit-ascii": body(b"text/plain; charset=us-ascii", b"\xff\xc3\xa9"),
    "nul": b"Sub\0ject: \0\r\nX: \0\r\n\r\n\0",
    "punycode": body(b"text/plain; charset=punycode", b"a-" + b"b" * 200_000),
    "headers": fill(b"a:\r\n"),
    "folds": b"Subject: x" + fill(b"\r\n x"),
    "words": field(b"Subject", fill(b"=?utf-8?q?a?= ", 60_000)),
    "commas": (b"To: " + b"," * 3000 + b"\r\n") * 20 + b"\r\n",
    "lines": fill(b"\r\n"),
    "no-line": fill(b"x"),
    "bare-cr": b"A: b\r" + fill(b"\r"),
    "empty": b"",
}
HOSTILE |= {
    f"charset-{name[:12]}": body(b"text/plain; charset=" + name.encode(), b"a\xff=")
    for name in ["rot13", "hex", "zip", "undefined", "\0", "unknown", "idna", "x" * 99]
}
HOSTILE |= {
    f"{kind}-{unit!r}": body(b"text/" + kind.encode(), fill(unit))
    for kind in ("plain", "html")
    for unit in (
        b"<",
        b"<a ",
        b'<a href="',
        b"<a href='x:y'>",
        b"<a " + b"href " * 1000,
        b"<!--",
        b"<style",
        b"&#9",
        b"9",
        b"http://a" + b")" * 8000 + b" ",
        b"https://a.b/c ",
    )
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_read_in_time(name):
    """And nothing is raised."""
    envelope = read(HOSTILE[name])
    start = time.process_time()
    read_all(envelope)
    assert time.process_time() - start < SECONDS


OCTETS = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            b"To: |Cc:|Subject: |Content-Type: |Content-Disposition: |multipart/mixed"
            b"|message/rfc822|text/html|text/plain|; boundary=b|; charset=|; name*0*="
            b'|utf-7|hz|=?utf-8?b?|=?x?q?|?=|"|(|)|<|>|[|]|:|;|,|@|\\|--b|--b--|%ff'
            b"|Content-Transfer-Encoding: base64|=|a|\xc3\xa9|\r\n\r\n|\r\n|\n|\r|\t| "
            b"|From |From : |\xef\xbb\xbf|<a href=|&#x|https://|12345".split(b"|")
        ),
    ),
    max_size=60,
).map(b"".join)


@pytest.mark.slow
@settings(
    max_examples=some(300), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(OCTETS)
def test_any_octets_can_be_read(content):
    """Whatever they are, and nothing is raised."""
    read_all(read(content))
    assert read(content) == read(content)


def test_a_bare_cr_begins_no_header_field():
    """Subject, and no Bcc that only one reader sees."""
    one = read(b"Subject: a\rBcc: v@x.example\r\n\r\n")
    assert one.subject == "a\rBcc: v@x.example"
    assert one.recipients_in_headers == ()
    assert one.message.keys() == ["Subject"]
    assert one.trouble == ("a CR without its LF in the header",)


def test_a_byte_order_mark_does_not_hide_the_header():
    """It is left out, and reported."""
    one = read(b"\xef\xbb\xbfSubject: a\r\n\r\n")
    assert (one.subject, one.message["subject"]) == ("a", "a")
    assert one.trouble == ("a byte order mark before the header",)


def test_white_space_before_the_first_colon_does_not_hide_the_header():
    """``From :`` is a field (RFC 5322 section 4.5), and no line of an mbox."""
    one = read(b"From : a@x.example\r\nSubject: a\r\n\r\n")
    assert (one.header("from"), one.subject) == ("a@x.example", "a")
    assert one.message.keys() == ["From", "Subject"]


def test_a_line_of_an_mbox_is_left_out():
    """It is no field."""
    one = read(b"From a@x.example Thu Jan  1 00:00:00 1970\r\nSubject: a\r\n\r\n")
    assert one.subject == "a"
    assert one.trouble == ("a 'From ' line of an mbox before the header",)


def test_a_nul_is_kept_and_reported():
    """The octets are the truth."""
    one = read(b"Subject: a\0b\r\n\r\n")
    assert one.subject == "a\0b"
    assert one.trouble[0] == "a NUL in the header"


def test_eight_bit_headers_are_reported():
    """They are shown as ISO-8859-1."""
    one = read(b"Subject: caf\xe9\r\n\r\n")
    assert one.subject == "caf\xe9"
    assert one.trouble == ("octets in the header that are neither ASCII nor UTF-8",)


def test_utf8_headers_are_no_trouble():
    """RFC 6532."""
    one = read("Subject: café\r\n\r\n".encode())
    assert (one.subject, one.trouble) == ("café", ())


def test_of_a_long_header_the_beginning_is_read():
    """And the body all the same."""
    one = read(b"A: " + b"a" * 70_000 + b"\r\nB: b\r\n\r\nText")
    assert (len(one.header("a")), one.header("b"), one.text) == (
        65_536 - 1,
        None,
        "Text",
    )
    assert one.trouble == (
        "the header is over 65536 octets: only these are read",
        "message holds the raw text only: its header is over 65536 octets",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("parts-50000", "it may have over 1000 parts"),
        ("nested-400", "over 50 multiparts, or messages, are in it"),
        ("nested-49-lines", "it has too many lines"),
        ("parameters-in-each-part", "it has too much in its headers"),
    ],
)
def test_what_is_too_much_for_the_email_package_is_raw(name, why):
    """The message has no headers; all of it is its payload."""
    one = read(HOSTILE[name])
    assert one.message.keys() == []
    assert one.message.get_payload(decode=True) == HOSTILE[name]
    assert one.trouble[-1] == f"message holds the raw text only: {why}"


def test_an_exception_of_the_email_package_makes_the_message_raw(monkeypatch):
    """There is always one more, where a header is longer than those it surely reads."""

    def fail(*args, **kwargs):
        raise RecursionError

    parsing = "lazr_smtptest.mime.parsing.message_from_bytes"
    monkeypatch.setattr(parsing, fail)
    one = read(b"A: " + b"b" * 300 + b"\r\n\r\n")
    assert one.message.keys() == []
    assert one.trouble == (
        "message holds the raw text only: the email package raises RecursionError",
    )


@pytest.mark.parametrize("name", ["addresses", "comments", "colons", "groups"])
def test_a_costly_header_is_plain_text_in_the_message(name):
    """As with compat32, and it is written as it came."""
    one = read(HOSTILE[name])
    value = HOSTILE[name][4:].partition(b"\r\n")[0].decode()
    assert one.message["to"] == value
    assert "message has To as text" in one.trouble


def test_the_addresses_of_300_recipients_are_no_cost():
    """Real messages have that many."""
    assert len(read(HOSTILE["addresses-300"]).message["to"].addresses) == 300


def test_a_header_that_raises_is_plain_text_in_the_message(monkeypatch):
    """As with compat32."""

    def fail(*args, **kwargs):
        raise IndexError

    monkeypatch.setattr("email.headerregistry.HeaderRegistry.__call__", fail)
    assert read(b"Cc: (c):\r\n\r\n").message["cc"] == "(c):"


def test_plain_text_is_written_as_it_came():
    """Nothing is folded, or decoded, when the message is turned into octets."""
    content = HOSTILE["comments"]
    assert read(content).message.as_bytes() == content.replace(b"\r\n", b"\n")


def test_a_plain_text_header_can_be_put_into_another_message():
    """As it is, on one line."""
    other = EmailMessage()
    other["To"] = read(HOSTILE["colons"]).message["to"]
    assert other.as_string() == f"To: {':' * 3000}\n\n"


def test_a_costly_content_type_keeps_its_value():
    """Its parameters are what costs."""
    assert read(HOSTILE["semicolons"]).message.get_content_type() == "text/plain"


def test_over_1000_addresses_are_reported():
    """The first 1000 are read."""
    one = read(field(b"To", b"".join(b"u%d@x," % number for number in range(1200))))
    assert len(one.recipients_in_headers) == 1000
    assert "1000 addresses or more in to: the rest is not read" in one.trouble


def test_an_unknown_charset_is_reported():
    """And the text is read as UTF-8."""
    one = read(body(b"text/plain; charset=rot13", "é".encode()))
    assert (one.text, one.trouble) == ("é", ("text/plain: unknown charset 'rot13'",))


def test_an_unknown_charset_of_a_word_is_reported():
    """And the word is decoded all the same."""
    one = read(b"Subject: =?hex?q?=41?=\r\n\r\n")
    assert (one.subject, one.trouble) == ("A", ("unknown charset 'hex'",))


def test_an_unknown_transfer_encoding_of_an_attachment_is_reported():
    """And its octets are as they came."""
    fields = b"Content-Transfer-Encoding: uu\r\nContent-Type: image/png\r\n\r\nx"
    one = read(fields)
    assert one.attachments[0].content == b"x"
    assert one.trouble == ("image/png: unknown transfer encoding 'uu'",)
