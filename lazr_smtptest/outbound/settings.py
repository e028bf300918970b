"""Where mail may be sent to, and how."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

import attrs

from lazr_smtptest.mime.address_keys import address_key
from lazr_smtptest.net.addresses import is_ip, is_loopback

__all__ = ["Login", "Outgoing", "Relay", "Security", "Server"]

Security = Literal["none", "starttls", "tls"]

_SECURITY = ("none", "starttls", "tls")
_MECHANISMS = ("plain", "login", "cram-md5")
_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,253}[0-9A-Za-z])?")


@attrs.frozen(kw_only=True)
class Login:
    """How the client logs in.

    Attributes:
        user: the user name.
        password: the password, or the shared secret of CRAM-MD5.
        mechanism: ``"plain"``, ``"login"`` or ``"cram-md5"``.

    Raises:
        ValueError: the mechanism is unknown, or the user or the password is empty.
    """

    user: str
    password: str = attrs.field(repr=False)
    mechanism: str = "plain"

    def __attrs_post_init__(self) -> None:
        """Check the values."""
        if self.mechanism not in _MECHANISMS:
            raise ValueError(
                f"the mechanism of a login must be one of {', '.join(_MECHANISMS)}, "
                f"not {self.mechanism!r}"
            )
        if not self.user or not self.password:
            raise ValueError("a login must have a user and a password")


@attrs.frozen(kw_only=True)
class Server:
    """A server that mail is sent to.

    Attributes:
        host: its name or IP address.
        port: its port.
        security: ``"none"``; ``"starttls"``: STARTTLS is required; ``"tls"``: TLS from
            the start.
        verifies: whether its certificate is checked. If not, a password may also be
            sent in clear.
        ca: the certificates to trust, in PEM; ``b""`` for those of the system.
        login: how to log in; ``None``: not at all.
        timeout: seconds that one message may take.

    Raises:
        ValueError: a value is not valid.
    """

    host: str
    port: int = 25
    security: Security = "none"
    verifies: bool = True
    ca: bytes = attrs.field(default=b"", repr=False)
    login: Login | None = None
    timeout: float = 60.0

    def __attrs_post_init__(self) -> None:
        """Check the values."""
        if not _HOST.fullmatch(self.host) and not is_ip(self.host):
            raise ValueError(
                "the host must be a host name or an IP address, without a port, "
                f"not {self.host!r}"
            )
        if not 1 <= self.port <= 65535:
            raise ValueError(f"the port must be 1 to 65535, not {self.port}")
        if self.security not in _SECURITY:
            raise ValueError(
                f"the security must be one of {', '.join(_SECURITY)}, "
                f"not {self.security!r}"
            )
        in_clear = self.security == "none" and not is_loopback(self.host)
        if self.login is not None and self.verifies and in_clear:
            raise ValueError(
                f"a password is not sent to {self.host} in clear: use STARTTLS or TLS"
            )

    @property
    def address(self) -> str:
        """The host and the port, ``"mail.example:25"``."""
        return address_of(self.host, self.port)


def address_of(host: str, port: int) -> str:
    """Return a host and a port as one text."""
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"


@attrs.frozen(kw_only=True)
class Relay:
    """The server that captured messages are released to.

    Attributes:
        server: the server.
        return_path: the sender of all envelopes; ``""`` for the one of the message.
        override_from: the address that replaces the one in From; ``""`` for none.
        allowed: a regular expression that each recipient must match somewhere; ``""``
            for any recipient.
        blocked: a regular expression that no recipient may match; ``""`` for none.
        preserves_message_ids: whether the Message-ID stays.

    Raises:
        ValueError: an expression is not valid.
    """

    server: Server
    return_path: str = ""
    override_from: str = ""
    allowed: str = ""
    blocked: str = ""
    preserves_message_ids: bool = False

    def __attrs_post_init__(self) -> None:
        """Check the values."""
        for name in ("allowed", "blocked"):
            pattern = getattr(self, name)
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"the {name} recipients must be a regular expression, "
                    f"not {pattern!r}: {error}"
                ) from None

    def not_allowed(self, recipients: Collection[str]) -> list[str]:
        """Return the recipients that `allowed` does not match."""
        allowed = re.compile(self.allowed, re.IGNORECASE)
        return [each for each in recipients if not allowed.search(each)]

    def blocked_among(self, recipients: Collection[str]) -> list[str]:
        """Return the recipients that `blocked` matches, however they are spelled."""
        if not self.blocked:
            return []
        blocked = re.compile(self.blocked, re.IGNORECASE)
        return [each for each in recipients if any(map(blocked.search, _forms(each)))]


def _forms(address: str) -> tuple[str, ...]:
    """Return the spellings of an address: as it is, and those that mean the same."""
    # A final dot names the same host: the root of the DNS.
    plain = address.rstrip(".")
    return address, plain, address_key(plain)


def _lower(hosts: Collection[str]) -> frozenset[str]:
    return frozenset(host.lower() for host in hosts)


@attrs.frozen(kw_only=True)
class Outgoing:
    """Everything that mail may be sent to; by default nothing.

    Attributes:
        relay: the server that messages are released to; ``None``: none.
        hosts: further servers that a request of MailHog's API may name, as
            ``"host:port"``.
    """

    relay: Relay | None = None
    hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_lower)

    def may_send_to(self, host: str, port: int) -> bool:
        """Return whether a request may name a server."""
        address = address_of(host, port)
        if self.relay is not None and address == self.relay.server.address:
            return True
        return address in self.hosts
