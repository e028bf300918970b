"""The code blocks of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

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
