"""Serves the page: its document at ``/``, and its files under a path that changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode

import attrs

from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.call import Call, values_of
from lazr_smtptest.readers.http.conditional import is_known, not_modified
from lazr_smtptest.readers.http.page.files import File, Files
from lazr_smtptest.readers.http.request import takes_gzip
from lazr_smtptest.readers.http.routes import Route

__all__ = ["PATH", "Page"]

# The path of the files, before their version.
PATH = "/page"

# Nothing inline, nothing from elsewhere, and no string becomes HTML but by lit.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "font-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    )
)

# A browser gets another document than a program.
_VARY = {"Vary": "Accept, Accept-Encoding"}

_YEAR = 31_536_000


class Page:
    """The routes of the page.

    Its files hold no mail and need no login: the page itself asks for one when the API
    does.

    Args:
        load: returns the files; called for each request.
        index: answers clients that are no browsers at ``/``.
        base: the path before all paths, such as ``"/mail"``; ``""`` for none.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[Files]],
        index: Callable[[Call], Awaitable[Answer]],
        base: str = "",
    ) -> None:
        self._load = load
        self._index = index
        self._base = base

    def routes(self) -> Iterator[Route]:
        """Return the routes."""
        for path, handler in (
            ("/", self.document),
            ("", self.base),
            ("/search", self.search),
            ("/view/{id}", self.view),
        ):
            yield Route(method="GET", template=path, handler=handler, is_public=True)
        for path in (
            f"{PATH}/{{version}}/{{name}}",
            f"{PATH}/{{version}}/{{folder}}/{{name}}",
        ):
            # A browser sends an Origin with modules, and a proxy may change the Host.
            yield Route(
                method="GET",
                template=path,
                handler=self.file,
                is_public=True,
                is_shared=True,
            )

    async def document(self, call: Call) -> Answer:
        """Answer with the document of the page, or for a program with a text."""
        if not _is_browser(call):
            answer = await self._index(call)
            return attrs.evolve(answer, headers={**answer.headers, **_VARY})
        files = await self._load()
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            **_VARY,
        }
        return _answer_with(call, files.index, headers)

    async def base(self, call: Call) -> Answer:
        """Answer at the base without a slash: paths in the page are relative to it."""
        if not _is_browser(call):
            return await self.document(call)
        # Relative, so that it is right through a proxy that changes the base.
        headers = {"Location": f"{self._base.rpartition('/')[2]}/", "Vary": "Accept"}
        return Answer(status=HTTPStatus.PERMANENT_REDIRECT, headers=headers)

    # Paths of Mailpit's page. The redirections are relative, as that of the base.

    async def search(self, call: Call) -> Answer:
        """Redirect to the list of the messages that a query finds."""
        query = urlencode({"q": call.argument("q")}) if call.argument("q") else ""
        return _redirect("./#/messages" + (f"?{query}" if query else ""))

    async def view(self, call: Call) -> Answer:
        """Redirect to a message."""
        return _redirect(f"../#/messages/{quote(call.parameters['id'], safe='')}")

    async def file(self, call: Call) -> Answer:
        """Answer with a file of the page.

        Raises:
            HTTPError: 404, there is no such file, or not in this version.
        """
        given = call.parameters
        name = "/".join(filter(None, (given.get("folder", ""), given["name"])))
        files = await self._load()
        file = files.others.get(name)
        if file is None or given["version"] != files.version:
            raise HTTPError(
                HTTPStatus.NOT_FOUND,
                f"the page has no file {name!r} in version {given['version']!r}; "
                f"load the page again, its version is {files.version!r}",
            )
        headers = {
            "Cache-Control": f"public, max-age={_YEAR}, immutable",
            "Vary": "Accept-Encoding",
        }
        return _answer_with(call, file, headers)


def _redirect(location: str) -> Answer:
    return Answer(status=HTTPStatus.FOUND, headers={"Location": location})


def _is_browser(call: Call) -> bool:
    return "text/html" in call.header("accept").lower()


def _answer_with(call: Call, file: File, headers: Mapping[str, str]) -> Answer:
    """Return an answer with a file, without its content if the client has it."""
    answer = Answer(
        body=file.content,
        content_type=file.content_type,
        headers={**headers, "ETag": file.tag},
    )
    if is_known(call, file.tag):
        return not_modified(answer)
    if not takes_gzip(values_of(call.headers, "accept-encoding")):
        return answer
    coding = {"Content-Encoding": "gzip"}
    return attrs.evolve(
        answer, body=file.compressed, headers={**answer.headers, **coding}
    )
