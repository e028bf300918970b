"""`lazr_smtptest.testing.notes`: failures of test cases that tell what arrived."""

from __future__ import annotations

import pickle
import re
import smtplib
import ssl
import sys
import threading
import time
import unittest
from datetime import datetime, timezone
from typing import Any

import attrs
import pytest
from twisted.internet import defer
from twisted.trial.unittest import SynchronousTestCase, TestCase

from lazr_smtptest import CaptureController, Mailbox
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.testing.arrivals import write_arrivals
from lazr_smtptest.testing.notes import NotesMixin
from lazr_smtptest.testing.unittest import SMTPTestMixin

PATIENCE = 60
MAIL = Envelope(
    mail_from="a@example.com",
    rcpt_tos=("b@example.com",),
    content=b"Subject: Hello\r\n\r\n",
)
ARRIVED = "1 message arrived:\n  from <a@example.com> to b@example.com, subject 'Hello'"

# The text of an error of OpenSSL or of smtplib cannot be changed otherwise.
needs_notes = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="exceptions have notes from Python 3.11 on"
)


def full() -> Mailbox:
    """Return a mailbox that a server has just begun to fill."""
    mailbox = Mailbox()
    mailbox.reopen()
    mailbox.add(MAIL)
    return mailbox


def text_of(case: unittest.TestCase) -> str:
    """Run a test that fails; return what the framework was given."""
    result = unittest.TestResult()
    case.run(result)
    [(_, text)] = result.failures + result.errors
    return text


class Plain(NotesMixin, unittest.TestCase):
    # For this and the other cases: pytest is not to run it by itself.
    __test__ = False

    def test_assert(self) -> None:
        mailbox = full()
        assert len(mailbox) == 2

    def test_assert_equal(self) -> None:
        self.mailbox = full()
        self.assertEqual(self.mailbox.latest.subject, "Welcome")  # noqa: PT009

    def test_attribute(self) -> None:
        self.mailbox = full()
        raise AttributeError("'NoneType' object has no attribute 'subject'")

    def test_skip(self) -> None:
        self.mailbox = full()
        self.skipTest("not now")

    def test_ours(self) -> None:
        self.mailbox = full()
        self.mailbox.assert_received(subject="Welcome")

    def test_nothing(self) -> None:
        raise AssertionError

    def test_key(self) -> None:
        self.mailbox = full()
        raise KeyError("x")

    def test_passes(self) -> None:
        self.mailbox = full()


class Asynchronous(NotesMixin, unittest.IsolatedAsyncioTestCase):
    __test__ = False

    async def test_coroutine(self) -> None:
        mailbox = full()
        assert len(mailbox) == 2


class OfTrial(NotesMixin, TestCase):
    __test__ = False

    def test_assert_equal(self) -> None:
        self.mailbox = full()
        self.assertEqual(len(self.mailbox), 2)  # noqa: PT009

    def test_deferred(self) -> Any:
        self.mailbox = full()
        return defer.fail(self.failureException("late"))

    async def test_coroutine(self) -> None:
        mailbox = full()
        assert len(mailbox) == 2


class OfTrialWithoutReactor(NotesMixin, SynchronousTestCase):
    __test__ = False

    def test_assert_equal(self) -> None:
        self.mailbox = full()
        self.assertEqual(len(self.mailbox), 2)  # noqa: PT009


@pytest.mark.parametrize(
    "case",
    [
        Plain("test_assert"),
        Plain("test_assert_equal"),
        Plain("test_attribute"),
        Asynchronous("test_coroutine"),
        OfTrial("test_assert_equal"),
        OfTrial("test_deferred"),
        OfTrial("test_coroutine"),
        OfTrialWithoutReactor("test_assert_equal"),
    ],
    ids=lambda case: case.id().split(".", 1)[-1].replace(".", "-"),
)
def test_a_failure_tells_what_arrived(case: unittest.TestCase) -> None:
    """Whatever raised it, in every framework."""
    assert ARRIVED in text_of(case)


def test_its_own_words_stay_in_front() -> None:
    """They are the failure."""
    text = text_of(Plain("test_assert_equal"))
    assert text.index("'Hello' != 'Welcome'") < text.index(ARRIVED)


def test_a_failure_of_the_mailbox_is_not_told_twice() -> None:
    """It has all that."""
    assert "1 message arrived" not in text_of(Plain("test_ours"))


