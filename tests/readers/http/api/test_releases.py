"""Our own API: messages that are sent on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from lazr_smtptest.outbound.releases.route import Route
from lazr_smtptest.outbound.settings import Outgoing
from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings
from tests.outbound.releases.test_releases import Routes, relay

from ..client import Client, Response
from ..conftest import Mail

PATH = "/api/v2/releases"


class Served:
    """Routes, and the HTTP side of their store.

    Attributes:
        routes: the routes.
        mail: the HTTP side.
    """

    def __init__(self, *routes: Route) -> None:
        self.routes = Routes(*routes)
        self.mail = Mail(store=self.routes.store)
        self.mail.context.releases.append(self.routes.service)

    @property
    def client(self) -> Client:
        return self.mail.client

    def release(self, message: str = "latest", **body: Any) -> Response:
        """Ask to send a message on."""
        path = f"/api/v2/messages/{message}/releases"
        return self.client.request("POST", path, json=body)

    def close(self) -> None:
        self.routes.stop()
        self.mail.reader.close()


@pytest.fixture
def served() -> Iterator[Served]:
    """A relay to recipients at ``x`` only, and a message."""
    served = Served(relay(allowed="@x$"))
    served.routes.keep("b@x", "c@x")
    yield served
    served.close()


def test_a_release_is_accepted_and_queued(served: Served) -> None:
    """At once: the answer does not wait for the relay."""
    answer = served.release(recipients=["d@x"])
    assert answer.status == 202
    assert (answer.json["state"], answer.json["recipients"]) == ("queued", ["d@x"])
    assert answer.json["sender"] == "a@x"


def test_a_release_to_a_forbidden_address_names_the_rule(served: Served) -> None:
    """In a member of the problem, too."""
    answer = served.release(recipients=["d@x", "d@y"])
    assert answer.status == 403
    assert answer.json["rule"] == "relay-allowed"
    assert answer.json["detail"] == (
        "relay-allowed: nothing is sent to d@y, which does not match '@x$'"
    )


def test_the_answer_waits_for_the_first_attempt_if_asked(served: Served) -> None:
    """And has its reply."""
    path = "/api/v2/messages/latest/releases"
    body = b'{"recipients": ["d@x"], "wait": 10}'
    served.client.send(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/json\r\n\r\n".encode()
        + body
    )
    served.routes.take().accept()
    answer = served.client.response()
    assert answer.status == 202
    assert (answer.json["state"], answer.json["reply"]) == ("sent", "250 2.0.0 kept")


def test_the_answer_waits_no_longer_than_asked(served: Served) -> None:
    """The message is still on its way."""
    body = b'{"wait": 10}'
    served.client.send(
        b"POST /api/v2/messages/latest/releases HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % len(body)
        + body
    )
    served.mail.reactor.advance(10)
    assert served.client.response().json["state"] == "queued"


def test_the_releases_of_a_message_are_kept_with_it(served: Served) -> None:
    """With their replies."""
    served.release(recipients=["d@x"])
    served.routes.take().refuse()
    served.routes.keep()
    served.release(recipients=["e@x"])
    path = "/api/v2/messages/1/releases"
    [release] = served.client.get(path).json["releases"]
    assert (release["state"], release["code"]) == ("refused", 550)
    assert release["reply"].endswith("550 5.7.1 not here")


def test_a_release_has_its_transcript(served: Served) -> None:
    """Of the latest attempt."""
    served.release(recipients=["d@x"])
    served.routes.take().accept()
    transcript = served.client.get(f"{PATH}/1").json["transcript"]
    assert transcript[0] == "S: 220 mx"
    assert transcript[-1] == "C: QUIT"


def test_releases_are_listed_by_state(served: Served) -> None:
    """The newest first."""
    for _ in range(2):
        served.release(recipients=["d@x"])
    served.routes.take().accept()
    found = served.client.get(f"{PATH}?state=sent").json["releases"]
    assert [each["release"] for each in found] == [1]
    found = served.client.get(PATH).json["releases"]
    assert [each["release"] for each in found] == [2, 1]


def test_what_was_refused_can_be_retried(served: Served) -> None:
    """At once."""
    served.release(recipients=["d@x"])
    served.routes.take().refuse()
    answer = served.client.request("POST", f"{PATH}/1/retry")
    assert (answer.status, answer.json["state"]) == (200, "queued")
    served.routes.take().accept()
    assert served.client.get(f"{PATH}/1").json["attempts"] == 2


def test_what_waits_can_be_canceled(served: Served) -> None:
    """Only once."""
    served.release(recipients=["d@x"])
    served.routes.take().refuse("451 later")
    answer = served.client.request("POST", f"{PATH}/1/cancel")
    assert (answer.status, answer.json["state"]) == (200, "canceled")
    answer = served.client.request("POST", f"{PATH}/1/cancel")
    assert (answer.status, answer.json["detail"]) == (409, "release 1 is canceled")


@pytest.mark.parametrize("path", ["/2", "/x", f"/{10**20}"])
def test_there_is_no_such_release(served: Served, path: str) -> None:
    """Whatever its number."""
    assert served.client.get(PATH + path).status == 404


def test_there_is_no_such_message(served: Served) -> None:
    """Nothing is queued."""
    assert served.release("none").status == 404
    assert served.client.get(PATH).json["releases"] == []


def test_a_state_that_is_none_is_an_error(served: Served) -> None:
    """Which names those that are."""
    answer = served.client.get(f"{PATH}?state=lost")
    assert answer.status == 400
    assert "queued, sent, refused, expired, canceled" in answer.json["detail"]


def test_a_route_that_is_none_is_refused(served: Served) -> None:
    """With those that there are."""
    answer = served.release(route="forward")
    assert (answer.status, answer.json["rule"]) == (403, "route")
    assert answer.json["detail"].endswith("there is relay")


def test_an_address_that_is_none_is_an_error(served: Served) -> None:
    """It could begin another command."""
    assert served.release(recipients=["d@x\r\nDATA"]).status == 400
    assert served.release(sender="d@x\r\nDATA").status == 400


def test_without_a_relay_the_lists_are_empty(mail: Mail) -> None:
    """It is no error to look."""
    mail.add()
    assert mail.client.get(PATH).json == {"releases": []}
    path = "/api/v2/messages/latest/releases"
    assert mail.client.get(path).json == {"releases": []}


def test_without_a_relay_a_release_says_what_is_missing(mail: Mail) -> None:
    """The option."""
    mail.add()
    path = "/api/v2/messages/latest/releases"
    answer = mail.client.request("POST", path, json={})
    assert answer.status == 409
    assert "--relay-host" in answer.json["detail"]


def test_what_a_client_of_mailpit_releases_is_listed_too() -> None:
    """With the reply, and not tried again: the client knows."""
    route = relay()
    served = Served(route)
    served.routes.keep("b@x")
    context = attrs.evolve(served.mail.context, reactor=served.routes.reactor)
    reader = HTTPReader(context, HTTPSettings(outgoing=Outgoing(relay=route.relay)))
    client = Client(reader.site, served.routes.reactor)
    body = b'{"To": ["d@x"]}'
    client.send(
        b"POST /api/v1/message/latest/release HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body) + body
    )
    served.routes.take().refuse("451 later")
    assert client.response().status == 400
    [release] = served.client.get(PATH).json["releases"]
    assert (release["state"], release["code"]) == ("refused", 451)
    reader.close()
    served.close()
