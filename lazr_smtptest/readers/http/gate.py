"""The checks that every request passes before anything else looks at it.

In this order: the Host (RFC 9110 section 7.2), against DNS rebinding; the login; the
origin, against pages of other sites and against mails shown in a browser.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs
from twisted.web.http_headers import Headers

from lazr_smtptest._checks import brief
from lazr_smtptest.readers.http.answer import HTTPError
from lazr_smtptest.readers.http.call import value_of, values_of

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.htpasswd import PasswordFile

__all__ = ["SAFE_METHODS", "Gate", "is_foreign"]

# The name by which containers reach the machine that they run on.
_DOCKER = "host.docker.internal"
_LABEL = re.compile(r"[0-9A-Za-z_-]{1,63}")
# It is written into policies, so it has no character that means something there.
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]@/?#\s;,'\"]+)(?::\d{0,5})?")

# The hosts whose checks are remembered: clients send the same one again and again.
_REMEMBERED = 64

# The methods that change nothing (RFC 9110 section 9.2.1).
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


def _lower(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


@attrs.frozen(kw_only=True)
class Gate:
    """Checks the Host, the login and the origin of requests.

    Attributes:
        hosts: names that the Host may have besides loopback names, IP addresses, names
            of one label, and ``host.docker.internal``.
        users: the passwords of the users that may log in.
        files: files with more of them. Without users and files anybody may read.
        origins: the origins of other sites whose pages may use the API: ``scheme://host:port``
            or ``host:port``; ``"*"`` for all.
    """

    hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_lower)
    users: Mapping[str, str] = attrs.field(factory=dict)
    files: Sequence[PasswordFile] = ()
    origins: frozenset[str] = attrs.field(default=frozenset(), converter=_lower)

    def check_host(self, headers: Headers) -> str:
        """Return the Host of a request, in lower case and without an empty port.

        Raises:
            HTTPError: 400, there is not exactly one well-formed Host; 421 (RFC 9110
                section 15.5.20), it is the name of another site.
        """
        values = values_of(headers, "host")
        if len(values) != 1:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"expected one Host header, got {len(values)}",
            )
        host = values[0].lower()
        name = _name_of(host)
        if not name:
            raise HTTPError(HTTPStatus.BAD_REQUEST, f"bad Host header: {host!r}")
        if not self._is_ours(name):
            raise HTTPError(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this server does not serve the host {name!r}; "
                f"allow it with --http-host {name}",
            )
        return _without_empty_port(host)

    def _is_ours(self, name: str) -> bool:
        return name in self.hosts or _is_local(name)

    @property
    def needs_login(self) -> bool:
        """Return whether requests need a login."""
        return bool(self.users or self.files)

    def knows(self, user: str, password: str) -> bool:
        """Return whether a login is right; one of a file only after `look_up`."""
        right = self.users.get(user, "")
        # Compared in any case, in constant time: the answer takes as long for a name
        # that does not exist.
        same = hmac.compare_digest(password.encode(), right.encode())
        if user in self.users and same:
            return True
        return any(file.knows(user, password) for file in self.files)

    def look_up(self, user: str, password: str) -> None:
        """Look up a login in the files; it takes time."""
        any(file.check(user, password) for file in self.files)

    def check_origin(self, method: str, headers: Headers, host: str) -> None:
        """Check that no page of another site makes the request.

        Args:
            method: the method.
            headers: the header of the request.
            host: the Host, from `check_host`.

        Raises:
            HTTPError: 403, the page of another site made it.
        """
        origin = _one(headers, "origin")
        if origin:
            if _address(origin) != host and not self._allows(origin):
                raise _foreign(
                    f"the origin {origin!r} is not allowed at the host {host!r}: a "
                    "proxy has to pass the Host on (nginx: proxy_set_header Host "
                    "$http_host), and --cors ORIGIN allows pages of another site"
                )
            return
        self._check_referer(method, headers, host)
        if is_foreign(headers):
            is_link = (
                method in SAFE_METHODS
                and _one(headers, "sec-fetch-mode").lower() == "navigate"
                and _one(headers, "sec-fetch-dest").lower() == "document"
            )
            if not is_link:
                raise _foreign("a page of another site may not make this request")

    def fields_for_origin(self, headers: Headers) -> Mapping[str, str]:
        """Return the header fields that let the page of a request read any answer.

        Without them on an error, too, a browser tells the page only that the request
        has failed (Fetch standard, "CORS check").

        Args:
            headers: the header of the request.

        Returns:
            the fields; none if the request names no origin, or one that may not read.
        """
        if not headers.hasHeader("origin"):
            return {}
        origin = _one(headers, "origin")
        host = _one(headers, "host").lower()
        is_same = _address(origin) == _without_empty_port(host)
        is_same = is_same and self._is_ours(_name_of(host))
        return _allowing(origin) if is_same or self._allows(origin) else {}

    def _check_referer(self, method: str, headers: Headers, host: str) -> None:
        """Check a change for which a browser names only the page that makes it.

        A browser that sends neither Origin nor Sec-Fetch-Site sends Referer, unless
        the page forbids it (RFC 9110 section 10.1.3).
        """
        if method in SAFE_METHODS:
            return
        referer = _one(headers, "referer")
        if not referer or headers.hasHeader("sec-fetch-site"):
            return
        if _address(referer) != host and not self._allows(_origin_of(referer)):
            raise _foreign(f"a page of {referer:.200} may not make this request")

    def check_expectation(self, headers: Headers) -> None:
        """Check that a client expects nothing but ``100-continue``.

        Raises:
            HTTPError: 417, it does (RFC 9110 section 10.1.1).
        """
        if not headers.hasHeader("expect"):
            return
        expected = ",".join(values_of(headers, "expect")).lower().split(",")
        for each in map(str.strip, expected):
            if each not in ("", "100-continue"):
                raise HTTPError(
                    HTTPStatus.EXPECTATION_FAILED,
                    f"Expect may be 100-continue, not {each[:100]!r}",
                )

    def check_coding(self, headers: Headers) -> None:
        """Check that the body of a request is sent as it is.

        Raises:
            HTTPError: 415 (RFC 9110 section 15.5.16), it is compressed.
        """
        if not headers.hasHeader("content-encoding"):
            return
        coding = ", ".join(values_of(headers, "content-encoding")).strip()
        if coding.lower() not in ("", "identity"):
            raise HTTPError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"the Content-Encoding {brief(coding)} is not supported: send the "
                "body as it is, without one",
                headers={"Accept-Encoding": "identity"},
            )

    def _allows(self, origin: str) -> bool:
        if origin.lower() == "null":
            # That of every sandboxed page, a shown mail among them.
            return False
        return bool(self.origins & {"*", origin.lower(), _address(origin)})

    def preflight(self, headers: Headers, allowed: Collection[str]) -> dict[str, str]:
        """Return the header fields that answer a preflight request.

        Args:
            headers: the header of the request.
            allowed: the methods of the path.
        """
        answer = {"Allow": ", ".join(allowed)}
        origin = _one(headers, "origin")
        if origin and self._allows(origin):
            answer["Access-Control-Allow-Methods"] = ", ".join(allowed)
            wanted = _one(headers, "access-control-request-headers")
            if wanted:
                answer["Access-Control-Allow-Headers"] = wanted
        return answer

    def is_preflight(self, method: str, headers: Headers) -> bool:
        """Return whether a request needs no login, as a browser sends none with it."""
        return (
            method == "OPTIONS" and bool(self.origins) and headers.hasHeader("origin")
        )


def is_foreign(headers: Headers) -> bool:
    """Return whether a browser says that the page of another site makes the request.

    A mail that is shown is one. A browser sends no Origin with most of its GETs, but
    says whose page it is. Links of such pages are answered; they may change nothing.
    """
    site = _one(headers, "sec-fetch-site").lower()
    return site not in ("", "same-origin", "none")


def _without_empty_port(host: str) -> str:
    """Return a Host whose port may be empty, which is none (RFC 3986 section 3.2.3)."""
    return host.removesuffix(":")


@lru_cache(_REMEMBERED)
def _name_of(host: str) -> str:
    """Return the name in a Host without its port; ``""`` if it is malformed."""
    match = _HOST.fullmatch(host)
    name = match["name"].removesuffix(".") if match else ""
    return "" if "" in name.split(".") else name


@lru_cache(_REMEMBERED)
def _is_local(name: str) -> bool:
    """Return whether no name server of the internet can point that name at us."""
    if name == _DOCKER or name.endswith(".localhost") or _LABEL.fullmatch(name):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _one(headers: Headers, name: str) -> str:
    return value_of(headers, name).strip()


def _address(origin: str) -> str:
    """Return the host and port of an origin as a Host header would say them."""
    try:
        return urlsplit(origin).netloc.lower() or origin.lower()
    except ValueError:
        return origin.lower()


def _origin_of(url: str) -> str:
    """Return the origin of a URL; ``"null"`` if it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "null"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "null"


def _allowing(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _foreign(reason: str) -> HTTPError:
    return HTTPError(HTTPStatus.FORBIDDEN, reason)
