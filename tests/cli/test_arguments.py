"""Options and operands in any order, and operands that look like options."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from lazr_smtptest.cli.argument_values import count, number, port, positive, seconds
from lazr_smtptest.cli.arguments import ArgumentParser, parse_arguments


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    """A parser with a value, a flag and operands."""
    parser = ArgumentParser(prog="x")
    parser.add_argument("--to")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("files", nargs="*")
    return parser


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["--", "-v", "--to=y"], ["-v", "--to=y"]),
        (["a", "--", "--to", "b"], ["a", "--to", "b"]),
        (["--", "a", "--", "-x"], ["a", "--", "-x"]),
        (["a", "--"], ["a"]),
    ],
)
def test_what_follows_two_dashes_is_an_operand(
    parser: argparse.ArgumentParser, arguments: list[str], files: list[str]
) -> None:
    """Whatever it looks like."""
    given = parse_arguments(parser, arguments)
    assert (given.files, given.v, given.to) == (files, False, None)


def test_operands_are_between_options(parser: argparse.ArgumentParser) -> None:
    """And after them."""
    given = parse_arguments(parser, ["a", "-v", "b", "--to", "c", "--", "-d"])
    assert (given.files, given.v, given.to) == (["a", "b", "-d"], True, "c")


def test_an_operand_is_no_value_of_an_option(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    """The dashes are between them."""
    with pytest.raises(SystemExit):
        parse_arguments(parser, ["--to", "--", "a"])
    problem = "x: --to: expected one argument; x --help lists the options\n"
    assert capsys.readouterr().err == problem


def test_an_error_shows_operands_as_they_were_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a mark."""
    parser = ArgumentParser(prog="x")
    parser.add_argument("number", type=int)
    with pytest.raises(SystemExit):
        parse_arguments(parser, ["--", "-x"])
    assert "invalid int value: '-x'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("read", "text", "allowed"),
    [
        (number, "-1", "a number from 0 on"),
        (number, "\u0662", "a number from 0 on"),
        (count, "0", "a number from 1 on"),
        (count, "9" * 13, "a number from 1 on"),
        (port, "0", "a number from 1 to 65535"),
        (port, "65536", "a number from 1 to 65535"),
        (positive, "nan", "a number greater than 0"),
        (positive, "inf", "a number greater than 0"),
        (seconds, "1.5", "a time such as 90s, 30m, 12h or 7d"),
    ],
)
def test_an_error_has_the_value_and_what_is_allowed(
    read: Callable[[str], object],
    text: str,
    allowed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one sentence, with the name of the option."""
    parser = ArgumentParser(prog="x")
    parser.add_argument("--amount", type=read)
    with pytest.raises(SystemExit) as raised:
        parser.parse_args([f"--amount={text}"])
    assert raised.value.code == 2
    problem = f"x: --amount is {allowed}, not {text!r}; x --help lists the options\n"
    assert capsys.readouterr().err == problem


def test_an_unknown_option_is_answered_by_the_nearest(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    """As by the server."""
    with pytest.raises(SystemExit):
        parse_arguments(parser, ["--too", "a"])
    problem = "x: unrecognized arguments: --too; did you mean '--to'?\n"
    assert capsys.readouterr().err == problem
