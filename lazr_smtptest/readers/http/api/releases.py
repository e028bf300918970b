"""Messages that are sent on to real servers, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any

import msgspec
from twisted.internet.defer import CancelledError

from lazr_smtptest.errors import ReleaseError
from lazr_smtptest.outbound.releases.release import STATES, Release
from lazr_smtptest.outbound.releases.service import ReleaseService
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api.operations import Argument, operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Releases"]

# The most releases of one answer, and the most recipients.
_MOST, _MOST_RECIPIENTS = 1000, 1000
_DIGITS = 18
# The most seconds that a request waits for an attempt.
_LONGEST = 60.0

_STATE = Argument(
    {"type": "string", "enum": ["", *STATES]}, "Only those in this state.", "queued"
)


class ReleaseRecord(msgspec.Struct, frozen=True):
    """A message that is sent on; ``reply`` and ``code`` are of the latest attempt."""

    release: int
    message: str
    route: str
    by_rule: bool
    sender: str
    recipients: list[str]
    state: str
    created: datetime
    changed: datetime
    attempts: int
    next_try: datetime | None
    code: int
    reply: str


class ReleaseDetail(ReleaseRecord, frozen=True):
    """The same, with the lines of the latest attempt."""

    transcript: list[str]


class ReleaseList(msgspec.Struct, frozen=True):
    """Releases, the newest first."""

    releases: list[ReleaseRecord]


class ReleaseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom a message is sent; without recipients to those of its envelope.

    ``wait`` is how many seconds the answer waits for the first attempt, up to 60.
    """

    recipients: list[str] = []
    sender: str | None = None
    route: str = "relay"
    wait: float = 0.0


