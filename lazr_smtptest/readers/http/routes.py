"""The table of routes: what a path and a method lead to."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

import attrs

from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.near_path import nearest_path

__all__ = ["Handler", "NoPathError", "Route", "Routes"]

# Runs in the reactor's thread; may wait for Deferreds.
Handler = Callable[[Call], Coroutine[Any, Any, Answer]]

# The longest wrong path that is compared with the right ones: that takes time.
_LONGEST = 200

_PARAMETER = re.compile(r"\{(\w+)\}")


class NoPathError(HTTPError):
    """No route has the path of a request."""

    def __init__(self, path: str, hint: str = "") -> None:
        super().__init__(HTTPStatus.NOT_FOUND, f"no such path: {path}{hint}")


@attrs.frozen(kw_only=True)
class Route:
    """One operation of an API.

    Attributes:
        method: such as ``"GET"``, which answers HEAD too.
        template: the path, with ``{name}`` for a part that may be anything but a
            slash.
        handler: answers a request.
        summary: one line for the description of the API.
        arguments: the names that the query of the URL may have; ``None`` for any.
        is_public: whether it needs no login.
        is_shared: whether pages of all sites, and mails that are shown, may load it.
        operation: what a description of the API says of it; ``None`` for nothing.
    """

    method: str
    template: str
    handler: Handler
    summary: str = ""
    arguments: frozenset[str] | None = None
    is_public: bool = False
    is_shared: bool = False
    operation: object = None

    def check_arguments(self, names: Iterable[str]) -> None:
        """Check the names in the query of a URL: a wrong one would do nothing.

        Raises:
            HTTPError: 400, one is not known.
        """
        for name in names:
            if self.arguments is None or name in self.arguments:
                continue
            near = get_close_matches(name, self.arguments, 1)
            allowed = ", ".join(sorted(self.arguments)) or "none"
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"unknown argument {name!r}, "
                + (f"did you mean {near[0]!r}?" if near else f"known: {allowed}"),
            )

    def matcher(self) -> re.Pattern[str]:
        """Return the pattern of its path."""
        pieces = _PARAMETER.split(self.template)
        # Fixed text and names of parameters alternate.
        return re.compile(
            "".join(
                f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece)
                for index, piece in enumerate(pieces)
            )
        )


class Routes:
    """The routes of a site, found by path and method.

    The path is matched after percent-decoding, so that no spelling of a path gets
    around a check.
    """

    def __init__(self) -> None:
        # By the pattern of the path, in the order in which they were added.
        self._paths: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}

    def __iter__(self) -> Iterator[Route]:
        """Iterate over all routes, in the order in which they were added."""
        for _, methods in self._paths.values():
            yield from methods.values()

    def add(self, route: Route) -> None:
        """Add a route.

        Raises:
            ValueError: its path has such a route already.
        """
        pattern = route.matcher()
        _, methods = self._paths.setdefault(pattern.pattern, (pattern, {}))
        if route.method in methods:
            raise ValueError(f"{route.method} {route.template} is there already")
        methods[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the route of a request, and the parameters in its path.

        A fixed path takes precedence over one with parameters.

        Args:
            method: the method; HEAD is answered as GET.
            path: the percent-decoded path.

        Raises:
            NoPathError: 404, there is no such path.
            HTTPError: 405 with Allow, the path has other methods.
        """
        found = self._methods(path)
        if found is None:
            raise NoPathError(path)
        methods, parameters = found
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = ", ".join(self.allowed(path))
            raise HTTPError(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{method} is not allowed for {path}, only {allowed}",
                headers={"Allow": allowed},
            )
        return route, parameters

    def allowed(self, path: str) -> list[str]:
        """Return the methods of a path, sorted; none if there is no such path."""
        found = self._methods(path)
        if found is None:
            return []
        more = {"HEAD"} if "GET" in found[0] else set()
        return sorted({*found[0], *more, "OPTIONS"})

    def nearest(self, path: str) -> str:
        """Return the path of a route that is closest to a wrong one, or ``""``.

        Args:
            path: the percent-decoded path.
        """
        if len(path) > _LONGEST:
            return ""
        return nearest_path(path, [route.template for route in self])

    def _methods(self, path: str) -> tuple[dict[str, Route], Mapping[str, str]] | None:
        fixed = self._paths.get(re.escape(path))
        if fixed is not None:
            return fixed[1], {}
        for pattern, methods in self._paths.values():
            match = pattern.fullmatch(path)
            if match is not None:
                return methods, match.groupdict()
        return None
