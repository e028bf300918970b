"""The endpoints of the command: they log their addresses."""

from __future__ import annotations

import logging
import os
from ipaddress import ip_address
from typing import Any, NoReturn

from twisted.internet import defer
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest._secrets import without_secrets
from lazr_smtptest.cli.errors import OptionError, StartError
from lazr_smtptest.net.addresses import endpoint_from

__all__ = ["LoggedEndpoint"]

log = logging.getLogger("lazr.smtptest")

# What an endpoint may be.
_FORMS = "use PORT, HOST:PORT, or tcp:PORT:interface=HOST"

_NO_SOCKET = "systemd has given this process no such socket"

# What it means that other machines may reach an address, by protocol.
_RISK = "and there is no reason to take mail from strangers"
_RISKS = {
    "http": "and read and delete all mail, unless --http-auth asks for a login",
    **dict.fromkeys(
        ("imap", "imaps", "pop3", "pop3s"),
        "and read and delete all mail, unless --auth names users",
    ),
}


@implementer(IStreamServerEndpoint)
class LoggedEndpoint:
    """An endpoint that logs its address, or the reason why it cannot listen.

    Args:
        reactor: the reactor to listen in.
        description: the endpoint in Twisted's notation.
        what: the protocol, unless it is plain SMTP.
        hint: added to the error if it cannot listen.
        is_safe: whether no warning is needed where other machines may reach it.

    Attributes:
        address: the address, ``HOST:PORT`` or a path; ``""`` until it listens.
        protocol: ``smtp``, ``smtps``, ``lmtp`` or ``http``.

    Raises:
        OptionError: `description` is malformed.
    """

    address = ""

    def __init__(
        self,
        reactor: Any,
        description: str,
        what: str = "",
        *,
        hint: str = "",
        is_safe: bool = False,
    ) -> None:
        self.protocol = what or "smtp"
        self._hint = f"; {hint}" if hint else ""
        self._is_safe = is_safe
        self._description = without_secrets(description)
        self._shown = f"{what} {self._description}".lstrip()
        try:
            self._endpoint = endpoint_from(reactor, description)
        # Endpoints are made by plugins, which raise many errors for a malformed
        # description: ValueError, TypeError, OSError, TLS errors.
        except Exception as error:
            is_missing = _is_missing(description, error)
            reason = f": {_NO_SOCKET}" if is_missing else _reason(error)
            problem = without_secrets(f"bad endpoint {description!r}{reason}")
            raise OptionError(f"{problem}; {_FORMS}") from None

    def listen(self, factory: IProtocolFactory) -> defer.Deferred[IListeningPort]:
        """Listen, and log the address."""
        listening = defer.maybeDeferred(self._endpoint.listen, factory)
        return listening.addCallbacks(self._listens, self._fails)

    def _listens(self, port: IListeningPort) -> IListeningPort:
        address = port.getHost()
        self.address = _shown(address)
        log.info("listening on %s (%s)", _shown(address), self._shown)
        if _is_public(address) and not self._is_safe:
            log.warning(
                "%s is not a loopback address: other machines may reach it, %s",
                _shown(address),
                _RISKS.get(self.protocol, _RISK),
            )
        return port

    def _fails(self, failure: Failure) -> NoReturn:
        cause = failure.value
        if isinstance(cause, CannotListenError):
            cause = cause.socketError
        reason = getattr(cause, "strerror", None) or cause
        raise StartError(f"cannot listen on {self._description}: {reason}{self._hint}")


def _is_missing(description: str, error: Exception) -> bool:
    """Return whether an endpoint names a socket that systemd has not given."""
    is_systemd = description.startswith("systemd:")
    return is_systemd and isinstance(error, (IndexError, KeyError))


def _reason(error: Exception) -> str:
    """Return what an error says after a colon; ``""`` if it speaks of Python only."""
    is_of_python = isinstance(error, TypeError) or "invalid literal" in str(error)
    return "" if is_of_python else f": {error}"


def _shown(address: object) -> str:
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    if isinstance(address, UNIXAddress):
        return os.fsdecode(address.name or b"")
    return str(address)


def _is_public(address: object) -> bool:
    if isinstance(address, IPv4Address | IPv6Address):
        return not ip_address(address.host).is_loopback
    return False
