"""The documents that users of lazr.smtptest 2 wrote their tests by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.packaging.conftest import Environment

pytestmark = pytest.mark.packaging

# With the options that lazr.smtptest 2.0.4 ran its documents with. The first failure
# ends it: after it, a document may wait for ever for a message.
RUN_DOCTEST = """
import doctest, sys
result = doctest.testfile(
    sys.argv[1],
    module_relative=False,
    encoding="utf-8",
    optionflags=doctest.ELLIPSIS
    | doctest.NORMALIZE_WHITESPACE
    | doctest.REPORT_NDIFF
    | doctest.FAIL_FAST,
)
print(result.attempted, "examples,", result.failed, "failed")
"""


def run_document(environment: Environment, document: Path) -> tuple[int, int, str]:
    """Run a document as a doctest: how many examples, how many failed, and all."""
    output = environment.python(RUN_DOCTEST, document)
    attempted, _, failed, _ = output.splitlines()[-1].split()
    return int(attempted), int(failed), output


@pytest.mark.usefixtures("port_9025")
@pytest.mark.parametrize(("name", "examples"), [("usage", 39), ("queue", 34)])
def test_document_of_version_2_holds(
    wheel_environment: Environment, old_documents: Path, name: str, examples: int
) -> None:
    """What lazr.smtptest 2.0.4 promised is true of the installed wheel."""
    document = old_documents / f"{name}.rst"
    attempted, failed, output = run_document(wheel_environment, document)
    assert (attempted, failed) == (examples, 0), output


@pytest.mark.usefixtures("port_9025")
def test_seed_document_holds(wheel_environment: Environment, source: Path) -> None:
    """The document that started this project is true of the installed wheel."""
    document = source / "doc" / "usage.rst"
    attempted, failed, output = run_document(wheel_environment, document)
    assert failed == 0, output
    assert attempted >= 30
