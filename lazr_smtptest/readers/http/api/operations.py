"""The operations of the API: routes together with what OpenAPI says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import attrs

from lazr_smtptest.readers.http.api.session_kinds import KINDS
from lazr_smtptest.readers.http.routes import Handler, Route

__all__ = ["ARGUMENTS", "BYTES", "EVENTS", "TEXT", "Argument", "Operation", "operation"]

# Media types of answers that are not JSON.
TEXT, BYTES, EVENTS = "text/plain", "application/octet-stream", "text/event-stream"

# The statuses that every operation may answer with.
_ALWAYS = (400, 401, 403, 417, 421, 503)


@attrs.frozen
class Argument:
    """An argument in the query or in the path of a URL.

    Attributes:
        schema: its JSON Schema.
        description: one line.
        example: a value with which the operation succeeds; ``None`` for none.
    """

    schema: Mapping[str, Any]
    description: str
    example: object = None


def _whole(least: int, most: int, **more: Any) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def _seconds(most: float, default: float) -> Mapping[str, Any]:
    return {"type": "number", "minimum": 0, "maximum": most, "default": default}


_TEXT = {"type": "string"}
_LARGEST = 2**63 - 1

# The arguments by their names, which mean the same in every operation.
ARGUMENTS: Mapping[str, Argument] = {
    "after": Argument(
        _whole(0, _LARGEST), "The `next` of the page before: a number.", 100
    ),
    "after_id": Argument(_TEXT, "The `next` of the page before: an id."),
    "count": Argument(_whole(1, 1000, default=1), "How many messages.", 1),
    "extract": Argument(
        {"enum": ["", "code", "link", "text", "html", "subject"]},
        "What to hand out of each message.",
        "code",
    ),
    "failed": Argument(
        {"enum": ["", "true", "false"]}, "Only sessions that failed, or not.", "true"
    ),
    "id": Argument(_TEXT, "An id, a number, or `latest`.", "latest"),
    "images": Argument(
        {"enum": ["", "remote"]}, "Whether images of other hosts are loaded.", "remote"
    ),
    "index": Argument(_whole(0, 999_999_999), "The index of an attachment.", 0),
    "kind": Argument(
        {"enum": ["", *KINDS]}, "Only sessions in which this went wrong.", "tls"
    ),
    "limit": Argument(_whole(1, 1000, default=50), "At most how many.", 10),
    "mailbox": Argument(_TEXT, "The name of a disposable mailbox."),
    "order": Argument(
        {"enum": ["newest", "oldest"], "default": "newest"},
        "Which comes first.",
        "oldest",
    ),
    "part": Argument(_TEXT, "The id of a part.", "1"),
    "protocol": Argument(
        {"enum": ["", "imap", "pop3"]},
        "Sessions in which mail was read; without it, those that bring mail.",
        "imap",
    ),
    "query": Argument(_TEXT, "A query in the search language.", "code"),
    "release": Argument(_TEXT, "The number of a release."),
    "root": Argument(
        _TEXT,
        "The path before `api/v2/` in the browser, if a proxy changes it.",
        "/",
    ),
    "rule": Argument(_TEXT, "The id of a fault rule."),
    "session": Argument(_TEXT, "The id of a session, or its number."),
    "since": Argument(_whole(0, _LARGEST), "Only what came after this number.", 0),
    "timeout": Argument(_seconds(30, 0), "Seconds to wait for the index.", 1),
    "token": Argument(_TEXT, "A token, see `/messages/{id}/view/blocked`."),
    "webhook": Argument(_TEXT, "The id of a webhook."),
}


def wait_argument(longest: float, default: float) -> Argument:
    """Return the argument of the seconds to wait.

    Args:
        longest: the most seconds.
        default: the seconds without the argument.
    """
    return Argument(_seconds(longest, default), "Seconds to wait.", min(5, longest))


@attrs.frozen(kw_only=True)
class Operation:
    """The description of a route for OpenAPI.

    Attributes:
        arguments: the arguments, by their names in the URL.
        body: the type of the body, as msgspec knows it; ``None`` for no body.
        example: a body with which it succeeds.
        answer: the type of the answer in JSON, or the media type of another one;
            ``None`` for no body.
        status: the status of success.
        others: further statuses, each with one line that says what it means.
    """

    arguments: Mapping[str, Argument]
    body: Any = None
    example: Any = None
    answer: Any = None
    status: int = HTTPStatus.OK
    others: Mapping[int, str] = attrs.field(factory=dict)

    @property
    def errors(self) -> list[int]:
        """The statuses of its errors, sorted."""
        found = {*_ALWAYS, *(each for each in self.others if each >= 400)}
        return sorted(found | ({413, 415} if self.body is not None else set()))


def operation(
    method: str,
    template: str,
    handler: Handler,
    summary: str,
    *,
    query: Iterable[str] | Mapping[str, str | Argument] = (),
    path: Mapping[str, str] | None = None,
    tagged: bool = False,
    ranges: bool = False,
    others: Mapping[int, str] | None = None,
    **described: Any,
) -> Route:
    """Return the route of an operation.

    Args:
        method: see `Route`.
        template: see `Route`.
        handler: see `Route`.
        summary: see `Route`.
        query: the arguments in the query of the URL: their keys in `ARGUMENTS`, or
            themselves, by their names if those are others.
        path: those in the path, likewise; by default under their names.
        tagged: whether the answer has a tag, see `conditional.tagged`.
        ranges: whether a client may ask for a range of it.
        others: see `Operation`.
        described: further attributes of `Operation`.
    """
    named = query if isinstance(query, Mapping) else {name: name for name in query}
    statuses = dict(others or {})
    if tagged:
        statuses[304] = "The client has this already."
        statuses[412] = "The client wants this with another tag only (If-Match)."
    if ranges:
        statuses[206] = "The range that the client asked for."
        statuses[416] = "There are no such bytes."
    in_path = [part[1:-1] for part in template.split("/") if part.startswith("{")]
    if in_path:
        statuses.setdefault(404, "There is no such thing.")
    keys: dict[str, str | Argument] = {
        **{name: (path or {}).get(name, name) for name in in_path},
        **named,
    }
    return Route(
        method=method,
        template=template,
        handler=handler,
        summary=summary,
        arguments=frozenset(named),
        operation=Operation(
            arguments={
                name: key if isinstance(key, Argument) else ARGUMENTS[key]
                for name, key in keys.items()
            },
            others=statuses,
            **described,
        ),
    )
