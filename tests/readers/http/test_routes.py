"""The table of routes: which route a path leads to."""

from __future__ import annotations

import pytest

from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import NoPathError, Route, Routes


async def answer(call: Call) -> Answer:
    return Answer()


def routes_of(*templates: str) -> Routes:
    """Return a table with a GET for each template."""
    routes = Routes()
    for template in templates:
        add(routes, "GET", template)
    return routes


def add(routes: Routes, method: str, template: str) -> None:
    routes.add(Route(method=method, template=template, handler=answer))


def found(routes: Routes, path: str, method: str = "GET") -> tuple[str, dict[str, str]]:
    """Return the template that a path leads to, and its parameters."""
    route, parameters = routes.find(method, path)
    return route.template, dict(parameters)


def test_a_segment_is_a_parameter() -> None:
    routes = routes_of("/a/{id}/b/{part}")
    assert found(routes, "/a/1/b/2") == ("/a/{id}/b/{part}", {"id": "1", "part": "2"})


def test_a_parameter_is_a_part_of_a_segment() -> None:
    routes = routes_of("/{id}.html", "/{id}.txt")
    assert found(routes, "/a.b.txt") == ("/{id}.txt", {"id": "a.b"})


@pytest.mark.parametrize("path", ["/.html", "/a.htm", "/a.html/", "/a/.html"])
def test_the_rest_of_such_a_segment_has_to_be_right(path: str) -> None:
    with pytest.raises(NoPathError):
        routes_of("/{id}.html").find("GET", path)


def test_a_fixed_segment_takes_precedence_in_any_order() -> None:
    routes = routes_of("/{a}/x", "/latest/{b}")
    assert found(routes, "/latest/x") == ("/latest/{b}", {"b": "x"})


def test_a_parameter_is_tried_when_the_fixed_segment_leads_nowhere() -> None:
    routes = routes_of("/latest/x", "/{a}/y")
    assert found(routes, "/latest/y") == ("/{a}/y", {"a": "latest"})


def test_a_path_that_was_missing_has_the_route_that_is_added_later() -> None:
    routes = routes_of("/{a}")
    assert routes.get("GET", "/x/y") is None
    add(routes, "GET", "/x/{b}")
    assert found(routes, "/x/y") == ("/x/{b}", {"b": "y"})


def test_each_method_names_its_parameter_itself() -> None:
    routes = routes_of("/{id}")
    add(routes, "DELETE", "/{name}")
    assert found(routes, "/1", "DELETE") == ("/{name}", {"name": "1"})
    assert found(routes, "/1") == ("/{id}", {"id": "1"})


def test_a_path_has_the_methods_of_all_its_routes() -> None:
    routes = routes_of("/{id}")
    add(routes, "DELETE", "/{name}")
    assert routes.allowed("/1") == ["DELETE", "GET", "HEAD", "OPTIONS"]


def test_a_wrong_method_is_answered_with_those_of_the_fixed_path() -> None:
    routes = routes_of("/latest")
    add(routes, "DELETE", "/{id}")
    with pytest.raises(HTTPError) as caught:
        routes.find("DELETE", "/latest")
    assert caught.value.headers == {"Allow": "GET, HEAD, OPTIONS"}


def test_a_route_is_added_once() -> None:
    routes = routes_of("/{id}")
    with pytest.raises(ValueError, match=r"GET /\{name\} is there already"):
        add(routes, "GET", "/{name}")


def test_a_path_of_many_segments_has_no_route() -> None:
    with pytest.raises(NoPathError):
        routes_of("/{a}/{b}").find("GET", "/a" * 100_000)


def test_routes_are_listed_in_their_order() -> None:
    routes = routes_of("/b", "/{a}", "/a")
    assert [each.template for each in routes] == ["/b", "/{a}", "/a"]
