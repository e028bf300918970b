"""The files of ``doc/frameworks.rst``: each is sound, and names the server."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from ..commands import ROOT
from ..documents import blocks
from .conftest import Receiver

if TYPE_CHECKING:
    from tests.clients.conftest import Program

pytestmark = pytest.mark.once

MANUAL = (ROOT / "doc" / "frameworks.rst").read_text()
LANGUAGES = (ROOT / "doc" / "languages.rst").read_text()


def files(language: str) -> list[tuple[str, str]]:
    """Return the names and the contents of the files in a language."""
    return list(blocks(language, MANUAL))


@pytest.mark.parametrize(("name", "code"), files("ruby"))
def test_ruby_reads_the_file(
    program: Callable[..., Program], tmp_path: Path, name: str, code: str
) -> None:
    (tmp_path / "file.rb").write_text(code)
    assert program("ruby").run("-c", "file.rb") == "Syntax OK\n"


@pytest.mark.parametrize(("name", "code"), files("php"))
def test_php_reads_the_file(
    program: Callable[..., Program], tmp_path: Path, name: str, code: str
) -> None:
    (tmp_path / "file.php").write_text(code)
    assert "No syntax errors" in program("php").run("-l", "file.php")


@pytest.mark.parametrize(("name", "code"), files("javascript"))
def test_node_reads_the_file(
    program: Callable[..., Program], tmp_path: Path, name: str, code: str
) -> None:
    (tmp_path / name).write_text(code)
    program("node").run("--check", name)


def test_the_file_for_dotnet_is_sound(
    programs: Callable[[str], Path], tmp_path: Path
) -> None:
    from .conftest import Program

    [(name, code)] = files("csharp")
    (tmp_path / name).write_text(code)
    script = os.fspath(Path(__file__).with_name("parse_csharp.py"))
    python = Program(programs("python") / "bin" / "python", tmp_path)
    assert python.run(script, name) == ""


def test_java_reads_the_file(program: Callable[..., Program], tmp_path: Path) -> None:
    """As far as it can without Spring: what is missing are its packages alone."""
    [(name, code)] = files("java")
    (tmp_path / name).write_text(code)
    [(helper, its_code)] = blocks("java", LANGUAGES)
    (tmp_path / helper).write_text(its_code)
    said = program("java").run(name, fails=True)
    errors = [line for line in said.splitlines() if ": error: " in line]
    assert errors
    missing = ("does not exist", "cannot find symbol", "static import only from")
    assert all(any(text in line for text in missing) for line in errors)


def test_rails_sends_to_the_port_of_the_server() -> None:
    assert (
        'address: "127.0.0.1", port: 1025'
        in dict(files("ruby"))["config/environments/test.rb"]
    )


def test_laravel_sends_to_the_port_of_the_server() -> None:
    parser = configparser.ConfigParser()
    parser.read_string("[env]\n" + dict(files("ini"))[".env.testing"])
    settings = dict(parser["env"])
    assert settings == {
        "mail_mailer": "smtp",
        "mail_host": "127.0.0.1",
        "mail_port": "1025",
    }


def test_symfony_sends_to_the_port_of_the_server() -> None:
    [(_, text)] = files("yaml")
    mailer = yaml.safe_load(text)["framework"]["mailer"]
    assert mailer == {"dsn": "smtp://127.0.0.1:1025"}


def test_spring_sends_to_the_port_of_the_server() -> None:
    text = dict(files("ini"))["src/test/resources/application-test.properties"]
    lines = dict(line.split("=") for line in text.split())
    assert lines == {"spring.mail.host": "127.0.0.1", "spring.mail.port": "1025"}


def test_dotnet_sends_to_the_port_of_the_server() -> None:
    [(_, text)] = files("json")
    assert json.loads(text) == {"Smtp": {"Host": "127.0.0.1", "Port": 1025}}


def test_node_sends_by_the_mailer(
    receiver: Receiver,
    program: Callable[..., Program],
    programs: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    """To the server that the variables name."""
    code = dict(files("javascript"))["mailer.mjs"]
    (tmp_path / "mailer.mjs").write_text(code)
    (tmp_path / "node_modules").symlink_to(programs("node_modules"))
    (tmp_path / "send.mjs").write_text(
        'import { mailer } from "./mailer.mjs";\n'
        'await mailer.sendMail({from: "a@example.com", to: "b@example.com"});\n'
    )
    place = {"SMTP_HOST": receiver.host, "SMTP_PORT": str(receiver.port)}
    program("node", **place).run("send.mjs")
    assert receiver.next().rcpt_tos == ("b@example.com",)


def test_go_reads_the_file(program: Callable[..., Program], tmp_path: Path) -> None:
    [(name, code)] = files("go")
    (tmp_path / name).write_text(code)
    assert "func TestTheCodeArrives" in program("gofmt").run("-e", name)
