"""Criteria in JSON, as requests have them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from lazr_smtptest._patterns import compile_pattern
from lazr_smtptest.query.criteria import Criteria

__all__ = ["read_criteria"]


def read_criteria(given: Mapping[str, Any]) -> Criteria:
    """Return the criteria of an object in JSON.

    Its names are the keywords of `Mailbox`. ``{"regex": "..."}`` is a regular
    expression, and the content of an attachment is in Base64.

    Raises:
        TypeError: there is no such criterion, or its value has a wrong type.
        ValueError: no message could meet it, or it is no regular expression.
        RecursionError: it is nested too deeply.
    """
    return Criteria.of(**{name: _value(name, value) for name, value in given.items()})


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) == ["regex"] and isinstance(value["regex"], str):
        return compile_pattern(value["regex"])
    if name == "attachment" and isinstance(value.get("content"), str):
        content = base64.b64decode(value["content"], validate=True)
        return {**value, "content": content}
    return {key: _value("", each) for key, each in value.items()}
