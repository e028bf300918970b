"""A root file system with the Python of the tests, for an image without a registry.

It has a shell, the commands that the recipe runs, Python with pip, what they link to,
and a folder of wheels from which pip installs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

_COMMANDS = ("sh", "mkdir", "chown", "env")
# Files that are read by name: of the resolver, of users, and of TLS.
_FILES = (
    *("/etc/nsswitch.conf", "/etc/passwd", "/etc/group"),
    "/etc/ssl/certs/ca-certificates.crt",
)
# What wheels of PyPI link to (PEP 600), and what the resolver loads.
_SHARED = (
    *("libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libm.so.6"),
    *("libgcc_s.so.1", "libstdc++.so.6", "libresolv.so.2"),
    *("libnss_files.so.2", "libnss_dns.so.2"),
)
# What of Python is large, and is not needed.
_LEFT_OUT = shutil.ignore_patterns(
    *("__pycache__", "test", "idlelib", "tkinter", "turtledemo", "lib2to3", "*.a"),
    *("config-*", "site-packages", "dist-packages", "_tkinter*", "_test*"),
)
_PIP = "[global]\nno-index = true\nfind-links = /wheels\n"


def make_base(folder: Path, wheels: Path) -> None:
    """Make the file system.

    Args:
        folder: where; it is new.
        wheels: the wheels.
    """
    for name in ("tmp", "proc", "sys", "dev", "etc", "usr/bin", "usr/lib"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    for name in ("bin", "lib"):
        (folder / name).symlink_to(f"usr/{name}")
    for name in ("lib64", "lib32"):
        if Path(f"/{name}").exists():
            (folder / f"usr/{name}").mkdir()
            (folder / name).symlink_to(f"usr/{name}")
    for command in _COMMANDS:
        found = shutil.which(command)
        assert found is not None, command
        _copy(Path(os.path.realpath(found)), folder, f"/usr/bin/{command}")
    for file in _FILES:
        if Path(file).exists():
            _copy(Path(file), folder, file)
    _copy_python(folder)
    shutil.copytree(wheels, folder / "wheels")
    (folder / "etc/pip.conf").write_text(_PIP)


def _copy_python(folder: Path) -> None:
    """Copy the Python of the tests, where it is, with a link to it."""
    program = Path(os.path.realpath(sys.executable))
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = Path(sysconfig.get_path("stdlib"))
    _copy(program, folder, str(program))
    shutil.copytree(
        library, folder / str(library)[1:], ignore=_LEFT_OUT, dirs_exist_ok=True
    )
    for extension in (folder / str(library)[1:]).rglob("*.so"):
        _copy_libraries(Path("/") / extension.relative_to(folder), folder)
    [libc] = {each for each in _libraries(program) if each.name == "libc.so.6"}
    for name in _SHARED:
        if (libc.parent / name).exists():
            _copy(libc.parent / name, folder, str(libc.parent / name))
    for name in ("python3", version):
        (folder / "usr/bin" / name).unlink(missing_ok=True)
        (folder / "usr/bin" / name).symlink_to(program)
    # A home that only root may enter would hide it.
    for parent in (folder / str(program)[1:]).relative_to(folder).parents:
        (folder / parent).chmod(0o755)


def _copy(file: Path, folder: Path, name: str) -> None:
    """Copy a file and what it links to."""
    target = folder / name[1:]
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, target)
    _copy_libraries(file, folder)


def _copy_libraries(file: Path, folder: Path) -> None:
    for library in _libraries(file):
        target = folder / str(library)[1:]
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)


def _libraries(file: Path) -> Iterator[Path]:
    """Yield the shared libraries of a program, by the names that it looks for."""
    ran = subprocess.run(["ldd", file], capture_output=True, text=True, check=False)
    for path in re.findall(r"(?:=> |^\s)(/\S+) \(0x", ran.stdout, re.MULTILINE):
        yield Path(path)
