"""An HTML part as a document for a frame that runs nothing."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import unquote, urljoin, urlsplit

import attrs

from lazr_smtptest.mime.attachment import content_id_of
from lazr_smtptest.mime.bases import Base, is_relative, parse_base, reference_of
from lazr_smtptest.mime.html_loads import (
    Load,
    loads_of,
    loads_of_sheet,
    replace_in_sheet,
    replace_urls,
)
from lazr_smtptest.mime.html_tokenizer import tokenize
from lazr_smtptest.mime.html_tokens import (
    Characters,
    Doctype,
    EndTag,
    StartTag,
    Token,
)
from lazr_smtptest.mime.parts import Part, Parts

__all__ = ["LONGEST", "BlockedLoad", "HTMLView", "raw_view", "view_of"]

# The most characters of a document that is rewritten, the most different loads, and the
# most characters of all references completed by a base, which makes short ones long.
LONGEST = 4 << 20
_MOST_LOADS = 10_000
_MOST_COMPLETED = 1 << 20

# What a frame does not get: it could redirect it, change the base of URLs, or begin
# loads that a policy for images lets through.
_DROPPED = frozenset(("base", "link", "meta", "script"))
# Elements whose text has neither markup nor character references, see `tokenize`.
_RAW = frozenset(("iframe", "noembed", "noframes", "plaintext", "style", "xmp"))
_FOREIGN = frozenset(("math", "svg"))

_REMOTE = re.compile(r"(?i)(?:(?:https?|ftp):)?//")
_BASE = re.compile("(?i)<base")
_IGNORED = re.compile(r"[\t\n\r]")


@attrs.frozen
class BlockedLoad:
    """Loads from one host that a frame does not begin.

    Attributes:
        kind: see `Load`.
        host: the host, in lower case.
        count: how many different URLs.
    """

    kind: str
    host: str
    count: int


@attrs.frozen(kw_only=True)
class HTMLView:
    """A document to show.

    Attributes:
        html: the document. The id of a part between two `mark` stands for its URL.
        mark: a text that the mail does not have.
        blocked: the remote loads, those of most URLs first.
        failure: why the document is as it was sent, and was not searched for loads;
            ``""`` if it was.
    """

    html: str
    mark: str = ""
    blocked: tuple[BlockedLoad, ...] = ()
    failure: str = ""

    def with_urls(self, url_of: Callable[[str], str]) -> str:
        """Return the document with the URLs of parts.

        Args:
            url_of: returns the URL for the id of a part, without quotes and brackets.
        """
        if not self.mark:
            return self.html
        pieces = self.html.split(self.mark)
        pieces[1::2] = [url_of(part) for part in pieces[1::2]]
        return "".join(pieces)


def raw_view(html: str, reason: str) -> HTMLView:
    """Return the view of a document that cannot be rewritten."""
    return HTMLView(html=html, failure=reason)


def view_of(html: str, parts: Parts, id_of: Callable[[Part], str]) -> HTMLView:
    """Return the view of the HTML of a message.

    The elements ``base``, ``link``, ``meta`` and ``script`` are dropped, and so are
    comments; links open a new window; references to other parts, by ``cid:`` (RFC 2392)
    or by their Content-Location (RFC 2557), become marks.

    The base completes all other references: what it makes remote is blocked and counted
    like any other remote load.

    Args:
        html: the HTML.
        parts: the message.
        id_of: returns the id of a part.
    """
    if len(html) > LONGEST:
        return raw_view(html, f"it has more than {LONGEST} characters")
    return _Writer(_Targets(parts, id_of)).view(html)


class _Targets:
    """The parts that a document may refer to."""

    def __init__(self, parts: Parts, id_of: Callable[[Part], str]) -> None:
        self._ids: dict[str, str] = {}
        self._locations: dict[str, str] = {}
        self._base = _location(parts.fields.text("content-base")) or _location(
            parts.fields.text("content-location")
        )
        for part in parts.leaves:
            if id := content_id_of(part):
                self._ids.setdefault(id, id_of(part))
            location = _location(part.fields.text("content-location"))
            if location and part.content_type == "text/html":
                self._base = _joined(self._base, location)
            elif location:
                absolute = _joined(self._base, location)
                self._locations.setdefault(location, id_of(part))
                self._locations.setdefault(absolute, id_of(part))

    def find(self, url: str) -> str | None:
        """Return the id of the part that a URL refers to; ``None`` for no part."""
        url = url.strip()
        if url[:4].lower() == "cid:":
            return self._ids.get(url[4:]) or self._ids.get(unquote(url[4:]))
        if not self._locations:
            return None
        return self._locations.get(url) or self._locations.get(_joined(self._base, url))


def _location(text: str) -> str:
    return "".join(text.split())


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return url


class _Writer:
    """Writes a document token by token."""

    def __init__(self, targets: _Targets) -> None:
        self._targets = targets
        self._mark = secrets.token_hex(16)
        # The remote loads, as they stand there, with their hosts.
        self._loads: dict[Load, str] = {}
        # The base of the document, its host if that is remote, and how many characters
        # it may still add.
        self._base: Base | None = None
        self._base_host = ""
        self._room = _MOST_COMPLETED
        # The element whose text may have no markup.
        self._inside = ""
        # The open elements of SVG and MathML, as `tokenize` counts them.
        self._foreign = 0

    def view(self, html: str) -> HTMLView:
        self._base = _base_of(html)
        if self._base is not None and _REMOTE.match(self._base.root):
            self._base_host = _host_of(self._base.root)
        written = "".join(
            each for token in tokenize(html) for each in self._written(token)
        )
        counts = Counter((load.kind, host) for load, host in self._loads.items())
        blocked = tuple(
            BlockedLoad(kind, host, count)
            for (kind, host), count in sorted(
                counts.items(), key=lambda item: (-item[1], item[0])
            )
        )
        return HTMLView(html=written, mark=self._mark, blocked=blocked)

    def _written(self, token: Token) -> Iterator[str]:
        if isinstance(token, Characters):
            yield self._text(token.data)
        elif isinstance(token, StartTag):
            self._note(loads_of(token))
            self._enter(token)
            if token.name not in _DROPPED:
                yield self._tag(token)
        elif isinstance(token, EndTag):
            self._inside = ""
            if token.name in _FOREIGN and self._foreign:
                self._foreign -= 1
            if token.name not in _DROPPED:
                yield f"</{token.name}>"
        elif isinstance(token, Doctype):
            yield _doctype(token)

    def _enter(self, tag: StartTag) -> None:
        self._inside = "" if tag.self_closing and self._foreign else tag.name
        if tag.name in _FOREIGN and not tag.self_closing:
            self._foreign += 1

    def _note(self, loads: Iterator[Load]) -> None:
        for load in loads:
            if len(self._loads) >= _MOST_LOADS or load in self._loads:
                continue
            if host := self._host_of(load.url):
                self._loads[load] = host

    def _host_of(self, url: str) -> str:
        """Return the host of a remote load; ``""`` for another one."""
        if _REMOTE.match(_plain(url)):
            return _host_of(url)
        is_completed = self._base_host and is_relative(reference_of(url))
        return self._base_host if is_completed and not self._targets.find(url) else ""

    def _completed(self, url: str) -> str:
        """Return a reference as a URL, if the document has a base for it."""
        reference = reference_of(url)
        if self._base is None or self._room <= 0 or not is_relative(reference):
            return url
        found = self._base.resolve(reference)
        self._room -= len(found)
        return found

    def _text(self, text: str) -> str:
        if self._inside == "script":
            return ""
        if self._inside == "style":
            self._note(loads_of_sheet(text))
            return replace_in_sheet(text, self._replacement)
        return text if self._inside in _RAW else escape(text, quote=False)

    def _tag(self, tag: StartTag) -> str:
        attributes = replace_urls(tag, self._replacement)
        href = attributes.get("href")
        if tag.name in ("a", "area") and href is not None and not _is_fragment(href):
            attributes |= {"target": "_blank", "rel": "noreferrer noopener"}
            if self._mark not in href:
                attributes["href"] = self._completed(href)
        fields = "".join(
            f' {name}="{escape(value)}"' for name, value in attributes.items()
        )
        return f"<{tag.name}{fields}{' /' if tag.self_closing else ''}>"

    def _replacement(self, url: str) -> str | None:
        """Return what stands for the URL of a load; ``None`` if it stays."""
        found = self._targets.find(url)
        if found is not None:
            return f"{self._mark}{found}{self._mark}"
        whole = self._completed(url)
        return None if whole == url else whole.replace('"', "%22")


def _base_of(html: str) -> Base | None:
    """Return the base of a document: that of the first ``<base>`` with a URL."""
    if _BASE.search(html) is None:
        return None
    for token in tokenize(html):
        if isinstance(token, StartTag) and token.name == "base":
            url = token.attributes.get("href")
            if url is not None:
                return parse_base(reference_of(url))
    return None


def _is_fragment(href: str) -> bool:
    return href.strip().startswith("#")


def _plain(url: str) -> str:
    """Return a URL as a browser reads it (WHATWG URL 4.4)."""
    return _IGNORED.sub("", url).strip().replace("\\", "/")


def _host_of(url: str) -> str:
    try:
        return urlsplit(_plain(url)).hostname or ""
    except ValueError:
        return ""


def _doctype(token: Doctype) -> str:
    """Return a document type that begins the same mode of a browser."""
    ids = [each for each in (token.public_id, token.system_id) if each is not None]
    keyword = "SYSTEM" if token.public_id is None else "PUBLIC"
    words = [f" {keyword}", *(f" {_quoted(each)}" for each in ids)] if ids else []
    return f"<!DOCTYPE {token.name or ''}{''.join(words)}>"


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'
