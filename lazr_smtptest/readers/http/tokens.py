"""Tokens in URLs, for requests that a browser makes without cookies."""

from __future__ import annotations

import hmac
import re
import secrets

from twisted.internet.interfaces import IReactorTime

from lazr_smtptest.net.clock import duration_clock

__all__ = ["Tokens"]

# Seconds.
_LIFETIME = 3600.0

_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{64})")


class Tokens:
    """Makes and checks tokens, which end after an hour.

    The key is made with the object: a server that starts again knows none of them.

    Args:
        reactor: measures the time; ``None`` is the global reactor.
    """

    def __init__(self, reactor: IReactorTime | None = None) -> None:
        self._key = secrets.token_bytes(32)
        self._now = duration_clock(reactor)

    def make(self, what: str) -> str:
        """Return a token for something; it needs no quotes in a URL."""
        ends = f"{int(self._now() + _LIFETIME):x}"
        return f"{ends}-{self._digest(ends, what)}"

    def check(self, token: str, what: str) -> bool:
        """Return whether a token was made for something, and has not ended."""
        found = _TOKEN.fullmatch(token)
        if found is None or int(found[1], 16) <= self._now():
            return False
        return hmac.compare_digest(found[2], self._digest(found[1], what))

    def _digest(self, ends: str, what: str) -> str:
        text = f"{ends} {what}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, "sha256").hexdigest()
