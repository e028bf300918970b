"""``.ci/site.py``: the manual of each release, with links between them."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SITE = ROOT / ".ci/site.py"
CONF = """
html_theme = "basic"
templates_path = ["_templates"]
html_sidebars = {"**": ["versions.html"]}
"""

pytestmark = pytest.mark.skipif(
    not SITE.exists(), reason=".ci/site.py is in the checkout only"
)


def git(*words: str, cwd: Path) -> None:
    """Run git as a user of its own."""
    user = ["-c", "user.name=Anna", "-c", "user.email=anna@example.com"]
    subprocess.run(["git", *user, *words], cwd=cwd, check=True, capture_output=True)


def write_page(repository: Path, text: str) -> None:
    """Write the only page of a manual."""
    (repository / "doc" / "index.rst").write_text(f"Manual\n======\n\n{text}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of a project that was released twice and changed since."""
    folder = tmp_path_factory.mktemp("site")
    repository = folder / "repository"
    doc = repository / "doc"
    doc.mkdir(parents=True)
    (doc / "conf.py").write_text(CONF)
    shutil.copytree(ROOT / "doc" / "_templates", doc / "_templates")
    git("init", cwd=repository)
    for version in ("3.0.0", "3.10.0"):
        write_page(repository, f"Of {version}.")
        git("add", ".", cwd=repository)
        git("commit", "-m", version, cwd=repository)
        git("tag", f"v{version}", cwd=repository)
    write_page(repository, "Of tomorrow.")
    words = [sys.executable, str(SITE), str(folder / "out")]
    subprocess.run(words, cwd=repository, check=True)
    return folder / "out"


@pytest.mark.parametrize(
    ("version", "text"),
    [("3.0.0", "Of 3.0.0."), ("3.10.0", "Of 3.10.0."), ("dev", "Of tomorrow.")],
)
def test_each_release_and_the_checkout_have_their_manual(
    site: Path, version: str, text: str
) -> None:
    """As it was written then."""
    assert text in (site / version / "index.html").read_text()


def test_a_page_leads_to_the_other_versions(site: Path) -> None:
    """The newest first."""
    page = (site / "3.0.0" / "index.html").read_text()
    places = [page.index(f"../{each}/index.html") for each in ("dev", "3.10.0")]
    assert places == sorted(places)


def test_the_site_begins_with_the_newest_release(site: Path) -> None:
    """3.10 is newer than 3.9, whatever the alphabet says."""
    assert "url=3.10.0/index.html" in (site / "index.html").read_text()


@pytest.mark.parametrize(
    "link", ["gone.html", "page.html#gone", "#gone", "picture.png", "folder/"]
)
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, link: str) -> None:
    """With the page it is on."""
    (tmp_path / "page.html").write_text("<p>")
    (tmp_path / "index.html").write_text(f'<a href="{link}">')
    broken: Any = runpy.run_path(str(SITE))["broken_links"]
    assert list(broken(tmp_path)) == [f"index.html: {link} leads nowhere"]


@pytest.mark.parametrize(
    "link",
    ["page.html", "page.html#here", "#top", "a%20b.png", "https://example.com/x", "."],
)
def test_other_links_are_not(tmp_path: Path, link: str) -> None:
    """Those to elsewhere are not followed."""
    (tmp_path / "page.html").write_text('<p id="here">')
    (tmp_path / "a b.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(f'<p id="top"><a href="{link}">')
    broken: Any = runpy.run_path(str(SITE))["broken_links"]
    assert list(broken(tmp_path)) == []
