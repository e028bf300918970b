"""The documentation is true: its code is run, its files are shown, it builds."""

from __future__ import annotations

import doctest
import importlib.util
import json
import os
import re
import shlex
import shutil
import smtplib
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import attrs
import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest import (
    CaptureController,
    Envelope,
    Limits,
    QueueController,
    open_store,
)
from lazr_smtptest.cli.application import ServerProcess
from lazr_smtptest.cli.main import COMMANDS
from lazr_smtptest.cli.option_table import DEFAULT_HOST, DEFAULT_PORT
from lazr_smtptest.cli.tap import Options, makeService
from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.testing.pytest_options import OPTIONS as PYTEST_OPTIONS
from lazr_smtptest.testing.servers import KEYWORDS
from tests.clients.conftest import missing
from tests.documents import PATIENCE, blocks, code_blocks, python
from tests.once import Once

ROOT = Path(__file__).parents[1]
README = ROOT / "README.rst"
DOCUMENTS = [README, *sorted((ROOT / "doc").glob("*.rst"))]
PYTEST = ROOT / "doc" / "pytest.rst"
COMMAND = ROOT / "doc" / "command.rst"
WIRE = ROOT / "doc" / "wire.rst"
INSTALL = ROOT / "doc" / "install.rst"
HTTP_PAGE = (ROOT / "doc" / "http.rst").read_text()
TASKS_PAGE = (ROOT / "doc" / "tasks.rst").read_text()
EXAMPLES = sorted((ROOT / "tests" / "examples").glob("[!_]*.py"))

# A server that a document starts, and its options; no other command.
_COMMAND_LINE = (
    r"\$ (?:twistd -n (?:--pidfile= )?)?smtptest(?! [a-z]| --version) *(.*?)(?: &)?\n"
)

# Only one of these two plugins can run a test that is a coroutine.
NO_TWISTED = ("-p", "no:twisted", "-o", "asyncio_default_fixture_loop_scope=function")
NO_ASYNCIO = ("-p", "no:asyncio")

# The flags under which lazr.smtptest always ran its documents.
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


def literal_block_after(comment: str, text: str) -> list[str]:
    """The lines of the literal block that stands directly after a comment."""
    found = re.search(
        rf"^\.\. {re.escape(comment)}\n\n::\n\n((?: +.*\n)+)", text, re.MULTILINE
    )
    assert found, f"no literal block after .. {comment}"
    return [line.strip() for line in found[1].splitlines()]


def rows_of_table(title: str, text: str) -> list[list[str]]:
    """The cells of a list-table, row by row, without its header and its markup."""
    table = text.partition(f".. list-table:: {title}\n")[2]
    assert table, f"no table {title}"
    # It is indented; what comes after it is not.
    body = re.split(r"\n(?=\S)", table)[0]
    _, _, *rows = re.split(r"^   \* - ", body, flags=re.MULTILINE)
    return [
        [
            " ".join(cell.split()).strip("`")
            for cell in re.split(r"^     -", row, flags=re.MULTILINE)
        ]
        for row in rows
    ]


