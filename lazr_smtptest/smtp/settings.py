"""The settings of one listener."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from lazr_smtptest._guesses import nearest
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.smtp.limits import Limits

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS

__all__ = ["Profile", "Settings"]

Profile = Literal["standard", "strict"]


def _keywords(words: object) -> frozenset[str]:
    """Return the keywords in upper case.

    Raises:
        TypeError: `words` is not a collection of texts.
        ValueError: one is not an extension of this server.
    """
    keywords: list[Any] = list(words) if isinstance(words, Iterable) else [words]
    if isinstance(words, str) or not all(isinstance(each, str) for each in keywords):
        raise TypeError(
            f"hidden is a collection of keywords, such as ['SIZE'], not {_shown(words)}"
        )
    known = [extension.keyword for extension in EXTENSIONS]
    for each in keywords:
        if each.upper() not in known:
            raise ValueError(
                f"hidden is a collection of {', '.join(known)}, not "
                f"{_shown(each)}{nearest(each, known)}"
            )
    return frozenset(each.upper() for each in keywords)


def _check_profile(
    instance: object, attribute: attrs.Attribute[Any], value: object
) -> None:
    if value not in ("standard", "strict"):
        raise ValueError(f"profile is 'standard' or 'strict', not {_shown(value)}")


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


def _check_tls(
    instance: object, attribute: attrs.Attribute[Any], value: object
) -> None:
    """Check the setting tls; raise TypeError as `_check_type` does."""
    if value is None:
        return
    # OpenSSL's objects are imported for servers that have TLS.
    from lazr_smtptest.tls.context import TLS

    if not isinstance(value, TLS):
        raise TypeError(
            "tls is a TLS, such as TLS.auto() or TLS.from_files(certificate, key), "
            f"or None, not {type(value).__name__}"
        )


def _check_flag(
    instance: object, attribute: attrs.Attribute[Any], value: object
) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{attribute.name} is True or False, not {_shown(value)}")


def _check_values(
    instance: object, attribute: attrs.Attribute[Any], value: object
) -> None:
    """Check the extensions to announce: their lines must not end within them.

    Raises:
        TypeError: `value` is no mapping, or a keyword or a value is no text.
        ValueError: a keyword or a value cannot be announced.
    """
    _check_type(instance, attribute, value)
    assert isinstance(value, Mapping)
    for keyword, text in value.items():
        if not isinstance(keyword, str) or not isinstance(text, str | None):
            raise TypeError(
                "values maps keywords to texts or None, such as {'SIZE': '9'}, "
                f"not {_shown(keyword)} to {_shown(text)}"
            )
        if not _KEYWORD.fullmatch(keyword):
            raise ValueError(
                "a keyword of values is a word in printable ASCII, such as 'SIZE', "
                f"not {_shown(keyword)}"
            )
        if not (text or "").isprintable():
            raise ValueError(
                f"the value of {keyword} in values has printable characters only, "
                f"not {_shown(text)}"
            )


def _shown(value: object) -> str:
    """Return a wrong value, or only its type: a longer one may be a private key."""
    text = repr(value)
    is_plain = value is None or isinstance(value, (str, bool, int, float))
    return text if is_plain and len(text) <= _LONGEST_SHOWN else type(value).__name__


# RFC 5321 section 4.1.1.1 allows letters, digits and hyphens only; some servers
# announce others, but all of them are printable ASCII.
_KEYWORD = re.compile("[!-~]+")
# Characters of a wrong value that an error repeats.
_LONGEST_SHOWN = 24
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "limits": ((Limits,), "a Limits, such as Limits(idle=10)"),
    "values": ((Mapping,), "a mapping of keywords to texts, such as {'SIZE': '9'}"),
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

    Raises:
        TypeError: one has another type.
        ValueError: one is not allowed.
    """

    profile: Profile = attrs.field(default="standard", validator=_check_profile)
    limits: Limits = attrs.field(default=Limits(), validator=_check_type)
    hidden: frozenset[str] = attrs.field(default=(), converter=_keywords)
    values: Mapping[str, str | None] = attrs.field(
        factory=dict, validator=_check_values
    )
    tls: TLS | None = attrs.field(default=None, validator=_check_tls)
    implicit_tls: bool = attrs.field(default=False, validator=_check_flag)
    require_tls: bool = attrs.field(default=False, validator=_check_flag)
    require_auth: bool = attrs.field(default=False, validator=_check_flag)
    xclient: bool = attrs.field(default=False, validator=_check_flag)
    vrfy: bool = attrs.field(default=True, validator=_check_flag)

    def __attrs_post_init__(self) -> None:
        if self.tls is None and (self.implicit_tls or self.require_tls):
            raise ValueError("implicit_tls and require_tls need tls, not None")
