"""The fixtures of the pytest plugin with a server that runs elsewhere."""

# ruff: noqa: F401, F811

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

import lazr_smtptest.testing.remote
from lazr_smtptest.server.capture import CaptureController
from lazr_smtptest.testing.remote import RemoteServer
from lazr_smtptest.testing.settings import flask_mail_settings

from ..client.conftest import Running, reactor, serve
from .test_pytest_plugin import Run, run

pytest_plugins = ["pytester"]


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A server in a thread, with a message of another test."""
    with CaptureController("127.0.0.1", activity=False) as controller:
        yield controller


@pytest.fixture
def options(
    serve: Callable[..., Running], controller: CaptureController
) -> tuple[str, ...]:
    """The options that name this server."""
    url = serve(controller.server).url
    return (
        f"--smtptest-url={url}",
        f"--smtptest-port={controller.port}",
        "--smtptest-grace=0",
    )


def test_a_suite_runs_against_a_server_elsewhere(
    run: Run, options: tuple[str, ...]
) -> None:
    """Each test has its own messages, sessions and rules."""
    result = run(
        """
        def check(server):
            assert (len(server), list(server.faults.rules)) == (0, [])
            send(server)
            mail = server.wait_for(recipient="b@example.com", subject="Hello")
            assert mail.content == b"Subject: Hello\\r\\n\\r\\n"
            server.faults.on("EOD").reply(554, "no")
            send_in_vain(server)
            assert len(server.mailbox) == 1
            server.check()

        def test_one(smtptest):
            check(smtptest)

        def test_two(smtptest):
            check(smtptest)

        def test_shared(smtptest_shared):
            assert smtptest_shared.host == "127.0.0.1"
            assert len(smtptest_shared) == 2
        """,
        "-p",
        "no:randomly",
        *options,
    )
    result.assert_outcomes(passed=3)


@pytest.mark.slow
def test_a_suite_reads_alike_with_both(run: Run, options: tuple[str, ...]) -> None:
    """With a server in a thread and with one elsewhere: results and failures."""
    suite = """
        def test_mail(smtptest):
            send(smtptest)
            mail = smtptest.wait_for(recipient="b@example.com")
            assert mail.subject == "Hello"
            assert smtptest.sessions[-1].delivered == 1

        def test_another_subject(smtptest):
            send(smtptest)
            smtptest.assert_received(subject="Bye")

        def test_nothing(smtptest):
            smtptest.wait_for(subject="Bye", timeout=0.1)

        def test_a_rule_that_did_not_fire(smtptest):
            smtptest.faults.on("EOD").reply(554, "no")
            smtptest.faults.assert_all_fired()

        @pytest.mark.smtptest(hostname="mx.example.com")
        def test_marked(smtptest):
            send(smtptest)
            assert len(smtptest) == 1
        """
    grace = "--smtptest-grace=0"
    results = [run(suite, *each) for each in ((grace,), options)]
    for result in results:
        result.assert_outcomes(passed=2, failed=3)
    # But for the port.
    here, elsewhere = (
        [
            re.sub(r"\S+ port \d+", "-", line)
            for line in result.outlines
            if line.startswith("E  ")
        ]
        for result in results
    )
    assert elsewhere == here


def test_the_head_of_the_run_names_the_server(run: Run) -> None:
    """Without the password."""
    url = "http://anna:secret@mail:8025"
    result = run("def test_nothing(): pass", f"--smtptest-url={url}")
    result.stdout.fnmatch_lines(["smtptest: http://anna:*@mail:8025"])
    result.stdout.no_fnmatch_line("*secret*")


def test_without_a_server_elsewhere_the_head_is_as_ever(run: Run) -> None:
    """Nothing to tell."""
    result = run("def test_nothing(): pass")
    result.stdout.no_fnmatch_line("smtptest:*")


def test_a_marked_test_has_a_server_of_its_own(
    run: Run, options: tuple[str, ...], controller: CaptureController
) -> None:
    """The settings of the other one cannot be chosen."""
    result = run(
        f"""
        @pytest.mark.smtptest(hostname="mx.example.com")
        def test_own(smtptest):
            assert smtptest.port != {controller.port}
            assert smtptest.server.hostname == "mx.example.com"
        """,
        *options,
    )
    result.assert_outcomes(passed=1)


def test_a_server_that_is_not_there_is_told(run: Run) -> None:
    """By one line, in each test."""
    result = run("def test_mail(smtptest): pass", "--smtptest-url=http://127.0.0.1:1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no server answers at http://127.0.0.1:1: *"])


def test_a_wrong_url_is_told(run: Run) -> None:
    """By one line, too."""
    result = run("def test_mail(smtptest): pass", "--smtptest-url=localhost:8025")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--smtptest-url: bad URL 'localhost:8025': use *"])


def test_the_port_of_its_smtp_has_a_default() -> None:
    """The host is that of the URL."""
    server = RemoteServer("http://mail:8025")
    assert (server.host, server.port) == ("mail", 1025)
    assert repr(server) == "<RemoteServer at http://mail:8025, SMTP on mail:1025>"


def test_a_framework_sends_to_a_server_elsewhere_without_tls() -> None:
    """Its settings are not known."""
    settings = flask_mail_settings(RemoteServer("http://mail:8025"))
    assert (settings["MAIL_SERVER"], settings["MAIL_PORT"]) == ("mail", 1025)
    assert (settings["MAIL_USE_TLS"], settings["MAIL_USE_SSL"]) == (False, False)
