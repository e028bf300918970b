"""`lazr_smtptest.mailbox.hints`: what explains a difference, and only that."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest

from lazr_smtptest.mailbox.hints import hints
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.smtp.limits import Limits

from ..wire import Wire

BOB, EVE, SHOP = "bob@example.com", "eve@example.com", "shop@example.com"


def message(
    text: str | None = None,
    html: str | None = None,
    to: tuple[str, ...] = (BOB,),
    sender: str = SHOP,
    **fields: str,
) -> Envelope:
    mail = EmailMessage()
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    if text is not None:
        mail.set_content(text)
    if html is not None:
        mail.set_content(html, subtype="html")
    content = mail.as_bytes().replace(b"\n", b"\r\n")
    return Envelope(mail_from=sender, rcpt_tos=to, content=content)


def raw(subject: bytes) -> Envelope:
    content = b"Subject: " + subject + b"\r\n\r\nHi.\r\n"
    return Envelope(mail_from=SHOP, rcpt_tos=(BOB,), content=content)


def given(envelope: Envelope, **criteria: Any) -> list[str]:
    """Return the hints on the one criterion that the message does not meet."""
    (missed,) = Criteria.of(**criteria).missed(envelope)
    return list(hints(missed, envelope))


def wrongly_read(text: str, charset: str = "latin-1", times: int = 1) -> str:
    for _ in range(times):
        text = text.encode().decode(charset)
    return text


@pytest.mark.parametrize(
    "text", ["Gr\xfc\xdfe", "\u20ac 5", "na\xefve caf\xe9", "\u65e5\u672c"]
)
def test_utf8_that_was_read_as_latin_1_is_named(text: str) -> None:
    """Reading it right makes it the wanted text."""
    envelope = message("Hi", subject=wrongly_read(text))
    assert given(envelope, subject=text) == [
        "its UTF-8 was read as Windows-1252 or ISO-8859-1"
    ]


def test_utf8_that_was_read_as_windows_1252_is_named() -> None:
    """Which has other characters for some bytes."""
    price = wrongly_read("5 \u20ac", "cp1252")
    envelope = message(f"Price: {price}\n")
    assert given(envelope, text="5 \u20ac") == [
        "its UTF-8 was read as Windows-1252 or ISO-8859-1"
    ]


def test_utf8_that_was_read_wrongly_twice_is_named() -> None:
    """By two programs, one after the other."""
    envelope = message("Hi", subject=wrongly_read("Gr\xfc\xdfe", times=2))
    assert given(envelope, subject="Gr\xfc\xdfe") == [
        "its UTF-8 was read as Windows-1252 or ISO-8859-1, twice"
    ]


def test_characters_that_became_question_marks_are_named() -> None:
    """They are lost."""
    assert given(message("Hi", subject="Gr??e"), subject="Gr\xfc\xdfe") == [
        "characters outside of ASCII were replaced by ?"
    ]


def test_bytes_of_another_charset_are_named() -> None:
    """Replacement characters stand for them."""
    envelope = message("Hi", subject="Gr\ufffd\ufffde")
    assert given(envelope, subject="Gr\xfc\xdfe") == [
        "bytes are not of the charset that the message declares"
    ]


def test_an_encoded_word_that_is_encoded_twice_is_named() -> None:
    """Decoding it gives an encoded word again."""
    envelope = raw(b"=?utf-8?q?=3D=3Futf-8=3Fq=3FGr=3DC3=3DBC=3DC3=3D9Fe=3F=3D?=")
    assert "RFC 2047" in given(envelope, subject="Gr\xfc\xdfe")[0]


def test_quoted_printable_that_is_not_decoded_is_named() -> None:
    """As where the encoding is not declared."""
    envelope = message("Gr=C3=BC=C3=9Fe\n")
    assert "quoted-printable" in given(envelope, text="Gr\xfc\xdfe")[0]


def test_html_escapes_in_a_plain_text_are_named() -> None:
    """A template for HTML made it."""
    envelope = message("Hi", subject="Tom &amp; Jerry")
    assert given(envelope, subject="Tom & Jerry") == [
        "it has HTML escapes, such as &amp; for &"
    ]


def test_that_html_is_looked_at_as_source_is_told() -> None:
    """There & is written otherwise."""
    envelope = message(html="<p>Tom &amp; Jerry</p>")
    assert given(envelope, html="Tom & Jerry") == [
        "html= looks at the source, where & is written as &amp;"
    ]


def test_tags_between_words_are_told() -> None:
    """A reader does not see them."""
    envelope = message(html="<p>Hello <b>Bob</b></p>")
    assert given(envelope, html="Hello Bob") == [
        "html= looks at the source, in which tags stand between"
    ]


@pytest.mark.parametrize(
    "placeholder",
    [
        "{{ name }}",
        "{{name}}",
        "${name}",
        "%(name)s",
        "{name}",
        "<%= name %>",
        "<% name %>",
        "{% name %}",
        "*|NAME|*",
        "[[name]]",
        "$name",
    ],
)
def test_a_placeholder_that_was_not_filled_in_is_named(placeholder: str) -> None:
    """Where the wanted text has something else."""
    hint = f"{placeholder} was not filled in"
    assert given(message("x", subject=f"Hi {placeholder}!"), subject="Hi Bob!") == [
        hint
    ]
    envelope = message(f"Dear {placeholder},\nhello.\n")
    assert given(envelope, text="Dear Bob,\nhello.") == [hint]
    assert given(envelope, text="Dear Bob,") == [hint]


@pytest.mark.parametrize("value", ["None", "null", "undefined", "[object Object]"])
def test_a_value_that_a_program_did_not_have_is_named(value: str) -> None:
    """It writes its own word for that."""
    envelope = message("x", subject=f"Dear {value}")
    assert given(envelope, subject="Dear Bob") == [
        f"{value} is there in place of a value"
    ]


@pytest.mark.parametrize(
    ("envelope", "criteria"),
    [
        (message("x", subject="{{ name }}: hello"), {"subject": "{{ name }}: bye"}),
        (message("Hi {{ name }}, see a, b and c\n"), {"text": "see a, b and d"}),
        (message("x", subject="Gr\xfc\xdfe"), {"subject": "Gru\xdf"}),
        (message("x", subject="Caf\xc3\xa9"), {"subject": "Other \xe9"}),
        (message("x", subject="Tom &amp; Jerry"), {"subject": "Tom & Jim"}),
        (message("x", subject="Order 17"), {"subject": "Order 18"}),
        (message("x", subject="Order 17"), {"subject": "Invoice*"}),
        (message("x", subject="a.b"), {"subject": r"\d+"}),
        (message("x", bcc=EVE), {"recipient": "zoe@example.com"}),
        (message("x", From=EVE), {"sender": "zoe@example.com"}),
        (message("x", To=BOB), {"to": EVE}),
        (message("x"), {"html": "Other"}),
    ],
)
def test_what_does_not_explain_the_difference_is_not_told(
    envelope: Envelope, criteria: Any
) -> None:
    """A hint that leads elsewhere costs more time than none."""
    found = given(envelope, **criteria)
    assert [each for each in found if "no html" not in each] == []


@pytest.mark.parametrize("field", ["To", "Cc", "Bcc"])
def test_a_field_that_names_a_recipient_whom_the_envelope_lacks_is_told(
    field: str,
) -> None:
    """A header sends nothing to anybody."""
    envelope = message("x", to=(EVE,), **{field: BOB})
    assert given(envelope, recipient=BOB) == [
        f"the field {field} names it, the envelope does not: "
        "the client gave no RCPT for it"
    ]


def test_a_recipient_that_was_refused_is_told() -> None:
    """The client gave it, whatever the header says."""
    wire = Wire(limits=Limits(recipients=1))
    for line in ("EHLO c", f"MAIL FROM:<{SHOP}>", f"RCPT TO:<{EVE}>"):
        wire.say(line)
    for line in (f"RCPT TO:<{BOB}>", "DATA", f"To: {EVE}, {BOB}", ""):
        wire.say(line)
    wire.say("Hi.", ".")
    (envelope,) = wire.envelopes
    assert given(envelope, recipient=BOB) == [
        "the client gave RCPT for it, which was refused with "
        "452 4.5.3 too many recipients"
    ]


def test_a_bcc_in_the_header_is_told() -> None:
    """Every recipient sees it."""
    (hint,) = given(message("x", Bcc=BOB), bcc=BOB)
    assert hint.startswith("the field Bcc names it, so every recipient sees it")


def test_a_recipient_of_a_message_without_a_to_field_is_told() -> None:
    """`to` is the field; the recipient is in the envelope."""
    assert given(message("x"), to=BOB) == [
        "the message has no field To",
        "the envelope has it as a recipient: use recipient=",
    ]


def test_another_field_that_names_an_address_is_told() -> None:
    """Its own keyword finds it."""
    envelope = message("x", to=(EVE,), To=EVE, Cc=BOB)
    assert given(envelope, to=BOB) == ["the field Cc names it: use cc="]


@pytest.mark.parametrize("field", ["From", "Sender", "Reply-To"])
def test_a_field_that_names_the_sender_whom_the_envelope_lacks_is_told(
    field: str,
) -> None:
    """Bounces go to the sender of the envelope, which is another address."""
    envelope = message("x", sender="bounce@example.com", **{field: f"Shop <{SHOP}>"})
    assert given(envelope, sender=SHOP) == [
        f"the field {field} has it: sender= is the sender of the envelope (MAIL FROM)"
    ]


def test_a_sender_of_the_envelope_whom_the_field_lacks_is_told() -> None:
    """The other way round."""
    envelope = message("x", From="noreply@example.com")
    assert given(envelope, header={"From": SHOP}) == [
        "the envelope has it as its sender (MAIL FROM): use sender="
    ]


@pytest.mark.parametrize(
    ("criteria", "regex"),
    [
        ({"subject": "Order*"}, r"Order.*"),
        ({"subject": "Order ??"}, r"Order\ .."),
        ({"subject": "*17"}, r".*17"),
        ({"text": "code: *."}, r"code:\ .*\."),
        ({"header": {"Subject": "Order*"}}, r"Order.*"),
    ],
)
def test_wildcards_where_a_text_takes_none_are_told(criteria: Any, regex: str) -> None:
    """With the expression that does what was meant."""
    envelope = message("Your code: 4711.\n", subject="Order 17")
    (hint,) = given(envelope, **criteria)
    assert hint.endswith(f"takes no wildcards: use re.compile({regex!r})")
    (name, _) = criteria.popitem()
    pattern = re.compile(regex)
    fixed = {"Subject": pattern} if name == "header" else pattern
    assert Criteria.of(**{name: fixed})(envelope)


@pytest.mark.parametrize("pattern", [r"Order \d+", "^Order", "Order.+", "[0-9]+$"])
def test_a_regular_expression_in_a_text_is_told(pattern: str) -> None:
    """It has to be compiled."""
    assert given(message("x", subject="Order 17"), subject=pattern) == [
        f"subject is a text, not a pattern: use re.compile({pattern!r})"
    ]


def test_what_is_no_regular_expression_either_is_no_hint() -> None:
    """Nothing could be compiled."""
    assert given(message("x", subject="Order 17"), subject=r"\d(") == []


@pytest.mark.parametrize(
    ("envelope", "criteria", "use"),
    [
        (message(html="<p>Hello</p>"), {"text": "Hello"}, "only html: use html="),
        (message("Hello"), {"html": "Hello"}, "only text: use text="),
        (message("Hello"), {"html": "Bye"}, "only text"),
    ],
)
def test_a_body_of_the_other_kind_is_told(
    envelope: Envelope, criteria: Any, use: str
) -> None:
    """And whether it has what was looked for."""
    (hint,) = given(envelope, **criteria)
    assert hint.endswith(use)


@pytest.mark.parametrize(
    ("wanted", "value"), [("Welcome ", "Welcome"), (" Welcome", "Welcome")]
)
def test_white_space_at_the_ends_of_a_wanted_field_is_named(
    wanted: str, value: str
) -> None:
    """No field has any."""
    hint = "white space at the ends of a field is left out"
    envelope = message("x", subject=value)
    assert given(envelope, subject=wanted) == [hint]
    assert given(envelope, header={"Subject": wanted}) == [hint]


def test_html_that_is_looked_for_in_the_text_is_named() -> None:
    """Whether the message has a text beside its HTML, or none."""
    html = "<p>Your code is <b>481516</b></p>"
    both = multipart("Your code is 481516", html)
    wanted = "<b>481516</b>"
    assert given(both, text=wanted) == ["the HTML has it: use html="]
    assert given(message(html=html), text=wanted) == [
        "the message has no text, only html: use html="
    ]
    assert Criteria.of(html=wanted)(both)


def test_a_text_that_is_looked_for_in_the_html_is_named() -> None:
    """The other way round."""
    both = multipart("Your code: 481516", "<p>481516</p>")
    assert "the text has it: use text=" in given(both, html="code: 481516")


def multipart(text: str, html: str) -> Envelope:
    mail = EmailMessage()
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    content = mail.as_bytes().replace(b"\n", b"\r\n")
    return Envelope(mail_from=SHOP, rcpt_tos=(BOB,), content=content)


@pytest.mark.parametrize(
    "mark",
    ["{user.first_name}", "%s", "#{name}", "@Model.Name", "[NAME]", "{{ name }}"],
)
def test_a_variable_of_any_template_language_is_named(mark: str) -> None:
    """It stands where the value should."""
    envelope = message("x", subject=f"Hello {mark}, hi")
    assert f"{mark} was not filled in" in given(envelope, subject="Hello Anna, hi")


@pytest.mark.parametrize("mark", ["b'Anna'", "<Customer object at 0x7f01>", "nan"])
def test_a_value_as_python_writes_it_is_named(mark: str) -> None:
    """A byte string, an object without a text, no number."""
    envelope = message("x", subject=f"Hello {mark}, hi")
    found = given(envelope, subject="Hello Anna, hi")
    assert f"{mark} is there in place of a value" in found


def test_all_variables_that_were_not_filled_in_are_named() -> None:
    """But no price."""
    envelope = message("x", subject="Hello $name of $town, $50")
    found = given(envelope, subject="Hello Anna of Bonn, $50")
    assert found == ["$name and $town were not filled in"]


@pytest.mark.parametrize("text", ["Save 5% soon", "[Shop] Hi", "a %d%% b", "bananas"])
def test_what_only_looks_like_a_variable_is_not_named(text: str) -> None:
    """A percent sign, a tag of the subject."""
    assert given(message("x", subject=text), subject=f"Dear {text}") == []


def test_escaped_tags_are_told() -> None:
    """The text of a page is HTML already."""
    envelope = message(html="<p>&lt;b&gt;Hi&lt;/b&gt;</p>")
    assert given(envelope, html="<b>Hi</b>") == [
        "its tags are escaped: &lt; in place of <"
    ]
