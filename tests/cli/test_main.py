"""The command ``smtptest``, and its commands by name."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.main import main


@pytest.mark.parametrize("argument", ["--help", "-h", "help"])
def test_help_lists_the_commands(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what each does."""
    assert main([argument]) == 0
    shown = capsys.readouterr().out
    for command in ("serve", "send", "copy"):
        assert f"\n  {command} " in shown


def test_an_unknown_command_names_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The status is that of a wrong usage."""
    assert main(["srve"]) == 2
    assert capsys.readouterr().err == (
        "smtptest: unknown command 'srve'; did you mean serve?\n"
    )


def test_a_command_that_is_like_no_other_lists_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All of them."""
    assert main(["0"]) == 2
    assert "use serve, ready, send, sendmail, load, list, " in capsys.readouterr().err


def test_an_unknown_letter_leads_to_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No option has a short name."""
    assert main(["-x"]) == 2
    assert capsys.readouterr().err == (
        "smtptest: option -x not recognized; --help lists the options\n"
    )


@pytest.mark.parametrize("command", [[], ["serve"], ["ready"], ["readyz"]])
def test_an_error_of_options_begins_with_the_command_that_was_given(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without one they are those of serve; a wrong one is a line, and status 2."""
    assert main([*command, "--prot=1"]) == 2
    assert capsys.readouterr().err == (
        f"{' '.join(['smtptest', *command])}: "
        "option --prot not recognized; did you mean --port?\n"
    )
