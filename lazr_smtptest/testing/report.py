"""A folder with what failed tests leave, and a document that shows it in a browser.

Each process of a run writes the folders of its own tests; the document is made of all
of them at the end. Nothing is written if no test fails.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lazr_smtptest._json import encode_json
from lazr_smtptest.testing.bundle import document
from lazr_smtptest.testing.evidence import Evidence, collect

__all__ = ["Report", "report_failures"]

_DATA = "evidence.json"
_DOCUMENT = "report.html"
# Bytes of the data in the document; the tests beyond have their folders only.
_LARGEST = 64 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._]+")


class Report:
    """The report of a run.

    Args:
        folder: where it is written; it is made when a test fails.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).absolute()

    def clear(self) -> None:
        """Remove the report of an earlier run, and no other file of the folder."""
        for data in self.folder.glob(f"*/{_DATA}"):
            shutil.rmtree(data.parent)
        (self.folder / _DOCUMENT).unlink(missing_ok=True)

    def add(self, test: str, error: str, moment: float) -> None:
        """Write the folder of a failed test, if it has used a server.

        Args:
            test: its name.
            error: the text of its failure.
            moment: when it began, in seconds of the monotonic clock.
        """
        name = _name_of(test)
        evidence, files = collect(test, error, name, moment)
        if not evidence.servers:
            return
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        # Last: a folder with it is complete.
        (folder / _DATA).write_bytes(encode_json(evidence))

    def write(self) -> Path | None:
        """Write the document; return its path, or ``None`` if no test has failed."""
        all_data = sorted(self.folder.glob(f"*/{_DATA}"))
        if not all_data:
            return None
        shown = list(_within(_LARGEST, all_data))
        tests = [
            msgspec.json.decode(each.read_bytes(), type=Evidence) for each in shown
        ]
        path = self.folder / _DOCUMENT
        path.write_bytes(document(tests, left_out=len(all_data) - len(shown)))
        return path


def _within(size: int, paths: list[Path]) -> Iterator[Path]:
    """Yield the first paths whose files have no more bytes together."""
    for path in paths:
        size -= path.stat().st_size
        if size < 0:
            return
        yield path


def _name_of(test: str) -> str:
    """Return the name of the folder of a test: readable, short, and its own."""
    digest = hashlib.sha256(test.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{_UNSAFE.sub('-', test)[-80:].strip('-.')}-{digest}"


# The report of cases of unittest and trial in this process.
_current: Report | None = None


def report_failures(folder: str | os.PathLike[str]) -> None:
    """Write a report of the tests of this process that fail from now on.

    It covers the cases of unittest and of trial with a `NotesMixin`, such as those of
    `SMTPTestMixin`. Call it before the tests run, in ``load_tests`` or where the module
    of the tests is imported. The report of an earlier run is removed. pytest has the
    option ``--smtptest-report`` instead.

    Args:
        folder: where to write ``report.html``, and a folder for each test; it is made
            when a test fails.
    """
    global _current
    _current = Report(folder)
    _current.clear()


def report_failure(test: str, error: str, moment: float) -> None:
    """Add a failed test to the report of this process, if there is one."""
    if _current is not None:
        _current.add(test, error, moment)
        _current.write()
