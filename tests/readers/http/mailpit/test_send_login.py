"""Logins of those who send by Mailpit's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.htpasswd import PasswordFile

from ..client import Response
from ..conftest import Mail
from ..test_gate import basic

MESSAGE = {
    "From": {"Email": "ann@example.com"},
    "To": [{"Email": "bob@example.com"}],
}
READERS = Gate(users={"reader": "one"})
READER, SENDER = basic("reader", "one"), basic("sender", "two")
# SHA-1 of "two", as htpasswd -s writes it.
FILE = "sender:{SHA}rXguzax3D8brmmLkT5CHP7l/sms=\n"


def post(mail: Mail, **headers: str) -> Response:
    """Send a message, on a connection of its own: a refusal ends it."""
    return mail.connect().request("POST", "/api/v1/send", json=MESSAGE, **headers)


@pytest.fixture
def make(make_mail: type[Mail]) -> Iterator[Callable[..., Mail]]:
    """Makes servers with settings of their own."""
    made: list[Mail] = []

    def make(**settings: Any) -> Mail:
        made.append(make_mail(**settings))
        return made[-1]

    yield make
    for each in made:
        each.reader.close()


class TestUser:
    """``Username`` of a message that is sent so."""

    def username(self, mail: Mail, **headers: str) -> str:
        """Send a message; return who sent it."""
        id = post(mail, **headers).json["ID"]
        name: str = mail.client.get(f"/api/v1/message/{id}").json["Username"]
        return name

    def test_it_is_the_user_of_the_request(self, mail: Mail) -> None:
        """Also where nobody checks the password."""
        assert self.username(mail, authorization=SENDER) == "sender"

    @pytest.mark.parametrize("authorization", ["", "Basic !", "Bearer x"])
    def test_without_a_user_it_is_empty(self, mail: Mail, authorization: str) -> None:
        assert self.username(mail, authorization=authorization) == ""


class TestLogin:
    """Logins of their own for those who send."""

    def test_they_are_needed(self, make: Callable[..., Mail]) -> None:
        mail = make(send_gate=Gate(users={"sender": "two"}))
        answer = post(mail)
        assert (answer.status, answer.text) == (401, "Unauthorized.\n")
        assert answer.headers["www-authenticate"] == 'Basic realm="Login"'
        assert post(mail, authorization=SENDER).status == 200

    def test_they_do_not_read(self, make: Callable[..., Mail]) -> None:
        mail = make(gate=READERS, send_gate=Gate(users={"sender": "two"}))
        post(mail, authorization=SENDER)
        assert mail.client.get("/api/v1/info", authorization=SENDER).status == 401

    def test_those_of_readers_do_not_send(self, make: Callable[..., Mail]) -> None:
        mail = make(gate=READERS, send_gate=Gate(users={"sender": "two"}))
        assert post(mail, authorization=READER).status == 401

    def test_without_them_those_of_readers_send(
        self, make: Callable[..., Mail]
    ) -> None:
        mail = make(gate=READERS)
        assert post(mail).status == 401
        assert post(mail, authorization=READER).status == 200

    def test_anybody_may_be_allowed_to_send(self, make: Callable[..., Mail]) -> None:
        mail = make(gate=READERS, send_gate=Gate())
        assert post(mail).status == 200
        assert mail.client.get("/api/v1/info").status == 401

    def test_they_may_be_in_a_file(
        self, make: Callable[..., Mail], tmp_path: Path
    ) -> None:
        path = tmp_path / "users"
        path.write_text(FILE, "ascii")
        mail = make(send_gate=Gate(files=[PasswordFile(str(path))]))
        assert post(mail, authorization=basic("sender", "one")).status == 401
        assert post(mail, authorization=SENDER).status == 200

    def test_a_page_of_another_site_sends_nothing(
        self, make: Callable[..., Mail]
    ) -> None:
        mail = make(send_gate=Gate())
        answer = post(mail, origin="https://evil.example")
        assert (answer.status, answer.text) == (403, "Blocked due to CORS violation")
