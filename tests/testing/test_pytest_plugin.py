"""`lazr_smtptest.testing.pytest_plugin`: runs of pytest within pytest."""

from __future__ import annotations

import re
import socket
import textwrap
from collections.abc import Callable

# Twisted is not made to be imported twice, and a run within this one forgets what
# it was the first to import.
import OpenSSL  # noqa: F401
import pytest
import trustme  # noqa: F401
import twisted.protocols.tls  # noqa: F401

import lazr_smtptest.server.capture
import lazr_smtptest.smtp.lmtp
import lazr_smtptest.testing.sections
import lazr_smtptest.testing.servers
import lazr_smtptest.testing.transcripts

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "lazr_smtptest.testing.pytest_plugin")

HEADER = """
import smtplib
import pytest
from lazr_smtptest import CaptureServer

class Broken(CaptureServer):
    def handle_envelope(self, envelope):
        raise ValueError("oops")

def connect(server):
    return smtplib.SMTP("127.0.0.1", server.port, "client.example", timeout=60)

def send(server, subject="Hello"):
    with connect(server) as client:
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\\n\\n")

def send_in_vain(server):
    with pytest.raises(smtplib.SMTPDataError):
        send(server)
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a suite with our plugin, and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(suite: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_suite=HEADER + textwrap.dedent(suite))
        return pytester.runpytest_inprocess(*PLUGIN, *arguments)

    return run


def test_the_fixture_is_a_server_and_its_mailbox(run: Run) -> None:
    """It runs, and gives what arrived."""
    result = run(
        """
        def test_mail(smtptest):
            send(smtptest)
            assert smtptest.wait_for(recipient="b@example.com").subject == "Hello"
            assert len(smtptest) == 1
            assert smtptest.sessions.counters.messages == 1
        """
    )
    result.assert_outcomes(passed=1)


def test_all_tests_share_one_server(run: Run) -> None:
    """Starting it costs once."""
    result = run(
        """
        ports = set()

        def test_one(smtptest): ports.add(smtptest.port)
        def test_two(smtptest): ports.add(smtptest.port)
        def test_three(smtptest_shared): assert ports == {smtptest_shared.port}
        """
    )
    result.assert_outcomes(passed=3)


def test_each_test_begins_with_an_empty_mailbox(run: Run) -> None:
    """And with counters at nothing."""
    result = run(
        """
        @pytest.mark.parametrize("number", range(2))
        def test_mail(smtptest, number):
            assert list(smtptest) == []
            assert smtptest.sessions.counters.messages == 0
            send(smtptest)
        """
    )
    result.assert_outcomes(passed=2)


def test_the_server_is_stopped_after_the_run(
    run: Run, pytester: pytest.Pytester
) -> None:
    """Its port is closed."""
    run(
        """
        from pathlib import Path

        def test_port(smtptest):
            Path("port").write_text(str(smtptest.port))
        """
    )
    port = int((pytester.path / "port").read_text())
    with pytest.raises(OSError, match="refused"):
        lazr_smtptest.server.capture.CaptureController("127.0.0.1", port)._connect()


def test_a_server_that_a_test_stopped_is_there_for_the_next(run: Run) -> None:
    """On the same port."""
    result = run(
        """
        def test_one(smtptest):
            smtptest.stop()

        def test_two(smtptest):
            send(smtptest)
        """
    )
    result.assert_outcomes(passed=2)


def test_what_a_hook_raises_fails_the_test(run: Run) -> None:
    """When it ends, and only this one."""
    result = run(
        """
        def test_one(smtptest, monkeypatch):
            broken = Broken().handle_envelope
            monkeypatch.setattr(smtptest.server, "handle_envelope", broken)
            send_in_vain(smtptest)

        def test_two(smtptest):
            send(smtptest)
        """
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["ERROR *test_one* - ValueError: oops"])


FAILING = """
class Failing(CaptureServer):
    def handle_envelope(self, envelope):
        {what}
