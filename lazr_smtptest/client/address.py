"""The URL of a server."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import attrs

from lazr_smtptest._secrets import without_secrets

__all__ = ["Address", "is_url"]

_PORTS = {"http": 80, "https": 443}


def is_url(text: str) -> bool:
    """Return whether a text is meant to be the URL of a server."""
    return text.lower().startswith(("http://", "https://"))


@attrs.frozen
class Address:
    """The parts of the URL of a server.

    Attributes:
        secure: whether it is asked over TLS.
        host: the name or the IP address.
        port: the port.
        base: the path under which the server is, without a slash at its end.
        user: the user name in the URL; ``""`` for none.
        password: the password in the URL.
    """

    secure: bool
    host: str
    port: int
    base: str = ""
    user: str = ""
    password: str = attrs.field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Address:
        """Parse a URL.

        Args:
            url: ``http://HOST:PORT`` or ``https://HOST:PORT``, which may have a path,
                and ``USER:PASSWORD@`` before the host.

        Raises:
            ValueError: it is no such URL.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError:
            parts, port, host = urlsplit(""), None, None
        if not host or parts.scheme not in _PORTS or parts.query or parts.fragment:
            raise ValueError(
                f"bad URL {without_secrets(url)!r}: use http://HOST:PORT or "
                "https://HOST:PORT, with a path if the server has --http-base"
            )
        return cls(
            parts.scheme == "https",
            host,
            _PORTS[parts.scheme] if port is None else port,
            parts.path.rstrip("/"),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def __str__(self) -> str:
        """Return the URL, without the login."""
        scheme = "https" if self.secure else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}{self.base}"
