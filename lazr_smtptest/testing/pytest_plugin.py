"""The pytest plugin: fixtures, a marker, options, and sections in reports.

pytest imports it in every run, with mail or without. So it imports nothing but
pytest; the first server imports Twisted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest._secrets import without_secrets
from lazr_smtptest.testing.pytest_options import (
    add_options,
    keywords_of_marker,
    keywords_of_run,
    remote_of_run,
    report_of_run,
    transcript_bound,
)

if TYPE_CHECKING:
    from lazr_smtptest.server.capture import CaptureController
    from lazr_smtptest.testing.remote import RemoteServer

__all__ = ["smtptest", "smtptest_factory", "smtptest_shared"]

# When a test began: in seconds since 1970, and of the monotonic clock.
_BEGAN = pytest.StashKey[tuple[float, float]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the options."""
    config.addinivalue_line(
        "markers",
        "smtptest(tls, auth, limits, http, ...): the fixture smtptest is a server "
        "of the test's own, with these settings",
    )
    keywords_of_run(config)
    remote_of_run(config)
    transcript_bound(config)
    report_of_run(config)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remove the report of an earlier run, before any worker writes."""
    folder = report_of_run(session.config)
    if folder is not None and folder.exists() and not _is_worker(session.config):
        from lazr_smtptest.testing.report import Report

        Report(folder).clear()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write the document of the report, and name it."""
    folder = report_of_run(config)
    # The first test that failed has made it.
    if folder is not None and folder.exists() and not _is_worker(config):
        from lazr_smtptest.testing.report import Report

        try:
            path = Report(folder).write()
        except OSError as error:
            terminalreporter.write_line(f"smtptest report: {error}", red=True)
            return
        if path is not None:
            terminalreporter.write_line(f"smtptest report: {path}")


