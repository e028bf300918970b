"""Large answers are encoded in a thread: the reactor has other clients to serve."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lazr_smtptest.readers.http import answer as answers

from .api.test_sessions import make_session
from .conftest import Mail

TEXT = "Subject: long\n\n" + "word " * 40_000 + "\n"


class Here:
    """Notes what is encoded in a call of a thread, and what is not.

    Attributes:
        on_reactor: the sizes of what was encoded elsewhere.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._depth = 0
        self.on_reactor: list[int] = []
        encode_json = answers.encode_json

        def encode(value: object) -> bytes:
            found = encode_json(value)
            if not self._depth:
                self.on_reactor.append(len(found))
            return found

        monkeypatch.setattr(answers, "encode_json", encode)

    def callInThread(self, function: Callable[[], None]) -> None:
        """Call a function as a thread does, in this one."""
        self._depth += 1
        try:
            function()
        finally:
            self._depth -= 1


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Notes what is encoded."""
    return Here(monkeypatch)


@pytest.fixture
def mail(here: Here, monkeypatch: pytest.MonkeyPatch) -> Mail:
    """A store with a long message, 150 short ones and 150 sessions."""
    monkeypatch.setattr(
        Mail, "callInThread", lambda self, function: here.callInThread(function)
    )
    mail = Mail()
    mail.add(TEXT)
    for number in range(150):
        mail.add()
        mail.store.keep_session(make_session(str(number)))
    return mail


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/messages/1",
        "/api/v2/messages?limit=1000",
        "/api/v2/wait?query=subject:long",
        "/api/v2/wait?query=subject:long&extract=text",
        "/api/v2/wait?query=none&timeout=0",
        "/api/v2/sessions?limit=1000",
        "/api/v2/sessions/1",
        "/api/v1/messages?limit=0",
        "/api/v1/search?query=hi&limit=1000",
        "/api/v1/message/latest?query=long",
        "/api/v1/message/latest/headers?query=long",
    ],
)
def test_it_is_encoded_in_a_thread(mail: Mail, here: Here, path: str) -> None:
    """What is encoded elsewhere is short."""
    assert mail.client.get(path).body
    assert sum(here.on_reactor) < 20_000
