"""Conditional requests (RFC 9110 section 13) and range requests (section 14)."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import quote

import attrs

from lazr_smtptest.readers.http.answer import Answer, FileBody, HTTPError
from lazr_smtptest.readers.http.call import Call

__all__ = [
    "change_tag",
    "check_wanted",
    "content_tag",
    "in_ranges",
    "is_known",
    "not_modified",
    "tagged",
    "with_tag",
]

_TAG = re.compile(r'(?:W/)?"[^"]*"')

# One range of bytes; Python does not convert very long numbers.
_RANGE = re.compile(r"bytes=\s*([0-9]{0,99})\s*-\s*([0-9]{0,99})", re.IGNORECASE)


def content_tag(id: str, what: str) -> str:
    """Return the tag of a content that never changes: a strong one.

    Args:
        id: the id of the message.
        what: the part of the message.
    """
    return f'"{quote(id, safe="")}.{quote(what, safe="")}"'


def change_tag(validity: int, change: int) -> str:
    """Return the tag of an answer that only a change of the store changes: a weak one.

    Args:
        validity: that of the store.
        change: the number of its latest change.
    """
    return f'W/"{validity}.{change}"'


def is_known(call: Call, tag: str) -> bool:
    """Return whether the client has the content with a tag (If-None-Match)."""
    known = call.header("if-none-match")
    if not known:
        return False
    if known.strip() == "*":
        return True
    return tag.removeprefix("W/") in (
        each.removeprefix("W/") for each in _TAG.findall(known)
    )


def check_wanted(call: Call, tag: str) -> None:
    """Check that a client wants the content with a tag (If-Match).

    Raises:
        HTTPError: 412, it does not (RFC 9110 section 13.1.1).
    """
    wanted = call.header("if-match").strip()
    # A weak tag matches none.
    if wanted and wanted != "*" and tag not in _TAG.findall(wanted):
        raise HTTPError(
            HTTPStatus.PRECONDITION_FAILED,
            f"the content has the tag {tag}, not {wanted[:100]}",
            headers={"ETag": tag},
        )


def tagged(call: Call, tag: str, answer: Answer) -> Answer:
    """Return an answer with its tag, without its body if the client has it.

    Raises:
        HTTPError: 412, the client wants the content with another tag only.
    """
    check_wanted(call, tag)
    answer = with_tag(answer, tag)
    return not_modified(answer) if is_known(call, tag) else answer


def with_tag(answer: Answer, tag: str) -> Answer:
    """Return an answer with its tag."""
    headers = {**answer.headers, "ETag": tag, "Cache-Control": "private, no-cache"}
    return attrs.evolve(answer, headers=headers)


def not_modified(answer: Answer) -> Answer:
    """Return what a client gets that has an answer already."""
    return Answer(status=HTTPStatus.NOT_MODIFIED, headers=answer.headers)


def in_ranges(call: Call, answer: Answer) -> Answer:
    """Return the part of an answer that the client asks for (RFC 9110 section 14.2).

    Args:
        call: the request. Several ranges are answered with the whole, as the RFC
            allows.
        answer: the whole answer, of status 200, with bytes and its tag.

    Raises:
        HTTPError: 416, the content has no such bytes.
    """
    content = answer.body
    if answer.status != HTTPStatus.OK or not isinstance(content, bytes | FileBody):
        return answer
    whole = attrs.evolve(answer, headers={**answer.headers, "Accept-Ranges": "bytes"})
    match = _RANGE.fullmatch(call.header("range").strip())
    if match is None or match.groups() == ("", ""):
        return whole
    condition = call.header("if-range").strip()
    if condition and condition != answer.headers.get("ETag"):
        return whole
    first, last = match.groups()
    size = len(content)
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            # It is no range: section 14.1.1.
            return whole
    if start >= end:
        raise HTTPError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"the content has {size} bytes, not those of {match[0]!r}",
            headers={"Content-Range": f"bytes */{size}"},
        )
    headers = {**whole.headers, "Content-Range": f"bytes {start}-{end - 1}/{size}"}
    return attrs.evolve(
        whole,
        status=HTTPStatus.PARTIAL_CONTENT,
        body=content[start:end]
        if isinstance(content, bytes)
        else content.within(start, end),
        headers=headers,
    )
