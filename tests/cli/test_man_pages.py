"""The manual pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lazr_smtptest.cli.main import COMMANDS
from lazr_smtptest.cli.man_pages import man_pages, write_man_pages
from lazr_smtptest.cli.options import Options
from tests.commands import PATIENCE, ROOT


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """The folder of the pages."""
    write_man_pages(tmp_path / "man1")
    return tmp_path / "man1"


def need(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed", pytrace=False)
        pytest.skip(f"{program} is not installed")


def test_each_command_has_a_page(pages: Path) -> None:
    """Beside that of the program."""
    found = {page.name for page in pages.iterdir()}
    assert found == {"smtptest.1", *(f"smtptest-{name}.1" for name in COMMANDS)}


def test_the_page_of_the_program_has_every_option_of_the_server() -> None:
    page = man_pages()["smtptest.1"].replace("\\-", "-")
    assert [name for name in Options.table() if f"--{name}" not in page] == []


def test_mandoc_finds_no_fault(pages: Path) -> None:
    """Not even of style."""
    need("mandoc")
    run = subprocess.run(
        ["mandoc", "-Tlint", "-Wall", *sorted(map(str, pages.iterdir()))],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert run.stdout + run.stderr == ""


def test_man_shows_a_page_as_it_is_written(pages: Path) -> None:
    """Its dashes are dashes, which can be copied and searched for."""
    need("mandoc")
    run = subprocess.run(
        ["mandoc", "-Tascii", str(pages / "smtptest-load.1")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    # Bold letters are printed twice.
    plain = "".join(
        letter
        for letter, after in zip(run.stdout, run.stdout[1:] + " ", strict=True)
        if letter != "\b" and after != "\b"
    )
    assert "--fail-above P=TIME" in plain


def test_the_date_is_that_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """So two builds give the same pages."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert '.TH SMTPTEST 1 "1970-01-02" ' in man_pages()["smtptest.1"]


@pytest.mark.slow
def test_a_command_writes_them(tmp_path: Path) -> None:
    """Without a server."""
    subprocess.run(
        [sys.executable, "-m", "lazr_smtptest.cli.man_pages", str(tmp_path / "man")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE,
        check=True,
    )
    assert (tmp_path / "man" / "smtptest-send.1").read_text().startswith(".TH SMTPTEST")
