"""What a load is made of."""

from __future__ import annotations

import attrs

# The user and password of a connection that logs in.
LOGIN = ("aperson", "secret")


@attrs.frozen(kw_only=True)
class Plan:
    """A load, but for the number of its messages.

    Attributes:
        size: bytes of a message, header and all.
        recipients: recipients of each message.
        connections: how many are open at the same time.
        each: messages that one connection brings; 0: one is used until the end.
        pipelined: whether commands go out together, the content with those of
            the next message (RFC 2920).
        tls: whether each connection goes over to TLS by STARTTLS.
        login: whether each connection logs in, AUTH PLAIN.
        distinct: whether no two messages have the same recipients.
        varied: whether no two messages have the same content; see `letters`.
        noise: whether each content is random base64; see `letters`.
        first: the number of the first message, by which they differ.
        idle: connections beside these that say nothing.
        before: messages that a server has already when the counted ones come; 0: no
            more than it takes to warm it up.
        own: whether it is not for ``smtp-source`` in any case.
    """

    size: int = 1024
    recipients: int = 1
    connections: int = 20
    each: int = 0
    pipelined: bool = False
    tls: bool = False
    login: bool = False
    distinct: bool = False
    varied: bool = False
    noise: bool = False
    first: int = 0
    idle: int = 0
    before: int = 0
    own: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """What a server has to have for it; see `Peer.offers`."""
        given = {
            "pipelining": self.pipelined,
            "tls": self.tls,
            "login": self.login,
        }
        return frozenset(name for name, used in given.items() if used)

    @property
    def plain(self) -> bool:
        """Whether ``smtp-source`` can bring it."""
        special = self.own or self.needs or self.distinct
        special = special or self.varied or self.noise
        return self.each in (0, 1) and not special
