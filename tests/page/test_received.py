"""Received fields as a route."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

FIRST = (
    "from client.example (host-1.example [192.0.2.7])\r\n"
    "\tby mx1.example (Server 1; with a semicolon) with ESMTPSA id abc123\r\n"
    "\tfor <anna@example.com>; Fri, 27 Nov 2026 12:00:00 +0100 (CET)"
)
SECOND = "from mx1.example by mx2.example with SMTP; Fri, 27 Nov 2026 11:00:02 +0000"


def headers(*values):
    return [{"name": "Received", "value": value} for value in values]


def test_a_field_is_taken_apart(module):
    """Comments may have semicolons."""
    hop = module("received.js").call("parseReceived", FIRST)
    time = parsedate_to_datetime("Fri, 27 Nov 2026 12:00:00 +0100").timestamp()
    assert hop == {
        "from": "client.example",
        "by": "mx1.example",
        "with": "ESMTPSA",
        "tls": True,
        "time": time * 1000,
    }


def test_the_route_begins_at_the_sender(module):
    """The last field was written first; the delay is the time between two servers."""
    route = module("received.js").call("routeOf", headers(SECOND, FIRST))
    assert [hop["by"] for hop in route] == ["mx1.example", "mx2.example"]
    assert [hop["delay"] for hop in route] == [None, 2]


def test_clocks_that_differ_give_a_negative_delay(module):
    """It is not hidden."""
    route = module("received.js").call("routeOf", headers(FIRST, SECOND))
    assert route[1]["delay"] == -2


def test_a_field_without_a_date_is_passed_over_for_the_delay(module):
    """The delay is the time since the last date that is known."""
    route = module("received.js").call(
        "routeOf", headers(SECOND, "by relay.example", FIRST)
    )
    assert [hop["delay"] for hop in route] == [None, None, 2]


@pytest.mark.parametrize(
    ("protocol", "is_encrypted"),
    [
        ("SMTP", False),
        ("ESMTP", False),
        ("ESMTPA", False),
        ("ESMTPS", True),
        ("ESMTPSA", True),
        ("UTF8SMTPS", True),
        ("LMTP", False),
        ("HTTP", False),
    ],
)
def test_the_protocol_says_whether_it_was_encrypted(module, protocol, is_encrypted):
    """The S of RFC 3848 stands for TLS."""
    field = f"from a by b with {protocol}; 1 Jan 2026 00:00 +0000"
    assert module("received.js").call("parseReceived", field)["tls"] is is_encrypted


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 27 Nov 2026 12:00:00 +0100",
        "27 Nov 26 12:00 EST",
        "1 Jan 99 00:00:60 -0000",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "1 (one) Feb (two) 2024 10 : 11 : 12 -0330",
    ],
)
def test_dates_are_those_of_python(module, date):
    """Dates of RFC 5322, also obsolete ones, are what Python takes them for."""
    plain = date.replace("(one) ", "").replace("(two) ", "").replace(" : ", ":")
    plain = plain.replace(":60", ":59")
    expected = parsedate_to_datetime(plain)
    if expected.tzinfo is None:
        from datetime import timezone

        expected = expected.replace(tzinfo=timezone.utc)
    found = module("received.js").call("parseDate", date)
    assert found == expected.timestamp() * 1000


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "about 7",
        "32 Jan 2026 00:00",
        "1 Foo 2026 00:00",
        "1 Jan 2026 25:00",
    ],
)
def test_what_is_no_date_is_none(module, date):
    """It is left out, not guessed."""
    assert module("received.js").call("parseDate", date) is None


def test_fields_without_end_are_bounded(module):
    """Parentheses without end, and thousands of fields, are read up to a bound."""
    many = headers(*["(" * 5000 + ";"] * 3000)
    assert len(module("received.js").call("routeOf", many)) == 200
