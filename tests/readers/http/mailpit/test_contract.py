"""Mailpit's API, endpoint by endpoint: status, media type and text of each answer.

What an answer has in it is tested in the other files of this folder.
"""

from __future__ import annotations

import re
from typing import Any

import attrs
import pytest

from lazr_smtptest.faults import Faults

from ..api.test_views import MESSAGE
from ..conftest import Mail

JSON, TEXT, HTML = "application/json", "text/plain", "text/html"
MISSING = "404 page not found"


@attrs.frozen
class Row:
    """A request, and the beginning of what its answer has to be.

    Attributes:
        request: the method and the path; ``ID`` stands for the id of the message.
        status: the status.
        kind: the media type without its parameters.
        text: the whole body; ``None`` for any.
        body: the body of the request; ``None`` for none.
    """

    request: str
    status: int = 200
    kind: str = JSON
    text: str | None = None
    body: Any = None


ROWS = [
    # Section 3.1
    Row("GET /api/v1/info"),
    Row("GET /api/v1/webui"),
    Row("GET /api/v1/swagger.json"),
    Row("GET /api/v1/chaos"),
    Row("PUT /api/v1/chaos", body={}),
    Row(
        "PUT /api/v1/chaos",
        400,
        TEXT,
        "error code must be between 400 and 599",
        {"Sender": {"ErrorCode": 200, "Probability": 1}},
    ),
    Row(
        "PUT /api/v1/chaos",
        400,
        TEXT,
        "probability must be between 0 and 100",
        {"Sender": {"ErrorCode": 451, "Probability": 101}},
    ),
    Row("GET /livez", 200, TEXT, ""),
    Row("GET /readyz", 200, TEXT, ""),
    # Section 3.2
    Row("GET /api/v1/messages"),
    Row("GET /api/v1/messages?limit=x&start=-1&before=never"),
    Row("PUT /api/v1/messages", 200, TEXT, "ok", {"Read": True, "IDs": ["ID"]}),
    Row("PUT /api/v1/messages", 200, TEXT, "ok", {"read": True, "search": "x"}),
    Row("PUT /api/v1/messages", 200, TEXT, "ok", {"Read": True}),
    Row(
        "PUT /api/v1/messages",
        400,
        TEXT,
        "You may specify either IDs or a search query, not both",
        {"IDs": ["x"], "Search": "x"},
    ),
    Row("PUT /api/v1/messages", 400, TEXT, body="x"),
    Row("DELETE /api/v1/messages", 200, TEXT, "ok"),
    Row("DELETE /api/v1/messages", 200, TEXT, "ok", {"IDs": ["ID", "unknown"]}),
    Row("DELETE /api/v1/messages", 200, TEXT, "ok", "ids=x"),
    Row("GET /api/v1/search?query=x"),
    Row("GET /api/v1/search", 400, TEXT, "Error: no search query"),
    Row("GET /api/v1/search?query=", 400, TEXT, "Error: no search query"),
    Row("DELETE /api/v1/search?query=x", 200, TEXT, "ok"),
    Row("DELETE /api/v1/search", 400, TEXT, "Error: no search query"),
    Row("GET /api/v1/tags", text="[]\n"),
    Row("PUT /api/v1/tags", 200, TEXT, "ok", {"Tags": ["a"], "IDs": ["ID"]}),
    Row("PUT /api/v1/tags", 200, TEXT, "ok", {"Tags": ["a"]}),
    Row("PUT /api/v1/tags/a", 400, TEXT, "tag not found: a", {"Name": "b"}),
    Row("PUT /api/v1/tags/a", 400, TEXT, "invalid tag name: ", {"Name": ""}),
    Row("DELETE /api/v1/tags/a", 400, TEXT, "tag not found: a"),
    # Section 3.3
    Row("GET /api/v1/message/ID"),
    Row("GET /api/v1/message/latest"),
    Row("GET /api/v1/message/latest?query=nothing", 404, TEXT, "Message not found"),
    Row("GET /api/v1/message/unknown", 404, TEXT, MISSING),
    Row("GET /api/v1/message/ID/headers"),
    Row("GET /api/v1/message/latest/headers"),
    Row("GET /api/v1/message/unknown/headers", 404, TEXT, MISSING),
    Row("GET /api/v1/message/ID/raw", 200, TEXT),
    Row("GET /api/v1/message/ID/raw?dl=1", 200, TEXT),
    Row("GET /api/v1/message/latest/raw", 200, TEXT),
    Row("GET /api/v1/message/unknown/raw", 404, TEXT, MISSING),
    Row("GET /api/v1/message/ID/part/2", 200, "image/png", "PIXELS"),
    Row("GET /api/v1/message/latest/part/2", 200, "image/png", "PIXELS"),
    Row("GET /api/v1/message/ID/part/9", 404, TEXT, MISSING),
    Row("GET /api/v1/message/unknown/part/2", 404, TEXT, MISSING),
    Row("GET /api/v1/message/ID/part/2/thumb", 200, "image/jpeg"),
    Row("GET /api/v1/message/ID/part/9/thumb", 400, TEXT),
    Row("GET /api/v1/message/unknown/part/2/thumb", 400, TEXT),
    Row("POST /api/v1/message/unknown/release", 404, TEXT, MISSING, {"To": ["a@b"]}),
    Row("POST /api/v1/message/ID/release", 400, TEXT, body={"To": ["a@b"]}),
    Row("GET /api/v1/message/unknown/html-check", 404, TEXT, MISSING),
    Row("GET /api/v1/message/ID/link-check", 400, TEXT),
    Row("GET /api/v1/message/ID/sa-check", 404, TEXT, MISSING),
    Row("GET /view/ID.html", 200, HTML),
    Row("GET /view/latest.html", 200, HTML),
    Row("GET /view/ID.html?embed=1", 200, HTML),
    Row("GET /view/unknown.html", 404, TEXT, "Message not found"),
    Row("GET /view/ID.txt", 200, TEXT),
    Row("GET /view/unknown.txt", 404, TEXT, "Message not found"),
    # Section 1
    Row("GET /api/v1/nothing", 404, TEXT, MISSING),
    Row("POST /api/v1/messages", 405, TEXT),
    Row("DELETE /api/v1/info", 405, TEXT),
    Row("OPTIONS /api/v1/messages", 200, TEXT, ""),
    Row("OPTIONS /api/v1/message/ID/release", 200, TEXT, ""),
    Row("HEAD /api/v1/info", text=""),
    Row("HEAD /api/v1/message/ID/raw", 200, TEXT, ""),
    # Section 3.4
    Row("POST /api/v1/send", 400, JSON, body="x"),
]


