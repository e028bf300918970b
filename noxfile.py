"""The checks of this project, by the names that CI uses: ``nox -s NAME``.

``nox`` alone runs what a change needs before it is sent; ``nox -s quick`` takes less
than a minute. The nightly sessions take long and print what they found.
"""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">= 2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "imports", "docs", "quick"]

# A table of tests is about the rows, not about the version of Python or the platform:
# every other Python runs a fifth of them, at least two.
_FIFTH = {"LAZR_SMTPTEST_SHARE": "5"}
_SHARE = {**_FIFTH, "LAZR_SMTPTEST_LEAST": "2"}

# Rooms whose every branch is tested, and the tests that do it.
_WHOLE = ("smtp", "auth", "tls")
_THEIR_TESTS = (*_WHOLE, "model", "conformance", "faults", "test_options.py")
_READERS = ("readers/imap", "readers/pop3")
_READERS_TESTS = (
    *_READERS,
    "readers/test_services.py",
    "readers/test_transcripts.py",
)
# Tests of theirs that run the rows of a table once more, in another way.
_READ_AGAIN = (
    "readers/imap/test_table.py::test_octet_by_octet_the_replies_are_the_same",
    "readers/imap/test_table.py::test_within_tls_the_replies_are_the_same",
    "readers/imap/test_table.py::test_over_tcp_the_replies_are_the_same",
    "readers/pop3/test_table.py::test_octet_by_octet_the_replies_are_the_same",
    "readers/pop3/test_table.py::test_within_tls_the_replies_are_the_same",
)
_MEASURE = ("--cov", "--cov-branch", "--cov-report=")


_PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]

# Where pytest writes which tests failed, and where those are noted that passed alone.
_FAILED = Path(".pytest_cache/v/cache/lastfailed")
_UNSTEADY = Path(".pytest_cache/unsteady")
# How many may do so, and how often each has to pass.
_FEW = 3
_TIMES = 5


def _pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    """Run pytest, and what fails of it again; see `_run` and `_try_again`."""
    _FAILED.unlink(missing_ok=True)
    try:
        _run(session, *arguments, **environment)
    except CommandFailed:
        _try_again(session, "python", *arguments, **environment)


def _run(
    session: nox.Session, *arguments: str, python: str = "python", **environment: str
) -> None:
    """Run pytest on every core, or as the user of ``nox -s NAME -- ...`` says."""
    # Else every process would compile the tests and the package for itself.
    environment.setdefault("PYTHONDONTWRITEBYTECODE", "")
    words = ["-q", "-n", "auto", *session.posargs, *arguments]
    session.run(python, "-m", "pytest", *words, env=environment, external=True)


def _try_again(
    session: nox.Session, python: str, *arguments: str, **environment: str
) -> None:
    """Run the few tests that failed beside thousands of others, alone and repeatedly.

    Those that pass each time are noted: they are faults, but none of the change that is
    checked. The session fails if one does not, or if more than a few failed.
    """
    if not _FAILED.exists():
        session.error("pytest ended before a test had failed")
    failed = _FAILED.read_text(encoding="utf-8")
    tests = sorted(json.loads(failed))
    if len(tests) > _FEW:
        session.error(f"{len(tests)} tests failed")
    for _ in range(_TIMES):
        # Those that passed are not in it any more.
        _FAILED.write_text(failed, encoding="utf-8")
        alone = ["-n", "0", "--last-failed", "--last-failed-no-failures=none"]
        _run(session, *arguments, *alone, python=python, **environment)
    for test in tests:
        session.warn(f"unsteady: {test} failed once, and passed {_TIMES} times alone")
    with _UNSTEADY.open("a", encoding="utf-8") as file:
        file.writelines(f"{test}\n" for test in tests)


@nox.session(venv_backend="none")
def again(session: nox.Session) -> None:
    """Run what failed in the README's test command, see `_try_again`."""
    _try_again(session, ".venv/bin/python", "tests")