"""


def in_vain(what: str, marker: str = "") -> str:
    """Return a suite whose handler does something, and which does not look at it."""
    return (
        FAILING.format(what=what)
        + f"""
{marker}
def test_mail(smtptest, monkeypatch):
    failing = Failing().handle_envelope
    monkeypatch.setattr(smtptest.server, "handle_envelope", failing)
    send_in_vain(smtptest)
"""
    )


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("pytest.fail('no good')", "no good"),
        ("raise SystemExit('no good')", "SystemExit: no good"),
        ("raise GeneratorExit('no good')", "GeneratorExit: no good"),
        ("assert envelope.subject == 'Bye'", "AssertionError: assert 'Hello' == 'Bye'"),
    ],
)
@pytest.mark.parametrize("marker", ["", "@pytest.mark.smtptest(server=Failing)"])
def test_an_outcome_in_a_handler_fails_the_test(
    run: Run, what: str, said: str, marker: str
) -> None:
    """The shared server and one of the test's own: the run is red."""
    result = run(in_vain(what, marker))
    assert result.ret != 0
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*{said.replace('[', '[[]')}*"])


@pytest.mark.parametrize(
    ("what", "failed", "skipped"),
    [("pytest.fail('no good')", 1, 0), ("pytest.skip('not here')", 0, 1)],
)
def test_an_outcome_in_a_handler_is_that_of_the_test_that_checks(
    run: Run, what: str, failed: int, skipped: int
) -> None:
    """It is raised as it is, by `check` and by `stop`."""
    result = run(
        FAILING.format(what=what)
        + """
@pytest.mark.smtptest(server=Failing)
def test_check(smtptest):
    send_in_vain(smtptest)
    smtptest.check()

def test_stop():
    from lazr_smtptest import Controller
    with Controller(Failing()) as controller:
        send_in_vain(controller)
"""
    )
    result.assert_outcomes(failed=2 * failed, skipped=2 * skipped)


@pytest.mark.parametrize("marker", ["", "@pytest.mark.smtptest(server=Failing)"])
def test_a_skip_in_a_handler_is_told_beside_the_test(run: Run, marker: str) -> None:
    """The test that did not look at it has passed; its end is skipped, and says so."""
    result = run(in_vain("pytest.skip('not here')", marker), "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED *not here"])


def test_an_interrupt_in_a_handler_ends_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ctrl-C does: no further test begins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    suite = in_vain("raise KeyboardInterrupt") + "\ndef test_next():\n    pass\n"
    pytester.makepyfile(test_suite=HEADER + suite)
    result = pytester.runpytest_subprocess(*PLUGIN)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("where", ["subscriber", "rule"])
