"""Texts, files and links in the messages of Mailpit's API."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import Mail


def part(kind: str, body: str, fields: str = "") -> str:
    """Return a part with a media type."""
    return f"Content-Type: {kind}\n{fields}\n{body}\n"


def multipart(kind: str, *parts: str, boundary: str = "b") -> str:
    """Return a multipart, as a message or as a part."""
    inner = "".join(f"--{boundary}\n{each}" for each in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary={boundary}\n\n"
        f"{inner}--{boundary}--\n"
    )


def message(mail: Mail, content: str) -> Any:
    """Keep a message, and return it as clients get it."""
    return mail.client.get(f"/api/v1/message/{mail.add(content)}").json


TEXT, OTHER = part("text/plain", "one"), part("text/plain", "two")
HTML = part("text/html", "<p>page</p><p>more</p>")


class TestText:
    """``Text`` and ``HTML``."""

    def test_texts_are_joined(self, mail: Mail) -> None:
        assert message(mail, multipart("mixed", TEXT, OTHER))["Text"] == "one\n--\ntwo"

    def test_of_alternatives_the_first_text_is_taken(self, mail: Mail) -> None:
        found = message(mail, multipart("alternative", TEXT, OTHER, HTML))
        assert (found["Text"], found["HTML"]) == ("one", "<p>page</p><p>more</p>")

    def test_html_alone_is_the_text_too(self, mail: Mail) -> None:
        """Without its elements."""
        found = message(mail, HTML)
        assert found["HTML"].strip() == "<p>page</p><p>more</p>"
        assert found["Text"].split() == ["page", "more"]

    def test_an_empty_text_is_no_reason_to_take_html(self, mail: Mail) -> None:
        found = message(mail, multipart("alternative", part("text/plain", ""), HTML))
        assert found["Text"].strip() == ""

    def test_an_attached_text_is_not_the_text(self, mail: Mail) -> None:
        attached = part(
            "text/plain; name=a.txt", "x", "Content-Disposition: attachment\n"
        )
        found = message(mail, multipart("mixed", TEXT, attached))
        assert found["Text"] == "one"
        assert [each["FileName"] for each in found["Attachments"]] == ["a.txt"]

    def test_nested_alternatives_are_found(self, mail: Mail) -> None:
        inner = multipart("alternative", TEXT, HTML, boundary="c")
        middle = multipart(
            "related", inner, part("image/png; name=i", "x"), boundary="d"
        )
        found = message(mail, multipart("mixed", middle, OTHER))
        assert found["HTML"] == "<p>page</p><p>more</p>"
        assert found["Text"] == "one\n--\ntwo"

    def test_a_binary_message_has_neither(self, mail: Mail) -> None:
        found = message(mail, part("application/pdf; name=a.pdf", "x"))
        assert (found["Text"], found["HTML"]) == ("", "")
        assert [each["PartID"] for each in found["Attachments"]] == ["0"]


class TestFiles:
    """``Inline`` and ``Attachments``."""

    CONTENT = multipart(
        "mixed",
        multipart(
            "related",
            HTML,
            part("image/png", "x", "Content-ID: <logo>\nContent-Disposition: inline\n"),
            part("image/gif; name=other.gif", "x"),
            boundary="c",
        ),
        part("application/pdf; name=a.pdf", "x", "Content-Disposition: attachment\n"),
        part("application/pdf", "x", "Content-Disposition: attachment\n"),
        part("image/png", "x", "Content-Disposition: inline\n"),
    )

    def test_inline_parts_come_before_others(self, mail: Mail) -> None:
        """A part without a name is named by its Content-ID."""
        found = message(mail, self.CONTENT)["Inline"]
        names = [(each["FileName"], each["ContentID"]) for each in found]
        assert names == [("logo", "logo"), ("other.gif", "")]

    def test_a_part_without_any_name_is_left_out(self, mail: Mail) -> None:
        found = message(mail, self.CONTENT)["Attachments"]
        assert [each["FileName"] for each in found] == ["a.pdf"]

    def test_it_is_counted(self, mail: Mail) -> None:
        mail.add(self.CONTENT)
        (summary,) = mail.client.get("/api/v1/messages").json["messages"]
        assert summary["Attachments"] == 2

    def test_parts_are_numbered_by_their_places(self, mail: Mail) -> None:
        found = message(mail, self.CONTENT)
        files = found["Inline"] + found["Attachments"]
        assert [each["PartID"] for each in files] == ["1.2", "1.3", "2"]


UNSUBSCRIBE = [
    ("<https://a.example/u>", ["https://a.example/u"], ""),
    ("<mailto:a@a.example>", ["mailto:a@a.example"], ""),
    (
        "<mailto:a@a.example>, <https://a.example/u>",
        ["mailto:a@a.example", "https://a.example/u"],
        "",
    ),
    ("(by mail) <mailto:a@a.example> (now)", ["mailto:a@a.example"], ""),
    ("mailto:a@a.example", [], "angle brackets"),
    ("<https://a/1>, <https://a/2>", ["https://a/1", "https://a/2"], "more than one"),
    (
        "<mailto:a@a>, <https://a/1>, <https://a/2>",
        ["mailto:a@a", "https://a/1", "https://a/2"],
        "should include a maximum of one email and one HTTP link",
    ),
    ("<mailto:a@a>; <https://a/1>", ["mailto:a@a", "https://a/1"], "a comma"),
    ("<mailto:a@a> <https://a/1>", ["mailto:a@a", "https://a/1"], "a comma"),
    ("<https://a/a b>", [], "a comma"),
    ("<ftp://a/>", [], "a comma"),
]


class TestUnsubscribe:
    """``ListUnsubscribe``."""

    @pytest.mark.parametrize(("field", "links", "error"), UNSUBSCRIBE)
    def test_links_and_errors_are_told(
        self, mail: Mail, field: str, links: list[str], error: str
    ) -> None:
        found = message(mail, f"List-Unsubscribe: {field}\n\nx\n")["ListUnsubscribe"]
        assert (found["Header"], found["Links"]) == (field, links)
        assert error in found["Errors"]
        assert bool(error) == bool(found["Errors"])

    def test_without_the_field_all_is_empty(self, mail: Mail) -> None:
        found = message(mail, "Subject: x\n\nx\n")["ListUnsubscribe"]
        assert list(found.items()) == [
            ("Header", ""),
            ("Links", []),
            ("Errors", ""),
            ("HeaderPost", ""),
        ]

    def test_the_field_for_one_click_is_told(self, mail: Mail) -> None:
        """See RFC 8058."""
        post = "List-Unsubscribe=One-Click"
        content = (
            f"List-Unsubscribe: <https://a/>\nList-Unsubscribe-Post: {post}\n\nx\n"
        )
        assert message(mail, content)["ListUnsubscribe"]["HeaderPost"] == post
