"""The table of routes: what a path and a method lead to."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.near_path import nearest_path

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.logins import Logins

__all__ = ["Handler", "NoPathError", "Route", "Routes"]

# Runs in the reactor's thread; may wait for Deferreds.
Handler = Callable[[Call], Coroutine[Any, Any, Answer]]

# The longest wrong path that is compared with the right ones: that takes time.
_LONGEST = 200

# The paths whose routes are remembered.
_REMEMBERED = 64

_PARAMETER = re.compile(r"\{(\w+)\}")


class NoPathError(HTTPError):
    """No route has the path of a request.

    Attributes:
        nearest: the path of a route that is closest to it; ``""`` for none.
    """

    def __init__(self, path: str, hint: str = "", nearest: str = "") -> None:
        super().__init__(HTTPStatus.NOT_FOUND, f"no such path: {path}{hint}")
        self.nearest = nearest


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
        check_token: returns whether the argument ``token`` is right for the parameter
            ``id``: a request with such a token is answered as if the route were public
            and shared; ``None`` if tokens mean nothing to it.
        logins: finds out who makes a request; ``None`` for those of the site.
        operation: what a description of the API says of it; ``None`` for nothing.
        parameters: the names of the parameters in its path, in order.
    """

    method: str
    template: str
    handler: Handler
    summary: str = ""
    arguments: frozenset[str] | None = None
    is_public: bool = False
    is_shared: bool = False
    check_token: Callable[[str, str], bool] | None = None
    logins: Logins | None = None
    operation: object = None
    parameters: tuple[str, ...] = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: tuple(_PARAMETER.findall(self.template)), takes_self=True
        ),
    )

    def has_token(self, call: Call, parameters: Mapping[str, str]) -> bool:
        """Return whether a request has a token that is right."""
        if self.check_token is None:
            return False
        token = call.argument("token")
        return bool(token) and self.check_token(token, parameters["id"])

    def check_arguments(self, query: Mapping[str, Sequence[str]]) -> None:
        """Check the query of a URL: a wrong name would do nothing.

        Args:
            query: each name with its values.

        Raises:
            HTTPError: 400, a name is not known, or is there several times.
        """
        if self.arguments is None:
            return
        for name, values in query.items():
            if name in self.arguments:
                if len(values) > 1:
                    raise HTTPError(
                        HTTPStatus.BAD_REQUEST,
                        f"bad {name}: it is there {len(values)} times, allowed: once",
                    )
                continue
            near = get_close_matches(name, self.arguments, 1)
            allowed = ", ".join(sorted(self.arguments)) or "none"
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"unknown argument {name!r}, "
                + (f"did you mean {near[0]!r}?" if near else f"known: {allowed}"),
            )


@attrs.define(eq=False)
class _Node:
    """The paths with the same beginning, up to a slash.

    Attributes:
        routes: the routes of the path that ends here, by their methods.
        fixed: the paths that go on, by their next segment.
        patterns: those whose next segment has a parameter: its pattern, ``None`` if it
            is nothing but the parameter, and the paths, by the text of the segment.
    """

    routes: dict[str, Route] = attrs.field(factory=dict)
    fixed: dict[str, _Node] = attrs.field(factory=dict)
    patterns: dict[str, tuple[re.Pattern[str] | None, _Node]] = attrs.field(
        factory=dict
    )

    def next(self, segment: str) -> _Node:
        """Return the node after a segment of a template; make it if needed."""
        if not _PARAMETER.search(segment):
            return self.fixed.setdefault(segment, _Node())
        # The names of parameters are those of each route.
        shape = _PARAMETER.sub("{}", segment)
        if shape not in self.patterns:
            fixed = map(re.escape, shape.split("{}"))
            pattern = None if shape == "{}" else re.compile("([^/]+)".join(fixed))
            self.patterns[shape] = (pattern, _Node())
        return self.patterns[shape][1]

    def find(
        self, segments: Sequence[str], start: int = 0
    ) -> tuple[dict[str, Route], tuple[str, ...]] | None:
        """Return the routes of a path, and the values of its parameters.

        A fixed segment takes precedence over one with a parameter.

        Args:
            segments: the segments of the path.
            start: the index of the first segment that is not matched yet.
        """
        node = self
        for index in range(start, len(segments)):
            fixed = node.fixed.get(segments[index])
            if node.patterns:
                if fixed is not None and (found := fixed.find(segments, index + 1)):
                    return found
                return node._find_pattern(segments, index)
            if fixed is None:
                return None
            node = fixed
        return (node.routes, ()) if node.routes else None

    def _find_pattern(
        self, segments: Sequence[str], index: int
    ) -> tuple[dict[str, Route], tuple[str, ...]] | None:
        """Return what `find` does for the paths whose next segment has a parameter."""
        for pattern, node in self.patterns.values():
            values = _values(pattern, segments[index])
            if values and (found := node.find(segments, index + 1)):
                return found[0], values + found[1]
        return None


def _values(pattern: re.Pattern[str] | None, segment: str) -> tuple[str, ...]:
    """Return the values of the parameters in a segment; none if it does not match."""
    if pattern is None:
        return (segment,) if segment else ()
    match = pattern.fullmatch(segment)
    return () if match is None else match.groups()


class Routes:
    """The routes of a site, found by path and method.

    The path is matched after percent-decoding, so that no spelling of a path gets
    around a check.
    """

    def __init__(self) -> None:
        self._routes: list[Route] = []
        self._root = _Node()
        # Clients ask for the same paths again and again.
        self._find = lru_cache(_REMEMBERED)(self._search)

    def __iter__(self) -> Iterator[Route]:
        """Iterate over all routes, in the order in which they were added."""
        return iter(self._routes)

    def add(self, route: Route) -> None:
        """Add a route.

        Raises:
            ValueError: its path has such a route already.
        """
        node = self._root
        for segment in route.template.split("/"):
            node = node.next(segment)
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.template} is there already")
        node.routes[route.method] = route
        self._routes.append(route)
        self._find.cache_clear()

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
        found = self.get(method, path)
        if found is not None:
            return found
        allowed = ", ".join(self.allowed(path))
        if not allowed:
            raise NoPathError(path)
        raise HTTPError(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"{method} is not allowed for this path, only {allowed}",
            headers={"Allow": allowed},
        )

    def get(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Return what `find` does; ``None`` if there is no such route."""
        routes, values = self._find(path)
        route = routes.get("GET" if method == "HEAD" else method)
        if route is None:
            return None
        return route, dict(zip(route.parameters, values, strict=True)) if values else {}

    def allowed(self, path: str) -> list[str]:
        """Return the methods of a path, sorted; none if there is no such path."""
        routes, _ = self._find(path)
        if not routes:
            return []
        return sorted({*routes, *({"HEAD"} if "GET" in routes else ()), "OPTIONS"})

    @property
    def methods(self) -> list[str]:
        """The methods of all paths, sorted."""
        return sorted({"HEAD", "OPTIONS", *(route.method for route in self)})

    def nearest(self, path: str) -> str:
        """Return the path of a route that is closest to a wrong one, or ``""``.

        Args:
            path: the percent-decoded path.
        """
        if len(path) > _LONGEST:
            return ""
        return nearest_path(path, [route.template for route in self])

    def _search(self, path: str) -> tuple[Mapping[str, Route], tuple[str, ...]]:
        """Return the routes of a path, and the values of its parameters."""
        return self._root.find(path.split("/")) or ({}, ())