def test_an_outcome_elsewhere_fails_the_test(run: Run, where: str) -> None:
    """Whatever of the user's code it comes out of."""
    place = {
        "subscriber": "smtptest.mailbox.subscribe",
        "rule": "lambda fail: smtptest.faults.on('EOD', where=fail).reply(250)",
    }[where]
    result = run(
        f"""
        def fail(_):
            pytest.fail("no good")

        def test_mail(smtptest):
            ({place})(fail)
            send_in_vain(smtptest)
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no good*"])


def test_the_summary_has_what_a_handler_raised(run: Run) -> None:
    """The client's error is only that it got a 451."""
    result = run(
        """
        def test_mail(smtptest, monkeypatch):
            def check(envelope):
                pytest.fail("no order number")

            monkeypatch.setattr(smtptest.server, "handle_envelope", check)
            send(smtptest)
        """
    )
    result.assert_outcomes(failed=1, errors=1)
    summary = "FAILED *test_mail - in the server: Failed: no order number*"
    result.stdout.fnmatch_lines(["*in the server: Failed: no order number", summary])


def test_an_assertion_stays_first_in_the_summary(run: Run) -> None:
    """What a handler raised stands below it."""
    result = run(
        """
        def test_mail(smtptest, monkeypatch):
            broken = Broken().handle_envelope
            monkeypatch.setattr(smtptest.server, "handle_envelope", broken)
            send_in_vain(smtptest)
            assert len(smtptest) == 1
        """
    )
    lines = ["*in the server: ValueError: oops", "FAILED *test_mail - *assert 0 == 1*"]
    result.stdout.fnmatch_lines(lines)


@pytest.mark.parametrize(
    ("call", "name", "option"),
    [
        ("starttls()", "STARTTLS", "tls=True"),
        ("login('a', 'b')", "AUTH", "auth=True"),
    ],
)
def test_what_a_library_does_not_find_is_named(
    run: Run, call: str, name: str, option: str
) -> None:
    """With the option of the server that offers it."""
    result = run(
        f"""
        def test_mail(smtptest):
            with connect(smtptest) as client:
                client.{call}
        """
    )
    hint = f"the server offers no {name}: use {option}, such as in the marker smtptest"
    result.stdout.fnmatch_lines(
        [f"*{hint}", f"FAILED *- the server offers no {name}:*"]
    )


@pytest.mark.parametrize(
    ("marker", "call", "cause"),
    [
        (
            "",
            "smtplib.SMTP_SSL('127.0.0.1', smtptest.port, timeout=30)",
            "the client began TLS on a port that begins in plain text",
        ),
        (
            "tls=True",
            "connect(smtptest).starttls(context=ssl.create_default_context())",
            "the client does not trust the server's CA: use client_context()",
        ),
        (
            "tls=True",
            "host(smtptest, 'mx.example.com')",
            "the certificate is not for 'mx.example.com': see TLS.auto (by default *",
        ),
        (
            "tls=True, implicit_tls=True",
            "smtplib.SMTP('127.0.0.1', smtptest.port, timeout=1)",
            "the client sent nothing on a TLS port: it waits for a greeting *",
        ),
    ],
    ids=["tls-on-plain", "unknown-ca", "host-name", "plain-on-tls"],
)
def test_what_is_wrong_with_tls_is_below_the_error(
    run: Run, marker: str, call: str, cause: str
) -> None:
    """And in the summary."""
    result = run(
        f"""
        import smtplib, ssl

        def host(smtptest, name):
            context = smtptest.server.client_context()
            with connect(smtptest) as client:
                client._host = name
                client.starttls(context=context)

        @pytest.mark.smtptest({marker})
        def test_mail(smtptest):
            {call}
        """
    )
    lines = [f"*{cause}", f"FAILED *- {cause[:32]}*"]
    result.stdout.fnmatch_lines(lines)


def test_a_rule_without_an_action_is_a_warning(run: Run) -> None:
    """In its own line of the test."""
    result = run(
        """
        def test_mail(smtptest):
            smtptest.faults.on("RCPT")
            send(smtptest)
        """,
        "-W",
        "default",
    )
    result.assert_outcomes(passed=1, warnings=1)
    lines = ["*UserWarning: on('RCPT') does nothing: *", '*smtptest.faults.on("RCPT")']
    result.stdout.fnmatch_lines(lines)


def test_a_hook_that_a_test_checked_fails_nothing(run: Run) -> None:
    """The test has seen the exception."""
    result = run(
        """
        @pytest.mark.smtptest(server=Broken)
        def test_mail(smtptest):
            send_in_vain(smtptest)
            with pytest.raises(ValueError, match="oops"):
                smtptest.check()
        """
    )
    result.assert_outcomes(passed=1)


# Servers of their own


def test_the_factory_starts_any_number(run: Run) -> None:
    """Each has its own port and mailbox."""
    result = run(
        """
        def test_two(smtptest_factory):
            one, two = smtptest_factory(), smtptest_factory(hostname="two.example")
            send(one)
            assert (len(one), len(two)) == (1, 0)
            with connect(two) as client:
                assert b"two.example" in client.ehlo()[1]
        """
    )
    result.assert_outcomes(passed=1)


def test_the_factory_stops_them_after_the_test(run: Run) -> None:
    """What their hooks raised fails the test."""
    result = run(
        """
        started = []

        def test_one(smtptest_factory):
            started.append(smtptest_factory(server=Broken))
            send_in_vain(started[0])

        def test_two():
            assert not started[0].running
        """
    )
    result.assert_outcomes(passed=2, errors=1)


def test_a_marked_test_has_a_server_of_its_own(run: Run) -> None:
    """With the settings of the marker, for this test only."""
    result = run(
        """
        @pytest.mark.smtptest(
            tls=True, auth={"anna": "secret"}, limits={"recipients": 2}, hide="DSN"
        )
        def test_marked(smtptest):
            with connect(smtptest) as client:
                client.starttls(context=smtptest.client_context())
                client.login("anna", "secret")
                assert not client.has_extn("DSN")
                assert client.esmtp_features["limits"] == "RCPTMAX=2"

        def test_not_marked(smtptest):
            with connect(smtptest) as client:
                client.ehlo()
                assert client.has_extn("DSN")
                assert not client.has_extn("AUTH")
        """
    )
    result.assert_outcomes(passed=2)


def test_the_closest_marker_goes_first(run: Run) -> None:
    """What it does not say the farther ones do."""
    result = run(
        """
        pytestmark = pytest.mark.smtptest(hostname="module.example", hide=["DSN"])

        @pytest.mark.smtptest(hostname="test.example")
        def test_marked(smtptest):
            with connect(smtptest) as client:
                assert b"test.example" in client.ehlo()[1]
                assert not client.has_extn("DSN")
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            "colour='red'",
            "no keyword is called 'colour', use: activity, auth, faults, *",
        ),
        ("limits={'mails': 1}", "no limit is called 'mails', use: *"),
        ("hide='CHUNKNIG'", "no extension is called 'CHUNKNIG', did you mean *"),
        ("impa=True", "no keyword is called 'impa', did you mean 'imap'? All are: *"),
        ("requrie_tls=True", "no keyword is called 'requrie_tls', did you mean *"),
        ("port='abc'", "port must be an int, 0 to 65535, not 'abc'"),
        ("server=3", "server must be CaptureServer or a subclass, not an object *"),
        ("require_auth=True", "require_auth needs auth*"),
        ("True", "it takes keywords only, not True"),
    ],
)
def test_a_wrong_marker_is_a_line_that_says_what_is_wrong(
    run: Run, arguments: str, complaint: str
) -> None:
    """And no traceback into this library."""
    result = run(
        f"""
        @pytest.mark.smtptest({arguments})
        def test_marked(smtptest): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"@pytest.mark.smtptest: {complaint}"])
    # Under CI the summary has the whole line again.
    shown = result.stdout.str().partition("short test summary")[0]
    assert "servers.py" not in shown
    assert "During handling" not in shown
    assert shown.count(f"@pytest.mark.smtptest: {complaint[:20]}") == 1