class Releases:
    """The part of the API that sends messages on.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._context = context

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        yield operation(
            "POST",
            f"{prefix}/messages/{{id}}/releases",
            self.release,
            "Send a message on to a real server",
            body=ReleaseRequest,
            example={"recipients": ["anna@example.com"]},
            answer=ReleaseDetail,
            status=HTTPStatus.ACCEPTED,
            others={409: "Nothing is configured to send to.", 429: "Too many wait."},
        )
        yield operation(
            "GET",
            f"{prefix}/messages/{{id}}/releases",
            self.of_message,
            "List how a message was sent on",
            answer=ReleaseList,
        )
        path = f"{prefix}/releases"
        yield operation(
            "GET",
            path,
            self.releases,
            "List what was sent on, and what waits",
            query={"state": _STATE, "limit": "limit"},
            answer=ReleaseList,
        )
        for method, more, handler, summary in (
            ("GET", "", self.detail, "Get a release with its transcript"),
            ("POST", "/retry", self.retry, "Try a release at once"),
            ("POST", "/cancel", self.cancel, "Give up a release that waits"),
        ):
            yield operation(
                method,
                f"{path}/{{release}}{more}",
                handler,
                summary,
                answer=ReleaseDetail,
                others={409: "It has ended."} if more else {},
            )

    def _service(self) -> ReleaseService:
        if not self._context.releases:
            raise HTTPError(
                HTTPStatus.CONFLICT,
                "nothing is sent on from here: start the server with --relay-host",
            )
        return self._context.releases[0]

    async def release(self, call: Call) -> Answer:
        """Put a message into the queue.

        Raises:
            HTTPError: 403, it must not be sent there; 404, there is no such message;
                409, there is no relay; 429, too many wait.
        """
        asked = await call.json(ReleaseRequest)
        if len(asked.recipients) > _MOST_RECIPIENTS or not 0 <= asked.wait <= _LONGEST:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"at most {_MOST_RECIPIENTS} recipients, and wait up to {_LONGEST:g}",
            )
        service = self._service()
        id = await self._id(call)
        try:
            added = await service.release(
                id, asked.recipients, sender=asked.sender, route=asked.route
            )
        except ReleaseError as error:
            is_full = error.rule == "queue"
            status = HTTPStatus.TOO_MANY_REQUESTS if is_full else HTTPStatus.FORBIDDEN
            raise HTTPError(status, str(error), details={"rule": error.rule}) from error
        except ValueError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        if added is None:
            raise _no_message(id)
        if asked.wait:
            added = await self._attempted(service, added, asked.wait)
        return json_answer(_detail_of(added), HTTPStatus.ACCEPTED)

    async def _attempted(
        self, service: ReleaseService, release: Release, seconds: float
    ) -> Release:
        """Return a release after its attempt, or as it is after some seconds."""
        waiting = service.attempted(release.number)
        timer = self._context.reactor.callLater(seconds, waiting.cancel)
        try:
            return await waiting
        except CancelledError:
            return await service.get(release.number) or release
        finally:
            if timer.active():
                timer.cancel()

    async def _id(self, call: Call) -> str:
        name = call.parameters["id"]
        reader = self._context.reader
        if name == "latest":
            page = await reader.page(limit=1)
            summary = page[0] if page else None
        else:
            is_number = name.isdecimal() and len(name) <= _DIGITS
            summary = await reader.summary(int(name) if is_number else name)
        if summary is None:
            raise _no_message(name)
        return summary.id

    async def of_message(self, call: Call) -> Answer:
        """Answer with the releases of a message."""
        id = await self._id(call)
        found = await self._find(message=id, limit=_MOST)
        return json_answer(ReleaseList(found))

    async def releases(self, call: Call) -> Answer:
        """Answer with the latest releases."""
        limit = int(call.number("limit", 50, least=1, most=_MOST))
        state = call.argument("state")
        if state and state not in STATES:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"state is one of {', '.join(STATES)}, not {state!r:.100}",
            )
        return json_answer(ReleaseList(await self._find(state=state, limit=limit)))

    async def _find(self, **selection: Any) -> list[ReleaseRecord]:
        if not self._context.releases:
            return []
        found = await self._service().find(**selection)
        return [_record_of(each) for each in found]

    async def detail(self, call: Call) -> Answer:
        """Answer with a release."""
        return json_answer(_detail_of(await self._known(call)))

    async def retry(self, call: Call) -> Answer:
        """Try a release that was not sent."""
        release = await self._known(call)
        changed = await self._service().retry(release.number)
        return json_answer(_detail_of(_changed(changed, release)))

    async def cancel(self, call: Call) -> Answer:
        """Cancel a queued release."""
        release = await self._known(call)
        changed = await self._service().cancel(release.number)
        return json_answer(_detail_of(_changed(changed, release)))

    async def _known(self, call: Call) -> Release:
        number = call.parameters["release"]
        found = None
        is_number = number.isascii() and number.isdecimal() and len(number) <= _DIGITS
        if is_number and self._context.releases:
            found = await self._service().get(int(number))
        if found is None:
            raise HTTPError(
                HTTPStatus.NOT_FOUND, f"there is no release {number!r:.100}"
            )
        return found


def _changed(changed: Release | None, release: Release) -> Release:
    if changed is None:
        raise HTTPError(
            HTTPStatus.CONFLICT, f"release {release.number} is {release.state}"
        )
    return changed


def _no_message(name: str) -> HTTPError:
    return HTTPError(HTTPStatus.NOT_FOUND, f"there is no message {name!r:.100}")


def _record_of(release: Release) -> ReleaseRecord:
    return ReleaseRecord(**_fields_of(release))


def _detail_of(release: Release) -> ReleaseDetail:
    lines = release.transcript.splitlines()
    return ReleaseDetail(**_fields_of(release), transcript=lines)


def _fields_of(release: Release) -> dict[str, Any]:
    return {
        "release": release.number,
        "message": release.message,
        "route": release.route,
        "by_rule": release.by_rule,
        "sender": release.sender,
        "recipients": list(release.recipients),
        "state": release.state,
        "created": _time(release.created),
        "changed": _time(release.changed),
        "attempts": release.attempts,
        "next_try": None if release.next_try is None else _time(release.next_try),
        "code": release.code,
        "reply": release.reply,
    }


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