def _is_worker(config: pytest.Config) -> bool:
    """Return whether this is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the server that runs elsewhere, at the beginning of a run."""
    remote = remote_of_run(config)
    return f"smtptest: {without_secrets(remote['url'])}" if remote else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note when the test begins, in a repeated run too."""
    item.stash[_BEGAN] = (time.time(), time.monotonic())


# An old-style wrapper works with every pytest from 7 on.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    """Add sections about the servers to the report of a failed test."""
    causes = _causes(item, _error_of(call))
    outcome: Any = yield
    report = outcome.get_result()
    # Of a case of unittest pytest knows it only now.
    error = _error_of(call)
    _shorten_summary(report, error)
    if report.failed and causes:
        _add_causes(report, causes, error)
    # Where no server was made, there is nothing to import either.
    if (
        report.failed
        and _BEGAN in item.stash
        and "lazr_smtptest.server.storing" in sys.modules
    ):
        from lazr_smtptest.testing.sections import sections

        bound = transcript_bound(item.config)
        began = item.stash[_BEGAN]
        report.sections.extend(sections(*began, error, bound, call.stop))
        _write_evidence(item, report)


def _write_evidence(item: pytest.Item, report: pytest.TestReport) -> None:
    """Write what a failed test leaves into the folder of the report."""
    folder = report_of_run(item.config)
    if folder is None:
        return
    from lazr_smtptest.testing.report import Report

    # A test can fail again when it is torn down.
    phase = "" if report.when == "call" else f" ({report.when})"
    text = report.longreprtext
    try:
        Report(folder).add(f"{item.nodeid}{phase}", text, item.stash[_BEGAN][1])
    except Exception as error:
        # It must not take the place of the failure that it is about.
        report.sections.append(("smtptest report", f"it cannot be written: {error}\n"))


def _error_of(call: pytest.CallInfo[None]) -> BaseException | None:
    return call.excinfo.value if call.excinfo is not None else None


def _causes(item: pytest.Item, error: BaseException | None) -> list[str]:
    """Return what the server knows of an error, and note it on the error."""
    if (
        not isinstance(error, Exception)
        or _BEGAN not in item.stash
        or "lazr_smtptest.server.storing" not in sys.modules
    ):
        return []
    from lazr_smtptest.testing.causes import causes_of

    causes = causes_of(error, item.stash[_BEGAN][1])
    # pytest shows notes below the error. Python before 3.11 has none.
    if hasattr(error, "add_note"):
        for cause in causes:
            error.add_note(cause)
    return causes


def _add_causes(
    report: pytest.TestReport, causes: list[str], error: BaseException | None
) -> None:
    """Add causes to a report, where its text does not have them, and to the summary."""
    text = report.longreprtext
    missing = [cause for cause in causes if cause not in text]
    if missing:
        report.sections.insert(0, ("smtptest cause", "\n".join(missing)))
    crash = getattr(report.longrepr, "reprcrash", None)
    # An assertion says itself what is wrong.
    if crash is not None and not isinstance(error, AssertionError):
        crash.message = f"{causes[0]}: {crash.message}"


def _shorten_summary(report: pytest.TestReport, error: BaseException | None) -> None:
    """Shorten the line of a failed test in the summary of a run.

    Under CI pytest puts the whole text of an error there. This leaves the first line
    of our errors, without the package, and removes our notes from other errors.
    """
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return
    crash.message = crash.message.removeprefix("lazr_smtptest.")
    # These attributes are set by `mailbox.failure` and `NotesMixin`, which need not be
    # imported.
    if hasattr(error, "_smtptest_shown"):
        crash.message = crash.message.partition("\n")[0]
    note = getattr(error, "_smtptest_note", None)
    if note is not None:
        crash.message = crash.message.replace(note, "").rstrip()


@pytest.fixture(scope="session")
def smtptest_shared(
    pytestconfig: pytest.Config,
) -> Iterator[CaptureController | RemoteServer]:
    """The server that all tests share; for fixtures with a wider scope."""
    with ExitStack() as stack:
        if remote_of_run(pytestconfig):
            yield stack.enter_context(_reach(pytestconfig))
            return
        with _explained("--smtptest"):
            made = _make(keywords_of_run(pytestconfig), pytestconfig)
            shared = stack.enter_context(made)
        # Activity is recorded during tests only.
        shared.mailbox.activity.stop()
        yield shared


@pytest.fixture
def smtptest_factory(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., CaptureController]]:
    """A function that starts a server, which stops when the test ends.

    It takes the keywords of `make_controller`; the options of the run apply too.
    """
    with ExitStack() as stack:

        def start(**keywords: Any) -> CaptureController:
            of_run = {**keywords_of_run(request.config), "port": 0}
            made = _make({**of_run, **keywords}, request.config)
            return stack.enter_context(made)

        yield start


@pytest.fixture
def smtptest(
    request: pytest.FixtureRequest,
) -> Iterator[CaptureController | RemoteServer]:
    """A running server, with the mailbox of the messages of this test.

    An error of its hooks fails the test when it ends. With ``--smtptest-url`` it is
    the server elsewhere, unless the test has a marker.
    """
    markers = list(request.node.iter_markers("smtptest"))
    if markers:
        factory = request.getfixturevalue("smtptest_factory")
        with _explained("@pytest.mark.smtptest"):
            keywords = keywords_of_marker(markers, request.node.path.parent)
            controller = factory(**keywords)
        yield controller
    elif remote_of_run(request.config):
        # Its messages may be those of other tests, too: so they stay there.
        with _reach(request.config) as remote:
            remote.skip()
            yield remote
            remote.faults.reset()
    else:
        shared: CaptureController = request.getfixturevalue("smtptest_shared")
        # A test may stop it, to see what happens then.
        if not shared.running:
            shared.start()
        shared.clear()
        shared.faults.reset()
        shared.mailbox.activity.start(shared.host, shared.port)
        from lazr_smtptest.testing.isolation import isolate

        undo = isolate(shared)
        yield shared
        shared.mailbox.activity.stop()
        try:
            shared.check()
        finally:
            undo()


def _make(keywords: dict[str, Any], config: pytest.Config) -> CaptureController:
    from lazr_smtptest.testing.servers import make_controller

    controller = make_controller(**keywords)
    controller.mailbox.conversations = transcript_bound(config) > 0
    return controller


def _reach(config: pytest.Config) -> RemoteServer:
    from lazr_smtptest.testing.remote import RemoteServer

    keywords = remote_of_run(config)
    with _explained("--smtptest-url"):
        remote = RemoteServer(**keywords)
    remote.conversations = transcript_bound(config) > 0
    return remote


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn an error in settings into a failure of one line."""
    from lazr_smtptest.errors import Error

    try:
        yield
    except (Error, TypeError, ValueError) as error:
        # Without its cause, which pytest would show too.
        raise pytest.fail.Exception(f"{where}: {error}", pytrace=False) from None
