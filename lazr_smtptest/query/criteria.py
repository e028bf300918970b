"""The keywords by which tests find messages, wait for them and assert them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest._checks import brief
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.query.matchers import (
    Matcher,
    address,
    check_header_name,
    containing,
    exactly,
    function_name,
    matcher,
    wildcard,
)
from lazr_smtptest.query.truth import check_predicate, truth

if TYPE_CHECKING:
    from lazr_smtptest.query.difference import Difference

__all__ = ["Criteria", "Criterion", "Predicate"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True

Predicate = Callable[[Envelope], object]

_ATTACHMENT_KEYS = ("name", "content_type", "content")
# The most bytes of a content that a failure shows.
_BYTES = 60
# The least similarity of a mistyped keyword to a suggestion, from 0.0 to 1.0.
_CLOSE = 0.7
_OF_ENVELOPE = ("sender", "recipient", "helo", "user")


def _here(envelope: Envelope) -> None:
    """Find no difference elsewhere: the values say it."""


@attrs.frozen(eq=False)
class Criterion:
    """One condition for an envelope.

    Attributes:
        name: the keyword, and the name of the header.
        matcher: the condition for a value.
        values: returns the values of an envelope, also for the failure.
        matches: returns whether an envelope meets the condition.
        parts: the conditions for an attachment, by its attributes.
        differs: returns how an envelope differs that another process has checked;
            ``None`` for one whose `values` are to be compared.
    """

    name: str
    matcher: Matcher
    values: Callable[[Envelope], Sequence[Any]]
    matches: Callable[[Envelope], bool]
    parts: Mapping[str, Matcher] = attrs.field(factory=dict)
    differs: Callable[[Envelope], Difference | None] = _here

    @property
    def is_of_envelope(self) -> bool:
        """Return whether it can be checked before the message arrives."""
        return self.name in _OF_ENVELOPE

    @property
    def wanted(self) -> str:
        """The condition in the text of a failure."""
        return self.matcher.words

    @property
    def plain(self) -> str | None:
        """The text to match, if the test gave a text."""
        plain = self.matcher.plain
        return plain if isinstance(plain, str) else None

    @property
    def key(self) -> str:
        """The key of the matcher, see `Matcher.key`."""
        return self.matcher.key


@attrs.frozen
class Criteria:
    """All conditions for one envelope.

    Attributes:
        given: the keywords as they were given; predicates under ``predicate``.
        criteria: the cheap conditions first; these parse nothing.
    """

    given: Mapping[str, Any]
    criteria: tuple[Criterion, ...]

    @classmethod
    def of(cls, *predicates: Predicate, **keywords: Any) -> Criteria:
        """Create criteria from the arguments of a test; see `Mailbox` for them.

        Raises:
            TypeError: an unknown keyword, or a value of a wrong type.
            ValueError: no envelope could match the value.
        """
        unknown = sorted(keywords.keys() - _MAKERS.keys())
        if unknown:
            raise TypeError(
                f"no criterion is called {brief(unknown[0])}{_meant(unknown[0])}, "
                f"use: {', '.join(_MAKERS)}"
            )
        criteria: list[Criterion] = []
        for name, make in _MAKERS.items():
            if name in keywords:
                criteria.extend(make(name, keywords[name]))
        criteria.extend(map(_predicate, predicates))
        given = {**keywords, "predicate": predicates} if predicates else keywords
        return cls(given, tuple(criteria))

    def __call__(self, envelope: Envelope) -> bool:
        """Return whether an envelope meets all conditions."""
        return all(criterion.matches(envelope) for criterion in self.criteria)

    def __and__(self, other: Criteria) -> Criteria:
        """Return the conditions of both."""
        return Criteria(
            {**self.given, **other.given}, (*self.criteria, *other.criteria)
        )

    @property
    def key(self) -> str:
        """An element of `keys_of` that a recipient of every match has.

        ``""`` if there is none. The longest of several, which matches least.
        """
        keys = [each.key for each in self.criteria if each.name == "recipient"]
        return max(keys, key=len, default="")

    @property
    def subject(self) -> str | None:
        """The subject that every match has, if it was given as a text."""
        for each in self.criteria:
            if each.name == "subject":
                return each.plain
        return None

    def of_envelope(self) -> Criteria:
        """Return the conditions that can be checked before the message arrives."""
        return Criteria(
            self.given, tuple(each for each in self.criteria if each.is_of_envelope)
        )

    def missed(self, envelope: Envelope) -> list[Criterion]:
        """Return the conditions that an envelope does not meet."""
        return [each for each in self.criteria if not each.matches(envelope)]


def _meant(unknown: str) -> str:
    """Return a hint at the keyword that was probably meant, for the error."""
    if unknown in _OF_METHODS:
        return f" ({unknown}= is for {_OF_METHODS[unknown]} only)"
    name = unknown.lower().strip("_")
    base, _, test = name.replace("__", "_").rpartition("_")
    if test in _TESTS and base in _MAKERS:
        use = "" if base in ("text", "html") else "re.compile(...)"
        return f" (did you mean {base}={use}?)"
    import difflib

    close = difflib.get_close_matches(name, [*_MAKERS, *_OF_METHODS], 1, _CLOSE)
    meant = _ELSEWHERE.get(name) or (close[0] if close else "")
    return f" (did you mean {meant}=?)" if meant else ""


def _criterion(
    name: str,
    wanted: Matcher,
    values: Callable[[Envelope], Sequence[Any]],
    parts: Mapping[str, Matcher] | None = None,
) -> Criterion:
    """Return the condition that one of the values matches, or that there is none."""

    def matches(envelope: Envelope) -> bool:
        found = values(envelope)
        if wanted.absence:
            return not found
        return any(map(wanted.matches, found))

    return Criterion(name, wanted, values, matches, parts or {})


def _field(
    values: Callable[[Envelope], Sequence[str]],
    plain: Callable[[str], Matcher] = exactly,
    *,
    optional: bool = True,
) -> Callable[[str, object], Iterator[Criterion]]:
    def make(name: str, wanted: object) -> Iterator[Criterion]:
        if wanted is None and not optional:
            raise TypeError(f"{name} must not be None: every message has one")
        yield _criterion(name, matcher(name, wanted, plain), values)

    return make


def _present(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _named(wanted: str) -> Matcher:
    if not wanted:
        raise ValueError("an address must not be empty: no message has such a one")
    return address(wanted)


def _user(wanted: str) -> Matcher:
    if not wanted:
        raise ValueError("user must not be empty: write None for a message without one")
    return wildcard(wanted)


def _addresses(field: str) -> Callable[[str, object], Iterator[Criterion]]:
    return _field(lambda envelope: envelope.addresses(field), _named)


def _body(
    values: Callable[[Envelope], Sequence[str]],
) -> Callable[[str, object], Iterator[Criterion]]:
    def make(name: str, wanted: object) -> Iterator[Criterion]:
        if wanted == "" and isinstance(wanted, str):
            raise ValueError(
                f"{name} must not be empty, because every {name} contains that: write "
                f"{name}=None for a message that has none"
            )
        yield from _field(values, containing)(name, wanted)

    return make


def _warning(wanted: str) -> Matcher:
    if wanted not in IRREGULAR:
        known = ", ".join(sorted(IRREGULAR))
        raise ValueError(f"there is no warning {brief(wanted)}, only: {known}")
    return exactly(wanted)


def _headers(name: str, wanted: object) -> Iterator[Criterion]:
    for key, value in _mapping(name, wanted).items():
        check_header_name(key)
        yield _header(f"header {key}", key, value)


def _header(label: str, key: str, wanted: object) -> Criterion:
    def values(envelope: Envelope) -> Sequence[str]:
        return envelope.headers(key)

    return _criterion(label, matcher(label, wanted), values)


def _attachment(name: str, wanted: object) -> Iterator[Criterion]:
    if isinstance(wanted, (bytes, bytearray)):
        raise TypeError(
            f"attachment is a name or a mapping, not {brief(wanted)}: "
            "use attachment={'content': ...}"
        )
    if not isinstance(wanted, Mapping):
        wanted = {"name": wanted}
    parts = {}
    for key, value in _mapping(name, wanted).items():
        if key not in _ATTACHMENT_KEYS:
            known = ", ".join(_ATTACHMENT_KEYS)
            word = str(key).lower().replace("-", "_")
            meant = word if word in _ATTACHMENT_KEYS else _OF_ATTACHMENTS.get(word)
            hint = f" (did you mean {meant!r}?)" if meant else ""
            raise ValueError(f"an attachment has no {brief(key)}{hint}, use: {known}")
        kind = bytes if key == "content" else str
        plain = _equal_bytes if key == "content" else wildcard
        parts[key] = matcher(f"attachment {key}", value, plain, kind)
    words = ", ".join(f"{key} {part.words}" for key, part in parts.items())

    def is_wanted(attachment: Any) -> bool:
        return all(_has(getattr(attachment, key), part) for key, part in parts.items())

    wanted_one = Matcher(is_wanted, words)
    yield _criterion(name, wanted_one, lambda each: each.attachments, parts)


def _equal_bytes(wanted: bytes) -> Matcher:
    shown = repr(wanted) if len(wanted) <= _BYTES else f"of {len(wanted)} bytes"
    return Matcher(lambda value: value == wanted, shown, plain=wanted)


def _has(value: object, wanted: Matcher) -> bool:
    return not value if wanted.absence else wanted.matches(value)


def _mapping(name: str, wanted: object) -> Mapping[Any, Any]:
    if not isinstance(wanted, Mapping):
        raise TypeError(f"{name} must be a mapping, not {brief(wanted)}")
    if not wanted:
        raise ValueError(f"{name} must not be empty")
    return wanted


def _predicate(function: Predicate) -> Criterion:
    if not callable(function) or isinstance(function, type):
        text = isinstance(function, str)
        use = "recipient=" if text and "@" in str(function) else "subject="
        hint = f"; did you mean {use}{brief(function)}?" if text else ""
        raise TypeError(f"a predicate must be a function, not {brief(function)}{hint}")
    name = function_name(function)
    check_predicate(function, name)

    def matches(envelope: Envelope) -> bool:
        return truth(function(envelope), name)

    wanted = Matcher(matches, name)
    return Criterion("predicate", wanted, lambda envelope: (), matches)


# In the order of their cost.
_MAKERS: dict[str, Callable[[str, object], Iterator[Criterion]]] = {
    "sender": _field(lambda envelope: (envelope.mail_from,), address, optional=False),
    "recipient": _field(lambda envelope: envelope.rcpt_tos, _named, optional=False),
    "helo": _field(lambda envelope: (envelope.helo,), wildcard, optional=False),
    "user": _field(lambda envelope: _present(envelope.user), _user),
    "to": _addresses("to"),
    "cc": _addresses("cc"),
    "bcc": _field(lambda envelope: envelope.bcc, _named),
    "subject": _field(lambda envelope: _present(envelope.subject)),
    "header": _headers,
    "warning": _field(lambda envelope: envelope.warnings, _warning),
    "text": _body(lambda envelope: _present(envelope.text)),
    "html": _body(lambda envelope: _present(envelope.html)),
    "attachment": _attachment,
}

# What is no criterion, and which methods take it.
_OF_METHODS = {
    "timeout": "wait_for, wait_for_async, when and assert_received",
    "count": "wait_for, wait_for_async, when and assert_received",
    "within": "assert_none",
    "reactor": "when",
}

# What query languages put behind the name of a field.
_TESTS = (
    *("contains", "icontains", "matches", "regex", "like"),
    *("startswith", "endswith", "in"),
)

# What other tools and libraries call the parts of an attachment.
_OF_ATTACHMENTS = {
    **dict.fromkeys(("filename", "file_name", "file"), "name"),
    **dict.fromkeys(
        ("mime_type", "mimetype", "type", "contenttype", "mime", "maintype"),
        "content_type",
    ),
    **dict.fromkeys(("data", "body", "payload", "bytes", "contents"), "content"),
}

# What other tools and libraries call it.
_ELSEWHERE = {
    "attachments": "attachment",
    "blind_carbon_copy": "bcc",
    "body": "text",
    "contains": "text",
    "content": "text",
    "data": "text",
    "ehlo": "helo",
    "envelope_from": "sender",
    "envelope_to": "recipient",
    "filename": "attachment",
    "from": "sender",
    "from_addr": "sender",
    "from_address": "sender",
    "from_email": "sender",
    "headers": "header",
    "html_body": "html",
    "html_content": "html",
    "login": "user",
    "mail_from": "sender",
    "message": "text",
    "plain": "text",
    "rcpt": "recipient",
    "rcpt_to": "recipient",
    "rcpt_tos": "recipient",
    "rcpttos": "recipient",
    "recipients": "recipient",
    "return_path": "sender",
    "text_body": "text",
    "title": "subject",
    "to_addrs": "recipient",
    "to_email": "to",
    "username": "user",
}
