"""The script that builds a release: the same bytes each time."""

from __future__ import annotations

import gzip
import importlib.util
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

EPOCH = 1_700_000_000


@pytest.fixture(scope="module")
def script() -> Any:
    """The script, as a module."""
    path = Path(__file__).parents[2] / ".ci/build.py"
    spec = importlib.util.spec_from_file_location("build_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sdist(names: list[str], mtime: int, mode: int, owner: str) -> bytes:
    """Return an sdist."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(name), mtime, mode
            member.uname, member.uid = owner, mtime
            tar.addfile(member, io.BytesIO(name.encode()))
    return packed.getvalue()


def test_what_two_machines_build_is_the_same(script: Any) -> None:
    """Whatever the order, the time, the owner and the rights."""
    one = sdist(["a/b", "a/c"], 1, 0o600, "anna")
    other = sdist(["a/c", "a/b"], 2, 0o664, "bert")
    assert one != other
    assert script.normalized(one, EPOCH) == script.normalized(other, EPOCH)


def test_the_files_are_what_they_were(script: Any) -> None:
    """Programs can be run."""
    made = script.normalized(sdist(["a/b"], 1, 0o700, "anna"), EPOCH)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(made))) as tar:
        [member] = tar
        content = tar.extractfile(member)
        assert content is not None
        assert content.read() == b"a/b"
    assert (member.mtime, member.mode, member.uname) == (EPOCH, 0o755, "")


def test_what_is_unpacked_has_the_same_rights_everywhere(
    script: Any, tmp_path: Path
) -> None:
    """A wheel keeps them."""
    archive = gzip.decompress(sdist(["a/b"], 1, 0o600, "anna"))
    script.unpack(archive, tmp_path)
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o644
