"""Builds the distributions, and the environments they are installed in, once a run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.once import Once

CHECKOUT = Path(__file__).parents[2]

# What pip says when it cannot reach its index.
UNREACHABLE = (
    "Failed to establish a new connection",
    "Failed to resolve",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Cannot connect to proxy",
    "Read timed out",
    "(from versions: none)",
)


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`; on a CI machine that is a failure."""
    message = f"this test needs {what}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def run(*command: str | Path, cwd: Path, check: bool = True) -> str:
    """Run `command`, return its standard output and error as one text."""
    done = subprocess.run(
        [os.fspath(part) for part in command],
        cwd=cwd,
        env=clean_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    if check and done.returncode:
        if any(words in done.stdout for words in UNREACHABLE):
            missing(f"a package index that pip can reach:\n{done.stdout}")
        pytest.fail(f"{done.args} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def clean_environ() -> dict[str, str]:
    """Return our environment without what would lead Python to the checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST_", "COV_", "VIRTUAL_ENV"))
    }


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and a folder beside it to run its programs in."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> Environment:
        """Make an empty environment for the running Python, with pip."""
        if importlib.util.find_spec("virtualenv") is None:
            missing("virtualenv (pip install -e '.[test]')")
        run(
            *(sys.executable, "-m", "virtualenv", "--quiet"),
            *("--python", sys.executable, root),
            cwd=root.parent,
        )
        environment = cls(root)
        environment.elsewhere.mkdir()
        return environment

    @property
    def elsewhere(self) -> Path:
        """A folder from which nothing of ours can be imported by accident."""
        return self.root / "elsewhere"

    def run(self, program: str, *arguments: str | Path, check: bool = True) -> str:
        """Run a program of this environment; return what it printed."""
        path = self.root / "bin" / program
        return run(path, *arguments, cwd=self.elsewhere, check=check)

    def python(self, code: str, *arguments: str | Path) -> str:
        """Run Python `code`, return what it printed, without the last newline."""
        return self.run("python", "-c", code, *arguments).rstrip("\n")

    def install(self, *requirements: str | Path) -> None:
        """Install with pip, which need not compile what nothing imports."""
        options = ["--quiet", "--no-compile"]
        self.run("python", "-m", "pip", "install", *options, *requirements)

    def uninstall(self, distribution: str) -> None:
        """Uninstall with pip."""
        self.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", distribution)

    def files_of(self, distribution: str) -> set[Path]:
        """Return every file that pip has noted down as of `distribution`."""
        listing = self.python(
            "import sys; from importlib.metadata import files\n"
            "for file in files(sys.argv[1]): print(file.locate())",
            distribution,
        )
        return {Path(line).resolve() for line in listing.splitlines()}

    def damaged_files_of(self, distribution: str) -> list[str]:
        """Return its files that are gone, or not what was installed."""
        return self.python(
            "import base64, hashlib, sys; from importlib.metadata import files\n"
            "for file in files(sys.argv[1]):\n"
            "    if file.hash is None: continue\n"
            "    path = file.locate()\n"
            "    data = path.read_bytes() if path.exists() else b''\n"
            "    digest = hashlib.new(file.hash.mode, data).digest()\n"
            "    digest = base64.urlsafe_b64encode(digest).rstrip(b'=').decode()\n"
            "    if digest != file.hash.value: print(file)",
            distribution,
        ).splitlines()


@dataclass(frozen=True)
class Distributions:
    """The two files of a release."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def source(once: Once) -> Path:
    """Return a copy of the checkout, so that building leaves nothing in it."""
    left_out = shutil.ignore_patterns(
        *(".*", "__pycache__", "*.egg-info", "dropin.cache"),
        *("build", "dist", "_build", "venv", "env"),
    )
    return once("source", lambda folder: copy(CHECKOUT, folder, left_out))


def copy(origin: Path, folder: Path, left_out: Callable[..., set[str]]) -> None:
    """Copy a tree, except what `left_out` says."""
    shutil.copytree(origin, folder, ignore=left_out)


@pytest.fixture(scope="session")
def distributions(once: Once, source: Path) -> Distributions:
    """Build the sdist from the source, and the wheel from that sdist."""
    if importlib.util.find_spec("build") is None:
        missing("build (pip install -e '.[test]')")

    def fill(folder: Path) -> None:
        run(sys.executable, "-m", "build", "--outdir", folder, source, cwd=source)

    folder = once("distributions", fill)
    [sdist], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Distributions(sdist, wheel)


@pytest.fixture(scope="session")
def wheel_environment(once: Once, distributions: Distributions) -> Environment:
    """Return an environment with the wheel and what it needs, nothing else."""

    def fill(folder: Path) -> None:
        Environment.make(folder).install(distributions.wheel)

    return Environment(once("wheel-environment", fill))


@pytest.fixture(scope="session")
def newcomer_environment(once: Once, distributions: Distributions) -> Environment:
    """Return an environment with the wheel, its extra for TLS, and pytest."""

    def fill(folder: Path) -> None:
        Environment.make(folder).install(f"{distributions.wheel}[tls]", "pytest")

    return Environment(once("newcomer-environment", fill))


@pytest.fixture(scope="session")
def editable_environment(once: Once, source: Path) -> Environment:
    """Return an environment with an editable install."""

    def fill(folder: Path) -> None:
        Environment.make(folder).install("--editable", source)

    return Environment(once("editable-environment", fill))


@pytest.fixture
def fresh_environment(tmp_path: Path) -> Iterator[Environment]:
    """Return an environment for one test, to do with it as it likes."""
    environment = Environment.make(tmp_path / "environment")
    yield environment
    shutil.rmtree(environment.root)


@pytest.fixture(scope="session")
def old_documents(once: Once, wheel_environment: Environment) -> Path:
    """Return a folder with the documents of lazr.smtptest 2.0.4, from its sdist."""

    def fill(folder: Path) -> None:
        folder.mkdir()
        wheel_environment.run(
            *("python", "-m", "pip", "download", "--quiet", "--dest", folder),
            *("--no-deps", "--no-binary", ":all:", "lazr.smtptest==2.0.4"),
        )
        [sdist] = folder.glob("*.tar.gz")
        with tarfile.open(sdist) as members:
            for member in members:
                if Path(member.name).parent.name == "docs" and member.isfile():
                    content = members.extractfile(member)
                    assert content is not None
                    (folder / Path(member.name).name).write_bytes(content.read())

    return once("old-documents", fill)
