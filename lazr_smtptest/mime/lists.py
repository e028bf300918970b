"""The header fields of mailing lists (RFC 2369, RFC 2919, RFC 8058)."""

from __future__ import annotations

import re

from lazr_smtptest.mime.charsets import guess
from lazr_smtptest.mime.comments import find_comments, without_comments
from lazr_smtptest.mime.fields import Fields

__all__ = ["list_links", "list_trouble"]

_SHOWN = 64
_NEXT = re.compile(r"<([^<>]*)>|\(")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WITH_URLS = (
    "List-Help",
    "List-Unsubscribe",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
)
_ONE_CLICK = "List-Unsubscribe=One-Click"


def list_links(body: bytes) -> list[str]:
    """Return the URLs of a field such as List-Unsubscribe (RFC 2369 section 2).

    They are in angle brackets, and not in a comment. As in mail readers, anything
    else is ignored; `list_trouble` reports it.
    """
    text, position, links = guess(body), 0, []
    comments = find_comments(text)
    while found := _NEXT.search(text, position):
        position = found.end()
        if found[0] == "(":
            position = comments.get(found.start(), position)
        elif link := "".join(found[1].split()):
            links.append(link)
    return links


def list_trouble(fields: Fields) -> list[str]:
    """Return what is malformed in the fields of mailing lists."""
    trouble = []
    for name in _WITH_URLS:
        for body in fields.all(name):
            links = list_links(body)
            if not links and not _is_no(name, body):
                trouble.append(
                    f"{name}: {guess(body)[:_SHOWN]!r} has no URL in angle brackets "
                    "(RFC 2369 section 2)"
                )
            trouble += [
                f"{name}: {link[:_SHOWN]!r} is no URL"
                for link in links
                if not _SCHEME.match(link)
            ]
    for body in fields.all("List-Id"):
        if not list_links(body):
            trouble.append(
                f"List-Id: {guess(body)[:_SHOWN]!r} has no identifier in angle "
                "brackets (RFC 2919 section 3)"
            )
    return trouble + _one_click_trouble(fields)


def _is_no(name: str, body: bytes) -> bool:
    """Return whether the field says that posting is not allowed (RFC 2369 3.4)."""
    return name == "List-Post" and without_comments(guess(body)).strip() == "NO"


def _one_click_trouble(fields: Fields) -> list[str]:
    name = "List-Unsubscribe-Post"
    bodies = fields.all(name)
    if not bodies:
        return []
    trouble = [
        f"{name}: {guess(body)[:_SHOWN]!r} is not {_ONE_CLICK!r} (RFC 8058)"
        for body in bodies
        if guess(body).strip() != _ONE_CLICK
    ]
    links = [
        link for body in fields.all("List-Unsubscribe") for link in list_links(body)
    ]
    if not any(link.lower().startswith("https:") for link in links):
        trouble.append(f"{name}: there is no https URL in List-Unsubscribe (RFC 8058)")
    return trouble
