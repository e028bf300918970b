"""The description of the API by OpenAPI 3.1, made of the routes that serve it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.api import records
from lazr_smtptest.readers.http.api.operations import Operation, operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.version import __version__

__all__ = ["OpenAPI", "describe_routes"]

_JSON, _PROBLEM = "application/json", "application/problem+json"
# The name of the cookie has the port of the server in it: browsers send cookies to all
# ports of a host.
_LOGINS = {
    "login": {"type": "http", "scheme": "basic"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "smtptest-8025",
        "description": (
            "The cookie that `POST /login` sets. Its name ends in the port of the Host "
            "header; without one it is `smtptest`. A change with it needs "
            "Content-Type: application/json, or the header field X-Requested-With."
        ),
    },
}
_REFERENCE = "#/components/schemas/{name}"


class OpenAPI:
    """The part of the API that describes it.

    Args:
        routes: all routes of the site; those with an operation are described.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = routes
        self._answer: Answer | None = None

    def route(self, prefix: str) -> Route:
        """Return the route."""
        return operation(
            "GET",
            f"{prefix}/openapi.json",
            self.document,
            "Describe this API",
            answer=dict[str, Any],
        )

    async def document(self, call: Call) -> Answer:
        """Answer with the description."""
        if self._answer is None:
            self._answer = json_answer(describe_routes(self._routes))
        return self._answer


def describe_routes(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of those routes that have an operation."""
    described = [
        (route, route.operation)
        for route in routes
        if isinstance(route.operation, Operation)
    ]
    schemas, components = _schemas([each for _, each in described])
    paths: dict[str, dict[str, Any]] = {}
    for route, each in described:
        paths.setdefault(route.template, {})[route.method.lower()] = {
            "operationId": route.handler.__qualname__.replace(".", "_").lower(),
            "summary": route.summary,
            "description": _description(route.handler),
            "parameters": [
                _parameter(name, argument, route)
                for name, argument in each.arguments.items()
            ],
            **_body(each, schemas),
            "responses": _responses(each, schemas),
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "lazr.smtptest", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _LOGINS,
        },
        # Where no login is asked for none is needed.
        "security": [{}, *({name: []} for name in _LOGINS)],
    }


def _schemas(
    operations: Iterable[Operation],
) -> tuple[Callable[[Any], Any], dict[str, Any]]:
    """Return a function from a type to its schema, and the components."""
    types: list[Any] = [records.Problem]
    for each in operations:
        types += [
            type_
            for type_ in (each.body, each.answer)
            if type_ is not None and not isinstance(type_, str)
        ]
    found, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = list(zip(types, found, strict=True))
    for component in components.values():
        if "description" in component:
            component["description"] = _clean(component["description"])

    def schema_of(type_: Any) -> Any:
        return next(schema for each, schema in by_type if each == type_)

    return schema_of, components


def _clean(text: str) -> str:
    return inspect.cleandoc(text).replace("``", "`")


def _description(handler: Callable[..., Any]) -> str:
    """Return the docstring of a handler without its first line and its sections."""
    _, _, rest = inspect.cleandoc(handler.__doc__ or "").partition("\n")
    return _clean(rest.partition("\nRaises:")[0].strip())


def _parameter(name: str, argument: Any, route: Route) -> dict[str, Any]:
    is_in_path = f"{{{name}}}" in route.template
    found = {
        "name": name,
        "in": "path" if is_in_path else "query",
        "required": is_in_path,
        "description": argument.description,
        "schema": argument.schema,
    }
    if argument.example is not None:
        found["example"] = argument.example
    return found


def _body(each: Operation, schema_of: Callable[[Any], Any]) -> dict[str, Any]:
    if each.body is None:
        return {}
    content = {"schema": schema_of(each.body)}
    if each.example is not None:
        content["example"] = each.example
    return {"requestBody": {"required": True, "content": {_JSON: content}}}


def _responses(
    each: Operation, schema_of: Callable[[Any], Any]
) -> Mapping[str, dict[str, Any]]:
    found = {each.status: _response(each.status, each.answer, schema_of)}
    for status, text in each.others.items():
        if status == HTTPStatus.PARTIAL_CONTENT:
            found[status] = _response(status, each.answer, schema_of)
        else:
            found[status] = {}
        found[status]["description"] = text
    for status in each.errors:
        problem = {_PROBLEM: {"schema": schema_of(records.Problem)}}
        if status == HTTPStatus.CONFLICT:
            problem["text/plain"] = {"schema": {"type": "string"}}
        found[status] = {
            "description": each.others.get(status, HTTPStatus(status).phrase),
            "content": problem,
        }
    return {str(status): found[status] for status in sorted(found)}


def _response(
    status: int, answer: Any, schema_of: Callable[[Any], Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(answer, str):
        found["content"] = {answer: {}}
    elif answer is not None:
        found["content"] = {_JSON: {"schema": schema_of(answer)}}
    return found
