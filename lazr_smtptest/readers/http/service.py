"""The HTTP side as a service of a Twisted application."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IStreamServerEndpoint

from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings
from lazr_smtptest.readers.service import ListeningService

__all__ = ["HTTPService", "local_url", "url_of"]


class HTTPService(ListeningService):
    """Serves the messages of a store over HTTP, on an endpoint of a running reactor.

    Its methods are called in the reactor's thread.

    Args:
        source: see `ListeningService`.
        endpoint: likewise.
        reactor: likewise.
        settings: the settings.
    """

    # The class of what answers; subclasses serve other APIs.
    make_reader: Any = HTTPReader

    def __init__(
        self,
        source: Any,
        endpoint: IStreamServerEndpoint | str,
        reactor: Any,
        settings: HTTPSettings | None = None,
    ) -> None:
        super().__init__(source, endpoint, reactor, settings or HTTPSettings())

    @property
    def url(self) -> str:
        """Return the URL, such as ``"http://127.0.0.1:8025/"``, while it listens.

        It is ``""`` if it does not listen on TCP.
        """
        return "" if self.port is None else url_of(self.port.getHost(), self._settings)


def url_of(address: object, settings: HTTPSettings) -> str:
    """Return the URL of an HTTP side for a client on this machine.

    Args:
        address: what it listens on.
        settings: its settings.

    Returns:
        the URL, with a slash at its end; ``""`` if the address is not of TCP.
    """
    if not isinstance(address, IPv4Address | IPv6Address):
        return ""
    host = _ANY.get(address.host, address.host)
    if ":" in host:
        host = f"[{host}]"
    scheme = "http" if settings.tls is None else "https"
    return f"{scheme}://{host}:{address.port}{settings.base}/"


def local_url(host: str, port: int) -> str:
    """Return the URL of an HTTP side with the default settings."""
    address = IPv6Address if ":" in host else IPv4Address
    return url_of(address("TCP", host, port), HTTPSettings())


# A client connects to the address of this machine instead.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}
