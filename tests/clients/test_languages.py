"""The recipes of ``doc/languages.rst``, run by the programs that they are for."""

# ruff: noqa: F401, F811

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import attrs
import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MemoryStore

from ..client.conftest import Running, reactor, serve
from ..commands import ROOT
from ..documents import blocks
from .conftest import missing

if TYPE_CHECKING:
    from tests.clients.conftest import Program

MANUAL = (ROOT / "doc" / "languages.rst").read_text()


@attrs.define
class Recipes:
    """The files of the manual, and a server for them.

    Attributes:
        folder: has the files.
        running: the server.
        program: finds a program.
    """

    folder: Path
    running: Running
    program: Callable[..., Program]

    def run(
        self, command: str, *arguments: str, fails: bool = False, **environ: str
    ) -> str:
        """Run a program in the folder; return what it prints."""
        program = self.program(
            command, SMTPTEST_URL=f"{self.running.url.rstrip('/')}/", **environ
        )
        return program.run(*arguments, fails=fails)


@pytest.fixture
def recipes(
    serve: Callable[..., Running], program: Callable[..., Program], tmp_path: Path
) -> Recipes:
    """The files, and a server with a mail to Anna."""
    for language in ("javascript", "java", "go", "php", "ruby", "csharp"):
        for name, code in blocks(language, MANUAL):
            (tmp_path / name).write_text(code)
    store = MemoryStore()
    store.add(
        Envelope(
            mail_from="shop@example.com",
            rcpt_tos=("anna@example.com",),
            content=b"Subject: Your code\r\n\r\nYour code is 481516.\r\n",
        )
    )
    return Recipes(tmp_path, serve(store), program)


class SignUp(BaseHTTPRequestHandler):
    """A program at which somebody signs up, by a link in a mail."""

    running: Running

    def do_GET(self) -> None:
        welcome = "<h1>Welcome</h1>"
        self._answer(welcome if self.path == "/welcome" else FORM)

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        [address] = parse_qs(self.rfile.read(size).decode())["email"]
        link = f"http://{self.headers['Host']}/welcome"
        content = f"Subject: Sign up\r\n\r\nConfirm: {link}\r\n".encode()
        envelope = Envelope(
            mail_from="shop@example.com", rcpt_tos=(address,), content=content
        )
        self.running.call(self.running.store.add, envelope)
        self._answer("<h1>Look into your mail</h1>")

    def _answer(self, html: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(html)))
        self.end_headers()
        self.wfile.write(html.encode())

    def log_message(self, *arguments: object) -> None:
        """Write nothing to standard error."""


FORM = (
    '<form method="post"><label>Email <input name="email"></label>'
    "<button>Sign up</button></form>"
)


@pytest.fixture
def sign_up(recipes: Recipes) -> Iterator[str]:
    """The address of a program at which somebody signs up."""
    # The mail of the fixture has no link.
    recipes.running.call(recipes.running.store.clear)
    kind = type("Program", (SignUp,), {"running": recipes.running})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_node_waits_for_the_code(recipes: Recipes) -> None:
    """With its own test runner."""
    assert "# pass 1" in recipes.run(
        "node", "--test", "--test-reporter=tap", "sign-up.test.mjs"
    )


def test_node_fails_with_the_text_of_the_server(recipes: Recipes) -> None:
    """It shows the nearest message."""
    (recipes.folder / "fail.mjs").write_text(
        'import { waitForMail } from "./smtptest.mjs";\n'
        'await waitForMail("rcpt:eve@example.com", "code", 0.01);\n'
    )
    assert "wanted 'eve@example.com'" in recipes.run("node", "fail.mjs", fails=True)


def test_node_waits_for_a_new_mail(recipes: Recipes) -> None:
    """In a server that already has one that matches."""
    (recipes.folder / "new.mjs").write_text(
        'import { newestNumber, waitForMail } from "./smtptest.mjs";\n'
        "const since = await newestNumber();\n"
        'await waitForMail("rcpt:anna@example.com", "code", 0.01, since);\n'
    )
    assert "no message after number 1" in recipes.run("node", "new.mjs", fails=True)


def test_jest_waits_for_the_code(
    recipes: Recipes, programs: Callable[[str], Path]
) -> None:
    """With the variable that lets it import modules."""
    jest = programs("node_modules/jest/bin/jest.js")
    # A project has one.
    (recipes.folder / "package.json").write_text("{}")
    said = recipes.run(
        "node",
        os.fspath(jest),
        "--no-cache",
        "sign-up.jest",
        NODE_OPTIONS="--experimental-vm-modules",
    )
    assert "Tests:       1 passed, 1 total" in said


