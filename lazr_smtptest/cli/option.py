"""An option: its value on the command line, in the environment, and in a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NoReturn

import attrs

from lazr_smtptest._quantities import parse_size

__all__ = ["Groups", "Option", "merge_groups"]


@attrs.frozen
class Option:
    """One option.

    Attributes:
        name: its name, without the two dashes.
        value: the placeholder of its value in the help; ``""`` for a flag.
        help: one or two sentences.
        default: the default value; ``None`` for none.
        kind: ``"text"``; ``"number"``, from `least` to `most`; ``"size"``: bytes;
            ``"choice"``: one of `choices`; ``"list"``: it may be given several times;
            ``"flag"``; or ``"action"``: it ends the command, so neither the
            environment nor a file can set it.
        least: the lowest number.
        most: the highest number; ``None`` for no highest.
        choices: the allowed values.
        tables: whether a file may have tables, each with a value and more.
        by_line: whether the values of a list are the lines of an environment variable,
            and not its words.
    """

    name: str
    value: str
    help: str
    default: str | None = None
    kind: Literal["text", "number", "size", "choice", "list", "flag", "action"] = (
        attrs.field(default="text", kw_only=True)
    )
    least: int = attrs.field(default=0, kw_only=True)
    most: int | None = attrs.field(default=None, kw_only=True)
    choices: Sequence[str] = attrs.field(default=(), kw_only=True)
    tables: bool = attrs.field(default=False, kw_only=True)
    by_line: bool = attrs.field(default=False, kw_only=True)

    @property
    def settable(self) -> bool:
        """Return whether the environment and a file can set it."""
        return self.kind != "action"

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        if self.kind == "number":
            end = "on" if self.most is None else f"to {self.most}"
            return f"a number from {self.least} {end}"
        if self.kind == "choice":
            *others, last = self.choices
            return f"{', '.join(others)} or {last}"
        if self.tables:
            return f"a text, a list of texts, or tables [[{self.name}]]"
        return _ALLOWED[self.kind]

    def parse(self, text: str) -> Any:
        """Return the value of a text, from the command line or the environment.

        Raises:
            ValueError: it is not allowed.
        """
        if self.kind == "list":
            return text.splitlines() if self.by_line else text.split()
        if self.kind == "size":
            return parse_size(text)
        if self.kind == "flag":
            return _SWITCHES[text.lower()] if text.lower() in _SWITCHES else _refuse()
        if self.kind == "choice":
            return text if text in self.choices else _refuse()
        if self.kind == "number":
            number = int(text) if re.fullmatch("[0-9]{1,15}", text) else -1
            in_range = number >= self.least and number <= (self.most or number)
            return number if in_range else _refuse()
        return text

    def parse_toml(self, value: object) -> Any:
        """Return the value of a value in a file.

        Raises:
            ValueError: it is not allowed.
        """
        if self.kind == "flag":
            return int(value) if isinstance(value, bool) else _refuse()
        if self.kind == "list":
            texts = value if isinstance(value, list) else [value]
            allowed = (str, Mapping) if self.tables else str
            are_allowed = all(isinstance(each, allowed) for each in texts)
            return texts if are_allowed else _refuse()
        if self.kind in ("number", "size") and type(value) is int:
            return self.parse(str(value))
        if self.kind == "number" or not isinstance(value, str):
            return _refuse()
        return self.parse(value)


_ALLOWED = {
    "text": "a text",
    "list": "a text or a list of texts",
    "size": "a number of bytes such as 500M, 0 for no limit",
    "flag": "true or false",
}
_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), 1),
    **dict.fromkeys(("0", "false", "no", "off"), 0),
}


def _refuse() -> NoReturn:
    raise ValueError("the value is not allowed")


# The options by the title of their group, in the order of the help.
Groups = Mapping[str, Sequence[Option]]


def merge_groups(groups: Groups, more: Iterable[Groups]) -> Groups:
    """Return groups with those of other tables added: before the last one, if new."""
    *titles, last = groups
    merged = {title: list(groups[title]) for title in titles}
    for other in more:
        for title, options in other.items():
            merged.setdefault(title, []).extend(options)
    return {**merged, last: groups[last]}
