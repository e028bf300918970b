"""The login of the page: a form instead of the dialog of the browser."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

import attrs
import msgspec

from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.logins import Logins
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Login", "LoginAnswer", "LoginRequest"]

_Word = Annotated[str, msgspec.Meta(max_length=1000)]


class LoginRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of the form."""

    user: _Word
    password: _Word


class LoginAnswer(msgspec.Struct, frozen=True):
    """The state of the login: ``needed``, and the ``user``, ``""`` for none."""

    needed: bool
    user: str


class Login:
    """The part of the API that logs people in and out.

    Args:
        logins: keeps the sessions.
    """

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes, which need no login."""
        found = (
            operation(
                "GET",
                f"{prefix}/login",
                self.login,
                "Get who is logged in",
                answer=LoginAnswer,
            ),
            operation(
                "POST",
                f"{prefix}/login",
                self.begin,
                "Log in",
                body=LoginRequest,
                example={"user": "anna", "password": "secret"},
                answer=LoginAnswer,
                others={429: "There were too many wrong passwords."},
            ),
            operation(
                "POST",
                f"{prefix}/logout",
                self.end,
                "Log out",
                status=HTTPStatus.NO_CONTENT,
            ),
        )
        for route in found:
            yield attrs.evolve(route, is_public=True)

    async def login(self, call: Call) -> Answer:
        """Answer whether a login is needed, and who is logged in."""
        user = await self._logins.user_of(call.headers)
        return json_answer(LoginAnswer(self._logins.is_needed, user))

    async def begin(self, call: Call) -> Answer:
        """Log a person in: the answer sets a cookie, which ends after a day.

        Where no login is needed, nothing is checked and no cookie is set.
        """
        asked = await call.json(LoginRequest)
        if not self._logins.is_needed:
            return json_answer(LoginAnswer(needed=False, user=""))
        cookie = await self._logins.begin(call.headers, asked.user, asked.password)
        answer = LoginAnswer(needed=True, user=asked.user)
        return json_answer(answer, headers={"Set-Cookie": cookie})

    async def end(self, call: Call) -> Answer:
        """Log a person out: the cookie is void from now on."""
        cookie = self._logins.end(call.headers)
        return Answer(status=HTTPStatus.NO_CONTENT, headers={"Set-Cookie": cookie})
