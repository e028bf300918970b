"""A large mailbox has an index of its subjects."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mailbox import Mailbox, MailboxView
from lazr_smtptest.mailbox import box as box_module
from lazr_smtptest.mime.fields import first_text
from lazr_smtptest.model.envelope import Envelope


@pytest.fixture(params=[0, 1000], ids=["indexed", "searched"])
def mailbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """Return a mailbox with an index, and a small one, which has none."""
    monkeypatch.setattr(box_module, "_INDEXED", request.param)
    return Mailbox()


def message(subject: str | None, to: str = "b@example.com") -> Envelope:
    header = "" if subject is None else f"Subject: {subject}\r\n"
    content = f"{header}\r\nHi.\r\n".encode()
    return Envelope(mail_from="a@example.com", rcpt_tos=(to,), content=content)


def found(box: Mailbox | MailboxView, **criteria: Any) -> list[str]:
    """Return the ids of what is found, and assert that `find` returns the first."""
    all_found = box.find_all(**criteria)
    assert box.find(**criteria) == next(iter(all_found), None)
    return [each.id for each in all_found]


def fill(mailbox: Mailbox, *subjects: str | None) -> list[str]:
    """Add a message for each subject; return the ids."""
    for each in subjects:
        mailbox.add(message(each))
    return [each.id for each in mailbox][-len(subjects) :]


def test_messages_with_the_subject_are_found_oldest_first(mailbox: Mailbox) -> None:
    """Those with another one, or without any, are not."""
    first, _, third, *_ = fill(mailbox, "Hi", "hi", "Hi", None, "")
    assert found(mailbox, subject="Hi") == [first, third]


def test_an_encoded_subject_is_found_by_its_text(mailbox: Mailbox) -> None:
    """As it is without an index."""
    (id_,) = fill(mailbox, "=?utf-8?q?Gr=C3=BC=C3=9Fe?=")
    assert found(mailbox, subject="Grüße") == [id_]


def test_a_message_that_comes_later_is_found(mailbox: Mailbox) -> None:
    """The index goes on where it ended."""
    first = fill(mailbox, "Hi")
    assert found(mailbox, subject="Hi") == first
    second = fill(mailbox, "Hi")
    assert found(mailbox, subject="Hi") == first + second


def test_a_removed_message_is_not_found(mailbox: Mailbox) -> None:
    """The index is made anew."""
    first, second = fill(mailbox, "Hi", "Hi")
    assert found(mailbox, subject="Hi") == [first, second]
    mailbox.delete(first)
    assert found(mailbox, subject="Hi") == [second]
    mailbox.clear()
    assert found(mailbox, subject="Hi") == []
    assert found(mailbox, subject="Hi") == []


def test_other_criteria_hold_too(mailbox: Mailbox) -> None:
    """A subject is one condition of several."""
    mailbox.add(message("Hi"))
    mailbox.add(message("Hi", "c@example.com"))
    (id_,) = [each.id for each in mailbox if each.rcpt_tos == ("c@example.com",)]
    assert found(mailbox, subject="Hi", recipient="c@example.com") == [id_]
    assert found(mailbox.for_recipient("c@example.com"), subject="Hi") == [id_]
    assert found(mailbox, subject="Hi", sender="nobody@example.com") == []


def test_a_header_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second search, even for another subject, reads no message."""
    monkeypatch.setattr(box_module, "_INDEXED", 0)
    mailbox = Mailbox()
    fill(mailbox, "Hi", "Hello")
    assert len(found(mailbox, subject="Hi")) == 1
    with mock.patch.object(Envelope, "subject", new=mock.PropertyMock()) as subject:
        assert mailbox.find_all(subject="Nobody wrote this") == []
    assert subject.call_count == 0


def test_a_message_whose_file_is_gone_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its error comes where a search reaches it, as without an index."""
    monkeypatch.setattr(box_module, "_INDEXED", 0)
    mailbox = Mailbox()
    fill(mailbox, "Hi", "lost")
    lost = mailbox[1]
    read = Envelope.subject.fget  # type: ignore[attr-defined]

    def subject(envelope: Envelope) -> str | None:
        if envelope is lost:
            raise FileNotFoundError(lost.id)
        text: str | None = read(envelope)
        return text

    with (
        mock.patch.object(Envelope, "subject", new=property(subject)),
        mock.patch("lazr_smtptest.mailbox.subjects._subject_of", subject),
    ):
        first = mailbox.find(subject="Hi")
        assert first is not None
        assert first.id == mailbox[0].id
        with pytest.raises(FileNotFoundError):
            mailbox.find_all(subject="Hi")
    assert len(mailbox.find_all(subject="lost")) == 1


def test_a_subject_is_read_without_the_body() -> None:
    """A search of many messages parses their headers only."""
    envelope = message("Hi")
    with mock.patch("lazr_smtptest.mime.parts.read_parts", side_effect=AssertionError):
        assert envelope.subject == "Hi"
        assert envelope.headers("from") == ()


PIECES = st.sampled_from(
    [
        *(
            b"Subject",
            b"subject",
            b"X-Subject",
            b":",
            b" ",
            b"\t",
            b"\r\n",
            b"\n",
            b"\r",
        ),
        *(b"Hi", b"=?utf-8?q?=C3=BC?=", b"\xfc", b"\xef\xbb\xbf", b"From a\r\n", b"\0"),
        b"To: " + b"x" * 70_000 + b"\r\n",
    ]
)


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_the_index_reads_the_subject_of_the_envelope(content: bytes) -> None:
    """Of any header, however malformed."""
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert first_text(content, b"subject") == envelope.subject
