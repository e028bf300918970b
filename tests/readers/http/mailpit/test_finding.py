"""What Mailpit's searches find of a message, and what its summary shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ..conftest import Mail

BOTH = """\
Message-ID: <1@example.com>
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

Words of the text.
--b
Content-Type: text/html

<p>Words of the page.</p><a href="https://shop.example/reset?t=7">Reset</a>
--b--
"""


def with_file(fields: str) -> str:
    """Return a message with a text and a file."""
    start = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
    return f"{start}{fields}\n\nx\n--b--\n"


def count(mail: Mail, search: str) -> int:
    """Return the number of messages that a search finds."""
    answer = mail.client.get(f"/api/v1/search?query={quote(search)}")
    number: int = answer.json["messages_count"]
    return number


def summary(mail: Mail) -> Any:
    """Return the summary of the only message."""
    (found,) = mail.client.get("/api/v1/messages").json["messages"]
    return found


@pytest.mark.parametrize(
    "search", ["text", "page", '"of the page"', "shop.example/reset?t=7", "reset"]
)
def test_text_html_and_links_are_found(mail: Mail, search: str) -> None:
    """Each where a message has all of them."""
    mail.add(BOTH)
    assert count(mail, search) == 1
    assert count(mail, f"-{search}") == 0


def test_a_snippet_is_that_of_the_html(mail: Mail) -> None:
    """Not of the text."""
    mail.add(BOTH)
    assert summary(mail)["Snippet"] == "Words of the page. Reset"


@pytest.mark.parametrize(
    ("text", "snippet"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "..."),
        ("x" * 199 + " y", "x" * 199 + "..."),
        ("é" * 100, "é" * 100),
        ("é" * 101, "é" * 100 + "..."),
        ("x" + "é" * 150, "x" + "é" * 99 + "..."),
        ("é" * 300, "é" * 100 + "..."),
        ("x" * 197 + "...", "x" * 197 + "..."),
    ],
)
def test_a_snippet_has_200_bytes(mail: Mail, text: str, snippet: str) -> None:
    """And dots if it was cut."""
    mail.add(f"Content-Type: text/plain; charset=utf-8\n\n{text}\n")
    assert summary(mail)["Snippet"] == snippet


@pytest.mark.parametrize("search", ["{0}@smtptest", "<{0}@smtptest>", "@smtptest"])
def test_a_message_id_of_ours_is_found(mail: Mail, search: str) -> None:
    """Of a message that had none."""
    mail.add(BOTH)
    id = mail.add("Subject: without\n\nx\n")
    search = f"message-id:{search.format(id)}"
    assert count(mail, search) == 1
    assert count(mail, f"-{search}") == 1


def test_a_message_id_of_its_own_is_found(mail: Mail) -> None:
    """And no other is."""
    mail.add(BOTH)
    mail.add("Subject: without\n\nx\n")
    assert count(mail, "message-id:1@example.com") == 1


@pytest.mark.parametrize(
    ("fields", "is_inline"),
    [
        ("Content-Type: image/png; name=f", True),
        ("Content-Type: image/png; name=f\nContent-Disposition: attachment", False),
        ("Content-Type: image/png; name=f\nContent-Disposition: inline", True),
        ("Content-Type: image/png\nContent-ID: <i@x>", True),
        ("Content-Type: application/pdf; name=f", False),
        ("Content-Type: application/pdf; name=f\nContent-Disposition: inline", True),
        ("Content-Type: application/octet-stream; name=f", False),
        (
            "Content-Type: application/octet-stream; name=f\n"
            "Content-Disposition: inline",
            False,
        ),
        ("Content-Type: message/rfc822; name=f", False),
        ("Content-Type: text/plain; name=f\nContent-Disposition: attachment", False),
    ],
)
def test_files_are_counted_as_they_are_listed(
    mail: Mail, fields: str, is_inline: bool
) -> None:
    """In the summary, in the message and in searches."""
    id = mail.add(with_file(fields))
    message = mail.client.get(f"/api/v1/message/{id}").json
    assert len(message["Inline"]) == count(mail, "has:inline") == is_inline
    assert len(message["Attachments"]) == summary(mail)["Attachments"]
    assert count(mail, "has:attachment") == summary(mail)["Attachments"]
    assert summary(mail)["Attachments"] == (not is_inline)
