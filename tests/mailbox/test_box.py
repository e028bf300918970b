"""`lazr_smtptest.mailbox.box`: keeping, finding, asserting, and parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from lazr_smtptest.errors import StateError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox import Mailbox, MailboxView, NotReceived
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session

Make = Callable[..., Envelope]


@pytest.fixture
def three(mailbox: Mailbox, make: Make) -> Mailbox:
    """Give a mailbox of three messages."""
    for subject in "ABC":
        mailbox.add(make(subject, rcpt_tos=(f"{subject}@example.com",), user=subject))
    return mailbox


IDS = itertools.count(1)


def passed(
    mailbox: Mailbox,
    recipient: str = "",
    *,
    refused: bool = False,
    end: bool = True,
    **changes: Any,
) -> None:
    """Let a session go by."""
    session = Session(id=f"{next(IDS)}", **changes)
    mailbox.sessions.session_began(session)
    if recipient:
        transaction = session.begin("ann@example.com")
        if refused:
            transaction.refused = ((recipient, Reply(550, "no")),)
        else:
            transaction.rcpt_tos = (recipient,)
    if end:
        session.ended = 1.0
        mailbox.sessions.session_ended(session)


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


def test_repr_names_the_messages(three: Mailbox, make: Make) -> None:
    """A failed ``assert len(mailbox) == 1`` shows it."""
    assert repr(Mailbox()) == "<Mailbox of 0 messages>"
    view = three.for_user("A")
    assert repr(view).startswith("<MailboxView of 1 message: '")
    three.add(make())
    assert repr(three).startswith("<Mailbox of 4 messages: '")
    assert repr(three).endswith(", ...>")


def test_repr_is_short_whatever_arrived(make: Make) -> None:
    """Subjects may be long, and have lines."""
    mailbox = Mailbox()
    for _ in range(9):
        mailbox.add(make("=?utf-8?q?" + "=0A" * 99 + "?= " + "x" * 900))
    assert len(repr(mailbox)) < 300
    assert repr(mailbox).isprintable()


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


def test_sent_is_another_word_for_received(three: Mailbox) -> None:
    """For tests that read better with it."""
    assert three.assert_sent(subject="B", count=1) == three[1]


def test_too_few_are_not_received(three: Mailbox) -> None:
    """The failure says how many there are."""
    listed = r"(?s)^3 messages match, wanted 4\n.*\n\nthese match:\n  - from <"
    with pytest.raises(NotReceived, match=listed):
        three.assert_received(count=4)


def test_too_many_fail(three: Mailbox) -> None:
    """An exact count is not met by more, and these are named."""
    with pytest.raises(AssertionError, match="3 messages match, wanted 2:\n  - from <"):
        three.assert_received(count=2)


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("wait_for", {"count": "1"}, "count must be an int, 1 or more, not '1'"),
        ("wait_for", {"count": 1.0}, "count must be an int, 1 or more, not 1.0"),
        ("assert_received", {"count": True}, "count must be an int"),
        ("wait_for", {"timeout": "1"}, "timeout must be seconds, 0 or more, not '1'"),
        ("wait_for", {"timeout": None}, "timeout must be seconds, 0 or more, not None"),
        ("assert_none", {"within": "1"}, "within must be seconds, 0 or more, not '1'"),
    ],
)
def test_a_number_of_another_type_is_refused(
    mailbox: Mailbox, method: str, arguments: dict, said: str
) -> None:
    """The error names the argument, its value and what is allowed."""
    with pytest.raises(TypeError, match=f"^{said}"):
        getattr(mailbox, method)(**arguments)


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


def test_a_view_by_domain_waits_for_what_comes(mailbox: Mailbox, make: Make) -> None:
    """A message that comes later is found by its domain."""
    waiting = mailbox.for_recipient("*@Run-17.test").when(reactor=Clock())
    mailbox.add(make("A", rcpt_tos=("a@run-18.test",)))
    mailbox.add(make("B", rcpt_tos=("a@example.com", "a@RUN-17.test")))
    assert SynchronousTestCase().successResultOf(waiting).subject == "B"


def test_what_was_cleared_is_not_found_by_its_recipient(
    three: Mailbox, make: Make
) -> None:
    """What came since is, once."""
    assert subjects(three.find_all(recipient="A@example.com")) == ["A"]
    three.for_user("A").clear()
    assert three.find(recipient="A@example.com") is None
    three.add(make("D", rcpt_tos=("A@example.com", "B@example.com")))
    assert subjects(three.find_all(recipient="*@example.com")) == ["B", "C", "D"]


# The sessions of a failure


def told(part: Mailbox | MailboxView) -> list[int]:
    """Give the numbers of the sessions that a failure carries."""
    with pytest.raises(NotReceived) as caught:
        part.assert_received(subject="No such thing")
    return [session.number for session in caught.value.sessions]


def test_a_failure_carries_every_session(mailbox: Mailbox) -> None:
    """Also those in which all went well."""
    passed(mailbox)
    passed(mailbox, delivered=1)
    assert told(mailbox) == [1, 2]


def test_a_view_by_recipient_has_its_own_sessions(mailbox: Mailbox) -> None:
    """Those with such a recipient, accepted or refused, and those without any."""
    passed(mailbox, "a@run-17.test")
    passed(mailbox, "a@run-18.test")
    passed(mailbox, "a@run-17.test", refused=True)
    passed(mailbox)
    assert told(mailbox.for_recipient("*@run-17.test")) == [1, 3, 4]


def test_a_view_by_user_has_its_own_sessions(mailbox: Mailbox) -> None:
    """Those of the user, and those that did not come to a login."""
    passed(mailbox, "a@example.com", user="ann")
    passed(mailbox, "a@example.com", user="bob")
    passed(mailbox, user="bob")
    passed(mailbox)
    assert told(mailbox.for_user("ann")) == [1, 4]


def test_a_view_that_was_cleared_has_new_sessions_only(mailbox: Mailbox) -> None:
    """And those that went on; the mailbox has them all."""
    passed(mailbox, "a@run-17.test")
    passed(mailbox, "a@run-17.test", end=False)
    view = mailbox.for_recipient("*@run-17.test")
    view.clear()
    passed(mailbox, "a@run-17.test")
    assert (told(view), told(mailbox)) == ([2, 3], [1, 2, 3])


def failed(box: Mailbox | MailboxView) -> list[int]:
    """Say which sessions a failure has to show."""
    return [each.number for each in box._evidence().failed]


def test_what_was_refused_before_a_view_was_cleared_is_not_told(
    mailbox: Mailbox,
) -> None:
    """Though its client goes on; the mailbox still tells of it."""
    passed(mailbox, "a@run-17.test", end=False, refusals=1)
    view = mailbox.for_recipient("*@run-17.test")
    view.clear()
    assert (failed(view), failed(mailbox)) == ([], [1])


def test_the_later_of_two_clearings_counts(mailbox: Mailbox) -> None:
    """Of the view, or of the mailbox."""
    session = Session(id="goes on")
    mailbox.sessions.session_began(session)
    view = mailbox.for_recipient("*@run-17.test")
    session.refusals = 1
    view.clear()
    session.refusals = 2
    assert failed(view) == [1]
    mailbox.clear()
    assert failed(view) == []
    session.refusals = 3
    assert failed(view) == [1]
    view.clear()
    assert (failed(view), failed(mailbox)) == ([], [1])


def test_a_view_of_a_view_has_sessions_of_both(mailbox: Mailbox) -> None:
    """What is not the outer one's is not the inner one's."""
    passed(mailbox, "a@run-17.test", user="ann")
    passed(mailbox, "a@run-17.test", user="bob")
    passed(mailbox, "a@run-18.test", user="ann")
    assert told(mailbox.for_recipient("*@run-17.test").for_user("ann")) == [1]


def test_clear_forgets_sessions(mailbox: Mailbox) -> None:
    """A failure is about what happened since."""
    passed(mailbox)
    mailbox.clear()
    assert told(mailbox) == []


def test_a_views_failure_shows_the_others(three: Mailbox) -> None:
    """A message that went elsewhere may be the wanted one."""
    three.appendix = lambda: "End."
    with pytest.raises(NotReceived, match=r"(?s)'D'.*Message 3 of 3.*End"):
        three.for_user("D").assert_received()