@nox.session
def quick(session: nox.Session) -> None:
    """Run a part of the tests of every room, in less than a minute.

    Each test that needs no other program and little time runs, of those with rows one
    in twenty: so one that is about all stores runs with one of them.
    """
    session.install("-e", ".[test]")
    few = {"LAZR_SMTPTEST_SHARE": "20", "LAZR_SMTPTEST_LEAST": "1"}
    _pytest(session, "-m", "not slow", "tests", **few)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    session.install("-e", ".[test,lint]")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that the rooms of the package import downwards only."""
    # It reads the modules and imports none of them.
    session.install("import-linter >= 2", "tomli")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Check the spelling of the manual, and build it; a warning is an error."""
    session.install("-e", ".[test,doc]")
    session.run("codespell")
    html = session.create_tmp()
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "doc", html)


@nox.session
def site(session: nox.Session) -> None:
    """Build the manual of each release into build/site, and check its links."""
    session.install("-e", ".[test,doc]")
    session.run("codespell")
    session.run("python", ".ci/site.py", "build/site")


@nox.session
def pictures(session: nox.Session) -> None:
    """Make the pictures of the page that the manual shows."""
    session.install("-e", ".[test]", "pillow")
    test = "tests/page/test_screenshots.py"
    _pytest(session, "-n", "0", "-k", "written", test, LAZR_SMTPTEST_PICTURES="1")


@nox.session
def coverage(session: nox.Session) -> None:
    """Check that no branch of the wire, logins, TLS, IMAP and POP3 is untested.

    Of the wire a fifth of the rows of the tables, at least five, reaches nearly all of
    them. All rows run, which takes three times as long, if it does not reach every one.
    """
    session.install("-e", ".[test,lint]")
    tests = [f"tests/{room}" for room in _THEIR_TESTS]
    _pytest(session, *_MEASURE, *tests, **_FIFTH)
    try:
        _check_coverage(session, _WHOLE)
    except CommandFailed:
        _pytest(session, *_MEASURE, *tests)
        _check_coverage(session, _WHOLE)
    # Their rows take little time, so all of them run, once each.
    again = [f"--deselect=tests/{test}" for test in _READ_AGAIN]
    tests = [f"tests/{place}" for place in _READERS_TESTS]
    quick = ["-m", "not slow and not hypothesis"]
    _pytest(session, *_MEASURE, *quick, *again, *tests)
    _check_coverage(session, _READERS)


def _check_coverage(session: nox.Session, rooms: tuple[str, ...]) -> None:
    """Check that the tests that ran last have reached every branch of some rooms."""
    files = ",".join(f"lazr_smtptest/{room}/*" for room in rooms)
    session.run("coverage", "report", "--fail-under=100", f"--include={files}")


@nox.session(python=_PYTHONS)
def tests(session: nox.Session) -> None:
    """Run every test function that may depend on the version of Python."""
    session.install("-e", ".[test]")
    _pytest(session, "-m", "not once and not twice", "tests", **_SHARE)


