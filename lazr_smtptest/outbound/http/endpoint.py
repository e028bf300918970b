"""Connections to addresses that are checked first."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IResolutionReceiver, IStreamClientEndpoint
from zope.interface import implementer

from lazr_smtptest.errors import BlockedError, RequestError
from lazr_smtptest.outbound.http.allowed import Allowed, Target

__all__ = ["CheckedEndpoint", "Resolve", "resolver_of"]

# Returns a Deferred with the IP addresses of a host name.
Resolve = Callable[[str], "Deferred[Sequence[str]]"]

# Addresses of a host that are tried, and the seconds for each.
_MOST_ADDRESSES, _TIMEOUT = 4, 10


def resolver_of(reactor: Any) -> Resolve:
    """Return the function that asks the resolver of a reactor."""

    def resolve(host: str) -> Deferred[Sequence[str]]:
        receiver = _Receiver()
        reactor.nameResolver.resolveHostName(receiver, host)
        return receiver.found

    return resolve


@implementer(IResolutionReceiver)
class _Receiver:
    """Collects the addresses of a host."""

    def __init__(self) -> None:
        self.found: Deferred[Sequence[str]] = Deferred()
        self._addresses: list[str] = []

    def resolutionBegan(self, resolutionInProgress: Any) -> None:
        """Return at once: nothing ends the resolution."""

    def addressResolved(self, address: Any) -> None:
        """Keep an address."""
        self._addresses.append(address.host)

    def resolutionComplete(self) -> None:
        """Fire, unless the request was cancelled."""
        if not self.found.called:
            self.found.callback(self._addresses)


@implementer(IStreamClientEndpoint)
class CheckedEndpoint:
    """Connects to the addresses of a server that are allowed.

    Args:
        reactor: connects.
        allowed: checks the addresses.
        target: the server.
        resolve: returns the addresses of a host name.
    """

    def __init__(
        self, reactor: Any, allowed: Allowed, target: Target, resolve: Resolve
    ) -> None:
        self._reactor = reactor
        self._allowed = allowed
        self._target = target
        self._resolve = resolve

    def with_tls(self) -> Any:
        """Return an endpoint that speaks TLS, and checks the certificate.

        Raises:
            RequestError: the packages for TLS are missing; it names the extra.
        """
        try:
            from twisted.internet.ssl import optionsForClientTLS

            from lazr_smtptest.outbound.tls import TLSEndpoint
        except ImportError as error:
            raise RequestError(
                f"https needs pip install 'lazr.smtptest[tls]': {error}"
            ) from error
        options = optionsForClientTLS(self._target.host)
        return TLSEndpoint(self, options, self._reactor)

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """Connect; see `IStreamClientEndpoint`."""
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: Any) -> Any:
        addresses = await self._addresses()
        failure: Exception = RequestError(f"{self._target.host} is unknown")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                self._allowed.check_address(self._target, address)
                return await self._endpoint(address).connect(factory)
            except (BlockedError, ConnectError) as error:
                failure = error
        raise failure

    async def _addresses(self) -> Sequence[str]:
        host = self._target.host
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return await self._resolve(host)
        return [host]

    def _endpoint(self, address: str) -> Any:
        is_ipv6 = ":" in address
        kind = TCP6ClientEndpoint if is_ipv6 else TCP4ClientEndpoint
        return kind(self._reactor, address, self._target.port, timeout=_TIMEOUT)
