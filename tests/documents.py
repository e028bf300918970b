"""The code blocks of the documents, and how they are run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import lazr_smtptest
from tests.commands import environment_of_pytest

# Seconds for a program, such as Sphinx, on a machine that has more to do.
PATIENCE = 600

_DIRECTIVE = re.compile(
    r"^\.\. code-block:: (?P<language>\w+)\n"
    r"(?P<options>(?:   +:.*\n)*)"
    r"\n"
    r"(?P<code>(?:(?: +.*)?\n)+)",
    re.MULTILINE,
)


def blocks(language: str, text: str) -> Iterator[tuple[str, str]]:
    """The code blocks of a document in a language: their captions, and the code."""
    for block in _DIRECTIVE.finditer(text):
        if block["language"] == language:
            caption = re.search(r":caption: (.*)", block["options"])
            yield caption[1] if caption else "", dedent(block["code"])


def code_blocks(text: str) -> Iterator[str]:
    """The Python tests of a document; not those of another library."""
    for caption, code in blocks("python", text):
        if caption != "Before" and (not caption or caption.startswith("test_")):
            yield code


def python(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run this Python, with the package that this test has imported."""
    package_root = Path(lazr_smtptest.__file__).parents[1]
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**environment_of_pytest(), "PYTHONPATH": str(package_root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