# What the file of the manual leaves to the project: where the program is. Chromium is
# Debian's.
PLAYWRIGHT = """\
export default {
  use: {
    baseURL: "%s",
    browserName: "chromium",
    launchOptions: {
      executablePath: "%s",
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    },
  },
  reporter: "list",
  timeout: 120_000,
};
"""


def test_playwright_signs_up(
    recipes: Recipes, programs: Callable[[str], Path], sign_up: str
) -> None:
    """In a browser, at a program that sends the link by mail."""
    command = programs("node_modules/@playwright/test/cli.js")
    (recipes.folder / "node_modules").symlink_to(programs("node_modules"))
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium")
    configuration = recipes.folder / "playwright.config.mjs"
    configuration.write_text(PLAYWRIGHT % (sign_up, chromium))
    said = recipes.run("node", os.fspath(command), "test", "sign-up.spec.mjs")
    assert "1 passed" in said


def test_the_file_for_cypress_is_sound(recipes: Recipes) -> None:
    """Node.js parses it: npm has Cypress without its browser, which is elsewhere."""
    recipes.run("node", "--check", "sign-up.cy.js")


@pytest.fixture
def go(recipes: Recipes, go_cache: str) -> Callable[..., str]:
    """Run the tests of the folder as those of a module of Go."""

    def go(*arguments: str, fails: bool = False) -> str:
        recipes.run("go", "mod", "init", "mail", GOCACHE=go_cache)
        return recipes.run("go", "test", *arguments, fails=fails, GOCACHE=go_cache)

    return go


@pytest.fixture(scope="session")
def go_cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of what Go has compiled, which takes seconds."""
    return os.fspath(tmp_path_factory.mktemp("go"))


def test_go_waits_for_the_code(go: Callable[..., str]) -> None:
    """In a module."""
    assert "--- PASS: TestCode" in go("-v")


def test_go_fails_with_the_text_of_the_server(
    recipes: Recipes, go: Callable[..., str]
) -> None:
    """It shows the nearest message."""
    file = recipes.folder / "mail_test.go"
    text = file.read_text().replace("rcpt:anna@example.com", "rcpt:eve@example.com")
    file.write_text(text.replace('{"30"}', '{"0"}'))
    assert "wanted 'eve@example.com'" in go(fails=True)


def test_the_file_for_dotnet_is_sound(
    recipes: Recipes, program_class: type[Program], programs: Callable[[str], Path]
) -> None:
    """A parser of C# reads it: neither Debian nor PyPI nor npm has .NET."""
    python = program_class(programs("python") / "bin" / "python", recipes.folder)
    script = os.fspath(Path(__file__).with_name("parse_csharp.py"))
    assert python.run(script, "MailTest.cs") == ""
    broken = (recipes.folder / "MailTest.cs").read_text().replace("return", "return }")
    (recipes.folder / "Broken.cs").write_text(broken)
    assert "line " in python.run(script, "Broken.cs", fails=True)


def test_java_waits_for_the_code(recipes: Recipes) -> None:
    """As a program of one file."""
    assert recipes.run("java", "Wait.java") == "481516\n"


def test_java_fails_with_the_text_of_the_server(recipes: Recipes) -> None:
    """It shows the nearest message."""
    file = recipes.folder / "Wait.java"
    text = file.read_text().replace("rcpt:anna@example.com", "rcpt:eve@example.com")
    file.write_text(text.replace(", 30)", ", 0)"))
    assert "wanted 'eve@example.com'" in recipes.run("java", "Wait.java", fails=True)


@pytest.mark.parametrize(
    ("command", "name"), [("php", "wait.php"), ("ruby", "wait.rb")]
)
def test_a_script_waits_for_the_code(recipes: Recipes, command: str, name: str) -> None:
    """It prints it."""
    assert recipes.run(command, name) == "481516\n"


@pytest.mark.parametrize(
    ("command", "name"), [("php", "wait.php"), ("ruby", "wait.rb")]
)
def test_a_script_fails_with_the_text_of_the_server(
    recipes: Recipes, command: str, name: str
) -> None:
    """It shows the nearest message."""
    file = recipes.folder / name
    text = file.read_text().replace("rcpt:anna@example.com", "rcpt:eve@example.com")
    file.write_text(re.sub(r"(seconds = )30", r"\g<1>0", text))
    assert "wanted 'eve@example.com'" in recipes.run(command, name, fails=True)
