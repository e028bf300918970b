"""Malformed fields in the header of a message (RFC 5322, RFC 2045)."""

from __future__ import annotations

import re
from datetime import datetime

from lazr_smtptest.mime.addresses import MOST, address_trouble, read_addresses
from lazr_smtptest.mime.charsets import guess
from lazr_smtptest.mime.comments import without_comments
from lazr_smtptest.mime.fields import Fields
from lazr_smtptest.mime.lists import list_trouble
from lazr_smtptest.mime.words import decode_words

__all__ = ["field_trouble"]

_SHOWN = 64

# RFC 5322 section 3.6, RFC 2045, RFC 2183.
_ONCE = (
    *("Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID"),
    *("In-Reply-To", "References", "Subject", "MIME-Version", "Content-Type"),
    *("Content-Transfer-Encoding", "Content-Disposition", "Content-ID"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
)
_OF_ADDRESSES = (
    *("From", "Sender", "Reply-To", "To", "Cc", "Bcc"),
    *("Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc"),
)
# Fields without text, in which encoded words are not decoded (RFC 2047 section 5).
_NO_TEXT = (
    *("Date", "Message-ID", "In-Reply-To", "References", "MIME-Version"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "Return-Path"),
    *("List-Help", "List-Owner", "List-Archive", "List-Subscribe", "Received"),
)

_ID = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DATE = re.compile(
    rf"(?i)(?:({'|'.join(_DAYS)}) ?, ?)?([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) "
    r"([0-9]{2,4}) ([0-9]{2}) ?: ?([0-9]{2})(?: ?: ?([0-9]{2}))? "
    # The names are obsolete (RFC 5322 section 4.3).
    r"(?:[+-][0-9]{2}[0-5][0-9]|UTC?|GMT|[ECMP][SD]T|[A-IK-Z])"
)


def field_trouble(fields: Fields) -> list[str]:
    """Return what is malformed in a header; never raises."""
    trouble: list[str] = []
    for name in _ONCE:
        count = len(fields.all(name))
        if count > 1:
            trouble.append(f"{count} {name} fields: only one is allowed")
    for name in _OF_ADDRESSES:
        for body in fields.all(name):
            trouble += _wrong_addresses(name, body)
    for name in _NO_TEXT:
        if any(decode_words(body)[0] != guess(body) for body in fields.all(name)):
            trouble.append(
                f"{name}: an encoded word, which nobody decodes there (RFC 2047 "
                "section 5)"
            )
    for body in fields.all("Date"):
        trouble += _wrong_date(body)
    trouble += _wrong_ids(fields)
    for body in fields.all("MIME-Version"):
        if "".join(without_comments(guess(body)).split()) != "1.0":
            trouble.append(
                f"MIME-Version: {_shown(body)} is not '1.0' (RFC 2045 section 4)"
            )
    return trouble + list_trouble(fields)


def _shown(body: bytes) -> str:
    return repr(guess(body[: 4 * _SHOWN])[:_SHOWN])


def _wrong_addresses(name: str, body: bytes) -> list[str]:
    trouble = [f"{name}: {each}" for each in address_trouble(body)]
    if not body.strip() and name != "Bcc":
        trouble.append(f"{name}: the field is empty")
    if body.count(b"@") >= MOST and len(read_addresses(body)) == MOST:
        trouble.append(
            f"{MOST} addresses or more in {name.lower()}: the rest is not read"
        )
    return trouble


def _wrong_date(body: bytes) -> list[str]:
    text = " ".join(without_comments(guess(body)).split())
    found = _DATE.fullmatch(text)
    wrong = f"Date: {_shown(body)} is no date (RFC 5322 section 3.3)"
    if found is None:
        return [wrong]
    day, month, year = int(found[2]), _MONTHS.index(found[3].lower()) + 1, int(found[4])
    if len(found[4]) < 4:  # RFC 5322 section 4.3
        year += 2000 if year < 50 else 1900
    seconds = min(int(found[7] or 0), 59)  # a leap second is 60
    try:
        date = datetime(year, month, day, int(found[5]), int(found[6]), seconds)
    except ValueError:
        return [wrong]
    if int(found[7] or 0) > 60:
        return [wrong]
    if found[1] and _DAYS[date.weekday()] != found[1].lower():
        return [f"Date: {_shown(body)} is no {found[1]}"]
    return []


def _wrong_ids(fields: Fields) -> list[str]:
    trouble = []
    for body in fields.all("Message-ID"):
        if _ID.fullmatch(without_comments(guess(body)).strip()) is None:
            trouble.append(
                f"Message-ID: {_shown(body)} is not as <left@right> (RFC 5322 section "
                "3.6.4)"
            )
    for name in ("In-Reply-To", "References"):
        for body in fields.all(name):
            if _ID.search(guess(body)) is None:
                trouble.append(f"{name}: no message id <left@right> in {_shown(body)}")
    return trouble
