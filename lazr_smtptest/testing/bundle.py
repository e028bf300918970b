"""The document of a report: modules, styles, texts and data in one file.

A browser imports no module from a disk, so the modules are joined into one script. They
are those of the page, and few forms of ``import`` and ``export`` are understood.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lazr_smtptest._json import encode_json
from lazr_smtptest.readers.http.page.files import load_texts
from lazr_smtptest.testing.evidence import Evidence

__all__ = ["document", "joined"]

_HERE = Path(__file__).parent / "page"
_PAGE = Path(__file__).parents[1] / "readers" / "http" / "page" / "static"
_LANGUAGES = ("en", "de")
# Which of the page's texts a report needs, beside its own.
_TEXTS = (
    *("reply.", "status.", "class.", "outcome.", "warning.", "section."),
    *("row.nothing", "sessions.tls", "talk.decided", "head.rfc"),
)

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.M)
_LEFT = re.compile(r"^\s*(?:import|export)\b[^\n]*", re.MULTILINE)

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>smtptest</title>
<style>
{style}</style>
</head>
<body>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""

# Frames of mail inherit it: so styles of their own are let through, and nothing else.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; form-action 'none'; base-uri 'none'"
)


def document(tests: Sequence[Evidence], left_out: int = 0) -> bytes:
    """Return the document.

    Args:
        tests: what the failed tests left.
        left_out: how many more there are.
    """
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    data = {"tests": tests, "left_out": left_out, "texts": _texts()}
    text = _TEMPLATE.format(
        policy=_POLICY.format(hash=digest),
        style=_style(),
        # Nothing of a mail can end the element.
        data=encode_json(data).decode().replace("<", "\\u003c"),
        script=script,
    )
    return text.encode("utf-8", "replace")


@cache
def _script() -> str:
    return joined(_HERE / "report.js", _PAGE)


@cache
def _style() -> str:
    sheets = (_PAGE / "tokens.css", _HERE / "report.css")
    return "".join(sheet.read_text("utf-8") for sheet in sheets)


@cache
def _texts() -> dict[str, dict[str, object]]:
    return {name: _texts_of(name) for name in _LANGUAGES}


def _texts_of(language: str) -> dict[str, object]:
    texts = load_texts(language)
    own = json.loads((_HERE / f"{language}.json").read_text("utf-8"))
    kept = {key: text for key, text in texts.items() if key.startswith(_TEXTS)}
    return {**kept, **own}


def joined(main: Path, folder: Path) -> str:
    """Return a module and those that it imports as one script.

    Args:
        main: the module; its imports are relative to `folder`.
        folder: the folder of the others.

    Raises:
        ValueError: a module has an import or an export of another form, or the end of
            a ``<script>``.
    """
    modules: dict[str, str] = {}
    body = _module(main, folder, folder, modules)
    return "\n".join(
        [
            '"use strict";',
            "const modules = {};",
            *modules.values(),
            f"(() => {{\n{body}}})();",
            "",
        ]
    )


def _module(path: Path, base: Path, folder: Path, modules: dict[str, str]) -> str:
    """Return the code of a module, without import and export; add those it imports."""
    code = path.read_text("utf-8")
    for names, name in _IMPORT.findall(code):
        target = (base / name).resolve()
        key = target.relative_to(folder.resolve()).as_posix()
        if key not in modules:
            inner = _module(target, target.parent, folder, modules)
            exported = ", ".join(_EXPORT.findall(target.read_text("utf-8")))
            modules[key] = (
                f'modules["{key}"] = (() => {{\n{inner}return {{ {exported} }};\n}})();'
            )
        local = re.sub(r" as ", ": ", names)
        line = f'const {{{local}}} = modules["{key}"];'
        code = code.replace(f'import {{{names}}} from "{name}";', line)
    code = _EXPORT.sub("", code)
    left = _LEFT.search(code)
    if left is not None or "</script" in code.lower():
        what = "</script" if left is None else left[0].strip()
        raise ValueError(f"{path.name} cannot be joined with others: {what!r:.100}")
    return code
