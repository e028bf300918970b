"""The recipes of ``doc/languages.rst``, run by the programs that they are for."""

# ruff: noqa: F401, F811

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MemoryStore

from ..client.conftest import Running, reactor, serve
from ..commands import ROOT
from ..documents import blocks

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

    def run(self, command: str, *arguments: str, fails: bool = False) -> str:
        """Run a program in the folder; return what it prints."""
        program = self.program(command, SMTPTEST_URL=self.running.url)
        return program.run(*arguments, fails=fails)


@pytest.fixture
def recipes(
    serve: Callable[..., Running], program: Callable[..., Program], tmp_path: Path
) -> Recipes:
    """The files, and a server with a mail to Anna."""
    for language in ("javascript", "java", "php", "ruby"):
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


@pytest.mark.parametrize(
    "name", ["sign-up.jest.test.mjs", "sign-up.spec.mjs", "sign-up.cy.js"]
)
def test_a_file_for_browsers_is_sound(recipes: Recipes, name: str) -> None:
    """Node.js can parse it; it has no browser."""
    recipes.run("node", "--check", name)


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
