"""Build the site: the manual of each release and of this checkout, and check its links.

``python .ci/site.py DIR`` writes a folder a version: one for each tag ``vN...`` and
one named ``dev`` for the checkout.  Each page leads to the other versions, and
``DIR/index.html`` to the newest release.  It needs the extra ``doc``, and runs in the
checkout whose manual it builds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

DEV = "dev"
_LEADING = (
    '<!doctype html><meta charset="utf-8"><title>lazr.smtptest</title>'
    '<meta http-equiv="refresh" content="0; url={0}/index.html">'
    '<a href="{0}/index.html">The manual</a>\n'
)


def main() -> None:
    """Build the site; the exit status is 1 if a link leads nowhere."""
    site = Path(sys.argv[1]).absolute()
    tags = git("tag", "--list", "v[0-9]*", "--sort=-version:refname").decode().split()
    names = [DEV, *(tag.removeprefix("v") for tag in tags)]
    build(Path.cwd(), site, DEV, names)
    for tag in tags:
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(fileobj=BytesIO(git("archive", tag))) as archive:
                archive.extractall(folder, filter="data")
            build(Path(folder), site, tag.removeprefix("v"), names)
    newest = names[1] if tags else DEV
    (site / "index.html").write_text(_LEADING.format(newest), encoding="utf-8")
    broken = list(broken_links(site))
    print("\n".join(broken) or f"{len(names)} in {site}: {', '.join(names)}")
    sys.exit(bool(broken))


def git(*words: str) -> bytes:
    """Return what git prints."""
    return subprocess.run(["git", *words], stdout=subprocess.PIPE, check=True).stdout


def build(tree: Path, site: Path, version: str, versions: list[str]) -> None:
    """Build the manual of a tree of the project; a warning is an error."""
    sphinx = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    shown = ["-A", f"versions={','.join(versions)}", "-A", f"shown={version}"]
    subprocess.run(
        [*sphinx, *shown, "doc", str(site / version)],
        # The signatures are those of the tree, not of what is installed.
        env={**os.environ, "PYTHONPATH": str(tree)},
        cwd=tree,
        check=True,
    )


class _Page(HTMLParser):
    """The links of a page, and the places that a link can name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


def broken_links(site: Path) -> Iterator[str]:
    """Yield a line for each link to a file or a place that the site does not have.

    Links to elsewhere are not followed.
    """
    files = sorted(site.rglob("*.html"))
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in files}
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = file
            if parts.path:
                target = Path(os.path.normpath(file.parent / unquote(parts.path)))
            if target.is_dir():
                target /= "index.html"
            there = pages.get(target)
            has_place = there is None or unquote(parts.fragment) in there.places
            if not target.exists() or not has_place:
                yield f"{file.relative_to(site)}: {link} leads nowhere"


if __name__ == "__main__":
    main()
