"""`lazr_smtptest.mime.lines`: a message that is looked at block by block."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest import _spool as spool
from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.mime.lines import (
    LineMeter,
    irregularities,
    longest_line_exceeds,
)

LINES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"x", b"xxxx", b"\xe9"]))


@given(LINES.map(b"".join), st.sets(st.integers(1, 50)))
def test_a_meter_sees_what_one_look_sees(octets: bytes, places: set[int]) -> None:
    """Wherever the blocks end, but for between a CR and its LF."""
    places = {at for at in places if octets[at - 1 : at + 1] != b"\r\n"}
    meter = LineMeter(5)
    for start, end in pairwise(sorted({0, *places, max(len(octets), 51)})):
        meter.feed(octets[start:end])
    assert meter.exceeded == longest_line_exceeds(octets, 5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES.map(b"".join))
def test_what_is_irregular_in_a_file_is_the_same(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes
) -> None:
    """It is read block by block."""
    monkeypatch.setattr(spool, "_BLOCK", 3)
    content = SpooledContent()
    content.append(octets)
    assert irregularities(content, {}) == irregularities(octets, {})


def test_a_long_line_may_be_in_many_blocks(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """998 octets are allowed."""
    monkeypatch.setattr(spool, "_BLOCK", 100)
    content = SpooledContent()
    content.append(b"x" * 998 + b"\r\n")
    assert irregularities(content, {}) == []
    content.append(b"x" * 999 + b"\r\n")
    assert irregularities(content, {}) == ["long-line"]
