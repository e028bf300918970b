"""A program that writes how many bytes a browser loads of the page's files.

They are bundled as they are served, minified and compressed as one, as the sizes of
libraries are given. The page has no build step, and is served with its names: a bound
of those would be one of long names.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lazr_smtptest.readers.http.page.files import load_files

# The modules and style sheets that the document names.
_LOADED = ("app.js", "theme.js", "tokens.css", "page.css")


def _esbuild() -> Path:
    programs = os.environ.get("LAZR_SMTPTEST_PROGRAMS", "")
    return Path(programs, "node_modules/esbuild/bin/esbuild")


def remedy() -> str:
    """Return how the bundler gets onto this machine; empty if it is there."""
    is_there = _esbuild().is_file()
    return "" if is_there else ".ci/programs DIR, and LAZR_SMTPTEST_PROGRAMS=DIR"


def main() -> None:
    """Write the bytes."""
    files = load_files()
    with TemporaryDirectory() as folder:
        for name, file in files.others.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(file.content)
        bundles = [_bundled(Path(folder, name)) for name in _LOADED]
    # A browser loads one language.
    texts = json.loads(files.others["lang/en.json"].content)
    language = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    others = [files.index.content, files.others["icon.svg"].content]
    whole = b"".join([*others, *bundles, language.encode()])
    print(len(gzip.compress(whole, 9)))


def _bundled(path: Path) -> bytes:
    """Return a file with all that it imports, minified."""
    command = [_esbuild(), path, "--bundle", "--minify", "--format=esm"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120)
    return done.stdout


if __name__ == "__main__":
    main()
