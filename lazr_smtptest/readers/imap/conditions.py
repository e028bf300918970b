"""The conditions that the keys of SEARCH are made of.

A condition has three values: a message matches, or not, or that depends on texts that
were not given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from lazr_smtptest.readers.imap.message import Message
from lazr_smtptest.readers.imap.texts import Texts

__all__ = [
    "Condition",
    "all_of",
    "any_of",
    "has_flag",
    "has_id",
    "in_body",
    "in_field",
    "in_text",
    "is_sent",
    "negated",
]

# Its value is None if it depends on texts, and they are None.
Condition = Callable[[Message, Texts | None], bool | None]


def has_flag(flag: bytes) -> Condition:
    """Return the condition that a message has a flag, in any letter case."""
    flag = flag.lower()
    return lambda message, _: any(each.lower() == flag for each in message.flags)


def has_id(id: bytes) -> Condition:
    """Return the condition that a message has an EMAILID (RFC 8474 section 6)."""
    # It is read with the texts.
    return lambda message, texts: None if texts is None else message.id == id


def in_body(text: str) -> Condition:
    """Return the condition that the body contains a text, which is case-folded."""
    return _of_texts(lambda texts: text in texts.body.casefold())


def in_text(text: str) -> Condition:
    """Return the condition that the header or the body contains a text."""
    return any_of([_of_texts(lambda texts: _in_header(text, texts)), in_body(text)])


def in_field(name: str, text: str) -> Condition:
    """Return the condition that a header field contains a text.

    Args:
        name: the name of the field, in lower case.
        text: the text, case-folded; ``""`` if the field has to be there only.
    """
    return _of_texts(
        lambda texts: any(
            other == name and text in body.casefold()
            for other, body in texts.header.fields
        )
    )


def is_sent(compare: Callable[[date, date], bool], day: date) -> Condition:
    """Return the condition that the day of the field Date compares to a day."""

    def test(texts: Texts) -> bool:
        found = texts.header.day
        return found is not None and compare(date(*found), day)

    return _of_texts(test)


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that all of some hold."""

    def test(message: Message, texts: Texts | None) -> bool | None:
        result: bool | None = True
        for each in conditions:
            found = each(message, texts)
            if found is False:
                return False
            result = found if found is None else result
        return result

    return test


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that at least one of some holds."""
    return negated(all_of([negated(each) for each in conditions]))


def negated(condition: Condition) -> Condition:
    """Return the opposite of a condition."""

    def test(message: Message, texts: Texts | None) -> bool | None:
        found = condition(message, texts)
        return None if found is None else not found

    return test


def _of_texts(test: Callable[[Texts], bool]) -> Condition:
    return lambda _, texts: None if texts is None else test(texts)


def _in_header(text: str, texts: Texts) -> bool:
    return any(
        text in f"{name}: {body}".casefold() for name, body in texts.header.fields
    )
