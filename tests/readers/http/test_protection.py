"""The header fields that protect whoever reads captured mail in a browser."""

from __future__ import annotations

import pytest

from .conftest import Mail

# So that nothing in an answer is run, framed by others, or told to others.
FIELDS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/messages",
        "/api/v2/messages/latest/html",
        "/api/v2/messages/latest/raw",
        "/api/v2/messages/latest/parts/1",
        "/api/v1/message/latest",
        "/view/latest.html",
        "/metrics",
        "/api/v2/messages/no-such",
        "/no-such",
    ],
)
def test_every_answer_has_them(mail: Mail, path: str) -> None:
    """Those with the content of a mail, and errors, too."""
    mail.add("Content-Type: text/html\n\n<p>hi</p>\n" + "x" * 100_000)
    headers = mail.client.get(path).headers
    assert {name: headers.get(name) for name in FIELDS} == FIELDS
    # One with a tag is kept by the browser, and asked for again.
    kept = "private, no-cache" if "etag" in headers else "no-store"
    assert headers["cache-control"] == kept
