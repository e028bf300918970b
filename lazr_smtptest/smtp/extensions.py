"""The SMTP extensions that the server supports, one record each.

Each is announced only where it works; a hidden one is treated as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from lazr_smtptest.smtp.errors import ClientError, PolicyError
from lazr_smtptest.smtp.parameters import Parameters

if TYPE_CHECKING:
    from lazr_smtptest.smtp.limits import Limits
    from lazr_smtptest.smtp.settings import Settings

__all__ = [
    "EXTENSIONS",
    "VERBS",
    "XCLIENT_ATTRIBUTES",
    "Extension",
    "Offer",
    "check_release",
    "latest_release",
    "listed",
    "words",
]

# The longest time that FUTURERELEASE may hold a message, in seconds (RFC 4865
# section 4): about three years.
MAX_HOLD = 99_999_999

XCLIENT_ATTRIBUTES = (
    "NAME",
    "ADDR",
    "PORT",
    "PROTO",
    "HELO",
    "LOGIN",
    "DESTADDR",
    "DESTPORT",
)

# RFC 3461 section 4; the decoded text is printable US-ASCII too (sections 4.2, 4.4).
_XTEXT = r"(?:[!-*,-<>-~]|\+(?:[2-6][0-9A-F]|7[0-9A-E]))"

# RFC 6533 section 3: in an address of the type utf-8 the backslash, and each character
# that is not printable US-ASCII, is written as \x{F6}; that backslash may be encoded as
# xtext. With SMTPUTF8 the characters may be sent as they are. Controls and surrogates
# are not allowed.
_HEXPOINT = (
    r"(?:[2-6][0-9A-F]|7[0-9A-E]|[A-F][0-9A-F]|[1-9A-F][0-9A-F]{2}"
    r"|[1-9A-CEF][0-9A-F]{3}|D[0-7][0-9A-F]{2}|[1-9A-F][0-9A-F]{4}|10[0-9A-F]{4})"
)
_UTF8_ADDRESS = (
    r"(?:[!-*,-<>-\[\]-~\u00a0-\U0010ffff]"
    rf"|(?:\\|\+5C)x\{{(?i:{_HEXPOINT})\}}"
    r"|\+(?:[2-46][0-9A-F]|5[0-9ABD-F]|7[0-9A-E]))"
)


class Session(Protocol):
    """The state of a session that extensions depend on."""

    settings: Settings
    limits: Limits
    portal: Any

    @property
    def secure(self) -> bool:
        """Return whether the connection is encrypted."""

    @property
    def can_start_tls(self) -> bool:
        """Return whether STARTTLS would work now."""

    def mechanisms(self) -> list[str]:
        """Return the AUTH mechanisms that would work now."""

    @property
    def seconds(self) -> Callable[[], float]:
        """Return a function that returns the time, in seconds since 1970."""


@attrs.frozen
class Extension:
    """One extension (RFC 5321 section 2.2).

    Attributes:
        keyword: the EHLO keyword.
        mail: the parameters that it adds to MAIL.
        rcpt: the parameters that it adds to RCPT.
        verbs: the commands that it adds.
        value: returns the value that is announced after the keyword, or ``None``
            for no value; ``None``: it never has a value.
        works: returns whether it works in the present state of a session;
            ``None``: always.
        needs_value: whether it is announced only if it has a value.
    """

    keyword: str
    mail: Parameters = attrs.field(factory=dict, kw_only=True)
    rcpt: Parameters = attrs.field(factory=dict, kw_only=True)
    verbs: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    value: Callable[[Session], str | None] | None = attrs.field(
        default=None, kw_only=True
    )
    works: Callable[[Session], Any] | None = attrs.field(default=None, kw_only=True)
    needs_value: bool = attrs.field(default=False, kw_only=True)


def _any_case(pattern: str) -> str:
    return f"(?i:{pattern})"


def _size(session: Session) -> str | None:
    size = session.limits.message_size
    return None if size is None else str(size)


def latest_release(now: float) -> datetime:
    """Return the latest time until which a message may be held (RFC 4865).

    Args:
        now: seconds since 1970.
    """
    return datetime.fromtimestamp(int(now), timezone.utc) + timedelta(seconds=MAX_HOLD)


def _release_limits(session: Session) -> str:
    return _release_limits_at(int(session.seconds()))


@lru_cache(maxsize=1)
def _release_limits_at(now: int) -> str:
    return f"{MAX_HOLD} {latest_release(now):%Y-%m-%dT%H:%M:%SZ}"


EXTENSIONS = (
    Extension("PIPELINING"),  # RFC 2920
    Extension("SIZE", mail={"SIZE": "[0-9]{1,20}"}, value=_size),  # RFC 1870
    Extension("8BITMIME", mail={"BODY": _any_case("7BIT|8BITMIME")}),  # RFC 6152
    Extension("SMTPUTF8", mail={"SMTPUTF8": None}),  # RFC 6531
    Extension("ENHANCEDSTATUSCODES"),  # RFC 2034
    Extension("CHUNKING", verbs=("BDAT",)),  # RFC 3030
    Extension(  # RFC 3030 section 3
        "BINARYMIME",
        mail={"BODY": _any_case("7BIT|BINARYMIME")},
        works=lambda session: "CHUNKING" not in session.settings.hidden,
    ),
    Extension(  # RFC 3461 section 4
        "DSN",
        mail={
            "RET": _any_case("FULL|HDRS"),
            "ENVID": f"{_XTEXT}{{1,100}}",
        },
        rcpt={
            "NOTIFY": _any_case(
                r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}"
            ),
            "ORCPT": (
                rf"(?=.{{1,500}}\Z)(?:(?i:utf-8);{_UTF8_ADDRESS}+"
                rf"|(?!(?i:utf-8);)[A-Za-z0-9-]+;{_XTEXT}+)"
            ),
        },
    ),
    Extension(  # RFC 3207
        "STARTTLS",
        verbs=("STARTTLS",),
        works=lambda session: session.can_start_tls,
    ),
    Extension(  # RFC 4954
        "AUTH",
        mail={"AUTH": f"<>|{_XTEXT}{{1,500}}"},
        verbs=("AUTH",),
        value=lambda session: " ".join(session.mechanisms()),
        works=lambda session: session.portal is not None,
        # RFC 4954 section 5: AUTH= needs a login.
        needs_value=True,
    ),
    Extension(  # RFC 8689
        "REQUIRETLS",
        mail={"REQUIRETLS": None},
        works=lambda session: session.secure,
    ),
    Extension(  # RFC 9422
        "LIMITS", value=lambda session: f"RCPTMAX={session.limits.recipients}"
    ),
    Extension(  # RFC 2852
        "DELIVERBY", mail={"BY": _any_case(r"[-+]?[0-9]{1,9};[RN]T?")}
    ),
    Extension(  # RFC 4865
        "FUTURERELEASE",
        mail={
            "HOLDFOR": r"[1-9][0-9]{0,8}",
            "HOLDUNTIL": _any_case(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
            ),
        },
        value=_release_limits,
    ),
    Extension("MT-PRIORITY", mail={"MT-PRIORITY": "-?[0-9]"}),  # RFC 6710
    Extension(
        "XCLIENT",
        verbs=("XCLIENT",),
        value=lambda session: " ".join(XCLIENT_ATTRIBUTES),
        works=lambda session: session.settings.xclient,
    ),
    Extension("VRFY", works=lambda session: session.settings.vrfy),
    Extension(
        "EXPN",
        works=lambda session: (
            session.settings.vrfy and "VRFY" not in session.settings.hidden
        ),
    ),
    Extension("HELP", verbs=("HELP",)),
)


# The extension to which each command belongs.
VERBS = {
    verb: extension.keyword for extension in EXTENSIONS for verb in extension.verbs
}


def check_release(hold_for: str | None, hold_until: str | None, now: float) -> None:
    """Check the release time of a message (RFC 4865 section 4.2).

    Args:
        hold_for: the value of HOLDFOR, in seconds.
        hold_until: the value of HOLDUNTIL, a date and time.
        now: seconds since 1970.

    Raises:
        ClientError: both are given, or HOLDUNTIL is not a date.
        PolicyError: it is later than the announced limit.
    """
    if hold_for is not None and hold_until is not None:
        raise ClientError(501, "HOLDFOR and HOLDUNTIL together", "5.5.4")
    if hold_for is not None and int(hold_for) > MAX_HOLD:
        raise PolicyError(501, "HOLDFOR is too long", "5.5.4")
    if hold_until is not None:
        try:
            # Python 3.10 accepts neither "Z" nor an arbitrary number of digits.
            release = datetime.fromisoformat(
                re.sub(r"\.\d+", "", hold_until.upper()).replace("Z", "+00:00")
            )
        except ValueError:
            raise ClientError(501, f"bad HOLDUNTIL: {hold_until!a}", "5.5.4") from None
        if release > latest_release(now):
            raise PolicyError(501, "HOLDUNTIL is too late", "5.5.4")


# Compared by identity: `_offer` returns the same one for the same extensions.
@attrs.frozen(eq=False)
class Offer:
    """The extensions that a session offers in its present state.

    Attributes:
        extensions: the extensions by keyword, in the order of announcement.
        mail: the parameters that MAIL accepts.
        rcpt: the parameters that RCPT accepts.
    """

    extensions: Mapping[str, Extension]
    mail: Parameters
    rcpt: Parameters
    # The announced keywords; those in `_varying` may have a value or be left out.
    _keywords: Mapping[bytes, None]
    _varying: Sequence[tuple[bytes, Callable[[Session], str | None], bool]]

    @classmethod
    def to(cls, session: Session) -> Offer:
        """Return the extensions that work in a session and are not hidden from it."""
        return _offer(
            session.settings.hidden,
            tuple([bool(works(session)) for works in _CONDITIONS]),
        )

    def announced(self, session: Session) -> dict[bytes, list[bytes] | None]:
        """Return the EHLO keywords in order, each with the words of its value.

        Args:
            session: the session of this offer.
        """
        return self.announced_with(self.values(session))

    def values(self, session: Session) -> tuple[str | None, ...]:
        """Return the present values of the keywords that may have one, in order."""
        return tuple([value(session) for _, value, _ in self._varying])

    def announced_with(
        self, values: tuple[str | None, ...]
    ) -> dict[bytes, list[bytes] | None]:
        """Return the EHLO keywords in order, each with the words of its value.

        Args:
            values: the result of `values`.
        """
        announced: dict[bytes, list[bytes] | None] = dict(self._keywords)
        for (keyword, _, is_needed), value in zip(self._varying, values, strict=True):
            if value or not is_needed:
                announced[keyword] = words(value)
            else:
                del announced[keyword]
        return announced


@lru_cache(maxsize=64)
def _words(value: str) -> tuple[bytes, ...]:
    return tuple(value.encode().split())


def words(value: str | None) -> list[bytes] | None:
    """Return the words of a keyword's value, as in Twisted; ``None``: no value."""
    return list(_words(value)) if value else None


