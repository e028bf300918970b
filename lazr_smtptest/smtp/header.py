"""Finds single header fields in the bytes of a message.

No message is parsed when it is received: this searches a bounded part of it.
"""

from __future__ import annotations

import re

from lazr_smtptest._spool import AnyContent, start_of
from lazr_smtptest.mime.words import decode_words

__all__ = ["decoded_subject", "find_header"]

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
    start = start_of(content, _BOUND)
    header = start.partition(b"\r\n\r\n")[0]
    pattern = rb"(?is)(?:\A|\r\n)%s[ \t]*:(.*?)(?=\r\n(?![ \t])|\Z)" % re.escape(
        name.encode("ascii")
    )
    found = re.search(pattern, header)
    if found is None:
        return None
    body = re.sub(rb"\r\n(?=[ \t])", b"", found[1])
    return body.strip().decode("utf-8", "replace")


def decoded_subject(content: AnyContent) -> str | None:
    """Return the subject with its encoded words decoded; see `find_header`.

    ``None`` also if the message was in a file that a handler has since deleted.
    """
    try:
        body = find_header(content, "Subject")
    except OSError:
        return None
    return None if body is None else decode_words(body.encode())[0]
