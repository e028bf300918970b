"""`lazr_smtptest.testing.unittest`: the mixin, in suites that unittest runs."""

from __future__ import annotations

import asyncio
import io
import smtplib
import unittest
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from lazr_smtptest import CaptureController, CaptureServer, Envelope, StateError
from lazr_smtptest.testing.unittest import SMTPTestMixin
from tests.leaks import Opened


class Broken(CaptureServer):
    def handle_envelope(self, envelope: Envelope) -> object:
        raise ValueError("oops")


@pytest.fixture(autouse=True)
def _no_server_is_left() -> Iterator[None]:
    """Every thread that a test has started has ended."""
    opened = Opened()
    yield
    assert opened.left() == []


def send(server: CaptureController) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi\n\n")


def run(case: type[unittest.TestCase]) -> unittest.TestResult:
    """Run the tests of a case, in the order of their names."""
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    return unittest.TextTestRunner(io.StringIO()).run(suite)


def test_each_test_has_the_server_and_an_empty_mailbox() -> None:
    """It is the same one for all tests of the class."""
    servers = []

    class Tests(SMTPTestMixin, unittest.TestCase):
        def check(self) -> None:
            assert len(self.smtptest) == 0
            send(self.smtptest)
            assert self.smtptest.wait_for().subject == "Hi"
            servers.append(self.smtptest)

        test_one = test_two = check

    result = run(Tests)
    assert (result.testsRun, result.wasSuccessful()) == (2, True)
    assert servers[0] is servers[1]


def test_the_server_is_stopped_after_the_class() -> None:
    """Also where another base cannot be set up."""

    class Poor(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            raise OSError("no database")

    class Tests(SMTPTestMixin, Poor):
        def test_nothing(self) -> None: ...

    assert len(run(Tests).errors) == 1
    assert not Tests.smtptest.running


def test_classes_have_servers_of_their_own() -> None:
    """With the options of the class."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        smtptest_options = {"hostname": "mx.example", "hide": ["DSN"]}

        def test_greeting(self) -> None:
            with smtplib.SMTP("127.0.0.1", self.smtptest.port) as client:
                assert b"mx.example" in client.ehlo()[1]
                assert not client.has_extn("DSN")

    assert run(Tests).wasSuccessful()


def test_a_class_may_have_http() -> None:
    """Other programs read its mail."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        smtptest_options = {"http": True}

        def test_url(self) -> None:
            with urlopen(f"{self.smtptest.url}livez", timeout=60) as answer:
                assert (answer.status, answer.read()) == (200, b"")

    assert run(Tests).wasSuccessful()


def test_wrong_options_are_errors_of_the_class() -> None:
    """The line that says what is wrong is in the report."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        smtptest_options = {"colour": "red"}

        def test_nothing(self) -> None: ...

    [(_, text)] = run(Tests).errors
    assert "TypeError: no keyword is called 'colour', use: activity" in text


def test_what_a_hook_raises_fails_the_test() -> None:
    """And this one only."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        smtptest_options = {"server": Broken}

        def test_one(self) -> None:
            with pytest.raises(smtplib.SMTPDataError):
                send(self.smtptest)

        def test_two(self) -> None: ...

    result = run(Tests)
    [(failed, text)] = result.errors
    assert failed.id().endswith("test_one")
    assert "ValueError: oops" in text


@pytest.mark.parametrize(
    "kind", [pytest.fail.Exception, SystemExit, GeneratorExit, AssertionError]
)
def test_an_error_that_is_no_exception_fails_the_test(
    kind: type[BaseException],
) -> None:
    """Such as the outcomes of pytest."""

    class Failing(CaptureServer):
        def handle_envelope(self, envelope: Envelope) -> None:
            raise kind("no good")

    class Tests(SMTPTestMixin, unittest.TestCase):
        smtptest_options = {"server": Failing}

        def test_one(self) -> None:
            with pytest.raises(smtplib.SMTPDataError):
                send(self.smtptest)

        def test_two(self) -> None: ...

    result = run(Tests)
    [(failed, text)] = [*result.errors, *result.failures]
    assert failed.id().endswith("test_one")
    assert "no good" in text


def test_a_server_that_a_test_stopped_is_there_for_the_next() -> None:
    """On the same port."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        def test_one(self) -> None:
            self.smtptest.stop()
            with pytest.raises(StateError):
                self.smtptest.wait_for()

        def test_two(self) -> None:
            send(self.smtptest)

    assert run(Tests).wasSuccessful()


def test_a_test_may_be_a_coroutine() -> None:
    """In an IsolatedAsyncioTestCase."""

    class Tests(SMTPTestMixin, unittest.IsolatedAsyncioTestCase):
        async def test_mail(self) -> None:
            waiting = asyncio.create_task(self.smtptest.wait_for_async(timeout=60))
            await asyncio.to_thread(send, self.smtptest)
            assert (await waiting).subject == "Hi"

    assert run(Tests).wasSuccessful()


def test_each_test_begins_without_faults() -> None:
    """Those of the test before are forgotten."""

    class Tests(SMTPTestMixin, unittest.TestCase):
        def check(self) -> None:
            assert self.smtptest.faults.rules == ()
            self.smtptest.faults.on("MAIL").drop()

        test_one = test_two = check

    assert run(Tests).wasSuccessful()


def test_a_set_up_that_does_not_call_its_base_leaves_no_old_mail() -> None:
    """Nor faults of the test before."""
    left = []

    class Tests(SMTPTestMixin, unittest.TestCase):
        def setUp(self) -> None:
            pass

        def check(self) -> None:
            left.append((len(self.smtptest), self.smtptest.faults.report()))
            self.smtptest.faults.on("NOOP").drop()
            send(self.smtptest)

        test_one = test_two = check

    assert run(Tests).wasSuccessful()
    assert left == [(0, ""), (0, "")]


class Derived(unittest.TestCase):
    """A case of a framework."""


@pytest.mark.parametrize(
    "case", [unittest.TestCase, unittest.IsolatedAsyncioTestCase, Derived]
)
def test_the_mixin_stands_before_the_case(case: type[unittest.TestCase]) -> None:
    """The other way round its ``setUpClass`` is not called: one line says it."""
    with pytest.raises(TypeError) as caught:
        type("Tests", (case, SMTPTestMixin), {})
    assert str(caught.value) == (
        "the mixin stands before the case in the bases of Tests: "
        f"class Tests(SMTPTestMixin, {case.__name__})"
    )


def test_a_mixin_of_the_mixin_stands_before_the_case_too() -> None:
    """It is found wherever it is."""
    own = type("Own", (SMTPTestMixin,), {})
    assert issubclass(type("Tests", (own, Derived), {}), Derived)
    with pytest.raises(TypeError, match=r"class Tests\(SMTPTestMixin, Derived\)"):
        type("Tests", (Derived, own), {})
