"""Options and operands in any order, and operands that look like options."""

from __future__ import annotations

import argparse

import pytest

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
    assert "argument --to: expected one argument" in capsys.readouterr().err


def test_an_error_shows_operands_as_they_were_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a mark."""
    parser = ArgumentParser(prog="x")
    parser.add_argument("number", type=int)
    with pytest.raises(SystemExit):
        parse_arguments(parser, ["--", "-x"])
    assert "invalid int value: '-x'" in capsys.readouterr().err