@nox.session(python="3.10")
def oldest(session: nox.Session) -> None:
    """Run every test function not marked ``once`` with the oldest dependencies."""
    oldest = ["Twisted == 24.7.0", "attrs == 22.2.0", "idna == 2.5"]
    oldest += ["psycopg[binary] == 3.1.12", "psycopg_pool == 3.2.0"]
    session.install("-e", ".[test]", *oldest)
    # That Twisted leaves a socket which it could not bind to the garbage collector.
    warnings = ["-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
    _pytest(session, "-m", "not once", *warnings, "tests", **_SHARE)


# Rooms that work on every platform, but for tests that are marked "posix_disk".
_PORTABLE = ("server", "mailbox", "smtp", "net/test_reactor.py", "test_platforms.py")


@nox.session
def portable(session: nox.Session) -> None:
    """Run tests of the in-process side without what macOS and Windows lack."""
    session.install("-e", ".[test]")
    tests = [f"tests/{place}" for place in _PORTABLE]
    for platform, left_out in (("macos", "slow"), ("windows", "slow or posix_disk")):
        words = ["-p", "tests.platforms", "-m", f"not ({left_out})"]
        settings = {"LAZR_SMTPTEST_PLATFORM": platform, **_SHARE}
        _pytest(session, *words, *tests, **settings)


@nox.session
def kill(session: nox.Session) -> None:
    """Nightly: kill a server a hundred times a store."""
    session.install("-e", ".[test]")
    _run(session, "tests/stores/sudden", LAZR_SMTPTEST_KILLS="100")


@nox.session
def crowd(session: nox.Session) -> None:
    """Nightly: send a million messages to three nodes, and kill one all the time."""
    session.install("-e", ".[test]")
    test = "tests/stores/sudden/test_crowd.py"
    _run(session, "-n", "0", test, LAZR_SMTPTEST_CROWD="1000000")


@nox.session
def schema(session: nox.Session) -> None:
    """Nightly: make many requests from the description of the HTTP API."""
    session.install("-e", ".[test]")
    test = "tests/readers/http/api/test_schema.py"
    _run(session, "-n", "0", test, LAZR_SMTPTEST_EXAMPLES="300")


@nox.session
def examples(session: nox.Session) -> None:
    """Nightly: try thirty times as many random examples of each test that has some."""
    session.install("-e", ".[test]")
    _run(session, "-m", "hypothesis", "tests", LAZR_SMTPTEST_NIGHTLY="1")


@nox.session
def image(session: nox.Session) -> None:
    """Build the image from Containerfile with buildah, and run it."""
    session.install("-e", ".[test]", "pip")
    test = "tests/containers/test_image.py"
    _run(session, "-n", "0", "--durations=5", test, LAZR_SMTPTEST_IMAGE="1")


@nox.session
def bench(session: nox.Session) -> None:
    """Nightly: compare the speed with other servers."""
    session.install("-e", ".[test,bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def largest(session: nox.Session) -> None:
    """Nightly: measure with the largest data sets."""
    session.install("-e", ".[test,bench]")
    scenarios = [f"--scenario={name}" for name in ("million", "peak", "indexing")]
    session.run("python", "-m", "benchmarks", *scenarios, *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Nightly: fuzz the parsers for an hour; tests/fuzz/test_targets.py is short.

    Other options of libFuzzer come after ``--``. What was found is kept for the next
    run, and what fails is in the folder of the session, too.
    """
    session.install("-e", ".[test]", "atheris")
    folder = session.cache_dir / "fuzz"
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    options = session.posargs or ["-max_total_time=3600", "-max_len=4096"]
    words = [*options, f"-artifact_prefix={folder}/", str(corpus)]
    session.run("python", "tests/fuzz/run.py", *words)


@nox.session
def release(session: nox.Session) -> None:
    """Build what is released into build/release, and check it; nothing is uploaded.

    Two builds have the same bytes; the metadata is what the index takes; sbom.json
    lists what is installed. Then `tests/packaging` installs it in empty environments,
    runs the README, and upgrades from version 2, on each Python that is here; and the
    databases of earlier versions are opened.
    """
    session.install("build", "twine", "cyclonedx-bom", "virtualenv")
    folders = [Path("build/release"), session.cache_dir / "release"]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        session.run("python", ".ci/build.py", str(folder))
    digests = [
        {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
        for folder in folders
    ]
    if digests[0] != digests[1]:
        session.error(f"two builds differ: {digests}")
    for name, digest in sorted(digests[0].items()):
        session.log("%s  %s", digest, name)
    files = [str(folders[0] / name) for name in digests[0]]
    session.run("twine", "check", "--strict", *files)
    environment = Path(session.create_tmp()) / "environment"
    session.run("python", "-m", "virtualenv", "--quiet", "--clear", str(environment))
    python = str(environment / "bin/python")
    [wheel] = folders[0].glob("*.whl")
    everything = f"{wheel}[tls,sqlite,checks,dkim,htpasswd,load]"
    pip = [python, "-m", "pip", "install", "--quiet", everything]
    session.run(*pip, external=True)
    sbom = ["--output-reproducible", "--output-file", "build/release/sbom.json"]
    session.run("cyclonedx-py", "environment", *sbom, python)
    for version in _PYTHONS:
        session.notify(f"released-{version}")


@nox.session(python=_PYTHONS)
def released(session: nox.Session) -> None:
    """Install what is released, upgrade to it, and open databases of before."""
    session.install("-e", ".[test]")
    _pytest(session, "tests/packaging", "tests/stores/test_sqlite.py")


@nox.session
def man(session: nox.Session) -> None:
    """Write the manual pages of the command into build/man, or into a folder given."""
    session.install("-e", ".")
    folder = session.posargs or ["build/man"]
    session.run("python", "-m", "lazr_smtptest.cli.man_pages", *folder)


@nox.session
def news(session: nox.Session) -> None:
    """Gather the files of newsfragments/ into NEWS.rst."""
    session.install("towncrier >= 24.8")
    session.run("towncrier", "build", "--yes", "--version=next")
