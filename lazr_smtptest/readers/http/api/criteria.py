"""The conditions of a request, as the criteria of tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from lazr_smtptest.mime.addresses import address_key
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria, Criterion
from lazr_smtptest.query.criteria_json import read_criteria
from lazr_smtptest.query.evaluation import matches
from lazr_smtptest.query.matchers import Matcher
from lazr_smtptest.query.tree import (
    After,
    And,
    Before,
    Equal,
    Everything,
    Field,
    Flagged,
    Has,
    HasTags,
    Header,
    Larger,
    Node,
    Not,
    Or,
    Smaller,
    Substring,
    Words,
)
from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.condition import Arrived
from lazr_smtptest.readers.judging import judged_elsewhere

__all__ = ["criteria_from_json", "criteria_of_query"]

# The most characters of a wrong value in an error.
_BRIEF = 100


def criteria_from_json(
    given: Mapping[str, Any], parsing: Callable[..., Any] | None = None
) -> Criteria:
    """Return the criteria of an object in JSON, see `read_criteria`.

    Args:
        given: the object.
        parsing: checks large messages elsewhere, see `judged_elsewhere`; ``None``: they
            are checked in the calling thread.

    Raises:
        HTTPError: 400, there is no such criterion, or no message could meet it.
    """
    try:
        criteria = read_criteria(given)
    except RecursionError as error:
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, "bad criteria: they are nested too deeply"
        ) from error
    except (TypeError, ValueError) as error:
        reason = str(error)
        if not reason.startswith("no criterion "):
            # Its words are those of Python.
            wrong = (_wrong(name, value) for name, value in given.items())
            reason = next(filter(None, wrong), reason)
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"bad criteria: {reason}",
            details={"in": "criteria"},
        ) from error
    return criteria if parsing is None else judged_elsewhere(criteria, given, parsing)


def _wrong(name: str, value: Any) -> str:
    """Return why a criterion cannot have a value of JSON; ``""`` if it can."""
    is_object = isinstance(value, dict) and list(value) != ["regex"]
    if name == "header" and (not is_object or not value):
        return (
            f'header must be an object such as {{"X-Run": "17"}}, not {_brief(value)}'
        )
    if name in ("header", "attachment") and is_object:
        wrong = (_wrong(f"{name} {key}", each) for key, each in value.items())
        return next(filter(None, wrong), "")
    if value is None and name in ("sender", "recipient", "helo"):
        return f"{name} must not be null: every message has one"
    if name == "user" and value == "":
        return "user must not be empty: write null for a message without one"
    if value is None or isinstance(value, str):
        return ""
    if isinstance(value, dict) and not is_object and isinstance(value["regex"], str):
        return ""
    more = " or an object" if name == "attachment" else ""
    form = 'a string, {"regex": "..."} or null'
    return f"{name} must be {form}{more}, not {_brief(value)}"


def _brief(value: Any) -> str:
    """Return a wrong value for an error, as JSON: 100 characters at most."""
    text = json.dumps(value)
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}..."


def criteria_of_query(
    tree: Node, arrived_of: Callable[[Envelope], Arrived]
) -> Criteria:
    """Return criteria for the parts of a query, to explain why no message met it.

    Args:
        tree: the query.
        arrived_of: returns the message for its envelope.
    """
    nodes = tree.nodes if isinstance(tree, And) else (tree,)
    return Criteria(
        {},
        tuple(
            _criterion(node, arrived_of)
            for node in nodes
            if not isinstance(node, Everything)
        ),
    )


def _criterion(node: Node, arrived_of: Callable[[Envelope], Arrived]) -> Criterion:
    def meets(envelope: Envelope) -> bool:
        return matches(node, arrived_of(envelope))

    if isinstance(node, Equal) and node.name in ("rcpt", "user"):
        return _of_envelope(node)
    if isinstance(node, Field):
        name = node.name

        def values(envelope: Envelope) -> Sequence[str]:
            return _VALUES[name](arrived_of(envelope))

        # With a colon the hints about the keywords of these names do not apply.
        label = f"{name}:" if name in ("to", "cc", "bcc") else name
        return Criterion(label, _containing(node.text), values, meets)
    if isinstance(node, Header) and node.text:
        header = node.name
        return Criterion(
            f"header:{header}",
            _containing(node.text),
            lambda envelope: envelope.headers(header),
            meets,
        )
    if isinstance(node, (Words, Substring)):
        matcher = Matcher(lambda value: False, repr(_words(node)))
        return Criterion("words", matcher, lambda envelope: (), meets)
    matcher = Matcher(lambda value: False, _words(node))
    return Criterion("predicate", matcher, lambda envelope: (), meets)


def _of_envelope(node: Equal) -> Criterion:
    """Return a criterion that needs nothing but the envelope, also a refused one."""
    text = node.text
    if node.name == "user":

        def users(envelope: Envelope) -> Sequence[str]:
            return () if envelope.user is None else (envelope.user,)

        matcher = Matcher(lambda value: value == text, repr(text), plain=text)
        return Criterion("user", matcher, users, lambda each: each.user == text)
    matcher = Matcher(
        lambda value: address_key(value) == text, repr(text), plain=text, key=text
    )

    def recipients(envelope: Envelope) -> Sequence[str]:
        return envelope.rcpt_tos

    def is_for(envelope: Envelope) -> bool:
        return any(map(matcher.matches, envelope.rcpt_tos))

    return Criterion("recipient", matcher, recipients, is_for)


def _containing(text: str) -> Matcher:
    return Matcher(
        lambda value: text in value, f"contains {text!r}", plain=text, part=True
    )


_VALUES: Mapping[str, Callable[[Arrived], Sequence[str]]] = {
    "from": lambda arrived: [*map(str, arrived.summary.sender)],
    "to": lambda arrived: [*map(str, arrived.summary.to)],
    "cc": lambda arrived: [*map(str, arrived.summary.cc)],
    "bcc": lambda arrived: [*map(str, arrived.summary.bcc)],
    "reply-to": lambda arrived: [*map(str, arrived.summary.reply_to)],
    "subject": lambda arrived: [arrived.summary.subject],
    "message-id": lambda arrived: [arrived.summary.message_id],
}


def _words(node: Any) -> str:
    """Return a part of a query as it could have been written."""
    return _WORDS[type(node)](node)


_WORDS: Mapping[type, Callable[[Any], str]] = {
    Everything: lambda node: "",
    And: lambda node: " ".join(map(_words, node.nodes)),
    Or: lambda node: " OR ".join(map(_words, node.nodes)),
    Not: lambda node: f"-{_words(node.node)}",
    Words: lambda node: node.words + "*" * node.is_beginning,
    Substring: lambda node: node.text,
    Field: lambda node: f"{node.name}:{node.text}",
    Header: lambda node: f"header:{node.name}:{node.text}".rstrip(":"),
    Equal: lambda node: f"{node.name}:{node.text}",
    Flagged: lambda node: f"is:{node.flag}",
    HasTags: lambda node: "is:tagged",
    Has: lambda node: f"has:{node.kind}",
    Larger: lambda node: f"larger:{node.size}",
    Smaller: lambda node: f"smaller:{node.size}",
    Before: lambda node: f"before:{node.time.isoformat()}",
    After: lambda node: f"after:{node.time.isoformat()}",
}
