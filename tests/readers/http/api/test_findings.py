"""The texts of a large message are searched in a child process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.findings import Findings, read_findings
from lazr_smtptest.parsing.functions import FINDINGS, FUNCTIONS

from ..conftest import Mail

TEXT = "Your code is 481516, see https://example.com/here\n"
LARGE = "Subject: Large\n\n" + TEXT + "Line.\n" * 50_000
FOUND = Findings(("https://child.example/",), "2342", ("read by a child",))


class Child:
    """Stands for a child process, which finds something else.

    Attributes:
        asked: the names of the functions that were called.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str, envelope: Envelope) -> Any:
        self.asked.append(name)
        return FOUND


@pytest.fixture
def child() -> Child:
    return Child()


@pytest.fixture
def searched(child: Child) -> Iterator[Mail]:
    """A store whose large messages a child process searches."""
    mail = Mail(server={"parsing": child})
    yield mail
    mail.reader.close()


def whole(answer: Any) -> dict[str, Any]:
    """Return what was found, of a whole message."""
    return {name: answer[name] for name in ("code", "links", "trouble")}


THE_CHILDS = {
    "code": "2342",
    "links": ["https://child.example/"],
    "trouble": ["read by a child"],
}


@pytest.mark.parametrize("path", ["", "/code", "/links"])
@pytest.mark.parametrize("within", ["", "mailboxes"])
def test_a_child_searches_a_large_message(
    searched: Mail, child: Child, path: str, within: str
) -> None:
    """For the whole message, and for each of its findings."""
    prefix = "/api/v2"
    if within:
        made = searched.client.request(
            "POST", f"{prefix}/mailboxes", json={"query": "large"}
        )
        prefix += f"/mailboxes/{made.json['name']}"
    searched.add(LARGE)
    answer = searched.client.get(f"{prefix}/messages/latest{path}")
    assert child.asked == [FINDINGS]
    if path == "/code":
        assert answer.text == "2342"
    elif path == "/links":
        assert answer.json == ["https://child.example/"]
    else:
        assert whole(answer.json) == THE_CHILDS


@pytest.mark.parametrize(
    ("extract", "value"), [("code", "2342"), ("link", "https://child.example/")]
)
def test_what_a_wait_extracts_of_a_large_message_is_that_of_the_child(
    searched: Mail, extract: str, value: str
) -> None:
    """It is searched once for both."""
    searched.add(LARGE)
    answer = searched.client.get(f"/api/v2/wait?timeout=0&extract={extract}").json
    assert answer["extract"] == [value]
    assert whole(answer["messages"][0]) == THE_CHILDS


def test_a_small_message_is_searched_here(searched: Mail, child: Child) -> None:
    """A child would take longer to receive it."""
    searched.add(f"Subject: Small\n\n{TEXT}")
    answer = searched.client.get("/api/v2/messages/latest").json
    assert (answer["code"], child.asked) == ("481516", [])


def envelope_of(content: bytes) -> Envelope:
    return Envelope(mail_from="a@x", rcpt_tos=(), content=content)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [b"", LARGE.encode(), b"Content-Type: text/html; charset=x\r\n\r\n<a href=//b>c"],
    ids=["empty", "large", "html"],
)
def test_findings_are_the_same_after_json(content: bytes) -> None:
    """A child sends them so."""
    function = FUNCTIONS[FINDINGS]
    found: Callable[[Envelope], Any] = function.run
    sent = json.dumps(function.encode(found(envelope_of(content))))
    assert function.decode(json.loads(sent)) == read_findings(envelope_of(content))


def test_a_message_that_exceeds_a_bound_has_no_findings_and_says_why() -> None:
    """Nobody takes it for a message without a code."""
    found = FUNCTIONS[FINDINGS].failed(envelope_of(b""), "it took over 2 s")
    assert found == Findings(
        (), None, ("no links and no code are searched for: it took over 2 s",)
    )
