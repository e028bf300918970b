"""The settings of one listener."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.tls.context import TLS

__all__ = ["Profile", "Settings"]

Profile = Literal["standard", "strict"]


def _keywords(words: object) -> frozenset[str]:
    if isinstance(words, str):
        raise TypeError(f"hidden must be a collection of keywords, not {words!r}")
    return frozenset(str(word).upper() for word in words)  # type: ignore[attr-defined]


def _check_type(
    instance: object, attribute: attrs.Attribute[Any], value: object
) -> None:
    """Check a setting that is an object of this library.

    Raises:
        TypeError: it is something else, which is not shown: it may be a private key.
    """
    kind, hint = _KINDS[attribute.name]
    if not isinstance(value, kind):
        raise TypeError(f"{attribute.name} is {hint}, not {type(value).__name__}")


_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "tls": (
        (TLS, type(None)),
        "a TLS, such as TLS.auto() or TLS.from_files(certificate, key), or None",
    ),
    "limits": ((Limits,), "a Limits, such as Limits(idle=10)"),
    "values": ((Mapping,), "a mapping of keywords to values, such as {'SIZE': '9'}"),
}


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of a listener. Every listener of a server may have its own.

    Attributes:
        profile: ``"standard"`` accepts the irregular mail that RFC 5321 lets a
            server accept, and adds warnings to the envelope; ``"strict"``
            refuses it.
        limits: the limits of each connection.
        hidden: keywords of extensions that are not offered: they are not
            announced, and refused if a client uses them.
        values: other values for EHLO keywords, ``{"SIZE": "1000"}``, and keywords
            to announce in addition. Only the announcement changes.
        tls: the certificate for STARTTLS or, with `implicit_tls`, for TLS from the
            first byte on; ``None``: no TLS.
        implicit_tls: whether connections begin with TLS (RFC 8314).
        require_tls: whether 530 answers, outside of TLS, every command but EHLO, HELO,
            LHLO, NOOP, RSET, STARTTLS and QUIT (RFC 3207 section 4).
        require_auth: whether mail is refused with 530 before AUTH.
        xclient: whether XCLIENT may change the client's address and name.
        vrfy: whether the reply to VRFY and EXPN is 252; otherwise it is 502.
    """

    profile: Profile = attrs.field(
        default="standard", validator=attrs.validators.in_(("standard", "strict"))
    )
    limits: Limits = attrs.field(default=Limits(), validator=_check_type)
    hidden: frozenset[str] = attrs.field(default=(), converter=_keywords)
    values: Mapping[str, str | None] = attrs.field(factory=dict, validator=_check_type)
    tls: TLS | None = attrs.field(default=None, validator=_check_type)
    implicit_tls: bool = False
    require_tls: bool = False
    require_auth: bool = False
    xclient: bool = False
    vrfy: bool = True

    def __attrs_post_init__(self) -> None:
        if self.tls is None and (self.implicit_tls or self.require_tls):
            raise ValueError("implicit_tls and require_tls need tls")
