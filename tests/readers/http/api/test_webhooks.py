"""Our own API: the webhooks of the server."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.webhooks import Webhooks
from lazr_smtptest.outbound.webhooks.service import WebhookService
from lazr_smtptest.outbound.webhooks.webhook import Webhook
from tests.outbound.webhooks.test_webhooks import URL, Hooks

from ..conftest import Mail

PATH = "/api/v2/webhooks"


class Served:
    """Webhooks, and the HTTP side of their store.

    Attributes:
        hooks: the webhooks.
        mail: the HTTP side.
    """

    def __init__(self, *webhooks: Webhook) -> None:
        self.hooks = Hooks(*webhooks)
        self.mail = Mail(store=self.hooks.store)
        self.mail.context.webhooks.append(self.hooks.service)

    def get(self, path: str = "") -> Any:
        """Return an answer."""
        return self.mail.client.get(PATH + path).json

    def repeat(self, message: str, webhook: str | None = None) -> Any:
        """Ask to deliver a message once more."""
        id = self.get()["webhooks"][0]["id"] if webhook is None else webhook
        path = f"{PATH}/{id}/deliveries"
        return self.mail.client.request("POST", path, json={"message": message})


@pytest.fixture
def served() -> Served:
    """One webhook."""
    return Served()


def test_without_webhooks_the_lists_are_empty(mail: Mail) -> None:
    """It is no error."""
    assert mail.client.get(PATH).json == {"webhooks": []}
    assert mail.client.get(f"{PATH}/deliveries").json == {"deliveries": []}


def test_a_webhook_is_listed_without_its_secrets() -> None:
    """The path of the URL may be one."""
    hook = Webhook(url="http://hooks.example/T0", query="code", secret="key")
    [found] = Served(hook).get()["webhooks"]
    assert "T0" not in str(found)
    assert "key" not in str(found)
    assert (found["host"], found["query"], found["signed"], found["format"]) == (
        "hooks.example:80",
        "code",
        True,
        "smtptest",
    )


def test_a_delivery_is_logged(served: Served) -> None:
    """With its message and the status of the answer."""
    served.hooks.keep("a")
    served.hooks.take().answer("204 No Content")
    [found] = served.get("/deliveries")["deliveries"]
    assert found["message"] == served.hooks.store.page("")[0].id
    assert (found["attempt"], found["status"], found["error"]) == (1, 204, "")
    assert found["next_try"] is None
    assert found["webhook"] == served.get()["webhooks"][0]["id"]


def test_a_failure_is_logged_with_the_next_try(served: Served) -> None:
    """And the webhook has it, too."""
    served.hooks.keep("a")
    served.hooks.take().answer("500 Error")
    [found] = served.get("/deliveries")["deliveries"]
    [webhook] = served.get()["webhooks"]
    assert (found["status"], found["error"]) == (500, "the status is 500")
    assert found["next_try"] > found["time"]
    assert webhook["message"] == found["message"]
    assert (webhook["attempt"], webhook["next_try"], webhook["error"]) == (
        1,
        found["next_try"],
        found["error"],
    )


def test_the_latest_deliveries_are_listed_oldest_first(served: Served) -> None:
    """At most `limit` of them."""
    for subject in "abc":
        served.hooks.keep(subject)
        served.hooks.take().answer()
    ids = [each.id for each in served.hooks.store.page("")]
    found = served.get("/deliveries?limit=2")["deliveries"]
    assert [each["message"] for each in found] == [ids[1], ids[0]]


@pytest.mark.parametrize("name", ["latest", "id"])
def test_a_message_is_delivered_once_more(served: Served, name: str) -> None:
    """At once, if no other one is."""
    served.hooks.keep("a")
    served.hooks.take().answer()
    id = served.hooks.store.page("")[0].id
    answer = served.repeat(id if name == "id" else name)
    assert answer.status == 202
    served.hooks.take().answer()
    assert [each["message"] for each in served.get("/deliveries")["deliveries"]] == [
        id,
        id,
    ]


@pytest.mark.parametrize("message", ["nobody", "latest", ""])
def test_a_message_that_is_not_there_is_not(served: Served, message: str) -> None:
    """The error names it."""
    answer = served.repeat(message)
    assert (answer.status, answer.json["detail"]) == (
        404,
        f"there is no message {message!r}",
    )


def test_an_unknown_webhook_is_an_error(served: Served) -> None:
    """The error names it."""
    served.hooks.keep("a")
    answer = served.repeat("latest", "x")
    assert (answer.status, answer.json["detail"]) == (404, "there is no webhook 'x'")


def test_too_many_to_repeat_are_refused(served: Served) -> None:
    """Some have to be delivered first."""
    served.hooks.keep("a")
    for number in range(1000):
        served.hooks.service.senders[0].repeat(str(number))
    assert served.repeat("latest").status == 429


def test_the_command_line_makes_them_known() -> None:
    """The HTTP side of the process has them."""
    mail = Mail()
    options = Options()
    options.parseOptions([f"--webhook={URL}"])
    service = Webhooks().service(options, mail.context)
    assert mail.client.get(PATH).json["webhooks"][0]["host"] == "hooks.example:80"
    assert isinstance(service, WebhookService)
