"""The encoding xtext, of values in the parameters of SMTP (RFC 3461 section 4)."""

from __future__ import annotations

import re

__all__ = ["xtext_decode"]

_HEX = re.compile(r"\+([0-9A-F]{2})")


def xtext_decode(text: str) -> str:
    """Decode a value of ENVID, ORCPT, AUTH or an attribute of XCLIENT.

    Raises:
        ValueError: `text` is not in xtext.
    """
    if "+" in _HEX.sub("", text):
        raise ValueError(f"bad xtext: {text!a}")
    return _HEX.sub(lambda found: chr(int(found[1], 16)), text)