def shell(command: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line with the programs that are installed beside this Python."""
    environment = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    # Who does not ask for HTTP gets it at its usual port, which another test may have.
    environment["SMTPTEST_NO_HTTP"] = "1"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def named(path: Path) -> str:
    """What a parametrized test is called after."""
    return path.name


# The document that began it all leaves a client open, and stays as it is.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if ">>> " in path.read_text()],
    ids=named,
)
def test_what_the_document_types_prints_what_it_says(
    document: Path, request: pytest.FixtureRequest
) -> None:
    """Every interactive example gives the output that is shown below it."""
    if "9025" in document.read_text():
        request.getfixturevalue("port_9025")
    result = doctest.testfile(
        str(document), module_relative=False, optionflags=FLAGS, encoding="utf-8"
    )
    assert result.failed == 0
    assert result.attempted > 0


def test_the_code_blocks_of_the_documents_pass(tmp_path: Path) -> None:
    """Every code block is a test that passes when it is pasted into a file.

    One pytest runs them all: a block that fails is named by its file.
    """
    need("aiosmtplib", "dkim", "pytest_asyncio")
    for document in DOCUMENTS:
        for number, code in enumerate(code_blocks(document.read_text())):
            assert "def test_" in code
            name = re.sub(r"\W", "_", document.stem)
            (tmp_path / f"test_{name}_{number}.py").write_text(code)
    run = python(
        "-m", "pytest", "-p", "no:cacheprovider", *NO_TWISTED, ".", cwd=tmp_path
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "example", [path for path in EXAMPLES if path.name.startswith("trial_")], ids=named
)
def test_trial_runs_the_example(example: Path, tmp_path: Path) -> None:
    """The example passes, and leaves trial's reactor clean."""
    run = python("-m", "twisted.trial", example, cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert "PASSED" in run.stdout


def examples(prefix: str) -> pytest.MarkDecorator:
    """A test for each of the examples whose names begin so."""
    chosen = [path for path in EXAMPLES if path.name.startswith(prefix)]
    return pytest.mark.parametrize("example", chosen, ids=named)


def need(*packages: str) -> None:
    """Skip the test for want of a package; on a CI machine that is a failure."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            message = f"{package} is not here; pip install -e '.[test]' gets it"
            if os.environ.get("CI"):
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of all examples, away from the settings of this suite."""
    return shutil.copytree(ROOT / "tests" / "examples", tmp_path / "examples")


def test_pytest_runs_the_recipes(folder: Path) -> None:
    """With the libraries that they are for, and all warnings being errors."""
    need("aiosmtplib", "celery", "flask_mail", "pytest_asyncio", "pytest_django")
    recipes = [path.name for path in EXAMPLES if path.name.startswith("recipe_")]
    options = ("-W", "error", "-m", "pytest", "-v", *NO_TWISTED, "--ds=_django_project")
    run = python(*options, *recipes, cwd=folder)
    assert run.returncode == 0, run.stdout
    # Each of them has a test.
    assert all(f"{recipe}::" in run.stdout for recipe in recipes)


@examples("pytest_twisted_")
def test_pytest_twisted_runs_the_example(example: Path, folder: Path) -> None:
    """The test is a coroutine on its reactor."""
    need("pytest_twisted")
    options = ("-W", "error", "-m", "pytest", *NO_ASYNCIO)
    run = python(*options, example.name, cwd=folder)
    assert run.returncode == 0, run.stdout


@examples("failing_")
def test_the_example_fails_as_the_documents_show(example: Path, folder: Path) -> None:
    """Line by line but for times and ports, where a document leaves nothing out."""
    comment = f"report of {example.name}"
    texts = [path.read_text() for path in DOCUMENTS]
    reports = [
        literal_block_after(comment, text)
        for text in texts
        if f".. {comment}\n" in text
    ]
    assert reports
    run = python("-m", "pytest", "--tb=short", *NO_TWISTED, example.name, cwd=folder)
    output = re.sub(r" \d+\.\d{3} ", " 0.000 ", run.stdout)
    output = re.sub(r"(port) \d+", r"\1 41234", output)
    check_output = doctest.OutputChecker().check_output
    for report in reports:
        shown = "\n".join(report)
        assert check_output(f"...{shown}...", output, FLAGS), run.stdout


@examples("unittest_")
def test_unittest_runs_the_example(example: Path, folder: Path) -> None:
    """Without pytest."""
    run = python("-W", "error", "-m", "unittest", example.name, cwd=folder)
    assert run.returncode == 0, run.stdout


@examples("recipe_django_unittest")
def test_the_runner_of_django_runs_the_recipe(example: Path, folder: Path) -> None:
    """Which puts its own mailbox in the place of SMTP at first."""
    need("django")
    options = ("--settings=_django_project", f"--pattern={example.name}")
    run = python("-W", "error", "-m", "django", "test", *options, cwd=folder)
    assert run.returncode == 0, run.stdout
    assert "Ran 2 tests" in run.stdout


def test_the_program_that_reads_a_store_makes_none(tmp_path: Path) -> None:
    """In the wrong folder it fails, and leaves no empty file."""
    text = (ROOT / "doc" / "tasks.rst").read_text()
    (tmp_path / "read.py").write_text(dict(blocks("python", text))["read.py"])
    run = python("read.py", cwd=tmp_path)
    assert run.returncode == 1
    assert "mail.db" in run.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["read.py"]


@pytest.mark.parametrize("runner", ["pytest", "django test"])
def test_the_recipe_of_django_runs_as_printed(runner: str, folder: Path) -> None:
    """With no search path of ours: the settings are a module beside it."""
    need("django", "pytest_django")
    text = (ROOT / "doc" / "recipes.rst").read_text()
    [command] = re.findall(rf"\$ (.*{runner} .*_django_project.*)\n", text)
    plugins = " ".join(NO_TWISTED)
    run = shell(f"PYTEST_ADDOPTS='{plugins}' {command}", cwd=folder)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_document_shows_the_example(example: Path) -> None:
    """No example is left over that no document includes."""
    directive = f".. literalinclude:: ../tests/examples/{example.name}\n"
    assert any(directive in document.read_text() for document in DOCUMENTS)


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if re.search(_COMMAND_LINE, path.read_text())],
    ids=named,
)
def test_the_command_understands_what_the_document_shows(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command line of a server is one that it takes."""
    monkeypatch.chdir(tmp_path)
    for file in ("faults.toml", "smtptest.toml"):
        (tmp_path / file).touch()
    text = re.sub(r"\\\n *", "", document.read_text())
    for command in re.findall(_COMMAND_LINE, text):
        Options().parseOptions(shlex.split(command))


def test_the_command_runs_by_the_file_that_the_document_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its options, limits, settings and rules are those of the server."""
    need("trustme")
    monkeypatch.chdir(tmp_path)
    [text] = [text for name, text in blocks("toml", COMMAND.read_text()) if name]
    (tmp_path / "smtptest.toml").write_text(text)
    options = Options()
    options.parseOptions(["--config", "smtptest.toml"])
    process = makeService(options, MemoryReactorClock())
    assert isinstance(process, ServerProcess)
    settings = process.services[0].factories[0].settings
    assert (settings.limits.idle, settings.vrfy) == (120, False)
    assert (options["port"], options["stop-after"]) == (2525, 100)
    assert len(process.server.faults.rules) == 1
    process.server.store.close()


SCRIPTS = {
    caption: script
    for document in DOCUMENTS
    for caption, script in blocks("sh", document.read_text())
}

# What a script prints, besides the lines of the server.
PRINTED = {
    "read-a-server.sh": "481516",
    "wait-with-curl.sh": "481516",
    "mail-tests.sh": "SMTP on 127.0.0.1:",
    "keep-and-search.sh": "Tea and biscuits.",
}


@pytest.mark.parametrize("caption", SCRIPTS)
def test_the_script_runs_as_it_stands(caption: str, tmp_path: Path) -> None:
    """Where a killed server has left its file; it leaves no server behind.

    Several run on one machine, also those with HTTP.
    """
    (tmp_path / caption).write_text(SCRIPTS[caption])
    (tmp_path / "ready.env").write_text("smtp=127.0.0.1:9\nhttp=127.0.0.1:9\n")
    run = shell(f"unset SMTPTEST_NO_HTTP; sh {caption}", cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert "127.0.0.1:9\n" not in run.stdout
    assert PRINTED.get(caption, "") in run.stdout
    assert not (tmp_path / "ready.env").exists()


def test_the_program_of_the_manual_reads_a_store(tmp_path: Path) -> None:
    """It prints the subjects of another process's messages."""
    [code] = [code for name, code in blocks("python", TASKS_PAGE) if name == "read.py"]
    (tmp_path / "read.py").write_text(code)
    store = open_store(f"sqlite:{tmp_path}/mail.db")
    store.add(Envelope(mail_from="", rcpt_tos=(), content=b"Subject: Hello\r\n\r\n"))
    run = python("read.py", cwd=tmp_path)
    store.close()
    assert run.stdout == "['Hello']\n"


def test_the_manual_names_every_extra_for_users() -> None:
    """The table is complete; extras for developers are not in it."""
    told = [extra for extra, _, _ in rows_of_table("Extras", INSTALL.read_text())]
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    extras = set(settings["options.extras_require"])
    assert sorted(told) == sorted(extras - {"test", "bench", "doc", "lint"})


MIGRATING = (ROOT / "doc" / "migrating.rst").read_text()
OTHERS = ["Mailpit", "MailHog", "MailDev", "smtp4dev", "GreenMail"]


@pytest.mark.parametrize("server", OTHERS)
def test_what_replaces_a_name_of_another_server_exists(server: str) -> None:
    """Each option, path and command in the second column of its table is ours."""
    ours = "\n".join(cell for _, cell in rows_of_table(server, MIGRATING))
    options = {option.name for option in Options.table().values()}
    assert set(re.findall(r"--([a-z0-9-]+)", ours)) <= options
    paths = {
        " /api/v2".join(request.split(" "))
        for cell, _ in rows_of_table("Paths of /api/v2", HTTP_PAGE)
        for request in re.findall(r"[A-Z]+ /[^`,]*", cell)
    }
    paths |= {"GET /livez", "GET /readyz"}
    assert set(re.findall(r"(?:GET|POST|PATCH|DELETE) /[^`,\s]+", ours)) <= paths
    assert set(re.findall(r"\bsmtptest (\w+)", ours)) <= {*COMMANDS, "readyz"}


def test_each_answer_of_the_comparison_has_a_source() -> None:
    """A page of this manual, or one of the documentation of the other server.

    Its first row has the home of each server; what has no source is a dash.
    """
    text = (ROOT / "doc" / "comparison.rst").read_text()
    table = text.partition(".. list-table:: Comparison\n")[2]
    _, head, *_ = re.split(r"^   \* -", table, flags=re.MULTILINE)
    servers = [name.strip() for name in re.split(r"^     - ", head, flags=re.M)[2:]]
    assert servers == list(SOURCES)
    for feature, ours, *cells in rows_of_table("Comparison", text):
        assert re.fullmatch(r":(?:doc|ref):`[^`]+ <[a-z0-9-]+>", ours), feature
        for server, cell in zip(servers, cells, strict=True):
            source = re.fullmatch(r"[^`<]+ <(https://[^>]+)>`__", cell)
            assert cell == "—" or (source and SOURCES[server] in source[1]), feature


# By server what is in the address of each page of its own documentation.
SOURCES = {
    "Mailpit": "axllent",
    "MailHog": "github.com/mailhog/",
    "MailDev": "github.com/maildev/",
    "smtp4dev": "github.com/rnwood/",
    "GreenMail": "greenmail-mail-test",
    "VaultSandbox": "github.com/vaultsandbox/",
    "aiosmtpd": "aiosmtpd.readthedocs.io/",
    "smtpdfix": "github.com/bebleo/",
}


def test_the_manual_names_the_packages_of_debian() -> None:
    """Of everything that the core needs, and nothing that no extra asks for."""
    rows = rows_of_table("Debian packages", (ROOT / "doc" / "systemd.rst").read_text())
    told = {name: purpose for names, _, purpose in rows for name in names.split(", ")}
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    options = settings["options"]["install_requires"].split("\n")
    core = {re.split(r"[ >;]", line)[0] for line in options if line} - {"tomli"}
    assert {name for name in told if told[name] == "everything"} == core
    extras = " ".join(settings["options.extras_require"].values())
    # The extra tls asks for those of Twisted's.
    of_twisted = {"pyOpenSSL", "service_identity"}
    assert all(name in extras for name in set(told) - core - of_twisted)


def test_the_document_shows_how_to_start_a_server() -> None:
    """Else there would be no command line to check."""
    assert len(re.findall(_COMMAND_LINE, COMMAND.read_text())) > 1


def test_the_document_tells_every_option_of_the_server() -> None:
    """The table has each with its value and its default, and nothing else."""
    rows = rows_of_table("Options", COMMAND.read_text())
    defaults = {"host": DEFAULT_HOST, "port": str(DEFAULT_PORT)}
    assert {option: default for option, default, _ in rows} == {
        f"--{option.name} {option.value}".strip(): option.default
        or defaults.get(option.name, "")
        for option in Options.table().values()
        if option.name not in ("help", "version")
    }


def test_the_document_tells_every_command() -> None:
    """The table has each, and nothing else."""
    rows = rows_of_table("Commands", COMMAND.read_text())
    told = {re.findall(r"smtptest (\w+)", usage)[-1] for usage, _ in rows}
    assert told == set(COMMANDS)


def test_the_document_tells_every_option_of_pytest() -> None:
    """The list of options is complete, and has nothing else."""
    told = re.findall(r"^``--smtptest-([a-z0-9-]+)", PYTEST.read_text(), re.MULTILINE)
    assert sorted(told) == sorted(PYTEST_OPTIONS)


def test_the_document_tells_every_keyword_of_the_marker() -> None:
    """The table is complete, and has nothing else."""
    told = [keyword for keyword, _ in rows_of_table("Keywords", PYTEST.read_text())]
    assert set(told) == KEYWORDS


def test_the_document_tells_the_default_endpoint() -> None:
    """Without ``--smtp`` the server listens where the document says."""
    options = Options()
    options.parseOptions([])
    [endpoint] = options["smtp"]
    assert f"it is ``{endpoint}``" in " ".join(COMMAND.read_text().split())


def test_the_document_tells_every_extension() -> None:
    """The table is complete, and has nothing else."""
    told = [keyword for keyword, _, _ in rows_of_table("Extensions", WIRE.read_text())]
    assert told == [extension.keyword for extension in EXTENSIONS]


def test_the_document_tells_every_limit_and_its_default() -> None:
    """The table is complete, and has nothing else."""
    told = [row[:2] for row in rows_of_table("Limits", WIRE.read_text())]
    assert told == [[field.name, str(field.default)] for field in attrs.fields(Limits)]


def test_the_document_tells_every_irregularity_and_its_refusal() -> None:
    """The table is complete, and has nothing else."""
    told = [row[:2] for row in rows_of_table("Irregularities", WIRE.read_text())]
    assert told == [
        [warning, f"{reply.code} {reply.enhanced}"]
        for warning, reply in IRREGULAR.items()
    ]


def test_the_readme_is_sound(tmp_path: Path) -> None:
    """Package indexes can show it."""
    run = python(
        *("-m", "docutils", "--report=2", "--halt=2", README, tmp_path / "readme.html"),
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout


def test_the_readme_links_to_pages_of_the_manual() -> None:
    """By whole addresses, for an index shows it; each page is there."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    links = dict(
        line.split(" = ")
        for line in settings["metadata"]["project_urls"].split("\n")[1:]
    )
    pages = re.findall(
        rf"{re.escape(links['Documentation'])}(\w+)\.html", README.read_text()
    )
    assert "tasks" in pages
    assert {page for page in pages if not (ROOT / f"doc/{page}.rst").exists()} == set()
    assert not re.search(r"<doc/|\.rst>`", README.read_text())


def test_the_readme_begins_with_a_test_of_ten_lines() -> None:
    """The first thing to paste is short."""
    first = next(code_blocks(README.read_text()))
    assert len([line for line in first.splitlines() if line.strip()]) <= 10


def test_the_readme_starts_the_server_in_one_line() -> None:
    """The set-up command is one line, and ends in the server."""
    [command] = literal_block_after("start-command", README.read_text())
    assert command.endswith(".venv/bin/smtptest")


def test_the_mail_of_the_readme_arrives(tmp_path: Path) -> None:
    """The command that sends a mail to the server does so."""
    [command] = literal_block_after("mail-command", README.read_text())
    program, option, code = shlex.split(command)
    assert (program, option) == ("python3", "-c")
    with QueueController() as controller:
        run = python("-c", code.replace("1025", str(controller.port)), cwd=tmp_path)
        assert run.returncode == 0, run.stdout
        [message] = controller
    assert message["Subject"] == "Hello"


def test_the_wait_of_the_readme_answers(tmp_path: Path) -> None:
    """The command that waits for the mail prints it, as JSON."""
    if shutil.which("curl") is None:
        missing("curl", "its package is called curl")
    [command] = literal_block_after("wait-command", README.read_text())
    with CaptureController(http=True) as server:
        with smtplib.SMTP(server.host, server.port) as client:
            client.sendmail("me@example.com", "you@example.com", "Subject: Hello\n\n")
        url = command.replace("localhost:8025", server.url.rstrip("/"))
        run = subprocess.run(
            ["curl", "-q", "--silent", "--show-error", *shlex.split(url)[1:]],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=PATIENCE,
        )
    assert run.returncode == 0, run.stderr
    [message] = json.loads(run.stdout)["messages"]
    assert message["summary"]["subject"] == "Hello"


def test_the_readme_runs_the_tests_in_one_line() -> None:
    """The test command is one line, and runs this directory."""
    [command] = literal_block_after("test-command", README.read_text())
    assert command.endswith("pytest -n auto tests")


# What a newcomer looks for, and the label of the section that shows it.
TASKS = {
    "reset link background thread": "task-reset-link",
    "no mail was sent": "task-no-mail",
    "name content attachment": "task-attachment",
    "html inline image": "task-html",
    "bcc": "task-bcc",
    "two parallel tests one server": "task-parallel",
    "greylisting": "task-greylisting",
    "dropped final dot": "task-dropped",
    "starttls client ca": "task-starttls",
    "wrong password": "task-wrong-password",
    "aiosmtplib async test": "task-aiosmtplib",
    "django smtp backend": "task-django",
    "node program another process": "task-node",
    "see mail browser curl": "task-curl",
    "background ci ready": "task-ci",
    "stop number messages": "task-stop-after",
    "keep mail restart search": "task-restart",
    "export eml mbox": "task-export",
    "sendmail command": "task-sendmail",
    "release captured real server": "task-release",
}


@pytest.fixture(scope="session")
def manual(once: Once) -> Path:
    """The folder of the built manual; a warning of Sphinx is an error."""
    need("furo", "sphinx_copybutton")

    def build(folder: Path) -> None:
        folder.mkdir()
        run = python(
            *("-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"),
            *("-d", folder / "doctrees", ROOT / "doc", folder / "html"),
            cwd=folder,
        )
        assert run.returncode == 0, run.stdout

    return once("manual", build) / "html"


@pytest.mark.once
def test_sphinx_builds_the_documentation_without_a_warning(manual: Path) -> None:
    """The documents are sound reStructuredText, and the API pages have names."""
    assert (manual / "index.html").exists()


@pytest.mark.once
def test_the_manual_and_the_package_are_spelled_right() -> None:
    """As far as codespell knows; pyproject.toml has what it leaves out."""
    need("codespell_lib")
    run = python("-m", "codespell_lib", cwd=ROOT)
    assert run.returncode == 0, run.stdout


@pytest.mark.once
def test_the_front_page_leads_to_every_page(manual: Path) -> None:
    """The sidebar has them all, in the order of a reader."""
    front = (manual / "index.html").read_text()
    for document in (ROOT / "doc").glob("*.rst"):
        assert f'href="{document.stem}.html"' in front or document.stem == "index"


@pytest.mark.parametrize(("words", "label"), TASKS.items())
@pytest.mark.once
def test_a_search_of_the_manual_finds_the_task(
    manual: Path, words: str, label: str
) -> None:
    """The page with the section is among those that have all the words."""
    from sphinx.search.en import SearchEnglish

    script = (manual / "searchindex.js").read_text()
    index = json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))
    found = set(range(len(index["docnames"])))
    english = SearchEnglish({})
    for word in set(words.split()) - english.stopwords:
        term = english.stem(word)
        pages = [index[kind].get(term, []) for kind in ("terms", "titleterms")]
        found &= {
            page
            for each in pages
            for page in (each if isinstance(each, list) else [each])
        }
    names = [index["docnames"][number] for number in found]
    assert any(
        f'id="{label}"' in (manual / f"{name}.html").read_text() for name in names
    )


@pytest.mark.once
def test_no_page_replaces_the_search(manual: Path) -> None:
    """Sphinx has a page of that name, too."""
    assert "searchtools.js" in (manual / "search.html").read_text()


@pytest.mark.once
def test_a_name_in_the_text_leads_to_the_reference(manual: Path) -> None:
    """Code names are links; a word that may mean anything is not."""
    page = (manual / "reading.html").read_text()
    assert 'href="api.html#lazr_smtptest.CaptureController"' in page
    assert 'href="api.html#lazr_smtptest.Mailbox.wait_for_async"' in page
    assert 'href="api.html#lazr_smtptest.Envelope.user"' not in page


@pytest.mark.parametrize(
    ("searched", "page"),
    [
        ("persist", "tasks"),
        ("persistent", "tasks"),
        ("embedded image", "tasks"),
        ("save as eml", "tasks"),
        ("disconnect after the final dot", "tasks"),
        ("authentication failure", "tasks"),
        ("web interface", "page"),
        ("deliver to a real server", "releases"),
    ],
)
def test_a_search_of_the_manual_finds_the_page(searched: str, page: str) -> None:
    """Its search shows the pages that have all of the words, or longer ones."""
    text = (ROOT / "doc" / f"{page}.rst").read_text()
    for word in searched.split():
        assert re.search(rf"\b{word}", text, re.IGNORECASE), word