# Options


@pytest.mark.parametrize("marker", ["", "@pytest.mark.smtptest"])
def test_options_hold_for_every_server(run: Run, marker: str) -> None:
    """Those of the command line go before those of the file."""
    suite = f"""
        {marker}
        def test_mail(smtptest):
            with connect(smtptest) as client:
                client.starttls(context=smtptest.client_context())
                client.login("anna", "secret")
                assert not client.has_extn("DSN")
                assert client.has_extn("CHUNKING")
        """
    options = ["--smtptest-tls=auto", "--smtptest-auth=any", "--smtptest-hide=DSN"]
    result = run(suite, *options, "-o", "smtptest_hide=CHUNKING")
    result.assert_outcomes(passed=1)


def test_options_may_stand_in_the_file(run: Run, pytester: pytest.Pytester) -> None:
    """With underscores."""
    pytester.makeini(
        """
        [pytest]
        smtptest_host = 127.0.0.2
        smtptest_hide =
            DSN
            CHUNKING
        smtptest_implicit_tls = true
        """
    )
    result = run(
        """
        def test_mail(smtptest):
            assert smtptest.host == "127.0.0.2"
            assert smtptest.server.settings.hidden == {"DSN", "CHUNKING"}
            assert smtptest.server.settings.implicit_tls
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("port=high", "--smtptest-port is a number from 0 to 65535, not 'high'"),
        ("port=65536", "--smtptest-port is a number from 0 to 65535, not '65536'"),
        ("transcript=-1", "--smtptest-transcript is a number from 0 to *, not '-1'"),
        ("tls=yes", "--smtptest-tls is auto or CERT,KEY, not 'yes'"),
        ("activity=no", "--smtptest-activity is on or off, not 'no'"),
        ("grace=-1", "--smtptest-grace is a number of seconds such as 0.5, not '-1'"),
    ],
)
def test_a_wrong_option_ends_the_run_with_one_line(
    run: Run, option: str, complaint: str
) -> None:
    """Before any test."""
    result = run("", f"--smtptest-{option}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {complaint}"])


def test_workers_count_on_from_a_port_that_is_given(
    run: Run, pytester: pytest.Pytester
) -> None:
    """pytest-xdist tells each what it is called, in this way."""
    pytester.makeconftest(
        """
        def pytest_configure(config):
            config.workerinput = {"workerid": "gw3"}
        """
    )
    result = run(
        """
        from lazr_smtptest.testing.pytest_options import keywords_of_run

        def test_port(pytestconfig):
            assert keywords_of_run(pytestconfig)["port"] == 2003
        """,
        "--smtptest-port=2000",
    )
    result.assert_outcomes(passed=1)


def test_an_option_that_no_server_takes_fails_the_tests(run: Run) -> None:
    """With one line."""
    result = run("def test_mail(smtptest): pass", "--smtptest-profile=lax")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["--smtptest: *profile is 'standard' or 'strict', not 'lax'*"]
    )


def test_a_port_that_is_taken_fails_the_tests(run: Run) -> None:
    """With one line, which names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("def test_mail(smtptest): pass", f"--smtptest-port={port}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"--smtptest: cannot listen on 'localhost' port {port}: Address already*"]
    )


# The report of a failed test


def test_a_failed_test_shows_what_was_said(run: Run) -> None:
    """Sessions of this test only."""
    result = run(
        """
        def test_one(smtptest):
            send(smtptest, "One")

        def test_two(smtptest):
            send(smtptest, "Two")
            assert False
        """
    )
    result.stdout.fnmatch_lines(
        [
            "*- smtptest transcript -*",
            "to localhost port *",
            "session 1, 127.0.0.1:* (client.example): accepted 1, refused 0",
            "* -> ehlo client.example",
            "* -> Subject: Two",
        ]
    )
    result.stdout.no_fnmatch_line("* -> Subject: One")


def test_a_test_that_passes_shows_nothing(run: Run) -> None:
    """Nor does one that fails without a server."""
    result = run(
        """
        def test_one(smtptest):
            send(smtptest)

        def test_two():
            assert False
        """,
        "-rA",
    )
    assert not re.search(r"^-+ smtptest \w+ -+$", result.stdout.str(), re.MULTILINE)


def test_a_run_without_a_server_installs_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hook of Python watches a program that uses nothing of ours."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(
        """
        import sys

        hooks = []
        sys.addaudithook = hooks.append
        """
    )
    pytester.makepyfile(
        """
        import sys
        import threading
        from conftest import hooks

        def test_hooks():
            assert hooks == []
            assert "lazr" not in repr(threading.excepthook)
            monitoring = getattr(sys, "monitoring", None)
            assert not monitoring or not any(map(monitoring.get_tool, range(6)))
        """
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_a_plain_assertion_shows_what_arrived(run: Run) -> None:
    """With recipients, subject and the seconds since the test began."""
    result = run(
        """
        def test_count(smtptest):
            send(smtptest)
            assert len(smtptest) == 2

        def test_subject(smtptest):
            send(smtptest, "Two")
            assert smtptest.latest.subject == "Welcome"
        """,
        *("-p", "no:randomly"),
    )
    result.stdout.fnmatch_lines(
        [
            "E*where 1 = len(<CaptureController on *, 1 message: 'Hello' to b@*>)",
            "*- smtptest mail -*",
            "1 message arrived at localhost port *:",
            "  after 0.* s from <a@example.com> to b@example.com, subject 'Hello'",
            "*- smtptest mail -*",
            "  after 0.* s from <a@example.com> to b@example.com, subject 'Two'",
        ]
    )


def test_a_controller_of_the_tests_own_shows_it_too(run: Run) -> None:
    """Also one that has stopped by then, and a plain one with a mailbox."""
    result = run(
        """
        from lazr_smtptest import CaptureController, CaptureServer, Controller

        def test_own():
            with CaptureController() as controller:
                send(controller)
            assert controller.latest.subject == "Welcome"

        def test_plain():
            with Controller(CaptureServer()) as controller:
                send(controller)
                assert controller.server.mailbox.latest.subject == "Welcome"
        """
    )
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count("1 message arrived at localhost port ") == 2
    assert result.stdout.str().count("-> Subject: Hello") == 2


def test_a_case_of_unittest_shows_it_once(run: Run) -> None:
    """In the text of the failure, as under other runners."""
    result = run(
        """
        import unittest
        from lazr_smtptest.testing.unittest import SMTPTestMixin

        class Tests(SMTPTestMixin, unittest.TestCase):
            def test_one(self):
                send(self.smtptest)
                assert self.smtptest.latest.subject == "Welcome"

            def test_two(self):
                send(self.smtptest, "Two")
                self.assertEqual(len(self.smtptest), 2)
        """
    )
    result.assert_outcomes(failed=2)
    output = result.stdout.str()
    assert output.count("1 message arrived at localhost port ") == 2
    assert output.count("subject 'Two'") == 1
    assert output.count("-> Subject: Two") == 1


def test_a_server_of_another_test_is_not_shown(run: Run) -> None:
    """Though it runs."""
    result = run(
        """
        def test_one(smtptest):
            send(smtptest)

        def test_two():
            assert False
        """,
        *("-p", "no:randomly"),
    )
    result.stdout.no_fnmatch_line("*smtptest mail*")


def test_what_the_program_did_is_shown(run: Run) -> None:
    """Beside the server, if the test fails."""
    suite = """
        import socket

        def test_one(smtptest):
            with socket.socket() as client:
                client.connect_ex(("127.0.0.1", 1))
            assert smtptest.latest
        """
    result = run(suite)
    result.stdout.fnmatch_lines(
        [
            "*- smtptest program -*",
            "The program tried to connect to 127.0.0.1 port 1; in test_one, *",
        ]
    )


@pytest.mark.parametrize(
    "option", ["--smtptest-activity=off", "-o=smtptest_activity=off"]
)
def test_what_the_program_did_can_be_left_out(run: Run, option: str) -> None:
    """Then it is not recorded at all."""
    suite = """
        import socket

        def test_one(smtptest):
            assert not smtptest.mailbox.activity.enabled
            with socket.socket() as client:
                client.connect_ex(("127.0.0.1", 1))
            assert smtptest.latest
        """
    run(suite, option).stdout.no_fnmatch_line("*The program*")


def test_a_marker_says_what_a_failure_tells(run: Run) -> None:
    """By the same names."""
    result = run(
        """
        @pytest.mark.smtptest(activity=False, grace=0.25)
        def test_one(smtptest):
            assert not smtptest.mailbox.activity.enabled
            assert smtptest.mailbox.grace == 0.25
        """,
        *("--smtptest-grace=0", "--smtptest-activity=on"),
    )
    result.assert_outcomes(passed=1)


URL = """
    from urllib.request import urlopen

    {mark}
    def test_one(smtptest):
        with urlopen(smtptest.url + "livez", timeout=60) as answer:
            assert (answer.status, answer.read()) == (200, b"")
    """


@pytest.mark.parametrize("option", ["--smtptest-http", "-o=smtptest_http=true"])
def test_an_option_lets_other_programs_read(run: Run, option: str) -> None:
    """Over HTTP."""
    run(URL.format(mark=""), option).assert_outcomes(passed=1)


def test_a_marker_lets_other_programs_read(run: Run) -> None:
    """Over HTTP."""
    mark = "@__import__('pytest').mark.smtptest(http=True)"
    run(URL.format(mark=mark)).assert_outcomes(passed=1)


def test_the_value_of_http_is_checked(run: Run) -> None:
    """A port would be no switch."""
    mark = "@__import__('pytest').mark.smtptest(http=8025)"
    result = run(URL.format(mark=mark))
    result.stdout.fnmatch_lines(["*http is True or False, not 8025*"])


def test_the_grace_may_stand_in_the_file(run: Run) -> None:
    """In seconds."""
    result = run(
        """
        def test_one(smtptest):
            assert smtptest.mailbox.grace == 0.5
        """,
        *("-o", "smtptest_grace=0.5"),
    )
    result.assert_outcomes(passed=1)


def test_a_conversation_is_shown_once(run: Run) -> None:
    """In the failure, if it has it; the others in the section."""
    result = run(
        """
        def test_one(smtptest):
            send(smtptest, "One")
            smtptest.clear()
            send(smtptest, "Two")
            with connect(smtptest) as client:
                client.helo()
            smtptest.assert_none()
        """
    )
    output = result.stdout.str()
    assert output.count("-> Subject: Two") == 1
    assert output.count("-> helo ") == 1
    assert "smtptest mail" not in output


def test_that_nobody_connected_is_said_once(run: Run) -> None:
    """The failure says it."""
    result = run(
        """
        def test_one(smtptest):
            smtptest.mailbox.grace = 0
            smtptest.wait_for(timeout=0)
        """
    )
    failure = result.stdout.str().split("short test summary")[0]
    assert failure.count("no client connected") == 1
    assert "- smtptest " not in failure


@pytest.mark.parametrize(
    "call",
    [
        "wait_for(timeout=0)",
        "assert_received()",
        "assert_sent(recipient='a@b')",
        "for_user('x').assert_received()",
        "assert_received(timeout=0.01)",
        "assert_received(recipiend='a@b')",
        "find(subject=17)",
        "wait_for(count=0)",
    ],
)
def test_the_frames_of_the_library_are_hidden(run: Run, call: str) -> None:
    """The last line that is shown is one of the test."""
    result = run(
        f"""
        def test_one(smtptest):
            smtptest.mailbox.grace = 0
            smtptest.{call}
        """,
        "--smtptest-transcript=0",
    )
    result.assert_outcomes(failed=1)
    lines = result.stdout.str().splitlines()
    places = [line for line in lines if re.match(r"\S+\.py:\d+: ", line)]
    assert [line.split(":")[0] for line in places] == ["test_suite.py"]


def test_where_nobody_connected_that_is_what_is_said(run: Run) -> None:
    """The commonest of all causes."""
    result = run(
        """
        def test_mail(smtptest):
            assert len(smtptest) == 1
        """
    )
    result.stdout.fnmatch_lines(["no client connected to localhost port *"])


def test_every_server_of_the_test_has_its_transcript(run: Run) -> None:
    """Also one that was made by the factory."""
    result = run(
        """
        def test_mail(smtptest, smtptest_factory):
            send(smtptest_factory())
            assert False
        """
    )
    assert result.stdout.str().count("- smtptest transcript -") == 2


def test_a_hook_that_raised_has_the_transcript_too(run: Run) -> None:
    """The test has passed, but its teardown fails."""
    result = run(
        """
        @pytest.mark.smtptest(server=Broken)
        def test_mail(smtptest):
            send_in_vain(smtptest)
        """
    )
    result.stdout.fnmatch_lines(["*- smtptest transcript -*", "* <[*][*] 451 4.3.0 *"])


@pytest.mark.parametrize(("lines", "shown"), [("3", True), ("0", False)])
def test_the_transcript_has_a_bound(run: Run, lines: str, shown: bool) -> None:
    """In lines; 0 is none at all."""
    result = run(
        """
        def test_mail(smtptest):
            send(smtptest)
            assert False
        """,
        f"--smtptest-transcript={lines}",
    )
    output = result.stdout.str()
    assert ("[... earlier lines are left out ...]" in output) is shown
    assert "ehlo" not in output


def test_each_test_begins_without_faults(run: Run) -> None:
    """Those of the test before are forgotten."""
    result = run(
        """
        @pytest.mark.parametrize("number", [1, 2])
        def test_it(smtptest, number):
            assert smtptest.faults.rules == ()
            smtptest.faults.on("EOD").reply(451)
            send_in_vain(smtptest)
            smtptest.faults.assert_all_fired()
        """
    )
    result.assert_outcomes(passed=2)


def test_the_report_has_the_faults_that_did_not_fire(run: Run) -> None:
    """A test that failed may have failed for that."""
    result = run(
        """
        def test_it(smtptest):
            smtptest.faults.on("RCPT", recipient="nobody@example.com").reply(550)
            send(smtptest)
            assert False
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*smtptest faults*",
            "Faults that did not fire:",
            "  - on('RCPT', recipient='nobody@example.com').reply(550)",
        ]
    )


def test_a_marker_may_name_a_file_of_faults(
    run: Run, pytester: pytest.Pytester
) -> None:
    """Its rules are in force for this test."""
    pytester.path.joinpath("faults.toml").write_text(
        '[[fault]]\non = "EOD"\nreply = [451, "4.3.0 no"]\n'
    )
    result = run(
        """
        @pytest.mark.smtptest(faults="faults.toml")
        def test_it(smtptest):
            send_in_vain(smtptest)
            smtptest.faults.assert_all_fired()
        """
    )
    result.assert_outcomes(passed=1)


def test_a_file_of_faults_is_in_the_folder_of_the_test(
    run: Run, pytester: pytest.Pytester
) -> None:
    """Wherever pytest is started; one in the current folder is the second choice."""
    folder = pytester.mkdir("mail")
    folder.joinpath("faults.toml").write_text('[[fault]]\non = "EOD"\nreply = 451\n')
    pytester.path.joinpath("faults.toml").write_text("not read")
    folder.joinpath("test_faults.py").write_text(
        HEADER
        + textwrap.dedent(
            """
            @pytest.mark.smtptest(faults="faults.toml")
            def test_it(smtptest):
                send_in_vain(smtptest)
                smtptest.faults.assert_all_fired()
            """
        )
    )
    result = run("", "mail")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("call", ["assert_none()", "assert_received(subject='Bye')"])
def test_without_transcripts_a_failure_shows_no_session(run: Run, call: str) -> None:
    """Neither of mail that is unwanted nor of mail that was refused."""
    result = run(
        f"""
        def test_mail(smtptest):
            send(smtptest)
            smtptest.faults.on("MAIL").reply(550)
            send_in_vain(smtptest)
            smtptest.{call}
        """,
        "--smtptest-transcript=0",
        "--smtptest-grace=0",
    )
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("* <- *")
    result.stdout.no_fnmatch_line("* -> *")


def test_the_summary_has_the_reason(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is as narrow as a terminal."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    result = run(
        """
        def test_mail(smtptest):
            smtptest.assert_received()

        def test_none(smtptest):
            send(smtptest)
            smtptest.assert_none()
        """
    )
    result.stdout.fnmatch_lines(
        [
            "FAILED test_suite.py::test_mail - NotReceived: no client connected to*",
            "FAILED test_suite.py::test_none - *unwanted: 'Hello' to b@exa*",
        ]
    )


def test_what_a_test_adds_to_the_shared_server_is_gone_for_the_next(run: Run) -> None:
    """A subscriber, a hook, a setting; that of a fixture of the session stays."""
    result = run(
        """
        import pytest
        calls = []

        @pytest.fixture(scope="session", autouse=True)
        def all_mail(smtptest_shared):
            smtptest_shared.mailbox.subscribe(lambda mail: calls.append("wide"))

        def test_one(smtptest):
            smtptest.mailbox.subscribe(lambda mail: calls.append("subscriber"))
            smtptest.server.handle_message = lambda mail: calls.append("hook")
            smtptest.mailbox.grace = 17.0

        def test_two(smtptest):
            send(smtptest)
            assert calls == ["wide"]
            assert smtptest.mailbox.grace != 17.0
        """,
        *("-p", "no:randomly"),
    )
    result.assert_outcomes(passed=2)
