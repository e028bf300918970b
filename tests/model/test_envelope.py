"""What an `Envelope` is as a record."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.model.envelope import Envelope

CONTENT = b"Subject: one\r\nTo: ann@example.com\r\n\r\nText.\r\n"


def envelope(content: bytes = CONTENT) -> Envelope:
    return Envelope(mail_from="", rcpt_tos=("ann@example.com",), content=content)


def test_reading_an_envelope_does_not_change_what_it_equals():
    """What was read is no part of the record."""
    read = envelope()
    assert read.subject == "one"
    assert read == envelope()


def test_the_repr_shows_the_size_of_the_content():
    """A megabyte in a failing test's output helps nobody."""
    assert f"content=<{len(CONTENT)} bytes>" in repr(envelope())


def test_an_envelope_is_frozen():
    """Nobody changes what arrived."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        envelope().content = b""


def test_an_unread_envelope_has_no_dictionary_of_what_was_read():
    """A hundred thousand kept messages are to stay small."""
    assert "_content" in Envelope.__slots__
    assert not envelope().__dict__


def test_without_options_there_are_none():
    """A mapping that nobody else has, and nothing of the recipients'."""
    message = envelope()
    assert (message.mail_options, message.rcpt_options) == ({}, ())
    message.mail_options["SIZE"] = "1"
    assert envelope().mail_options == {}


def test_the_options_of_recipients_without_any_are_empty():
    """So the server says it; each has a mapping of its own."""
    recipients = ("ann@example.com", "bob@example.com")
    message = attrs.evolve(envelope(), rcpt_tos=recipients, rcpt_options=None)
    assert message.rcpt_options == ({}, {})
    assert message == attrs.evolve(message, rcpt_options=({}, {}))


def test_the_repr_shows_the_options():
    """By the names by which they are given."""
    message = attrs.evolve(envelope(), mail_options={"SIZE": "1"}, rcpt_options=None)
    words = repr(message)
    assert "mail_options={'SIZE': '1'}, rcpt_options=({},)" in words


@pytest.fixture
def in_a_file(temporary):
    """An envelope whose content is in a file."""
    content = SpooledContent()
    content.append(CONTENT)
    return envelope(content)


def test_content_in_a_file_is_read_each_time(in_a_file, temporary):
    """It is not kept in memory beside that."""
    assert in_a_file.content == CONTENT
    assert in_a_file.content is not in_a_file.content
    next(temporary.iterdir()).unlink()
    with pytest.raises(FileNotFoundError):
        _ = in_a_file.content


def test_content_in_a_file_makes_no_other_message(in_a_file):
    """What was said is the same."""
    assert in_a_file == envelope()
    assert in_a_file.warnings == ()
    assert repr(in_a_file) == repr(envelope())
    assert in_a_file.text == "Text.\n"


def test_the_size_is_known_without_reading(in_a_file, temporary):
    """Of what is in a file."""
    next(temporary.iterdir()).unlink()
    assert in_a_file.size == envelope().size == len(CONTENT)


@pytest.mark.parametrize("place", ["memory", "file"])
def test_a_content_can_be_had_in_blocks(in_a_file, place):
    """Where a large one is, it need not fit into memory."""
    message = in_a_file if place == "file" else envelope()
    assert b"".join(message.blocks()) == CONTENT


def test_a_header_is_read_without_the_rest_of_the_file(in_a_file, monkeypatch):
    """A mailbox looks for subjects among large messages."""
    monkeypatch.setattr(SpooledContent, "read", lambda self: pytest.fail("read all"))
    assert in_a_file.subject == "one"
    assert in_a_file.recipients_in_headers == ("ann@example.com",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: one",
        b"Subject: one\r\n two\r\n",
        b"no header",
        b"a: " + b"x" * 200_000 + b"\r\nSubject: one\r\n\r\ntext\r\n",
        b"Subject: one\r\n" + b"x" * 200_000 + b": two\r\n\r\ntext\r\n",
    ],
    ids=["nothing", "half", "folded", "none", "long", "long name"],
)
def test_an_odd_header_in_a_file_is_the_same(temporary, content):
    """If need be, all of the file is read."""
    spooled = SpooledContent()
    spooled.append(content)
    assert envelope(spooled)._fields == envelope(content)._fields


def test_evolve_reads_anew():
    """What was read of one message is not told of another."""
    read = envelope()
    assert read.text == "Text.\n"
    assert attrs.evolve(read, content=b"\r\nOther.\r\n").text == "Other.\n"


def test_evolve_shares_the_file(in_a_file, temporary):
    """The content is the same one."""
    assert attrs.evolve(in_a_file, mail_from="bob@example.com").content == CONTENT
    assert len(list(temporary.iterdir())) == 1


def test_an_envelope_in_a_file_can_be_pickled(in_a_file):
    """It is in memory then, for another process has no part in the file."""
    assert pickle.loads(pickle.dumps(in_a_file)) == in_a_file


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_read_envelope_can_be_copied(again):
    """Also after something was read."""
    read = envelope()
    assert read.message["subject"] == "one"
    assert again(read) == read


def test_a_read_envelope_can_be_pickled():
    """Also after something was read."""
    read = envelope()
    assert read.message["subject"] == "one"
    assert pickle.loads(pickle.dumps(read)) == read


def test_what_was_read_is_kept():
    """A second look costs nothing."""
    read = envelope()
    assert read.message is read.message
