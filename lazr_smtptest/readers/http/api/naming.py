"""The message that the path of a request names."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["name_in", "name_of", "not_there"]


async def name_of(reader: DeferredReader, call: Call) -> str | int:
    """Return the id or the number of the message of a request.

    Args:
        reader: the store.
        call: the request. Its ``id`` may be ``latest``: the newest message, or the
            newest that matches ``query``.

    Raises:
        HTTPError: 404, ``latest`` is no message.
    """
    return _name_of(call) or await reader.ask(_latest, call)


def name_in(store: Any, call: Call) -> str | int:
    """Return what `name_of` does; in a thread."""
    return _name_of(call) or _latest(store, call)


def _name_of(call: Call) -> str | int:
    """Return the id or number in a path; ``""`` for that of the newest message."""
    name = call.parameters["id"]
    if name == "latest":
        return ""
    is_number = name.isascii() and name.isdecimal() and len(name) < 19
    return int(name) if is_number else name


def _latest(store: Any, call: Call) -> int:
    found = store.page(call.argument("query"), limit=1)
    if not found:
        raise not_there(call)
    number: int = found[0].number
    return number


def not_there(call: Call) -> HTTPError:
    """Return the error for a message that is not there."""
    name, query = call.parameters["id"], call.argument("query")
    if name == "latest" and query:
        text = f"there is no message that matches {query!r}"
    else:
        text = f"there is no message {name!r}"
    return HTTPError(HTTPStatus.NOT_FOUND, text)
