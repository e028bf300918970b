"""The links of a message, as far as they can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote, urlsplit, urlunsplit

import attrs
import idna

from lazr_smtptest.mime.html_page import read_page
from lazr_smtptest.mime.html_tokenizer import tokenize
from lazr_smtptest.mime.html_tokens import StartTag
from lazr_smtptest.model.envelope import Envelope

__all__ = ["MOST_LINKS", "as_ascii", "links_of"]

MOST_LINKS = 100

# The characters of URLs that stay as they are.
_RESERVED = "!#$%&'()*+,/:;=?@[]~"


def links_of(envelope: Envelope) -> list[str]:
    """Return the URLs of http and https in a message, each once.

    First those of anchors, style sheets and images in the HTML, then those in the
    text. More than `MOST_LINKS` are left out.
    """
    # A copy: the envelope would keep each property that was read.
    mail = attrs.evolve(envelope)
    html = mail.html or ""
    found = dict.fromkeys(
        link
        for link in chain(read_page(html).links, _embedded(html), mail.links)
        if link.lower().startswith(("http://", "https://"))
    )
    return list(found)[:MOST_LINKS]


def _embedded(html: str) -> Iterator[str]:
    """Yield the URLs of style sheets, and then those of images."""
    sheets, images = [], []
    for token in tokenize(html):
        if not isinstance(token, StartTag):
            continue
        attributes = token.attributes
        if token.name == "link" and "stylesheet" in attributes.get("rel", "").lower():
            sheets.append(attributes.get("href", "").strip())
        elif token.name == "img":
            images.append(attributes.get("src", "").strip())
    return chain(sheets, images)


def as_ascii(url: str) -> str:
    """Return a URL as a request has it (RFC 3987 section 3.1).

    Raises:
        ValueError: the host is no host name.
    """
    parts = urlsplit(url)
    host = parts.netloc
    if not host.isascii():
        name, colon, port = host.partition(":")
        try:
            host = idna.encode(name, uts46=True).decode() + colon + port
        except idna.IDNAError as error:
            raise ValueError(f"{name!r} is no host name: {error}") from error
    path, query = (quote(each, safe=_RESERVED) for each in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host, path, query, ""))
