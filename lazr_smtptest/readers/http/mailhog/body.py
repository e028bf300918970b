"""The bodies of requests, as clients of MailHog send them."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.json_text import without_mark

__all__ = ["number_of", "object_of"]


def object_of(call: Call) -> dict[str, Any]:
    """Return the JSON object in a body, its keys in lower case.

    Raises:
        HTTPError: 400, it is no JSON object.
    """
    try:
        value = json.loads(without_mark(call.body), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _bad("Error decoding request body") from error
    if not isinstance(value, dict):
        raise _bad("Error decoding request body")
    return {name.lower(): each for name, each in value.items()}


def number_of(name: str, value: object, most: float) -> float:
    """Return a number from 0 to `most`.

    Raises:
        HTTPError: 400, it is something else.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Also false for not a number.
    if is_number and 0 <= value <= most:  # type: ignore[operator]
        return value  # type: ignore[return-value]
    raise _bad(f"bad {name} {value!r:.100}: it must be a number from 0 to {most:g}")


def _refuse(name: str) -> None:
    """Refuse NaN and Infinity, which Python takes for JSON."""
    raise ValueError(name)


def _bad(message: str) -> HTTPError:
    return HTTPError(HTTPStatus.BAD_REQUEST, message)
