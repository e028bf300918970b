"""What an install gives, from the wheel and in the editable way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lazr_smtptest
from tests.documents import code_blocks

if TYPE_CHECKING:
    from tests.packaging.conftest import Environment

pytestmark = pytest.mark.packaging


@pytest.fixture(params=["wheel", "editable"])
def environment(request: pytest.FixtureRequest) -> Environment:
    """Return an environment with our package installed, one way and the other."""
    installed: Environment = request.getfixturevalue(f"{request.param}_environment")
    return installed


def test_twistd_lists_smtptest(environment: Environment) -> None:
    """The plugin is found."""
    lines = environment.run("twistd", "--help").splitlines()
    assert any(line.split()[:1] == ["smtptest"] for line in lines)


def test_twistd_smtptest_has_help(environment: Environment) -> None:
    """The module behind the plugin is found, too, and names its options."""
    assert "--smtp" in environment.run("twistd", "smtptest", "--help")


def test_twistd_smtptest_lets_the_user_choose_a_reactor(
    environment: Environment,
) -> None:
    """Looking for plugins installs no reactor, so another can be installed."""
    output = environment.run("twistd", "--reactor=asyncio", "smtptest", "--help")
    assert "--smtp" in output


def test_plugin_installs_no_reactor(environment: Environment) -> None:
    """The same without Twisted's cache of plugins, which may hide it."""
    installed = environment.python(
        "import sys; from twisted.plugins import lazr_smtptest_plugin\n"
        "print('twisted.internet.reactor' in sys.modules)"
    )
    assert installed == "False"


def test_pytest_finds_its_plugin(environment: Environment) -> None:
    """By the entry point; pytest itself need not be there."""
    plugins = environment.python(
        "from importlib.metadata import entry_points\n"
        "print([each.value for each in entry_points(group='pytest11')])"
    )
    assert "lazr_smtptest.testing.pytest_plugin" in plugins


def test_old_names_are_the_new_classes(environment: Environment) -> None:
    """Both import paths give one and the same classes."""
    same = environment.python(
        "import lazr_smtptest as new\n"
        "import lazr.smtptest.controller as controller\n"
        "import lazr.smtptest.server as server\n"
        "print(server.Server is new.Server, server.QueueServer is new.QueueServer)\n"
        "print(controller.Controller is new.Controller)\n"
        "print(controller.QueueController is new.QueueController)"
    )
    assert same.split() == ["True"] * 4


def test_old_package_has_the_version(environment: Environment) -> None:
    """lazr.smtptest says which version it is, as it used to."""
    version = environment.python("import lazr.smtptest as l; print(l.__version__)")
    assert version == lazr_smtptest.__version__


def test_import_installs_no_reactor(environment: Environment) -> None:
    """Importing us leaves the choice of a reactor to the program."""
    installed = environment.python(
        "import sys, lazr_smtptest, lazr.smtptest\n"
        "print('twisted.internet.reactor' in sys.modules)"
    )
    assert installed == "False"


def test_wheel_is_what_its_environment_imports(wheel_environment: Environment) -> None:
    """The tests above try the wheel, not the checkout."""
    origin = wheel_environment.python("import lazr_smtptest as l; print(l.__file__)")
    assert wheel_environment.root in Path(origin).parents


def test_editable_install_imports_the_source(
    editable_environment: Environment, source: Path
) -> None:
    """A change in the source needs no second install."""
    origin = editable_environment.python("import lazr_smtptest as l; print(l.__file__)")
    assert source in Path(origin).parents


@pytest.mark.parametrize(
    "document",
    ["README.rst", *(f"doc/{name}.rst" for name in ("index", "first", "tasks"))],
)
def test_a_copied_snippet_runs(
    newcomer_environment: Environment, source: Path, tmp_path: Path, document: str
) -> None:
    """In an empty folder, with the wheel and pytest and nothing else."""
    snippets = list(code_blocks((source / document).read_text()))
    assert snippets
    for number, code in enumerate(snippets):
        # That section says what it needs besides.
        if "aiosmtplib" not in code:
            (tmp_path / f"test_{number}.py").write_text(code)
    newcomer_environment.run("python", "-m", "pytest", "-W", "error", tmp_path)
