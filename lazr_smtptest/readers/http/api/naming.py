"""The message that the path of a request names."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.latest import LATEST
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["missing", "missing_in", "name_in", "name_of", "not_there"]

# The latest changes of a store in which a message is looked for.
_CHANGES = 1000


async def name_of(reader: DeferredReader, call: Call) -> str | int:
    """Return the id or the number of the message of a request.

    Args:
        reader: the store.
        call: the request. Its ``id`` may be ``latest``: the newest message, or the
            newest that matches ``query``.

    Raises:
        HTTPError: 404, ``latest`` is no message.
    """
    name = _name_of(call)
    return await reader.ask(_latest, call) if name is None else name


def name_in(store: Any, call: Call) -> str | int:
    """Return what `name_of` does; in a thread."""
    name = _name_of(call)
    return _latest(store, call) if name is None else name


def _name_of(call: Call) -> str | int | None:
    """Return the id or number in a path; ``None`` for that of the newest message."""
    name = call.parameters["id"]
    if name == LATEST:
        return None
    is_number = name.isascii() and name.isdecimal() and len(name) < 19
    return int(name) if is_number else name


def _latest(store: Any, call: Call) -> int:
    found = store.page(call.argument("query"), limit=1)
    if not found:
        raise not_there(call)
    number: int = found[0].number
    return number


async def missing(reader: DeferredReader, call: Call) -> HTTPError:
    """Return the error for a message that is not there: it may have been removed."""
    error: HTTPError = await reader.ask(missing_in, call)
    return error


def missing_in(store: Any, call: Call) -> HTTPError:
    """Return what `missing` does; in a thread."""
    name = _name_of(call)
    # Who has a part of the store learns nothing of the rest.
    if name is None or "mailbox" in call.parameters or not _was_there(store, name):
        return not_there(call)
    return HTTPError(
        HTTPStatus.NOT_FOUND, f"the message {call.parameters['id']!r} was removed"
    )


def _was_there(store: Any, name: str | int) -> bool:
    """Return whether a message was in a store, as far as its latest changes tell."""
    since = max(0, store.last_change() - _CHANGES)
    for change in reversed(store.changes(since, _CHANGES).changes):
        if name in (change.ids if isinstance(name, str) else change.messages):
            return True
    return False


def not_there(call: Call) -> HTTPError:
    """Return the error for a message that is not there."""
    name, query = call.parameters["id"], call.argument("query")
    if name == LATEST and query:
        text = f"there is no message that matches {query!r}"
    else:
        text = f"there is no message {name!r}"
    return HTTPError(HTTPStatus.NOT_FOUND, text)
