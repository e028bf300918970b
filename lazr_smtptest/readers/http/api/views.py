"""The HTML of a message for a frame of a page, and the parts that it shows.

The frame has an opaque origin: it sends no cookies. So the URLs in it have a token.
They are relative: a proxy may show the server below another path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import attrs
import msgspec

from lazr_smtptest.checks.functions import VIEW
from lazr_smtptest.mime.html_view import HTMLView
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api import details
from lazr_smtptest.readers.http.api.contents import part_answer
from lazr_smtptest.readers.http.api.naming import missing, name_of
from lazr_smtptest.readers.http.api.operations import BYTES, operation
from lazr_smtptest.readers.http.bodies import Turns
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.conditional import (
    content_tag,
    in_ranges,
    is_known,
    tagged,
)
from lazr_smtptest.readers.http.logins import Logins
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.tokens import Tokens
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Frames", "ViewAnswer", "Views"]

# What the frame may do: show the parts of this message, and open new windows.
_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox",
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "font-src data:",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
)
_REMOTE = " http: https:"

# The values of `root`, which become a part of the policy: nothing that ends a path, a
# source or a directive there.
_ROOT = re.compile(r"/(?:[0-9A-Za-z._~!$&()*+=:@%-]{1,200}/){0,20}", re.ASCII)

# Characters of a view that is kept until another one is asked for.
_MOST_KEPT = 1_000_000

# From the path of a view to that of the API: one in a mailbox is two levels deeper.
_UP, _UP_FROM_MAILBOX = "../..", "../../../.."

# The values of `images`: whether images of other hosts are loaded.
_IMAGES = {"": False, "remote": True}


class Blocked(msgspec.Struct, frozen=True):
    """Loads from one host; ``kind`` is such as ``image``, ``font`` or ``script``."""

    kind: str
    host: str
    count: int


class ViewAnswer(msgspec.Struct, frozen=True):
    """The remote loads that a view blocks.

    ``url`` is that of the view, with a token; ``""`` if the message has no HTML part.
    ``count`` is the number of all loads that are blocked, ``images`` that of those
    which ``images=remote`` allows. ``failure`` says why the HTML was not searched for
    them; ``""`` if it was.
    """

    url: str
    count: int
    images: int
    blocked: list[Blocked]
    failure: str


_NO_VIEW = ViewAnswer(url="", count=0, images=0, blocked=[], failure="")


@attrs.frozen(kw_only=True)
class Frames:
    """The parts of the server that views of messages need.

    Attributes:
        base: the path before all paths of the site; ``""`` for none.
        path: the path of the API, without the base.
        logins: finds out who makes a request.
        tokens: makes the tokens of URLs.
    """

    base: str
    path: str
    logins: Logins
    tokens: Tokens

    @property
    def root(self) -> str:
        """The path of the API, with the base of the site."""
        return f"{self.base}{self.path}"


class Views:
    """The part of the API that shows the HTML of messages in frames.

    Args:
        reader: the store.
        parse: runs a function for a message, see `ReaderContext.parse`.
        frames: what it needs of the server.
    """

    def __init__(
        self, reader: DeferredReader, parse: Callable[..., Any], frames: Frames
    ) -> None:
        self._reader = reader
        self._parse = parse
        self._turns = Turns()
        self._frames = frames
        # The view that was asked for last, by the id of its message: a frame follows
        # the answer that names it.
        self._latest: tuple[str, HTMLView] | None = None

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            prefix: the path of the API, without a slash at its end.
        """
        path = f"{prefix}/messages/{{id}}/view"
        view = operation(
            "GET",
            path,
            self.view,
            "Show the HTML of a message in a frame",
            query=("query", "images", "root", "token"),
            answer="text/html",
        )
        # Its login may be a token.
        yield attrs.evolve(view, is_public=True)
        yield operation(
            "GET",
            f"{path}/blocked",
            self.blocked,
            "Get what a view does not load",
            query=("query",),
            answer=ViewAnswer,
        )
        part = operation(
            "GET",
            f"{path}/parts/{{part}}",
            self.part,
            "Get a part for a view",
            query=("token",),
            answer=BYTES,
            tagged=True,
            ranges=True,
        )
        yield attrs.evolve(part, is_public=True, is_shared=True)

    async def view(self, call: Call) -> Answer:
        """Answer with the HTML of a message, as a document for a frame.

        It is as it was sent, but for this: ``base``, ``link``, ``meta``, ``script`` and
        comments are dropped, links open a new window, and references to other parts of
        the message are URLs that work without a login for an hour. The policy in its
        header lets it load these parts only, and with ``images=remote`` images of other
        hosts, too. ``root`` is the path before ``api/v2/`` as the browser knows it. A
        ``token`` is the login of a frame that sends no cookies.

        Raises:
            HTTPError: 400, ``root`` is no path that begins and ends with a slash.
        """
        is_remote = call.choice("images", "", _IMAGES)
        root = _root_of(call) or f"{self._frames.base}/"
        token = call.argument("token")
        has_token = bool(token) and self._frames.tokens.check(
            token, call.parameters["id"]
        )
        # The name of a mailbox is a login.
        if not has_token and "mailbox" not in call.parameters:
            await self._frames.logins.check(call.method, call.headers)
        envelope, view = await self._view(call)
        if view is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, "the message has no HTML part")
        id = envelope.id
        token = self._frames.tokens.make(id)
        parts = f"{_path(id)}/parts/"
        api = root.removesuffix("/") + self._frames.path
        sources = f"img-src {self._origin(call)}{api}{parts} data:"
        # A document that was not rewritten may have elements that begin other loads.
        sources += _REMOTE if is_remote and not view.failure else ""
        up = _UP_FROM_MAILBOX if "mailbox" in call.parameters else _UP
        html = view.with_urls(lambda part: f"{up}{parts}{part}?token={token}")
        return Answer(
            body=html.encode("utf-8", "replace"),
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": "; ".join((*_POLICY, sources))},
        )

    async def blocked(self, call: Call) -> Answer:
        """Answer with the remote loads that a view of the message blocks.

        A message without an HTML part has none, and an empty ``url``: a page may ask
        before it knows the parts.
        """
        envelope, view = await self._view(call)
        if view is None:
            return json_answer(_NO_VIEW)
        loads = [Blocked(each.kind, each.host, each.count) for each in view.blocked]
        frames = self._frames
        token = frames.tokens.make(envelope.id)
        return json_answer(
            ViewAnswer(
                url=f"{frames.root}{_path(envelope.id)}?token={token}",
                count=sum(each.count for each in loads),
                images=sum(each.count for each in loads if each.kind == "image"),
                blocked=loads,
                failure=view.failure,
            )
        )

    async def part(self, call: Call) -> Answer:
        """Answer with the content of a part to a frame that has a token.

        Raises:
            HTTPError: 403, the token is wrong or has ended.
        """
        id, section = call.parameters["id"], call.parameters["part"]
        if not self._frames.tokens.check(call.argument("token"), id):
            raise HTTPError(
                HTTPStatus.FORBIDDEN, "the token is wrong, or older than an hour"
            )
        summary = await self._reader.summary(id)
        if summary is None:
            raise await missing(self._reader, call)
        tag = content_tag(id, f"view-{section}")
        if is_known(call, tag):
            return tagged(call, tag, Answer())
        answer = await self._turns.run(
            summary.size, lambda: self._part(call, id, section)
        )
        return in_ranges(call, tagged(call, tag, answer))

    async def _part(self, call: Call, id: str, section: str) -> Answer:
        envelope = await self._reader.envelope(id)
        if envelope is None:
            raise await missing(self._reader, call)
        answer: Answer = await self._reader.call(_part, envelope, section)
        return answer

    async def _view(self, call: Call) -> tuple[Envelope, HTMLView | None]:
        """Return a message, and its view; ``None`` if it has no HTML part."""
        envelope = await self._reader.envelope(await name_of(self._reader, call))
        if envelope is None:
            raise await missing(self._reader, call)
        if self._latest is not None and self._latest[0] == envelope.id:
            return envelope, self._latest[1]
        view: HTMLView | None = await self._parse(VIEW, envelope)
        if view and not view.failure and len(view.html) <= _MOST_KEPT:
            self._latest = (envelope.id, view)
        return envelope, view

    def _origin(self, call: Call) -> str:
        """Return the origin of the site as the browser knows it."""
        is_secure = self._frames.logins.comes_by_tls(call.headers)
        return f"{'https' if is_secure else 'http'}://{call.header('host').lower()}"


def _path(id: str) -> str:
    """Return the path of the view of a message, below that of the API."""
    return f"/messages/{quote(id, safe='')}/view"


def _root_of(call: Call) -> str:
    """Return the path before the API as the browser knows it; ``""`` if it is ours."""
    root = call.argument("root")
    if root and not _ROOT.fullmatch(root):
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"bad root {root[:100]!r}: expected a path that begins and ends with a "
            "slash, such as '/tools/mail/'",
        )
    return root


def _part(envelope: Envelope, section: str) -> Answer:
    part = details.part_named(envelope, section)
    if part is None:
        raise HTTPError(HTTPStatus.NOT_FOUND, f"the message has no part {section!r}")
    answer = part_answer(part, f"part-{section}")
    # The origin of the frame is none, not even ours.
    headers = {**answer.headers, "Cross-Origin-Resource-Policy": "cross-origin"}
    return attrs.evolve(answer, headers=headers)
