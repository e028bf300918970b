"""The instructions of the recipe for the image."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "Containerfile"


@attrs.frozen
class Instruction:
    """An instruction, such as ``EXPOSE 1025``."""

    name: str
    text: str


def instructions() -> list[Instruction]:
    """Return the instructions; those that go over several lines are joined."""
    text = re.sub(r"^#.*\n", "", RECIPE.read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in lines if line.strip()]


def last_stage() -> dict[str, list[str]]:
    """Return the texts of the instructions of the image, by their names."""
    found: dict[str, list[str]] = {}
    for each in instructions():
        if each.name == "FROM":
            found = {}
        found.setdefault(each.name, []).append(each.text)
    return found


def pairs(name: str) -> dict[str, str]:
    """Return what ``ENV`` or ``LABEL`` sets in the image."""
    words = shlex.split(" ".join(last_stage()[name]))
    return dict(word.split("=", 1) for word in words)


def entry_point() -> list[str]:
    """Return the command that the image runs."""
    [text] = last_stage()["ENTRYPOINT"]
    words: list[str] = json.loads(text)
    return words
