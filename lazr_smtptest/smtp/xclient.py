"""XCLIENT: a client that passes on the data of another client.

A proxy in front of a mail server uses it to name the original client. The
attributes and their encoding are those of Postfix's documentation.
"""

from __future__ import annotations

import ipaddress

from lazr_smtptest.model.reply import shown
from lazr_smtptest.model.xtext import xtext_decode
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.extensions import XCLIENT_ATTRIBUTES

__all__ = ["address_of", "parse_attributes"]

_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")


def parse_attributes(argument: str) -> dict[str, str | None]:
    """Parse the argument of XCLIENT.

    Returns:
        the attributes by name; ``None`` for one that the client does not know.

    Raises:
        ClientError: it is malformed.
    """
    attributes: dict[str, str | None] = {}
    for word in argument.split():
        name, equals, value = word.partition("=")
        name = name.upper()
        if name not in XCLIENT_ATTRIBUTES or not equals:
            raise ClientError(501, f"bad XCLIENT attribute {shown(word)}", "5.5.4")
        attributes[name] = _decode(word, value)
    if not attributes:
        raise ClientError(501, "XCLIENT needs attributes", "5.5.4")
    return attributes


def _decode(word: str, value: str) -> str | None:
    if value.upper() in _UNKNOWN:
        return None
    try:
        decoded = xtext_decode(value)
    except ValueError:
        decoded = "\0"
    if not decoded.isprintable():
        raise ClientError(501, f"bad XCLIENT attribute {shown(word)}", "5.5.4")
    return decoded


def address_of(
    attributes: dict[str, str | None], peer: tuple[str, int]
) -> tuple[str, int]:
    """Return the client's address and port, by the attributes or else `peer`.

    Raises:
        ClientError: one of them is malformed.
    """
    host, port = peer
    if "ADDR" in attributes:
        given = attributes["ADDR"] or ""
        text = given[5:] if given.upper().startswith("IPV6:") else given
        try:
            host = str(ipaddress.ip_address(text)) if text else ""
        except ValueError:
            raise ClientError(
                501, f"bad XCLIENT address {shown(given)}", "5.5.4"
            ) from None
    if "PORT" in attributes:
        given = attributes["PORT"] or "0"
        if not (given.isascii() and given.isdigit() and int(given) < 65536):
            raise ClientError(501, f"bad XCLIENT port {shown(given)}", "5.5.4")
        port = int(given)
    return host, port
