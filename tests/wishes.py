"""The manual's table of faults of real servers.

A test that is marked with ``wish`` runs once for each of the two forms of a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any, Literal

import attrs
import pytest

__all__ = ["Wish", "read_wishes", "wish"]

_DOCUMENT = Path(__file__).parents[1] / "doc" / "faults.rst"
_TITLE = ".. list-table:: Faults of real servers\n"

Form = Literal["python", "toml"]


@attrs.frozen
class Wish:
    """A row of the table, in one of its two forms.

    Attributes:
        number: which row it is: ``"1"``, or ``"8b"`` for another rule of the same
            kind.
        form: the language of the rule.
        code: the rule, in that language.
    """

    number: str
    form: Form
    code: str

    def apply(self, faults: Any) -> None:
        """Write the rule."""
        if self.form == "python":
            exec(self.code, {"faults": faults, "re": re})
            return
        with TemporaryDirectory() as folder:
            file = Path(folder) / "faults.toml"
            file.write_text(self.code)
            faults.load(file)


def read_wishes() -> dict[str, dict[Form, Wish]]:
    """Return the rows of the table by their numbers, each in both forms."""
    return dict(_rows(_DOCUMENT.read_text()))


def _rows(text: str) -> Iterator[tuple[str, dict[Form, Wish]]]:
    table = re.split(r"\n(?=\S)", text.partition(_TITLE)[2])[0]
    _, _, *rows = re.split(r"^   \* - ", table, flags=re.MULTILINE)
    for row in rows:
        number = row.partition("\n")[0]
        forms: dict[Form, Wish] = {}
        for form in ("python", "toml"):
            block = re.search(
                rf"\.\. code-block:: {form}\n\n((?: {{10}}.*\n|\n)+)", row + "\n"
            )
            assert block, f"row {number} has no rule in {form}"
            forms[form] = Wish(number, form, dedent(block[1]).strip() + "\n")
        yield number, forms


_WISHES = read_wishes()


def wish(number: str) -> pytest.MarkDecorator:
    """Run a test with each form of a rule, which is its argument ``wish``."""
    forms = _WISHES[number].values()
    ids = [f"{each.number}-{each.form}" for each in forms]
    return pytest.mark.parametrize("wish", forms, ids=ids)
