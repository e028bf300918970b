"""The message that the path of a request names."""

from __future__ import annotations

from http import HTTPStatus

from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["name_of", "not_there"]


async def name_of(reader: DeferredReader, call: Call) -> str | int:
    """Return the id or the number of the message of a request.

    Args:
        reader: the store.
        call: the request. Its ``id`` may be ``latest``: the newest message, or the
            newest that matches ``query``.

    Raises:
        HTTPError: 404, ``latest`` is no message.
    """
    name = call.parameters["id"]
    if name == "latest":
        found = await reader.page(call.argument("query"), limit=1)
        if not found:
            raise not_there(call)
        return found[0].number
    is_number = name.isascii() and name.isdecimal() and len(name) < 19
    return int(name) if is_number else name


def not_there(call: Call) -> HTTPError:
    """Return the error for a message that is not there."""
    name, query = call.parameters["id"], call.argument("query")
    if name == "latest" and query:
        text = f"there is no message that matches {query!r}"
    else:
        text = f"there is no message {name!r}"
    return HTTPError(HTTPStatus.NOT_FOUND, text)
