"""The paths of one disposable mailbox, over the connections to its server."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.client.connections import Connections, Response

__all__ = ["Within"]


class Within(Connections):
    """Makes requests below a path of the API; any thread may use it.

    Args:
        connections: connections to the server, which stay open at the end.
        prefix: the path below that of the API, percent-encoded.
    """

    def __init__(self, connections: Connections, prefix: str) -> None:
        # Without the connections of the base class.
        self.address = connections.address
        self.timeout = connections.timeout
        self._connections = connections
        self._prefix = prefix

    def request(
        self, method: str, path: str, *arguments: Any, **named: Any
    ) -> Response:
        """Make a request, and return the answer; see `Connections`."""
        path = self._prefix + path
        return self._connections.request(method, path, *arguments, **named)

    def close(self) -> None:
        """Leave the connections to the mailbox of the whole server."""