@pytest.fixture
def mail() -> Any:
    """A server with a message that has HTML and an image."""
    mail: Any = Mail(server={"faults": Faults()})
    mail.id = mail.add(MESSAGE)
    return mail


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.request} {row.body}")
def test_the_answer_is_that_of_the_table(mail: Any, row: Row) -> None:
    """Whatever else is asked."""
    method, path = row.request.replace("ID", mail.id).split(" ")
    given: dict[str, Any] = {}
    if isinstance(row.body, str):
        given["body"] = row.body.encode()
    elif row.body is not None:
        ids = [mail.id if each == "ID" else each for each in row.body.get("IDs", ())]
        given["json"] = {**row.body, **({"IDs": ids} if ids else {})}
    answer = mail.client.request(method, path, **given)
    kind = answer.headers["content-type"].partition(";")[0]
    assert (answer.status, kind) == (row.status, row.kind), answer
    if row.text is not None:
        assert answer.text.rstrip("\r") == row.text.rstrip("\r")


def test_every_endpoint_is_in_the_table(mail: Any) -> None:
    """With each of its methods."""
    asked = [row.request.partition("?")[0] for row in ROWS]
    missing = [
        f"{route.method} {route.template}"
        for route in mail.reader.site.routes
        if route.template.startswith(("/api/v1/", "/view/{id}."))
        # A page for people.
        and route.template != "/api/v1/"
        and not any(
            re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name)), each)
            for name in [f"{route.method} {route.template}"]
            for each in asked
        )
    ]
    assert missing == []


class TestEmbedded:
    """``embed=1``: the HTML for a frame of another page."""

    def get(self, mail: Any) -> Any:
        return mail.client.get(f"/view/{mail.id}.html?embed=1")

    def test_one_script_runs_and_no_other(self, mail: Any) -> None:
        answer = self.get(mail)
        [nonce] = re.findall(r'<script nonce="([^"]+)">', answer.text)
        policy = answer.headers["content-security-policy"]
        assert f"script-src 'nonce-{nonce}'" in policy
        assert "sandbox allow-scripts" in policy
        assert answer.text.count("<script") == 1

    def test_it_tells_the_height(self, mail: Any) -> None:
        assert "parent.postMessage({messageHeight:" in self.get(mail).text

    def test_each_time_has_a_nonce_of_its_own(self, mail: Any) -> None:
        assert self.get(mail).text != self.get(mail).text

    def test_parts_are_those_of_the_message(self, mail: Any) -> None:
        path = f"/api/v1/message/{mail.id}/part/2"
        assert f'<img src="{path}?token=' in self.get(mail).text

    def test_links_open_a_new_window(self, mail: Any) -> None:
        mail.id = mail.add("Content-Type: text/html\n\n<a href='http://a/'>a</a>")
        wanted = '<a href="http://a/" target="_blank" rel="noreferrer noopener">'
        assert wanted in self.get(mail).text

    def test_without_it_no_script_runs(self, mail: Any) -> None:
        answer = mail.client.get(f"/view/{mail.id}.html")
        assert "allow-scripts" not in answer.headers["content-security-policy"]


def test_a_message_without_an_id_has_one_of_ours(mail: Any) -> None:
    """In lists, too."""
    wanted = f"{mail.id}@smtptest"
    [listed] = mail.client.get("/api/v1/messages").json["messages"]
    assert listed["MessageID"] == wanted
    assert mail.client.get(f"/api/v1/message/{mail.id}").json["MessageID"] == wanted
