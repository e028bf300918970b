"""The ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lazr_smtptest.smtp.reply import Reply

__all__ = ["MAIL_PARAMETERS", "RCPT_PARAMETERS", "ParameterError", "parse_parameters"]

# A value may hold anything but "=", space and control characters.
_PARAMETER = re.compile(
    r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[!-<>-~]+))?"
)

# What each parameter's value must look like; None: it takes no value.
MAIL_PARAMETERS: Mapping[str, re.Pattern[str] | None] = {
    "SIZE": re.compile(r"[0-9]{1,20}"),  # RFC 1870 section 4
    "BODY": re.compile(r"7BIT|8BITMIME", re.IGNORECASE),  # RFC 6152 section 3
    "SMTPUTF8": None,  # RFC 6531 section 3.4
}
RCPT_PARAMETERS: Mapping[str, re.Pattern[str] | None] = {}


class ParameterError(Exception):
    """A parameter that is refused.

    Attributes:
        reply: what to tell the client.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


def parse_parameters(
    text: str, known: Mapping[str, re.Pattern[str] | None]
) -> dict[str, str | None]:
    """Parse the parameters behind a path.

    Args:
        text: ``SIZE=500 BODY=8BITMIME``.
        known: the parameters that may stand here, and what their values must
            look like.

    Returns:
        the values by keyword, upper case; ``None`` for one without a value.

    Raises:
        ParameterError: one is malformed or doubled (501) or unknown (555).
    """
    parameters: dict[str, str | None] = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            raise ParameterError(Reply(501, f"malformed parameter {word!a}", "5.5.4"))
        keyword, value = found["keyword"].upper(), found["value"]
        if keyword not in known:
            raise ParameterError(Reply(555, f"unknown parameter {keyword}", "5.5.4"))
        if keyword in parameters:
            raise ParameterError(Reply(501, f"{keyword} given twice", "5.5.4"))
        _check_value(keyword, value, known[keyword])
        parameters[keyword] = value
    return parameters


def _check_value(
    keyword: str, value: str | None, pattern: re.Pattern[str] | None
) -> None:
    if pattern is None:
        good = value is None
    else:
        good = value is not None and pattern.fullmatch(value) is not None
    if not good:
        given = "no value" if value is None else repr(value)
        raise ParameterError(Reply(501, f"bad {keyword}: {given}", "5.5.4"))
