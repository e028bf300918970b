"""``smtptest completion``: what shells offer."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lazr_smtptest.cli.main import COMMANDS, main
from tests.commands import PATIENCE


def run(command: list[str], cwd: Path) -> str:
    """Run a shell; its standard output. Its errors are none."""
    if shutil.which(command[0]) is None:
        message = f"{command[0]} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout


Complete = Callable[[str], list[str]]


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Path]:
    """Write the script for a shell into a file."""

    def script(shell: str) -> Path:
        assert main(["completion", shell]) == 0
        path = tmp_path / f"smtptest.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return script


@pytest.fixture
def bash(script: Callable[[str], Path], tmp_path: Path) -> Complete:
    """Return what bash offers for the last word of a command line."""
    path = script("bash")

    def complete(line: str) -> list[str]:
        # As bash breaks words: at the equals sign, too.
        words = line.replace("=", " = ").split(" ")
        quoted = " ".join(f"'{word}'" for word in words)
        code = (
            f"source {path}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
            """_smtptest; printf '%s\\n' "${COMPREPLY[@]}" """
        )
        return run(["bash", "--norc", "-c", code], tmp_path).split()

    return complete


def test_bash_offers_the_commands(bash: Complete) -> None:
    """All of them."""
    assert set(bash("smtptest ")) == set(COMMANDS)


def test_bash_completes_a_command(bash: Complete) -> None:
    assert bash("smtptest sendm") == ["sendmail"]


def test_bash_completes_an_option_of_the_server(bash: Complete) -> None:
    """With its command, or without."""
    assert bash("smtptest --ready") == ["--ready-file"]
    assert bash("smtptest serve --ready") == ["--ready-file"]


def test_bash_completes_an_option_of_a_command(bash: Complete) -> None:
    """And offers none of another one."""
    assert bash("smtptest load --fail") == ["--fail-above", "--fail-errors"]
    assert bash("smtptest list --fail") == []


@pytest.mark.parametrize("line", ["smtptest --log-format j", "smtptest --log-format=j"])
def test_bash_completes_a_value(bash: Complete, line: str) -> None:
    """In both ways to write it."""
    assert bash(line) == ["json"]


@pytest.mark.parametrize("line", ["smtptest --config sm", "smtptest send sm"])
def test_bash_completes_a_file(bash: Complete, tmp_path: Path, line: str) -> None:
    """Of an option, and of an argument."""
    (tmp_path / "small.eml").touch()
    assert "small.eml" in bash(line)


def test_bash_offers_nothing_for_a_value_that_can_be_any(bash: Complete) -> None:
    assert bash("smtptest --port ") == []


def test_bash_completes_the_shells(bash: Complete) -> None:
    assert bash("smtptest completion ") == ["bash", "fish", "zsh"]


def test_zsh_understands_the_script(
    script: Callable[[str], Path], tmp_path: Path
) -> None:
    """And it has registered the function."""
    begin = "autoload -U compinit; compinit -D"
    code = f"{begin}; source {script('zsh')}; print $_comps[smtptest]"
    assert run(["zsh", "-f", "-c", code], tmp_path) == "_smtptest\n"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("smtptest sendm", ["sendmail"]),
        ("smtptest load --fail-a", ["--fail-above"]),
        ("smtptest --log-format j", ["json"]),
        ("smtptest completion z", ["zsh"]),
    ],
)
def test_fish_completes(
    script: Callable[[str], Path], tmp_path: Path, line: str, offered: list[str]
) -> None:
    """Commands, options and values."""
    code = f"source {script('fish')}; complete -C '{line}'"
    lines = run(["fish", "--no-config", "-c", code], tmp_path).splitlines()
    assert [each.split("\t")[0] for each in lines] == offered


def test_an_unknown_shell_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Which names the known ones."""
    with pytest.raises(SystemExit) as caught:
        main(["completion", "csh"])
    assert caught.value.code == 2
    assert "'bash', 'fish', 'zsh'" in capsys.readouterr().err
