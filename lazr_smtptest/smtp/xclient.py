"""XCLIENT: a client that passes on the data of another client.

A proxy in front of a mail server uses it to name the original client. The
attributes and their encoding are those of Postfix's documentation.
"""

from __future__ import annotations

import ipaddress

from lazr_smtptest.model.reply import Reply, shared_reply, shown
from lazr_smtptest.model.xtext import xtext_decode
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.extensions import XCLIENT_ATTRIBUTES
from lazr_smtptest.smtp.mail import MailCommands

__all__ = ["XClient"]

_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")


class XClient(MailCommands):
    """The part of a connection that handles XCLIENT.

    Attributes:
        xclient: the attributes sent so far, by name; ``None`` for one that the
            client does not know.
    """

    def do_XCLIENT(self, argument: bytes) -> None:
        """Handle XCLIENT: store the attributes, and start the session again."""
        if self.transaction.sender is not None:
            self.reply(Reply(503, "not within a transaction", "5.5.1"))
            return
        try:
            attributes = _parse(argument.decode("ascii", "replace"))
            host, port = _address(attributes, self.peer)
        except ClientError as error:
            self.reply(error.reply)
            return
        self.abort_transaction()
        self.session.peer = host, port
        name = attributes.get("HELO")
        self.take_helo(name.encode() if name else None)
        if "LOGIN" in attributes:
            self.session.user = attributes["LOGIN"]
            self.authenticated = self.user is not None
        self.xclient = {**getattr(self, "xclient", {}), **attributes}
        self.forget_offered()
        # The client is greeted as if it had just connected.
        self.reply(shared_reply(220, self.greeting().decode("ascii", "replace")))


def _parse(argument: str) -> dict[str, str | None]:
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


def _address(
    attributes: dict[str, str | None], peer: tuple[str, int]
) -> tuple[str, int]:
    """Return the client's address and port, by the attributes or else `peer`."""
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
