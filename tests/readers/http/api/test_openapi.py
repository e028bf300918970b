"""The description of our own API is true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest import CaptureServer
from lazr_smtptest.cli.webhooks import encode_message
from lazr_smtptest.faults import Faults
from lazr_smtptest.outbound.releases.route import Route as ReleaseRoute
from lazr_smtptest.outbound.releases.service import ReleaseService
from lazr_smtptest.outbound.settings import Relay, Server
from lazr_smtptest.outbound.webhooks.service import WebhookService
from lazr_smtptest.outbound.webhooks.webhook import Webhook
from lazr_smtptest.readers.http.api import records
from lazr_smtptest.readers.http.api.operations import ARGUMENTS, Operation
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.stores.session_log import SessionLog

from ....chance import some
from ..client import Response
from ..conftest import Mail
from .test_messages import MESSAGE
from .test_sessions import make_session

# Values of arguments that are wrong, or nearly right.
ODD = ["", "0", "-1", "1e400", "nan", "x", "\u0661", "\0", "\ud800", "(", "9" * 30, "%"]


_STARTED: list[ReleaseService] = []


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """Stop the services of `seeded` after a test."""
    yield
    while _STARTED:
        _STARTED.pop().stopService()


def seeded() -> Mail:
    """Return a store with a message and a session."""
    faults = Faults()
    faults.on("QUIT", optional=True).drop()
    parts = {
        "faults": faults,
        "sessions": SessionLog(),
        "live_settings": CaptureServer().file_settings,
    }
    mail = Mail(server=parts)
    mail.add("Subject: older\n\nx\n")
    mail.add(MESSAGE)
    mail.store.keep_session(make_session("a"))
    mail.context.webhooks.append(
        WebhookService(
            [Webhook(url="http://localhost/")],
            mail.store,
            mail.reactor,
            encode_message,
        )
    )
    route = ReleaseRoute(name="relay", relay=Relay(server=Server(host="127.0.0.1")))
    releases = ReleaseService([route], mail.store, mail.reactor, pool=mail)
    releases.startService()
    _STARTED.append(releases)
    mail.context.releases.append(releases)
    # The reactor of these tests connects nowhere, so it waits.
    mail.client.request("POST", "/api/v2/messages/latest/releases", json={})
    return mail


def routes_of(mail: Mail) -> list[tuple[Route, Operation]]:
    """Return the routes of the API that a request ends soon."""
    return [
        (route, route.operation)
        for route in mail.reader.site.routes
        if isinstance(route.operation, Operation)
    ]


def names() -> list[str]:
    """Return the operations, without those of a mailbox: they are the same."""
    return [
        f"{route.method} {route.template}"
        for route, _ in routes_of(Mail())
        if "{mailbox}/" not in route.template
    ]


def find(mail: Mail, name: str) -> tuple[Route, Operation]:
    """Return the operation with a name."""
    return next(
        each
        for each in routes_of(mail)
        if f"{each[0].method} {each[0].template}" == name
    )


def request(mail: Mail, route: Route, values: dict[str, str], body: Any) -> Response:
    """Make a request with the values of arguments."""
    path, query = route.template, {}
    for name, value in values.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(value, safe="", errors="replace"))
        else:
            query[name] = value.encode("utf-8", "replace")
    client = mail.connect()
    target = f"{path}?{urlencode(query)}" if query else path
    given = {} if body is None else {"json": body}
    if not route.template.endswith("/events"):
        return client.request(route.method, target, **given)
    # It does not end.
    client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    mail.reader._events.close()
    return client.response()


def check_described(answer: Response, operation: Operation) -> None:
    """Check that an answer is described, its status and its body."""
    known = {operation.status, *operation.others, *operation.errors}
    assert answer.status in known, answer
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status >= 400:
        assert kind == "application/problem+json"
        msgspec.json.decode(answer.body, type=records.Problem)
    elif operation.answer is None:
        assert answer.body == b""
    elif not isinstance(operation.answer, str):
        assert kind == "application/json"
        msgspec.json.decode(answer.body, type=operation.answer)


@pytest.fixture(scope="module")
def document() -> Any:
    """The description of the API."""
    return Mail().client.get("/api/v2/openapi.json").json


def test_all_of_the_api_is_described(document: Any) -> None:
    """Each path and each method."""
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == {
        (route.method, route.template)
        for route in Mail().reader.site.routes
        if route.operation is not None and route.template.startswith("/api/v2/")
    }


def test_all_that_it_refers_to_is_there(document: Any) -> None:
    """And nothing else is."""
    referred = re.findall(r"#/components/schemas/(\w+)", json.dumps(document))
    assert set(referred) == set(document["components"]["schemas"])


@pytest.mark.parametrize(
    ("name", "where"), [("login", {"scheme": "basic"}), ("session", {"in": "cookie"})]
)
def test_both_ways_to_log_in_are_described(
    document: Any, name: str, where: dict[str, str]
) -> None:
    """Basic authentication, and the cookie of the login of the page."""
    scheme = document["components"]["securitySchemes"][name]
    assert where.items() <= scheme.items()
    assert {name: []} in document["security"]


def test_no_two_operations_have_one_name(document: Any) -> None:
    """Generators of clients make methods of them."""
    ids = [
        each["operationId"]
        for methods in document["paths"].values()
        for each in methods.values()
    ]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", names())
def test_its_arguments_are_those_of_the_route(document: Any, name: str) -> None:
    """With the same names."""
    route, _ = find(Mail(), name)
    described = document["paths"][route.template][route.method.lower()]["parameters"]
    in_query = {each["name"] for each in described if each["in"] == "query"}
    in_path = {each["name"] for each in described if each["in"] == "path"}
    assert in_query == route.arguments
    assert in_path == set(route.parameters)


@pytest.mark.parametrize("name", names())
def test_its_examples_succeed(name: str) -> None:
    """Each argument, and each body."""
    mail = seeded()
    route, operation = find(mail, name)
    values = {
        each: str(argument.example)
        for each, argument in operation.arguments.items()
        if argument.example is not None
    }
    if operation.arguments.get("id") is ARGUMENTS["session"]:
        values["id"] = "a"
    if "mailbox" in operation.arguments:
        made = mail.client.request("POST", "/api/v2/mailboxes")
        values["mailbox"] = made.json["name"]
    values |= {name: "1" for name in ("rule", "release") if name in operation.arguments}
    if "part" in operation.arguments:
        values["part"] = "1.1"
    if "webhook" in operation.arguments:
        [webhook] = mail.client.get("/api/v2/webhooks").json["webhooks"]
        values["webhook"] = webhook["id"]
    if "token" in operation.arguments:
        values["id"] = mail.store.page(limit=1)[0].id
        values["token"] = mail.reader._frames.tokens.make(values["id"])
    answer = request(mail, route, values, operation.example)
    assert answer.status == operation.status, answer
    check_described(answer, operation)


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
@given(data=st.data())
@settings(
    max_examples=some(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_every_answer_is_described(name: str, data: st.DataObject) -> None:
    """Whatever a request has in it."""
    mail = seeded()
    route, operation = find(mail, name)
    values: dict[str, str] = {}
    for each, argument in operation.arguments.items():
        right = [] if argument.example is None else [str(argument.example)]
        right += [value for value in argument.schema.get("enum", []) if value]
        value = data.draw(st.sampled_from([None, *right, *right, *ODD]) | st.text())
        is_in_path = f"{{{each}}}" in route.template
        if value is not None or is_in_path:
            values[each] = value or "1"
    # A wait would last.
    if "wait" in route.template:
        values["timeout"] = data.draw(st.sampled_from(["0", "-1", "x"]))
    body = None
    if operation.body is not None:
        body = data.draw(_bodies(operation))
    answer = request(mail, route, values, body)
    check_described(answer, operation)


def _bodies(operation: Operation) -> st.SearchStrategy[Any]:
    """Return bodies that are right in some fields and wrong in others."""
    names = list(operation.body.__struct_fields__)
    leaf = st.none() | st.booleans() | st.integers() | st.text() | st.floats(-9, 9)
    value = st.recursive(leaf, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
    fields = st.dictionaries(st.sampled_from(names), value, max_size=4)
    example = operation.example or {}

    def merged(some: dict[str, Any]) -> dict[str, Any]:
        return {**example, **some, **({"timeout": 0} if "timeout" in names else {})}

    return fields.map(merged) | fields | value.filter(lambda each: each is not None)


def test_the_longest_wait_of_the_server_is_described() -> None:
    """Of the request that waits and of the assertion."""
    document = Mail(longest_wait=60.0).client.get("/api/v2/openapi.json").json
    [wait] = [
        each["schema"]
        for each in document["paths"]["/api/v2/wait"]["get"]["parameters"]
        if each["name"] == "timeout"
    ]
    asked = document["components"]["schemas"]["AssertRequest"]["properties"]
    assert (wait["maximum"], asked["timeout"]["maximum"]) == (60, 60)
