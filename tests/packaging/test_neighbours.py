"""Beside, after and before other distributions in the same environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.packaging.conftest import Distributions, Environment

pytestmark = pytest.mark.packaging

IMPORT_BOTH = "import lazr.config, lazr.smtptest.controller, lazr.smtptest.server"


@pytest.mark.parametrize("we_come", ["first", "last"])
def test_lazr_config_works_beside_us(
    fresh_environment: Environment, distributions: Distributions, we_come: str
) -> None:
    """The folder lazr is shared with the other lazr packages, in either order."""
    both = [str(distributions.wheel), "lazr.config"]
    for requirement in both if we_come == "first" else reversed(both):
        fresh_environment.install(requirement)
    fresh_environment.python(IMPORT_BOTH)


def test_lazr_config_works_beside_an_editable_install(
    fresh_environment: Environment, source: Path
) -> None:
    """An editable install shares the folder lazr, too."""
    fresh_environment.install("lazr.config")
    fresh_environment.install("--editable", source)
    fresh_environment.python(IMPORT_BOTH)


def test_uninstall_leaves_the_others_as_they_were(
    fresh_environment: Environment, distributions: Distributions
) -> None:
    """Every file of Twisted and lazr.config is there after we went."""
    fresh_environment.install("lazr.config", distributions.wheel)
    fresh_environment.run("twistd", "--help")
    fresh_environment.uninstall("lazr.smtptest")
    assert fresh_environment.damaged_files_of("Twisted") == []
    assert fresh_environment.damaged_files_of("lazr.config") == []
    assert "smtptest" not in fresh_environment.run("twistd", "--help")


def test_upgrade_leaves_nothing_of_version_2(
    fresh_environment: Environment, distributions: Distributions
) -> None:
    """Pip sees us as the next version of lazr.smtptest, and cleans up."""
    # Without its dependency nose, which no Python of today can import.
    fresh_environment.install("--no-deps", "lazr.smtptest==2.0.4")
    before = fresh_environment.files_of("lazr.smtptest")
    fresh_environment.install(distributions.wheel)
    left = {path for path in before if path.exists()}
    assert left <= fresh_environment.files_of("lazr.smtptest")
