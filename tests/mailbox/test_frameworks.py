"""How test frameworks count the failures of a mailbox."""

from __future__ import annotations

import unittest
from collections.abc import Callable

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from lazr_smtptest import Envelope, Mailbox, NotReceived
from lazr_smtptest.mailbox.failure import shown_by

Make = Callable[..., Envelope]
Run = Callable[[Mailbox], object]


def missing(mailbox: Mailbox) -> object:
    return mailbox.assert_received(subject="Missing")


def waited(mailbox: Mailbox) -> object:
    return mailbox.wait_for(subject="Missing", timeout=0)


def unwanted(mailbox: Mailbox) -> object:
    return mailbox.assert_none(within=0)


def too_many(mailbox: Mailbox) -> object:
    return mailbox.assert_received(count=1)


def later(mailbox: Mailbox) -> object:
    clock = Clock()
    waiting = mailbox.when(subject="Missing", timeout=5, reactor=clock)
    clock.advance(5)
    return waiting


WAYS = pytest.mark.parametrize("way", [missing, waited, unwanted, too_many])


@pytest.fixture
def full(mailbox: Mailbox, make: Make) -> Mailbox:
    """Return a mailbox with two messages."""
    mailbox.add(make())
    mailbox.add(make())
    return mailbox


def result_of(case: unittest.TestCase) -> unittest.TestResult:
    result = unittest.TestResult()
    case.run(result)
    return result


@WAYS
def test_trial_counts_a_failure_as_a_failure(way: Run, full: Mailbox) -> None:
    """Of a test without a reactor."""

    class Tests(SynchronousTestCase):
        def test(self) -> None:
            way(full)

    result = result_of(Tests("test"))
    assert (len(result.failures), len(result.errors)) == (1, 0)


@pytest.mark.parametrize("way", [missing, waited, unwanted, too_many, later])
def test_trial_counts_a_failure_on_its_reactor_as_a_failure(
    way: Run, full: Mailbox
) -> None:
    """Of a test that may return a Deferred."""

    class Tests(TestCase):
        def test(self) -> object:
            return way(full)

    result = result_of(Tests("test"))
    assert (len(result.failures), len(result.errors)) == (1, 0)


@WAYS
def test_unittest_counts_a_failure_as_a_failure(way: Run, full: Mailbox) -> None:
    """As it does with every AssertionError."""

    class Tests(unittest.TestCase):
        def test(self) -> None:
            way(full)

    result = result_of(Tests("test"))
    assert (len(result.failures), len(result.errors)) == (1, 0)


def test_trials_failure_is_a_not_received_all_the_same(full: Mailbox) -> None:
    """With all it has."""

    class Tests(SynchronousTestCase):
        def test(self) -> None:
            with pytest.raises(NotReceived) as caught:
                missing(full)
            assert caught.value.criteria == {"subject": "Missing"}
            assert len(caught.value.arrived) == 2
            assert isinstance(caught.value, TimeoutError)

    assert result_of(Tests("test")).wasSuccessful()


def test_outside_of_trial_the_error_is_the_plain_one(full: Mailbox) -> None:
    """Though trial was imported."""
    with pytest.raises(NotReceived) as caught:
        missing(full)
    assert caught.type is NotReceived
    with pytest.raises(AssertionError) as other:
        unwanted(full)
    assert other.type is AssertionError


def test_an_error_knows_the_sessions_that_it_shows(full: Mailbox) -> None:
    """Another error shows none of ours."""
    with pytest.raises(NotReceived) as caught:
        missing(full)
    assert shown_by(caught.value) == frozenset()
    assert shown_by(AssertionError()) is None
