"""Shared parts of the handlers of Mailpit's API: names, searches, bodies, errors."""

from __future__ import annotations

import json
from datetime import datetime, timezone, tzinfo
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from lazr_smtptest.errors import QueryError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.dates import parse_date
from lazr_smtptest.query.parser import LONGEST
from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.call import LONG, Call
from lazr_smtptest.readers.http.json_text import without_mark
from lazr_smtptest.readers.http.mailpit.queries import translate
from lazr_smtptest.readers.http.routes import NoPathError
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = [
    "OK",
    "bad",
    "body_of",
    "describe",
    "find",
    "not_found",
    "plain",
    "query_of",
    "whole_number",
    "zone_of",
]

_NO_PAGE = "404 page not found"

# The most levels of arrays and objects in a body.
_DEEPEST = 100
_TOO_DEEP = f"it is nested more than {_DEEPEST} deep"

# What JSON calls the types of Python, but for numbers.
_KINDS = {
    list: "an array",
    str: "a string",
    bool: "true or false",
    type(None): "null",
}


def plain(text: str, status: int = HTTPStatus.OK) -> Answer:
    """Return an answer in plain text."""
    return Answer(
        status=status, body=text.encode("utf-8", "replace"), content_type="text/plain"
    )


# The answer to every change.
OK = plain("ok")


def describe(error: HTTPError) -> Answer:
    """Return the answer that describes an error: its text, and nothing else."""
    texts = {
        HTTPStatus.UNAUTHORIZED: "Unauthorized.\n",
        HTTPStatus.FORBIDDEN: "Blocked due to CORS violation",
    }
    text = texts.get(HTTPStatus(error.status), error.message)
    if isinstance(error, NoPathError):
        text = _NO_PAGE
    return Answer(
        status=error.status,
        body=text.encode("utf-8", "replace"),
        content_type="text/plain",
        headers=error.headers,
    )


def not_found() -> HTTPError:
    """Return the error of an id that names nothing."""
    return HTTPError(HTTPStatus.NOT_FOUND, _NO_PAGE)


def bad(message: str) -> HTTPError:
    """Return the error of a request that is wrong."""
    return HTTPError(HTTPStatus.BAD_REQUEST, message)


def body_of(call: Call) -> dict[str, Any]:
    """Return the JSON object in a body, its keys in lower case.

    What follows the object is ignored, unless the body is long.

    Raises:
        HTTPError: 400, it is no JSON object.
    """
    try:
        text = without_mark(call.body)
        value = _long(text) if len(text) > LONG else _short(text)
    except (ValueError, RecursionError) as error:
        raise bad(f"bad body: {_why_malformed(error)}") from error
    # Counted first, because most bodies have no more brackets than that.
    brackets = call.body.count(b"[") + call.body.count(b"{")
    if brackets > _DEEPEST and _is_deep(value):
        raise bad(f"bad body: {_TOO_DEEP}")
    if not isinstance(value, dict):
        got = _KINDS.get(type(value), "a number")
        raise bad(f"bad body: expected a JSON object, not {got}")
    return {name.lower(): each for name, each in value.items()}


def _why_malformed(error: Exception) -> str:
    """Return why a body is no JSON, without the words of Python's decoders."""
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, UnicodeDecodeError):
        return f"it is no UTF-8 (byte {error.start})"
    if isinstance(error, UnicodeEncodeError):
        return "it has half of a surrogate pair"
    if isinstance(error, json.JSONDecodeError):
        if error.pos == len(error.doc):
            return f"JSON is malformed: it is truncated (character {error.pos})"
        return f"JSON is malformed at character {error.pos}"
    return str(error)


def _short(body: bytes) -> Any:
    value, _ = _DECODER.raw_decode(body.decode().lstrip())
    if b"\\u" in body:
        # Half a surrogate pair is no text.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _long(body: bytes) -> Any:
    # It takes a fifth of the time, in which no other thread runs. Its errors are
    # ValueErrors.
    return msgspec.json.decode(body)


def _refuse(name: str) -> None:
    """Refuse NaN and Infinity, which Python takes for JSON."""
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in _inner(each)]
    return bool(level)


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def whole_number(call: Call, name: str, default: int, least: int) -> int:
    """Return a number in the query of the URL; the default if it is not right."""
    text = call.argument(name)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return default
    return int(text) if int(text) >= least else default


def zone_of(call: Call) -> tzinfo | None:
    """Return the time zone that a request names; ``None`` for the local one."""
    name = call.argument("tz")
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        # An unknown name is a KeyError, one with a null byte or a path another one.
        return None


def query_of(call: Call, search: str) -> str:
    """Return our query for a search of a request, and its argument ``before``."""
    if len(search) > LONGEST:
        raise bad(f"a search has at most {LONGEST} characters")
    query = translate(search, zone_of(call))
    before = call.argument("before")
    if before:
        try:
            time = parse_date(before, datetime.now(timezone.utc), zone_of(call))
        except ValueError:
            return query
        query = f'{query} -after:"{time.isoformat()}"'.strip()
    return query


async def find(reader: DeferredReader, call: Call) -> tuple[Envelope, Summary]:
    """Return the message of a request; ``latest`` is the newest one that matches.

    Raises:
        HTTPError: 404, there is none.
    """
    id = call.parameters["id"]
    if id == "latest":
        try:
            found = await reader.page(query_of(call, call.argument("query")), limit=1)
        except QueryError as error:
            raise bad(str(error)) from error
        if not found:
            raise HTTPError(HTTPStatus.NOT_FOUND, "Message not found")
        id = found[0].id
    envelope, summary = await reader.envelope(id), await reader.summary(id)
    if envelope is None or summary is None:
        raise not_found()
    return envelope, summary
