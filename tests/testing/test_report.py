"""`lazr_smtptest.testing.report`: what failed tests leave in a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

# Twisted is not made to be imported twice, and a run within this one forgets what
# it was the first to import.
from lazr_smtptest.testing import bundle
from lazr_smtptest.testing.bundle import joined

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "lazr_smtptest.testing.pytest_plugin")

HEADER = """
import smtplib
from lazr_smtptest import CaptureController
from lazr_smtptest.testing.report import report_failures

def send(server):
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        text = "Subject: Hello\\n\\nHi.\\n"
        client.sendmail("a@example.com", ["b@example.com"], text)
"""

PYTEST = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_fails(smtptest, number):
    send(smtptest)
    assert number == 1, "too bad"

def test_without_mail():
    assert not "a server"
"""

UNITTEST = """
import unittest
from lazr_smtptest.testing.unittest import SMTPTestMixin

report_failures("out")

class Mail(SMTPTestMixin, unittest.TestCase):
    def test_fails(self):
        send(self.smtptest)
        self.smtptest.assert_none(within=0)

    def test_passes(self):
        send(self.smtptest)
"""

TRIAL = """
from twisted.internet import threads
from twisted.trial import unittest
from lazr_smtptest.testing.trial import NotesMixin, listen

report_failures("out")

class Mail(NotesMixin, unittest.TestCase):
    async def test_fails(self):
        server = await listen(self)
        await threads.deferToThread(send, server)
        raise ValueError("too bad")
"""


def evidence_in(folder):
    """Return what each failed test left, by its name without its file."""
    found = [json.loads(each.read_text()) for each in folder.glob("*/evidence.json")]
    assert (folder / "report.html").exists() == bool(found)
    return {each["test"].rpartition("::")[2]: each for each in found}


def subjects(evidence):
    return [
        message["message"]["summary"]["subject"]
        for server in evidence["servers"]
        for message in server["messages"]
    ]


@pytest.fixture
def run_pytest(pytester, monkeypatch):
    """Runs pytest within pytest; returns its result, and what failed tests left."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_suite=HEADER + PYTEST)

    def run(*arguments):
        words = (*PLUGIN, "--smtptest-report", "out", *arguments)
        result = pytester.runpytest_inprocess(*words)
        return result, evidence_in(pytester.path / "out")

    return run


def check_report(found, folder):
    """Check that both failed tests with mail are in a report, and no other."""
    assert found.keys() == {"test_fails[0]", "test_fails[2]"}
    assert all(subjects(each) == ["Hello"] for each in found.values())
    assert all("too bad" in each["error"] for each in found.values())
    text = (folder / "report.html").read_text()
    assert text.count('"test":"test_suite.py::test_fails[') == 2
    mail = folder / found["test_fails[0]"]["folder"] / "message-1.eml"
    assert mail.read_bytes() == b"Subject: Hello\r\n\r\nHi.\r\n"


def test_pytest_writes_each_failed_test_that_used_a_server(run_pytest, pytester):
    """The end of the run names the document."""
    result, found = run_pytest()
    result.assert_outcomes(failed=3, passed=1)
    path = pytester.path / "out/report.html"
    assert f"smtptest report: {path}" in result.outlines
    check_report(found, pytester.path / "out")


def test_the_workers_of_xdist_write_one_report(python, needs, tmp_path):
    """Each writes the folders of its tests, and the document has them all."""
    needs("xdist")
    others = ("asyncio", "django", "twisted", "schemathesis", "randomly")
    without = [word for name in others for word in ("-p", f"no:{name}")]
    words = (*without, "--smtptest-report", "out", "-n", "2")
    output = python(HEADER + PYTEST, "pytest", *words)
    assert "3 failed, 1 passed" in output
    check_report(evidence_in(tmp_path / "out"), tmp_path / "out")


def test_nothing_is_written_when_all_pass(run_pytest, pytester):
    """The folder is not even made."""
    assert run_pytest("-k", "fails and 1")[1] == {}
    assert not (pytester.path / "out").exists()


def test_the_report_of_an_earlier_run_is_removed(run_pytest, pytester):
    """A run without failures leaves none behind, and other files alone."""
    assert run_pytest("-k", "fails and 0")[1]
    (pytester.path / "out/notes.txt").write_text("mine")
    assert run_pytest("-k", "fails and 1")[1] == {}
    assert [each.name for each in (pytester.path / "out").iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_made_is_named(pytester, monkeypatch):
    """The run goes on, and the report of the test says why nothing was written."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "file").write_text("")
    pytester.makepyfile(test_suite=HEADER + PYTEST)
    result = pytester.runpytest_inprocess(*PLUGIN, "--smtptest-report", "file/out")
    result.assert_outcomes(failed=3, passed=1)
    result.stdout.fnmatch_lines(["it cannot be written: *file/out*"])


