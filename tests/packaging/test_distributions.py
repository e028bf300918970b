"""What is in the files of a release."""

from __future__ import annotations

import re
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lazr_smtptest

if TYPE_CHECKING:
    from tests.packaging.conftest import Distributions

pytestmark = pytest.mark.packaging

PLUGIN = "twisted/plugins/lazr_smtptest_plugin.py"
OLD_NAMES = {
    "lazr/smtptest/__init__.py",
    "lazr/smtptest/controller.py",
    "lazr/smtptest/server.py",
}


@pytest.fixture
def wheel_names(distributions: Distributions) -> set[str]:
    """Return the name of every file in the wheel."""
    with zipfile.ZipFile(distributions.wheel) as wheel:
        return set(wheel.namelist())


@pytest.fixture
def sdist_names(distributions: Distributions) -> set[str]:
    """Return the name of every file in the sdist, below its top folder."""
    with tarfile.open(distributions.sdist) as sdist:
        names = [member.name for member in sdist if member.isfile()]
    return {name.partition("/")[2] for name in names}


@pytest.fixture
def metadata(distributions: Distributions) -> Message:
    """Return the metadata of the wheel."""
    with zipfile.ZipFile(distributions.wheel) as wheel:
        [name] = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        return message_from_bytes(wheel.read(name))


def files_in(source: Path, folder: str) -> set[str]:
    """Return every file in that folder of the source, as a path from the source."""
    return {
        str(path.relative_to(source))
        for path in (source / folder).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


@pytest.mark.parametrize("folder", ["lazr", "twisted", "twisted/plugins"])
def test_wheel_leaves_shared_folders_without_init(
    wheel_names: set[str], folder: str
) -> None:
    """An __init__.py there would replace one that is not ours."""
    assert f"{folder}/__init__.py" not in wheel_names


def test_wheel_puts_one_file_into_twisted(wheel_names: set[str]) -> None:
    """The plugin is all that we have in Twisted's folders."""
    assert {name for name in wheel_names if name.startswith("twisted/")} == {PLUGIN}


def test_wheel_holds_the_old_import_path(wheel_names: set[str]) -> None:
    """The modules of lazr.smtptest are there, and nothing else is in lazr."""
    assert {name for name in wheel_names if name.startswith("lazr/")} == OLD_NAMES


def test_wheel_holds_the_whole_package(source: Path, wheel_names: set[str]) -> None:
    """Every file of the package is there: no sub-package was forgotten."""
    package = {name for name in wheel_names if name.startswith("lazr_smtptest/")}
    assert package == files_in(source, "lazr_smtptest")


def test_wheel_says_that_it_is_typed(wheel_names: set[str]) -> None:
    """Type checkers of other projects read our annotations (PEP 561)."""
    assert "lazr_smtptest/py.typed" in wheel_names


def test_wheel_holds_nothing_but_packages(wheel_names: set[str]) -> None:
    """No tests, documents or set-up files land in site-packages."""
    top = {name.partition("/")[0] for name in wheel_names}
    top = {name for name in top if not name.endswith(".dist-info")}
    assert top == {"lazr", "lazr_smtptest", "twisted"}


def test_wheel_holds_the_licence(wheel_names: set[str]) -> None:
    """The licence goes with every copy, as it asks."""
    assert any(
        ".dist-info/" in name and name.endswith("LICENSE") for name in wheel_names
    )


def test_wheel_names_its_licence_by_an_spdx_expression(metadata: Message) -> None:
    """Metadata 2.4; a classifier beside it would be an error."""
    assert metadata["License-Expression"] == "MIT"
    classifiers = metadata.get_all("Classifier", [])
    assert not any(each.startswith("License ::") for each in classifiers)


def test_wheel_names_its_manual_and_its_source(metadata: Message) -> None:
    """An index shows these links beside the README."""
    links = dict(each.split(", ") for each in metadata.get_all("Project-URL", []))
    assert {"Documentation", "Source", "Issues"} <= links.keys()


def test_wheel_has_the_version_of_the_package(metadata: Message) -> None:
    """The version stands in one place."""
    assert metadata["Version"] == lazr_smtptest.__version__


def test_wheel_is_the_successor_by_name(metadata: Message) -> None:
    """It has the name of the library that it upgrades."""
    assert metadata["Name"] == "lazr.smtptest"


def test_wheel_needs_python_3_10(metadata: Message) -> None:
    """Pip chooses another release on an older Python."""
    assert metadata["Requires-Python"] == ">=3.10"


def test_wheel_has_few_dependencies(metadata: Message) -> None:
    """Whatever is not needed by the core is an extra; Python 3.10 has no tomllib."""
    needed = [n for n in metadata.get_all("Requires-Dist", []) if "extra ==" not in n]
    names = {re.split("[>=; ]", name)[0].lower() for name in needed}
    assert names == {
        *("attrs", "idna", "msgspec", "prometheus-client", "regex", "tomli"),
        *("twisted", "wsproto", "zope.interface"),
    }
    [tomli] = [name for name in needed if name.startswith("tomli")]
    assert re.search(r"""python_version < ['"]3\.11['"]""", tomli)


def test_wheel_is_described_by_the_readme(source: Path, metadata: Message) -> None:
    """An index shows the README."""
    readme = (source / "README.rst").read_text(encoding="utf-8")
    assert metadata.get_payload(decode=True).decode().strip() == readme.strip()


@pytest.mark.parametrize("folder", ["benchmarks", "doc", "tests"])
def test_sdist_holds_whole_folder(
    source: Path, sdist_names: set[str], folder: str
) -> None:
    """Whoever packages the release can run its tests and build its documents."""
    expected = files_in(source, folder)
    assert expected
    assert expected <= sdist_names


@pytest.mark.parametrize(
    "name",
    [
        "CONTRIBUTING.rst",
        "Containerfile",
        "LICENSE",
        "NEWS.rst",
        "README.rst",
        "SECURITY.rst",
        "compose.yaml",
        "pyproject.toml",
    ],
)
def test_sdist_holds_file(sdist_names: set[str], name: str) -> None:
    """The files that a reader looks for first are there."""
    assert name in sdist_names