def test_a_failure_of_the_mailbox_shows_no_frame_of_the_library() -> None:
    """The last line of code is the test's."""
    text = text_of(Plain("test_ours"))
    assert text.count('File "') == 1
    assert "in test_ours" in text


def test_a_failure_without_a_mailbox_stays_as_it_is() -> None:
    """There is nothing to tell."""
    assert text_of(Plain("test_nothing")).rstrip().endswith("AssertionError")


def test_an_error_that_has_words_of_its_own_keeps_them() -> None:
    """A KeyError shows a key; where Python has notes, it gets one."""
    text = text_of(Plain("test_key"))
    assert "KeyError: 'x'" in text
    assert (ARRIVED in text) == hasattr(BaseException, "add_note")


def test_a_test_that_is_skipped_is_skipped() -> None:
    """With its reason alone."""
    result = unittest.TestResult()
    Plain("test_skip").run(result)
    assert [reason for _, reason in result.skipped] == ["not now"]


def test_a_case_is_as_it_was_after_the_run() -> None:
    """It can be pickled, as some runners do, and run again."""
    case = Plain("test_passes")
    before = {*vars(case)}
    for _ in range(2):
        result = unittest.TestResult()
        case.run(result)
        assert result.wasSuccessful()
    assert {*vars(case)} - {"mailbox", "_outcome", "_subtest"} <= before
    assert pickle.loads(pickle.dumps(Plain("test_passes"))).id() == case.id()


def test_what_another_runner_put_in_place_of_the_test_stays() -> None:
    """As pytest does, which takes it away itself."""
    case = Plain("test_passes")
    called: list[None] = []
    case.test_passes = replaced = lambda: called.append(None)  # type: ignore
    case.run(unittest.TestResult())
    assert case.test_passes is replaced
    assert called == [None]


def test_the_mixin_with_a_server_has_it() -> None:
    """With the time since the test began."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        def test_mail(self) -> None:
            with smtplib.SMTP(
                "127.0.0.1", self.smtptest.port, timeout=PATIENCE
            ) as client:
                client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi\n\n")
            self.assertEqual(len(self.smtptest), 2)  # noqa: PT009

    result = unittest.TestResult()
    unittest.TestSuite([Tests("test_mail")]).run(result)
    [(_, text)] = result.failures
    assert "1 message arrived at localhost port " in text
    assert " s from <a@example.com> to b@example.com, subject 'Hi'" in text


class Sending(SMTPTestMixin, unittest.TestCase):
    __test__ = False
    smtptest_options = {"tls": True}

    def connect(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.smtptest.port, timeout=PATIENCE)

    def send(self) -> None:
        with self.connect() as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi\n\n")

    def test_subtest(self) -> None:
        self.send()
        with self.subTest(part=1):
            self.assertEqual(len(self.smtptest), 2)  # noqa: PT009

    def test_trust(self) -> None:
        ended = threading.Event()
        self.smtptest.server.handle_session = lambda session: ended.set()
        try:
            with self.connect() as client:
                client.starttls(context=ssl.create_default_context())
        finally:
            # The server hears of it after the client.
            ended.wait(PATIENCE)

    def test_refused(self) -> None:
        self.smtptest.faults.on("RCPT").reply(550, "5.1.1 nobody")
        self.send()


def text_of_sending(name: str) -> str:
    result = unittest.TestResult()
    unittest.TestSuite([Sending(name)]).run(result)
    [(_, text)] = result.failures + result.errors
    return text


def test_a_failure_of_a_part_tells_what_arrived() -> None:
    """Once, also where it leaves the test."""
    assert text_of_sending("test_subtest").count("1 message arrived at ") == 1


@needs_notes
def test_an_error_of_the_client_tells_what_it_has_to_trust() -> None:
    """As a failure of the mailbox does."""
    text = text_of_sending("test_trust")
    assert "the client does not trust the server's CA: use client_context()" in text


@needs_notes
def test_an_error_of_the_client_tells_what_was_said() -> None:
    """The sessions that failed are shown."""
    text = text_of_sending("test_refused")
    assert " -> rcpt to:<b@example.com>" in text.lower()
    assert " <** 550 5.1.1 nobody" in text


def test_the_sessions_that_went_well_are_not_shown() -> None:
    """The messages tell of these."""
    assert "FROM:" not in text_of_sending("test_subtest")


# The list


def test_an_empty_mailbox_says_so() -> None:
    """With the address, where it is known."""
    mailbox = Mailbox()
    assert write_arrivals(mailbox, 0.0) == "no message arrived\n"
    mailbox.address = "localhost port 4711"
    assert write_arrivals(mailbox, 0.0) == "no message arrived at localhost port 4711\n"


def test_of_many_messages_ten_are_listed() -> None:
    """And the others counted."""
    mailbox = Mailbox()
    for _ in range(25):
        mailbox.add(MAIL)
    lines = write_arrivals(mailbox, 0.0).splitlines()
    assert lines[0] == "25 messages arrived:"
    assert lines[11:] == ["  ... and 15 more"]


def test_a_time_that_cannot_be_is_not_told() -> None:
    """The clock was set, or is a test's own."""
    with CaptureController() as controller:
        with smtplib.SMTP("127.0.0.1", controller.port, timeout=PATIENCE) as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi\n\n")
        came = controller.latest.received_at.timestamp()
        assert "  after 1.000 s from <" in write_arrivals(controller.mailbox, came - 1)
        assert "after" not in write_arrivals(controller.mailbox, came + 1)
        assert "after" not in write_arrivals(controller.mailbox, 0.0)


