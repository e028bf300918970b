"""A release as a row of a table: the statements, and the values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs

from lazr_smtptest.outbound.releases.release import Release

__all__ = ["INSERT", "INSERT_ONCE", "SELECT", "UPDATE", "release_of", "row_of"]

# Characters of a transcript that are kept.
_LONGEST_TRANSCRIPT = 64_000

_COLUMNS = tuple(each.name for each in attrs.fields(Release))
_ADDED = _COLUMNS[1:]
INSERT = (
    f"INSERT INTO release ({', '.join(_ADDED)}) "
    f"VALUES ({', '.join(f':{name}' for name in _ADDED)})"
)
INSERT_ONCE = f"{INSERT} ON CONFLICT DO NOTHING"
UPDATE = (
    f"UPDATE release SET {', '.join(f'{name} = :{name}' for name in _ADDED)} "
    "WHERE number = :number"
)
SELECT = f"SELECT {', '.join(_COLUMNS)} FROM release"


def row_of(release: Release, now: float) -> dict[str, Any]:
    """Return the values of a row, by the names of their columns.

    Args:
        release: the release, with times of the machine.
        now: the time of the queue, which is that of its latest change.
    """
    row = attrs.asdict(release, recurse=False)
    row["recipients"] = json.dumps(list(release.recipients))
    row["by_rule"] = int(release.by_rule)
    row["reply"] = _text(release.reply)
    row["transcript"] = _text(release.transcript[-_LONGEST_TRANSCRIPT:])
    if release.next_try is not None:
        row["next_try"] = now + (release.next_try - release.changed)
    return row


def _text(said: str) -> str:
    """Return what a server said, without characters that no database keeps."""
    return said.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def release_of(row: Sequence[Any]) -> Release:
    """Return the release of a row."""
    values = dict(zip(_COLUMNS, row, strict=True))
    values["recipients"] = tuple(json.loads(values["recipients"]))
    values["by_rule"] = bool(values["by_rule"])
    return Release(**values)
