"""A program that writes how many bytes a browser loads of the page's files.

The first number is that of what it loads to show the list, the second one is
that of all files: the other views are loaded when somebody goes there. They are bundled
as they are served, minified and compressed as one, as the sizes of libraries are given.
The page has no build step, and is served with its names: a bound of those would be one
of long names.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lazr_smtptest.readers.http.page.files import load_files

# The modules and style sheets that the document names.
_LOADED = ("app.js", "theme.js", "tokens.css", "page.css")

# Where the first module loads another one later.
_LATER = re.compile(r'\bimport\("([^"]+)"\)')


def _esbuild() -> Path:
    programs = os.environ.get("LAZR_SMTPTEST_PROGRAMS", "")
    return Path(programs, "node_modules/esbuild/bin/esbuild")


def remedy() -> str:
    """Return how the bundler gets onto this machine; empty if it is there."""
    is_there = _esbuild().is_file()
    return "" if is_there else ".ci/programs DIR, and LAZR_SMTPTEST_PROGRAMS=DIR"


def main() -> None:
    """Write the bytes, at first and of all."""
    files = load_files()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, file in files.others.items():
            target = folder / path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.content)
        bundles = [_split(folder), _whole(folder)]
    # A browser loads one language.
    texts = json.loads(files.others["lang/en.json"].content)
    language = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    others = [files.index.content, files.others["icon.svg"].content, language.encode()]
    for parts in bundles:
        print(len(gzip.compress(b"".join([*parts, *others]), 9)))


def _split(folder: Path) -> list[bytes]:
    """Return the bundles of what is loaded at first."""
    _bundle(folder, "split", "--splitting")
    outputs = json.loads((folder / "split.json").read_bytes())["outputs"]
    first: list[str] = []
    left = [f"split/{name}" for name in _LOADED]
    while left:
        name = left.pop(0)
        if name not in first:
            first.append(name)
            imports = outputs[name]["imports"]
            left += [
                each["path"] for each in imports if each["kind"] != "dynamic-import"
            ]
    return [(folder / name).read_bytes() for name in first]


def _whole(folder: Path) -> list[bytes]:
    """Return the bundles of all modules, as if they were loaded at first.

    Otherwise the bundler would put a function around each of them, to run it later.
    """
    first = folder / "app.js"
    source = first.read_text()
    later = _LATER.findall(source)
    imports = "".join(f'import "{name}";\n' for name in later)
    first.write_text(imports + _LATER.sub("Promise.resolve()", source))
    _bundle(folder, "whole")
    return [(folder / "whole" / name).read_bytes() for name in _LOADED]


def _bundle(folder: Path, name: str, *options: str) -> None:
    """Write the minified bundles to a folder, and what they have to a file."""
    command = [_esbuild(), *_LOADED, "--bundle", "--minify", "--format=esm", *options]
    command += [f"--outdir={name}", f"--metafile={name}.json", "--log-level=error"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)


if __name__ == "__main__":
    main()
