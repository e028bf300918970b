"""What one listener offers and what it puts up with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.tls.context import TLS

__all__ = ["Profile", "Settings"]

Profile = Literal["standard", "strict"]


def _keywords(words: object) -> frozenset[str]:
    if isinstance(words, str):
        raise TypeError(f"hidden must be a collection of keywords, not {words!r}")
    return frozenset(str(word).upper() for word in words)  # type: ignore[attr-defined]


@attrs.frozen(kw_only=True)
class Settings:
    """How a listener behaves. Every listener of a server may have its own.

    Attributes:
        profile: ``"standard"`` takes what RFC 5321 lets a server take, and notes
            on the envelope what was irregular; ``"strict"`` refuses it.
        limits: the bounds of each connection.
        hidden: keywords of extensions that are not offered: not announced, and
            not known when a client uses them all the same.
        values: other values for the keywords of EHLO, ``{"SIZE": "1000"}``, and
            keywords that are announced without being there. Only what is
            announced changes.
        tls: offers STARTTLS; with `implicit_tls`, TLS from the first byte on.
        implicit_tls: whether TLS begins with the connection (RFC 8314).
        require_tls: whether 530 answers, outside of TLS, every command but EHLO, HELO,
            LHLO, NOOP, RSET, STARTTLS and QUIT (RFC 3207 section 4).
        require_auth: whether mail is refused (530) before AUTH.
        xclient: whether clients may speak for others with XCLIENT.
        vrfy: whether VRFY and EXPN answer 252; otherwise 502.
    """

    profile: Profile = attrs.field(
        default="standard", validator=attrs.validators.in_(("standard", "strict"))
    )
    limits: Limits = Limits()
    hidden: frozenset[str] = attrs.field(default=(), converter=_keywords)
    values: Mapping[str, str | None] = attrs.field(factory=dict)
    tls: TLS | None = None
    implicit_tls: bool = False
    require_tls: bool = False
    require_auth: bool = False
    xclient: bool = False
    vrfy: bool = True

    def __attrs_post_init__(self) -> None:
        if self.tls is None and (self.implicit_tls or self.require_tls):
            raise ValueError("implicit_tls and require_tls need tls")
