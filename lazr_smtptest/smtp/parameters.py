"""The ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lazr_smtptest.model.reply import shown
from lazr_smtptest.smtp.errors import ClientError

__all__ = ["Parameters", "parse_parameters"]

# The regular expression of each keyword's value; None: it takes no value. Few clients
# send most of them: each is compiled when a value is checked.
Parameters = Mapping[str, "str | None"]

# A value has no "=", space or control character (RFC 5321); it may have UTF-8 (RFC
# 6531 section 3.3).
_KEYWORD = r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)"
_VALUE = r"(?P<value>[!-<>-~\u0080-\ud7ff\ue000-\U0010ffff]+)"
_PARAMETER = f"{_KEYWORD}(?:={_VALUE})?"


def parse_parameters(text: str, known: Parameters) -> dict[str, str | None]:
    """Parse the parameters after a path.

    Args:
        text: the parameters, ``SIZE=500 BODY=8BITMIME``.
        known: the parameters that are allowed here.

    Returns:
        the values by upper-case keyword; ``None`` for one without a value.

    Raises:
        ClientError: one is malformed or repeated (501) or unknown (555).
    """
    parameters: dict[str, str | None] = {}
    for word in text.split(" "):
        if not word:
            continue
        found = re.fullmatch(_PARAMETER, word)
        if found is None:
            raise ClientError(501, f"malformed parameter {shown(word)}", "5.5.4")
        keyword, value = found["keyword"].upper(), found["value"]
        if keyword not in known:
            raise ClientError(555, f"unknown parameter {shown(keyword)}", "5.5.4")
        if keyword in parameters:
            raise ClientError(501, f"{keyword} given twice", "5.5.4")
        _check_value(keyword, value, known[keyword])
        parameters[keyword] = value
    return parameters


def _check_value(keyword: str, value: str | None, pattern: str | None) -> None:
    if pattern is None:
        good = value is None
    else:
        good = value is not None and re.fullmatch(pattern, value) is not None
    if not good:
        given = "no value" if value is None else shown(value)
        raise ClientError(501, f"bad {keyword}: {given}", "5.5.4")