def test_a_message_that_came_after_the_failure_is_told_to() -> None:
    """An assertion on the number of messages did not see it."""
    mailbox = Mailbox()
    came = datetime.fromtimestamp(1002.0, timezone.utc)
    mailbox.add(attrs.evolve(MAIL, received_at=came))
    late = "after 2.000 s, when the test had failed, from <"
    assert late in write_arrivals(mailbox, 1000.0, 1001.0)
    assert "after 2.000 s from <" in write_arrivals(mailbox, 1000.0, 1003.0)


def test_a_message_of_a_session_that_began_before_the_test_is_named() -> None:
    """A thread that another test has left may have sent it."""
    mailbox = Mailbox()
    now = time.time()
    mailbox.add(
        Envelope(
            mail_from="a@example.com",
            rcpt_tos=("b@example.com",),
            content=b"",
            session=Session(started=now - 5),
            received_at=datetime.fromtimestamp(now, timezone.utc),
        )
    )
    early = "after 1.000 s, by a session that began before the test, from <a@"
    assert early in write_arrivals(mailbox, now - 1)
    assert "began before" not in write_arrivals(mailbox, now - 6)


def refuse(envelope: Envelope) -> None:
    assert envelope.subject == "Welcome", "refused"


class Asynchronous(NotesMixin, unittest.IsolatedAsyncioTestCase):
    __test__ = False

    async def test_equal(self) -> None:
        self.assertEqual(1, 2)  # noqa: PT009

    async def test_ours(self) -> None:
        self.mailbox = full()
        self.mailbox.assert_none(within=0)


class Callback(NotesMixin, unittest.TestCase):
    __test__ = False

    def test_assertion(self) -> None:
        self.mailbox = full()
        self.mailbox.assert_received(refuse)

    def test_wait(self) -> None:
        self.mailbox = full()
        self.mailbox.wait_for(refuse)


def test_a_failure_of_a_coroutine_shows_the_line_of_the_test() -> None:
    """The traceback of an assertion in a coroutine reaches the line that failed."""
    assert "self.assertEqual(1, 2)" in text_of(Asynchronous("test_equal"))


def test_an_assertion_of_ours_in_a_coroutine_shows_the_line_of_the_test() -> None:
    """The traceback ends at the line that called the library."""
    text = text_of(Asynchronous("test_ours"))
    # Python 3.13 marks the call below its line.
    line = r"self\.mailbox\.assert_none\(within=0\)\n( +~+\^+\n)?"
    assert re.search(f"{line}AssertionError: unwanted", text)


@pytest.mark.parametrize("name", ["test_assertion", "test_wait"])
def test_a_failure_in_a_predicate_shows_its_line(name: str) -> None:
    """The line of an `assert` in a predicate is part of the traceback."""
    assert 'assert envelope.subject == "Welcome"' in text_of(Callback(name))


def test_a_failure_in_a_predicate_shows_no_frames_of_the_library() -> None:
    """Between the test and its predicate the traceback shows nothing."""
    assert "asserting.py" not in text_of(Callback("test_assertion"))
