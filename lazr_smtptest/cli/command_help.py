"""The commands and their options, for shell completion and the manual pages.

They are read from what writes the help: the tables of options, and the parsers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import attrs

from lazr_smtptest.cli.option import Groups, Option

__all__ = ["CommandHelp", "OptionHelp", "describe"]

# Placeholders of values that are files or folders.
_PATHS = ("FILE", "DIR", "PLACE")
_USUAL_TITLE = "Options"


@attrs.frozen
class OptionHelp:
    """An option.

    Attributes:
        names: its names, with their dashes.
        value: the placeholder of its value; ``""`` for none.
        text: what it does.
        choices: its values, if there are only some.
    """

    names: Sequence[str]
    value: str
    text: str
    choices: Sequence[str] = ()

    @property
    def takes_path(self) -> bool:
        """True if its value is a file or a folder."""
        return self.value in _PATHS


@attrs.frozen
class CommandHelp:
    """A command.

    Attributes:
        name: its name.
        purpose: what it does, in a few words.
        text: the same, in sentences.
        synopsis: how it is used: a line.
        arguments: the placeholders of its arguments.
        groups: its options, by the titles of their groups.
    """

    name: str
    purpose: str
    text: str
    synopsis: str
    arguments: Sequence[str]
    groups: Mapping[str, Sequence[OptionHelp]]

    @property
    def options(self) -> Iterator[OptionHelp]:
        """Yield all options."""
        for group in self.groups.values():
            yield from group


def describe(name: str, place: str, purpose: str) -> CommandHelp:
    """Return the help of a command.

    Args:
        name: its name.
        place: the module and the function that run it; see `lazr_smtptest.cli.main`.
        purpose: what it does, in a few words.
    """
    if name in ("serve", "ready"):
        return _of_server(name, purpose)
    module = import_module(f"lazr_smtptest.cli.{place.rpartition('.')[0]}")
    make = getattr(module, f"{name}_parser")
    # Those that read variables of the environment are given none.
    takes_variables = bool(make.__code__.co_argcount)
    parser: argparse.ArgumentParser = make({}) if takes_variables else make()
    return _of_parser(name, purpose, parser)


def _of_server(name: str, purpose: str) -> CommandHelp:
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.cli.ready import ReadyOptions

    kind: Any = ReadyOptions if name == "ready" else Options
    synopsis = kind.synopsis if name == "ready" else f"smtptest [{name}] [options]"
    groups: Groups = kind.groups
    described = {
        title: [_of_row(each) for each in options] for title, options in groups.items()
    }
    return CommandHelp(name, purpose, kind.longdesc, synopsis, (), described)


def _of_row(option: Option) -> OptionHelp:
    text = option.help
    if option.default and option.default != "0":
        text += f" [default: {option.default}]"
    return OptionHelp([f"--{option.name}"], option.value, text, option.choices)


def _of_parser(name: str, purpose: str, parser: argparse.ArgumentParser) -> CommandHelp:
    groups: dict[str, list[OptionHelp]] = {}
    arguments = []
    for group in parser._action_groups:
        for action in group._group_actions:
            if action.option_strings:
                title = (group.title or _USUAL_TITLE).capitalize()
                groups.setdefault(title, []).append(_of_action(action))
            else:
                arguments.append(str(action.metavar or action.dest))
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    text = " ".join((parser.description or "").split())
    return CommandHelp(name, purpose, text, usage, arguments, groups)


def _of_action(action: argparse.Action) -> OptionHelp:
    value = ""
    if action.nargs != 0:
        value = str(action.metavar or action.dest.upper())
    text = "" if action.help in (None, argparse.SUPPRESS) else str(action.help)
    choices = [str(each) for each in action.choices or ()]
    return OptionHelp(action.option_strings, value, text.replace("%%", "%"), choices)