def test_a_file_in_place_of_the_folder_is_refused(pytester, monkeypatch):
    """Before any test runs, in one line."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "file").write_text("")
    result = pytester.runpytest_inprocess(*PLUGIN, "--smtptest-report", "file")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--smtptest-report is a folder, not the file *"])


@pytest.fixture
def run(python, tmp_path):
    """Runs a suite; returns what each failed test left, by its name."""

    def run(suite, module, *arguments):
        python(HEADER + suite, module, *arguments)
        return evidence_in(tmp_path / "out")

    return run


def test_unittest_writes_a_report_by_a_call(run):
    """Failed cases are in it, and others are not."""
    found = run(UNITTEST, "unittest", "test_suite")
    assert [each.rpartition(".")[2] for each in found] == ["test_fails"]
    [evidence] = found.values()
    assert subjects(evidence) == ["Hello"]
    assert "AssertionError" in evidence["error"]


def test_trial_writes_a_report_by_a_call(run, tmp_path):
    """The same with a test that is a coroutine."""
    found = run(TRIAL, "twisted.trial", f"--temp-directory={tmp_path}/t", "test_suite")
    [evidence] = found.values()
    assert subjects(evidence) == ["Hello"]
    assert "too bad" in evidence["error"]


def test_the_texts_are_the_same_in_every_language():
    """All that the document shows can be read in English and in German."""
    folder = Path(bundle.__file__).parent / "page"
    paths = [folder / f"{name}.json" for name in ("en", "de")]
    english, german = (json.loads(each.read_text("utf-8")) for each in paths)
    source = (folder / "report.js").read_text("utf-8")
    used = set(re.findall(r'"(report\.[a-z-]+)"', source))
    assert list(english) == list(german)
    used |= {f"report.{who}" for who in ("client", "server", "note")}
    assert used == english.keys()


# The script


@pytest.fixture
def modules(tmp_path):
    """Writes modules, and joins the one that is called main.js with them."""

    def join(**codes):
        for name, code in codes.items():
            (tmp_path / f"{name}.js").write_text(code)
        return joined(tmp_path / "main.js", tmp_path)

    return join


def test_modules_are_joined_once_and_in_order(modules):
    """A module that two others import is there once, before both."""
    script = modules(
        main='import { a } from "./a.js";\nimport { b as c } from "./b.js";\na(c);\n',
        a='import { b } from "./b.js";\nexport function a() { return b; }\n',
        b="export const b = 1;\n",
    )
    assert script.count("const b = 1;") == 1
    assert script.index("const b = 1;") < script.index("function a()")
    assert 'const { b: c } = modules["b.js"];' in script
    assert "export" not in script


@pytest.mark.parametrize(
    "code",
    [
        'import x from "./x.js";\n',
        "export default 1;\n",
        "export { x };\n",
        'const x = "</script>";\n',
    ],
)
def test_a_module_of_another_form_is_refused(modules, code):
    """It is an error where the report is made, not in the browser of a reader."""
    with pytest.raises(ValueError, match=r"main\.js cannot be joined"):
        modules(main=code)
