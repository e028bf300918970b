"""Finds single header fields in the bytes of a message.

No message is parsed when it is received: this searches a bounded part of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lazr_smtptest._spool import AnyContent, start_of
from lazr_smtptest.mime.words import decode_words

__all__ = ["decoded_subject", "find_header"]

_FOLD = re.compile(rb"\r\n(?=[ \t])")

# Bytes of a header that are searched.
_BOUND = 64 * 1024


def find_header(content: AnyContent, name: str) -> str | None:
    """Return the first header field called `name` (RFC 5322 section 2.2).

    Args:
        content: the message.
        name: the field's name, ASCII; its case does not matter.

    Returns:
        its body, unfolded, with encoded words left encoded; ``None`` if it is
        not in the first 64 KiB.

    Raises:
        OSError: the message is in a file that cannot be read.
    """
    body = _find(content, name)
    return None if body is None else body.decode("utf-8", "replace")


def _find(content: AnyContent, name: str) -> bytes | None:
    """Return the body of a field as `find_header` does, in bytes."""
    start = start_of(content, _BOUND)
    end = start.find(b"\r\n\r\n")
    found = _field(name).search(b"\r\n" + (start if end < 0 else start[:end]))
    if found is None:
        return None
    body: bytes = found[1]
    return (_FOLD.sub(b"", body) if b"\n" in body else body).strip()


@lru_cache
def _field(name: str) -> re.Pattern[bytes]:
    """Return the pattern of a field, with the line end before it."""
    # That it begins with characters without case makes it quick.
    return re.compile(
        rb"\r\n%s[ \t]*:(.*?)(?=\r\n(?![ \t])|\Z)" % re.escape(name.encode("ascii")),
        re.DOTALL | re.IGNORECASE,
    )


def decoded_subject(content: AnyContent) -> str | None:
    """Return the subject with its encoded words decoded; see `find_header`.

    ``None`` also if the message was in a file that a handler has since deleted.
    """
    try:
        body = _find(content, "Subject")
    except OSError:
        return None
    if body is None:
        return None
    if body.isascii() and b"=?" not in body:
        return body.decode()
    return decode_words(body.decode("utf-8", "replace").encode())[0]
