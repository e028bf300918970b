"""Texts without their secrets, for what an error or a log line repeats."""

from __future__ import annotations

import re

from lazr_smtptest._checks import brief

__all__ = ["MASK", "safe_repr", "without_secrets"]

MASK = "********"

# Characters of a text that is shown; the shortest keys in PEM are longer.
_SHORT = 100

# Regular expressions, which are compiled when a text is to be shown.
_PEM = r"(?s)-----BEGIN .*"
_IN_URL = r"(://[^\s:@/]*:)\S+(@)"
_BEARER = r"(?i)(\bbearer\s+)\S+"
# As in the description of an endpoint, in which a backslash escapes a colon, and in
# the query of a URL.
_NAMED = (
    r"(?i)([\w-]*(?:pass(?:word|phrase|wd)?|secret|token|credentials?|api-?key)=)"
    r"(?:\\.|[^:&\s])+"
)
# The name of a file is none: that is what an error is to tell.
_PRIVATE_KEY = r"(?i)(privatekey=)(?![\w./~ -]+\.(?:pem|key|crt|der)\b)(?:\\.|[^:&\s])+"


def without_secrets(text: str) -> str:
    """Return a text with keys, passwords and tokens masked.

    Args:
        text: what a user gave: the name of a file or of a store, a URL, the
            description of an endpoint; or a message that repeats it.
    """
    for pattern in (_IN_URL, _BEARER, _NAMED, _PRIVATE_KEY):
        text = re.sub(pattern, lambda found: MASK.join(_around(found)), text)
    return re.sub(_PEM, MASK, text)


def safe_repr(value: object) -> str:
    """Return the `repr` of a wrong value, or only its type where it may be a secret.

    A long text may be a key, and the parts of an object may be anything.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return brief(value)
    if isinstance(value, str) and len(value) <= _SHORT:
        return repr(without_secrets(value))
    return f"an object of type {type(value).__name__}"


def _around(found: re.Match[str]) -> tuple[str, str]:
    """Return what stands before the secret, and after it."""
    before, *after = found.groups()
    return before, "".join(after)
