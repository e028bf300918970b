"""Build the sdist and the wheel of the last commit, the same bytes each time.

``python .ci/build.py DIR`` writes them into a folder. The time of everything in them is
SOURCE_DATE_EPOCH, or that of the commit. It needs the package build.
"""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Build them."""
    target = Path(sys.argv[1]).absolute()
    target.mkdir(parents=True, exist_ok=True)
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch.strip()}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        archive = subprocess.run(
            ["git", "-C", ROOT, "archive", "HEAD"], stdout=subprocess.PIPE, check=True
        ).stdout
        unpack(archive, source)
        build("--sdist", source, Path(folder), environment)
        [made] = Path(folder).glob("*.tar.gz")
        sdist = target / made.name
        sdist.write_bytes(normalized(made.read_bytes(), int(epoch)))
        # As who installs the sdist has it.
        unpack(gzip.decompress(sdist.read_bytes()), Path(folder, "sdist"))
        [unpacked] = Path(folder, "sdist").iterdir()
        build("--wheel", unpacked, target, environment)


def git(*words: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def build(kind: str, source: Path, target: Path, environment: dict[str, str]) -> None:
    """Build one of them."""
    words = ["-m", "build", kind, "--outdir", str(target), str(source)]
    subprocess.run([sys.executable, *words], env=environment, check=True)


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a tar with the same rights everywhere: a wheel keeps them."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if member.isfile() or member.isdir():
                member.mode = mode_of(member)
                tar.extract(member, folder, filter="data")
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def normalized(sdist: bytes, epoch: int) -> bytes:
    """Return an sdist with sorted files of one time and of no owner."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(sdist)) as old,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            member.mtime, member.mode = epoch, mode_of(member)
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    return gzip.compress(packed.getvalue(), mtime=epoch)


def mode_of(member: tarfile.TarInfo) -> int:
    """Return the rights of a file: of all who may do anything, and the same for all."""
    return 0o755 if member.isdir() or member.mode & 0o100 else 0o644


if __name__ == "__main__":
    main()
