"""The logins of requests: Basic authentication, and sessions by a cookie."""

from __future__ import annotations

import base64
import re
import secrets
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.http_headers import Headers

from lazr_smtptest.net.clock import duration_clock
from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.call import value_of, values_of
from lazr_smtptest.readers.http.gate import SAFE_METHODS, Gate

__all__ = ["LIFETIME", "Logins", "credentials_of"]

# Seconds after which a session ends, and the most sessions at the same time.
LIFETIME = 86_400
_MOST_SESSIONS = 1000
# The most wrong passwords in the form in so many seconds.
_MOST_WRONG, _WRONG_SECONDS = 20, 60.0

_REALM = 'Basic realm="Login"'
_PORT = re.compile(r":(\d+)$")


@attrs.frozen
class _Session:
    user: str
    ends: float


class Logins:
    """Finds out who makes a request, and keeps the sessions of those who logged in.

    All methods are called in the reactor's thread. Sessions are kept in memory.

    Args:
        gate: knows the passwords.
        base: the path before all paths; ``""`` for none.
        is_secure: whether all requests come over TLS.
        in_thread: see `HTTPSite`.
        reactor: measures the time.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        base: str = "",
        is_secure: bool = False,
        in_thread: Callable[..., Deferred[Any]] | None = None,
        reactor: IReactorTime | None = None,
    ) -> None:
        self._gate = gate
        self._base = base
        self._is_secure = is_secure
        self._in_thread = in_thread
        self._now = duration_clock(reactor)
        # By their tokens, in the order of their ends.
        self._sessions: dict[str, _Session] = {}
        # When the latest wrong passwords came.
        self._wrong: deque[float] = deque()

    @property
    def is_needed(self) -> bool:
        """Return whether requests need a login."""
        return self._gate.needs_login

    # Requests

    def check_early(self, method: str, headers: Headers) -> None:
        """Check the login of a request as far as no time is needed.

        Raises:
            HTTPError: see `check`.
        """
        user, password = credentials_of(headers)
        if not self.is_needed or self._gate.knows(user, password):
            return
        if not (self._gate.files and user and password):
            self._user_of_session(method, headers)

    async def check(self, method: str, headers: Headers) -> str:
        """Return the user of a request; ``""`` if no login is needed.

        Raises:
            HTTPError: 401, the login is missing or wrong; 403, the request changes
                something, and has only a cookie, which a browser sends by itself.
        """
        if not self.is_needed:
            return ""
        user, password = credentials_of(headers)
        if await self._is_right(user, password):
            return user
        return self._user_of_session(method, headers)

    async def user_of(self, headers: Headers) -> str:
        """Return the user of a request; ``""`` if it has no right login."""
        try:
            return await self.check("GET", headers)
        except HTTPError:
            return ""

    async def _is_right(self, user: str, password: str) -> bool:
        gate = self._gate
        if gate.knows(user, password):
            return True
        if self._in_thread is None or not (gate.files and user and password):
            return False
        await self._in_thread(gate.look_up, user, password)
        return gate.knows(user, password)

    def _user_of_session(self, method: str, headers: Headers) -> str:
        session = self._find(headers)
        if session is None:
            raise _unauthorized(headers)
        if method not in SAFE_METHODS and not _is_script(headers):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                "a change with the cookie of a login needs Content-Type: "
                "application/json, or the header X-Requested-With",
            )
        return session.user

    # Sessions

    async def begin(self, headers: Headers, user: str, password: str) -> str:
        """Begin a session, and return the cookie for it; see RFC 6265 section 4.1.

        Raises:
            HTTPError: 401, the password is wrong; 429, too many were.
        """
        now = self._now()
        while self._wrong and self._wrong[0] <= now - _WRONG_SECONDS:
            self._wrong.popleft()
        if len(self._wrong) >= _MOST_WRONG:
            wait = int(self._wrong[0] + _WRONG_SECONDS - now) + 1
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{_MOST_WRONG} wrong passwords in a minute: try again in {wait} s",
                headers={"Retry-After": str(wait)},
            )
        # Counted at once: others may come while a thread compares this one.
        self._wrong.append(now)
        if not await self._is_right(user, password):
            raise HTTPError(HTTPStatus.UNAUTHORIZED, "wrong user name or password")
        self._wrong.remove(now)
        token = secrets.token_urlsafe(32)
        self._forget_ended()
        self._sessions[token] = _Session(user, self._now() + LIFETIME)
        return self._cookie(headers, token, LIFETIME)

    def end(self, headers: Headers) -> str:
        """End the sessions of a request; return the cookie that removes its cookie."""
        for token in _tokens(headers):
            self._sessions.pop(token, None)
        return self._cookie(headers, "", 0)

    def _find(self, headers: Headers) -> _Session | None:
        for token in _tokens(headers):
            session = self._sessions.get(token)
            if session is not None and session.ends > self._now():
                return session
        return None

    def _forget_ended(self) -> None:
        """Make room for one more: the oldest end first."""
        now = self._now()
        for token, session in list(self._sessions.items()):
            if session.ends > now and len(self._sessions) < _MOST_SESSIONS:
                return
            del self._sessions[token]

    def _cookie(self, headers: Headers, token: str, seconds: int) -> str:
        fields = [
            f"{_cookie_name(headers)}={token}",
            f"Path={self._base}/",
            f"Max-Age={seconds}",
            "HttpOnly",
            "SameSite=Strict",
        ]
        if self.comes_by_tls(headers):
            fields.append("Secure")
        return "; ".join(fields)

    def comes_by_tls(self, headers: Headers) -> bool:
        """Return whether a client uses TLS, with us or with a proxy that says so.

        Another client that says so gets what works with TLS only.
        """
        forwarded = value_of(headers, "x-forwarded-proto")
        return self._is_secure or forwarded.strip().lower() == "https"


def credentials_of(headers: Headers) -> tuple[str, str]:
    """Return user and password of Basic authentication (RFC 7617), or empty ones."""
    scheme, _, token = value_of(headers, "authorization").strip().partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except ValueError:
        return "", ""
    user, _, password = text.partition(":")
    return user, password


def _unauthorized(headers: Headers) -> HTTPError:
    """Return the error for a missing or wrong login.

    A script shows a form of its own: without a challenge, which would open the dialog
    of the browser.
    """
    given = any(credentials_of(headers))
    mode, dest = (
        value_of(headers, f"sec-fetch-{name}").lower() for name in ("mode", "dest")
    )
    is_asked = (
        not headers.hasHeader("x-requested-with")
        and mode in ("", "navigate")
        and dest in ("", "document")
    )
    return HTTPError(
        HTTPStatus.UNAUTHORIZED,
        "wrong user name or password"
        if given
        else "a user name and a password are needed",
        headers={"WWW-Authenticate": _REALM} if is_asked else {},
    )


def _is_script(headers: Headers) -> bool:
    """Return whether only a script of our page could have made a request.

    No form and no mail can send these; the gate refuses the scripts of other sites.
    """
    site = value_of(headers, "sec-fetch-site").lower()
    kind = value_of(headers, "content-type").partition(";")[0]
    return (
        site == "same-origin"
        or kind.strip().lower() == "application/json"
        or headers.hasHeader("x-requested-with")
    )


def _cookie_name(headers: Headers) -> str:
    """Return the name of the cookie; cookies are the same on all ports of a host."""
    host = value_of(headers, "host")
    port = _PORT.search(host)
    return f"smtptest-{port[1]}" if port else "smtptest"


def _tokens(headers: Headers) -> list[str]:
    """Return the tokens in the cookies of a request (RFC 6265 section 5.4)."""
    name = _cookie_name(headers)
    pairs = ";".join(values_of(headers, "cookie")).split(";")
    named = [pair.strip().partition("=") for pair in pairs]
    return [value for each, _, value in named if each == name]