def listed(announced: Mapping[bytes, Sequence[bytes] | None]) -> bytes:
    """Return the lines of announced extensions."""
    return b"\n".join(
        [
            b" ".join((keyword, *values)) if values else keyword
            for keyword, values in announced.items()
            # Twisted leaves out a keyword with an empty list.
            if values or values is None
        ]
    )


_CONDITIONS = tuple(each.works for each in EXTENSIONS if each.works is not None)


# A listener has one or two of them: before and within TLS.
@lru_cache(maxsize=64)
def _offer(hidden: frozenset[str], answers: tuple[bool, ...]) -> Offer:
    """Return the offer of all extensions that work and are not hidden.

    Args:
        hidden: the keywords of hidden extensions.
        answers: the result of each of `_CONDITIONS`.
    """
    refused = {
        works for works, yes in zip(_CONDITIONS, answers, strict=True) if not yes
    }
    extensions: dict[str, Extension] = {}
    mail: dict[str, str | None] = {}
    rcpt: dict[str, str | None] = {}
    for extension in EXTENSIONS:
        if extension.keyword not in hidden and extension.works not in refused:
            extensions[extension.keyword] = extension
            for keyword, pattern in extension.mail.items():
                mail[keyword] = _either(mail.get(keyword), pattern)
            rcpt.update(extension.rcpt)
    return Offer(
        extensions,
        mail,
        rcpt,
        dict.fromkeys(keyword.encode() for keyword in extensions),
        [
            (keyword.encode(), each.value, each.needs_value)
            for keyword, each in extensions.items()
            if each.value is not None
        ],
    )


def _either(first: str | None, second: str | None) -> str | None:
    """Join the patterns of two extensions for one parameter, such as BODY."""
    if first is None or second is None:
        return second
    return f"{first}|{second}"
