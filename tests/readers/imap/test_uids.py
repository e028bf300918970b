"""Unique identifiers by their sequence numbers."""

from __future__ import annotations

from lazr_smtptest.readers.imap.uids import UIDs


def test_a_message_has_its_place_as_sequence_number() -> None:
    """The first one is 1; one that is not there has 0."""
    uids = UIDs([3, 5, 9])
    assert list(map(uids.sequence_of, [3, 5, 9])) == [1, 2, 3]
    assert list(map(uids.sequence_of, [1, 4, 10])) == [0, 0, 0]


def test_a_mailbox_without_messages_has_no_last_identifier() -> None:
    """It is 0, which no message has."""
    assert (UIDs().last, UIDs([3, 7]).last) == (0, 7)


def test_positions_are_those_of_a_range_of_identifiers() -> None:
    """Of those that are there."""
    assert UIDs([3, 5, 9]).between(4, 9) == [(2, 5), (3, 9)]


def test_removed_identifiers_are_told_by_their_sequence_numbers() -> None:
    """Those that are not there are ignored."""
    uids = UIDs([3, 5, 9, 11])
    assert uids.remove([9, 3, 4]) == [1, 3]
    assert list(uids) == [5, 11]
