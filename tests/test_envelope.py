"""What an `Envelope` is as a record."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest

from lazr_smtptest.envelope import Envelope

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
    assert "content" in Envelope.__slots__
    assert not envelope().__dict__


def test_evolve_reads_anew():
    """What was read of one message is not told of another."""
    read = envelope()
    assert read.text == "Text.\n"
    assert attrs.evolve(read, content=b"\r\nOther.\r\n").text == "Other.\n"


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
