"""Malformed fields are in trouble, and none of them is silently empty."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.lists import list_links
from lazr_smtptest.model.envelope import Envelope

from .times import SECONDS


def read(*fields: str) -> Envelope:
    """Make a message that has these fields."""
    content = "".join(f"{field}\r\n" for field in fields) + "\r\nHi\r\n"
    return Envelope(mail_from="", rcpt_tos=(), content=content.encode())


NO_URL = "has no URL in angle brackets (RFC 2369 section 2)"
NO_DATE = "is no date (RFC 5322 section 3.3)"
NO_ID = "is not as <left@right> (RFC 5322 section 3.6.4)"


@pytest.mark.parametrize(
    ("field", "trouble"),
    [
        ("https://x/u", f"'https://x/u' {NO_URL}"),
        ("mailto:a@b, https://x/u", f"'mailto:a@b, https://x/u' {NO_URL}"),
        ("", f"'' {NO_URL}"),
        ("<>", f"'<>' {NO_URL}"),
        ("(<https://x/u>)", f"'(<https://x/u>)' {NO_URL}"),
        ("<x/u>", "'x/u' is no URL"),
        ("<{{ unsubscribe_url }}>", "'{{unsubscribe_url}}' is no URL"),
    ],
)
@pytest.mark.parametrize("name", ["List-Unsubscribe", "List-Help"])
def test_a_list_field_without_a_url_is_reported(name, field, trouble):
    """A reader ignores it (RFC 2369 section 2)."""
    assert read(f"{name}: {field}").trouble == (f"{name}: {trouble}",)


def test_an_encoded_list_unsubscribe_is_reported_and_not_decoded():
    """No reader decodes it, so a test must not find a URL in it."""
    message = read("List-Unsubscribe: =?utf-8?q?=3Chttps=3A//x/u=3E?=")
    assert message.list_unsubscribe == ()
    assert (
        "List-Unsubscribe: an encoded word, which nobody decodes there (RFC 2047 "
        "section 5)"
    ) in message.trouble


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        (
            [
                "List-Unsubscribe: <https://x/u>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            ],
            [],
        ),
        (
            ["List-Unsubscribe: <https://x/u>", "List-Unsubscribe-Post: One-Click"],
            ["'One-Click' is not 'List-Unsubscribe=One-Click' (RFC 8058)"],
        ),
        (
            [
                "List-Unsubscribe: <mailto:a@b>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            ],
            ["there is no https URL in List-Unsubscribe (RFC 8058)"],
        ),
        (
            ["List-Unsubscribe-Post: List-Unsubscribe=One-Click"],
            ["there is no https URL in List-Unsubscribe (RFC 8058)"],
        ),
    ],
)
def test_a_one_click_that_cannot_work_is_reported(fields, trouble):
    """RFC 8058 section 3.1."""
    expected = tuple(f"List-Unsubscribe-Post: {each}" for each in trouble)
    assert read(*fields).trouble == expected


@pytest.mark.parametrize(
    "field",
    [
        "List-Unsubscribe: <mailto:a@b?subject=x>, <https://x/u> (comment)",
        "List-Post: NO (it is read only)",
        "List-Post: <mailto:a@b>",
        "List-Id: The list <list.example.com>",
    ],
)
def test_a_list_field_as_it_should_be_is_no_trouble(field):
    """RFC 2369, RFC 2919."""
    assert read(field).trouble == ()


def test_a_list_id_without_brackets_is_reported():
    """RFC 2919 section 3."""
    assert read("List-Id: list.example.com").trouble == (
        "List-Id: 'list.example.com' has no identifier in angle brackets (RFC 2919 "
        "section 3)",
    )


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 27 Nov 2026 13:02:40 +0000",
        "27 Nov 2026 13:02 GMT",
        "Fri,27 Nov 2026 13:02:40 -0330 (NST)",
        "Fri, 27 Nov 26 13 : 02 : 60 EST",
        "Wed, 27 Nov 96 13:02:40 Z",
        "(c) fri, 27 nov 2026 13:02:40 utc",
    ],
)
def test_a_date_as_it_should_be_is_no_trouble(date):
    """RFC 5322 sections 3.3 and 4.3."""
    assert read(f"Date: {date}").trouble == ()


@pytest.mark.parametrize(
    ("date", "trouble"),
    [
        ("2026-11-27T13:02:40Z", NO_DATE),
        ("", NO_DATE),
        ("Fri, 27 Nov 2026 13:02:40", NO_DATE),
        ("Fri, 32 Nov 2026 13:02:40 +0000", NO_DATE),
        ("Sun, 30 Feb 2026 13:02:40 +0000", NO_DATE),
        ("Fri, 27 Nov 2026 25:02:40 +0000", NO_DATE),
        ("Fri, 27 Nov 2026 13:02:61 +0000", NO_DATE),
        ("Fri, 27 Nov 2026 13:02:40 +0099", NO_DATE),
        ("Fri, 27 November 2026 13:02:40 +0000", NO_DATE),
        ("Fr, 27. Nov 2026 13:02:40 +0100", NO_DATE),
        ("Mon, 27 Nov 2026 13:02:40 +0000", "is no Mon"),
    ],
)
def test_a_date_that_is_none_is_reported(date, trouble):
    """RFC 5322 section 3.3."""
    assert read(f"Date: {date}").trouble[0] == f"Date: {date!r} {trouble}"


@pytest.mark.parametrize(
    "field",
    [
        "Message-ID: <a@b>",
        'Message-ID: <"a..b"@c> (c)',
        "References: <a@b> <c@d>",
        "In-Reply-To: Your message of today <a@b>",
    ],
)
def test_a_message_id_as_it_should_be_is_no_trouble(field):
    """RFC 5322 section 3.6.4."""
    assert read(field).trouble == ()


@pytest.mark.parametrize("field", ["a@b", "<a>", "<a@b", "<a@b> <c@d>", "<a b@c>", ""])
def test_a_message_id_that_is_none_is_reported(field):
    """RFC 5322 section 3.6.4."""
    assert read(f"Message-ID: {field}").trouble[0] == f"Message-ID: {field!r} {NO_ID}"


@pytest.mark.parametrize("name", ["In-Reply-To", "References"])
def test_a_reference_to_nothing_is_reported(name):
    """RFC 5322 section 3.6.4."""
    assert read(f"{name}: a@b").trouble == (
        f"{name}: no message id <left@right> in 'a@b'",
    )


@pytest.mark.parametrize(
    "field",
    [
        "From: a@b",
        "Subject: x",
        "To: a@b",
        "Date: Fri, 27 Nov 2026 13:02:40 +0000",
        "Message-ID: <a@b>",
        "Content-Type: text/plain",
        "List-Unsubscribe: <https://x/u>",
    ],
)
def test_a_field_that_is_there_twice_is_reported(field):
    """RFC 5322 section 3.6: only one is allowed."""
    name = field.partition(":")[0]
    assert read(field, field.upper() if name == "To" else field).trouble == (
        f"2 {name} fields: only one is allowed",
    )


def test_other_fields_may_be_there_twice():
    """Such as those of servers on the way."""
    assert read("X-A: 1", "X-A: 2", "Comments: a", "Comments: b").trouble == ()


@pytest.mark.parametrize("name", ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"])
def test_a_field_that_holds_no_address_is_reported(name):
    """It would be silently empty."""
    assert read(f"{name}: Ann").trouble[0] == f"{name}: 'Ann' is no address"


@pytest.mark.parametrize(
    ("field", "trouble"),
    [
        ("To:", ("To: the field is empty",)),
        ("Bcc:", ()),
        ("To: undisclosed-recipients:;", ()),
        ("MIME-Version: 1.0 (of ours)", ()),
        ("MIME-Version: 1 . 0", ()),
        (
            "MIME-Version: 2.0",
            ("MIME-Version: '2.0' is not '1.0' (RFC 2045 section 4)",),
        ),
    ],
)
def test_a_field_is_reported_only_if_it_is_malformed(field, trouble):
    """RFC 5322 section 3.6.3, RFC 2045 section 4."""
    assert read(field).trouble == trouble


@pytest.mark.parametrize(
    ("body", "links"),
    [
        (b"<https://x/u>", ["https://x/u"]),
        (
            b"<mailto:a@b?subject=(x)> , <https://x/u>",
            ["mailto:a@b?subject=(x)", "https://x/u"],
        ),
        (b"(<https://no>) <https://x/\r\n u>", ["https://x/u"]),
        (b"<https://x/u", []),
        (b"https://x/u", []),
    ],
)
def test_the_urls_of_a_list_field_are_in_brackets(body, links):
    """RFC 2369 section 2; no comment takes one away."""
    assert list_links(body) == links


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Date", "Message-ID", "List-Unsubscribe", "To"])
@pytest.mark.parametrize("unit", ["<", "(", "<a@", "a@b ", "( ", "=?a?q?", "9 ", "\\("])
def test_a_hostile_field_is_checked_in_time(name, unit):
    """However long it is."""
    message = read(f"{name}: " + unit * (32_000 // len(unit)))
    begin = time.process_time()
    assert isinstance(message.trouble, tuple)
    assert time.process_time() - begin < SECONDS


@given(
    st.lists(
        st.sampled_from(
            [
                "Date: ",
                "To: ",
                "Message-ID: ",
                "List-Unsubscribe: ",
                "List-Post: ",
                "References: ",
                "<",
                ">",
                "(",
                ")",
                "a@b",
                "27 Nov ",
                "2026 ",
                "13:02",
                "\\",
                "=?utf-8?q?x?=",
                "\r\n",
                "https:",
                "é",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_any_message_is_checked_and_stays_as_it_is(text):
    """Nothing is raised, and the bytes are kept."""
    content = text.encode("latin-1")
    message = Envelope(mail_from="", rcpt_tos=("a@b",), content=content)
    assert all(isinstance(each, str) and each for each in message.trouble)
    assert message.content == content
