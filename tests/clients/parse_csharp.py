"""Parse a file of C#; print each place that breaks its grammar, and fail then.

It runs in the environment of ``.ci/programs``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_c_sharp


def errors(node: Any) -> Iterator[str]:
    """Yield the line and the text of each part that the grammar does not know."""
    if node.is_error or node.is_missing:
        yield f"line {node.start_point[0] + 1}: {node.parent.text.decode()}"
    elif node.has_error:
        for child in node.children:
            yield from errors(child)


if __name__ == "__main__":
    language = tree_sitter.Language(tree_sitter_c_sharp.language())
    code = Path(sys.argv[1]).read_bytes()
    found = list(errors(tree_sitter.Parser(language).parse(code).root_node))
    for each in found:
        print(each)
    sys.exit(bool(found))
