"""`lazr_smtptest.mailbox.box`: keeping, finding, asserting, and parts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from zope.interface.verify import verifyObject

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.errors import StateError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox import Mailbox, NotReceived

Make = Callable[..., Envelope]


@pytest.fixture
def three(mailbox: Mailbox, make: Make) -> Mailbox:
    """Give a mailbox of three messages."""
    for subject in "ABC":
        mailbox.add(make(subject, rcpt_tos=(f"{subject}@example.com",), user=subject))
    return mailbox


def subjects(envelopes: object) -> list[str]:
    return [envelope.subject for envelope in envelopes]


def test_a_mailbox_is_a_store(mailbox: Mailbox) -> None:
    """A server can keep its messages in a mailbox."""
    assert verifyObject(IMessageStore, mailbox)


def test_messages_come_oldest_first(three: Mailbox) -> None:
    """Reading goes in the order of arrival."""
    assert (len(three), subjects(three)) == (3, ["A", "B", "C"])


def test_reading_is_not_disturbed_by_what_comes(three: Mailbox, make: Make) -> None:
    """A reader sees what was there when it began."""
    reader = iter(three)
    three.add(make("D"))
    assert subjects(reader) == ["A", "B", "C"]


def test_messages_have_places(three: Mailbox) -> None:
    """A mailbox is indexed as a list is."""
    assert (three[0].subject, subjects(three[1:])) == ("A", ["B", "C"])


def test_the_latest_came_last(three: Mailbox) -> None:
    """The latest message is at hand."""
    assert three.latest == three[-1]


def test_an_empty_mailbox_has_no_latest(mailbox: Mailbox) -> None:
    """Nothing is the latest of none."""
    assert mailbox.latest is None


def test_an_empty_mailbox_is_true(mailbox: Mailbox) -> None:
    """A mailbox is not mistaken for a missing one."""
    assert mailbox


def test_repr_counts(three: Mailbox) -> None:
    """A mailbox and a part of it say how much is in them."""
    view = three.for_user("A")
    assert repr(view) == "<MailboxView of 1 in <Mailbox of 3>>"


def test_clear_forgets(three: Mailbox) -> None:
    """Nothing is left after clear."""
    three.clear()
    assert list(three) == []


def test_find_gives_the_first(three: Mailbox) -> None:
    """Of several the oldest is found."""
    assert three.find(recipient="*@example.com") == three[0]


def test_find_gives_none(three: Mailbox) -> None:
    """Where nothing matches there is nothing."""
    assert three.find(subject="D") is None


def test_find_all_gives_all(three: Mailbox) -> None:
    """All that match are found, in their order."""
    assert subjects(three.find_all(lambda each: each.user != "B")) == ["A", "C"]


def test_assert_received_gives_the_message(three: Mailbox) -> None:
    """A test goes on with the message it asserted on."""
    assert three.assert_received(subject="B") == three[1]


def test_assert_received_counts(three: Mailbox) -> None:
    """With a count the assertion is on so many, and gives them."""
    assert three.assert_received(count=3) == list(three)


def test_too_few_are_not_received(three: Mailbox) -> None:
    """The failure says how many there are."""
    with pytest.raises(NotReceived, match=r"only 3 of 4 messages match \(3 arrived\)"):
        three.assert_received(count=4)


def test_too_many_fail(three: Mailbox) -> None:
    """An exact count is not met by more, and these are named."""
    with pytest.raises(AssertionError, match="3 messages match, wanted 2:\n  - from <"):
        three.assert_received(count=2)


@pytest.mark.parametrize("arguments", [{"count": 0}, {"timeout": -1}])
def test_senseless_numbers_are_refused(mailbox: Mailbox, arguments: dict) -> None:
    """A count is 1 or more, a time is not negative."""
    with pytest.raises(ValueError, match="or more"):
        mailbox.assert_received(**arguments)


def test_assert_received_may_wait(three: Mailbox) -> None:
    """With a timeout what is there already is enough."""
    assert three.assert_received(subject="C", timeout=60) == three[2]


def test_none_is_there(three: Mailbox) -> None:
    """No message that meets the criteria is no failure."""
    assert three.assert_none(subject="D", within=0) is None


@pytest.mark.parametrize("within", [0, 60])
def test_one_is_there(three: Mailbox, within: float) -> None:
    """A message that should not be there is named at once."""
    with pytest.raises(AssertionError, match=r"to B@example\.com"):
        three.assert_none(subject="B", within=within)


def test_none_comes(mailbox: Mailbox) -> None:
    """Where nothing comes in time the assertion holds."""
    assert mailbox.assert_none(within=0.001) is None


def test_none_can_come_when_closed(mailbox: Mailbox) -> None:
    """That a closed mailbox gets nothing says nothing."""
    mailbox.close()
    with pytest.raises(StateError):
        mailbox.assert_none(within=60)


def test_a_view_has_its_own_messages(three: Mailbox) -> None:
    """A part has the messages to its recipient."""
    view = three.for_recipient("B@EXAMPLE.com")
    assert (len(view), subjects(view), view.latest) == (1, ["B"], three[1])


def test_a_view_finds_its_own_only(three: Mailbox) -> None:
    """What is not of the part is not found there."""
    assert three.for_user("A").find(subject="B") is None


def test_a_view_clears_its_own_only(three: Mailbox) -> None:
    """Clearing a part leaves the rest."""
    three.for_user("B").clear()
    assert subjects(three) == ["A", "C"]


def test_a_view_of_a_view_is_both(three: Mailbox) -> None:
    """A part of a part has what is in both, and clears no more."""
    three.for_recipient("*@example.com").for_user("A").clear()
    assert subjects(three) == ["B", "C"]


def test_a_view_of_a_view_does_not_clear_the_rest(three: Mailbox) -> None:
    """What the outer part does not have, the inner one does not clear."""
    three.for_recipient("A@example.com").for_user("B").clear()
    assert len(three) == 3


def test_a_view_waits_for_its_own(three: Mailbox) -> None:
    """Waiting on a part is for its messages."""
    assert three.for_user("C").wait_for() == three[2]


def test_a_views_failure_shows_the_others(three: Mailbox) -> None:
    """A message that went elsewhere may be the wanted one."""
    three.appendix = lambda: "End."
    with pytest.raises(NotReceived, match=r"(?s)'D'.*Message 3 of 3.*End"):
        three.for_user("D").assert_received()
