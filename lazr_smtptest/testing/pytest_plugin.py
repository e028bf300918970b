"""The plugin for pytest: fixtures, a marker, options, and the transcript.

pytest imports it in every run, also in those that never send a mail. So it imports
nothing but pytest; Twisted comes with the first server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest.testing.pytest_options import (
    add_options,
    keywords_of_marker,
    keywords_of_run,
    transcript_bound,
)

if TYPE_CHECKING:
    from lazr_smtptest.server.capture import CaptureController

__all__ = ["smtptest", "smtptest_factory", "smtptest_shared"]

# The servers that a test has got.
_GOT = pytest.StashKey[list["CaptureController"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marker, and check our options."""
    config.addinivalue_line(
        "markers",
        "smtptest(tls, auth, limits, hide, ...): the fixture smtptest is a server "
        "of the test's own, with these settings",
    )
    keywords_of_run(config)
    transcript_bound(config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin without servers, also where a test is run once more."""
    item.stash[_GOT] = []


# In the old style of wrappers, which every pytest from 7 on knows.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Put what was said to the servers of a test into its report, if it failed."""
    outcome: Any = yield
    report = outcome.get_result()
    bound = transcript_bound(item.config)
    if report.failed and bound:
        for controller in item.stash.get(_GOT, []):
            text = _said_to(controller, bound)
            report.sections.append(("smtptest transcript", text))
            faults = controller.faults.report()
            if faults:
                report.sections.append(("smtptest faults", f"{faults}\n"))


@pytest.fixture(scope="session")
def smtptest_shared(pytestconfig: pytest.Config) -> Iterator[CaptureController]:
    """The server that the tests share; for fixtures that live longer than a test."""
    with ExitStack() as stack:
        with _explained("--smtptest"):
            shared = stack.enter_context(_make(keywords_of_run(pytestconfig)))
        yield shared


@pytest.fixture
def smtptest_factory(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., CaptureController]]:
    """Starts servers that end with the test.

    It takes the keywords of `make_server`; the options of the run hold too.
    """
    with ExitStack() as stack:

        def start(**keywords: Any) -> CaptureController:
            of_run = {**keywords_of_run(request.config), "port": 0}
            controller = _make({**of_run, **keywords})
            request.node.stash[_GOT].append(controller)
            return stack.enter_context(controller)

        yield start


@pytest.fixture
def smtptest(request: pytest.FixtureRequest) -> Iterator[CaptureController]:
    """A server that runs, and the mailbox of what it got during the test.

    What its hooks raised fails the test when it ends.
    """
    markers = list(request.node.iter_markers("smtptest"))
    if markers:
        factory = request.getfixturevalue("smtptest_factory")
        with _explained("@pytest.mark.smtptest"):
            controller = factory(**keywords_of_marker(markers))
        yield controller
    else:
        shared: CaptureController = request.getfixturevalue("smtptest_shared")
        # A test may stop it, to see what happens then.
        if not shared.running:
            shared.start()
        shared.clear()
        shared.faults.reset()
        request.node.stash[_GOT].append(shared)
        yield shared
        shared.check()


def _make(keywords: dict[str, Any]) -> CaptureController:
    from lazr_smtptest.server.capture import CaptureController
    from lazr_smtptest.testing.servers import make_server

    return CaptureController(server=make_server(**keywords))


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Say in one line what is wrong with what somebody wrote."""
    from lazr_smtptest.errors import Error

    try:
        yield
    except (Error, TypeError, ValueError) as error:
        pytest.fail(f"{where}: {error}", pytrace=False)


def _said_to(controller: CaptureController, bound: int) -> str:
    from lazr_smtptest.testing.transcripts import write_sessions

    where = f"{controller.host}:{controller.port}"
    sessions = list(controller.sessions)
    if not sessions:
        return f"no client connected to {where}\n"
    return f"to {where}\n" + write_sessions(sessions, bound)
