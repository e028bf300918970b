"""`lazr_smtptest.cli.readiness`: those that wait for a process are told."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.cli.readiness import (
    check_ready_file,
    notify_manager,
    write_ready_file,
)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(str(tmp_path / "notify"))
        yield datagrams


def test_a_file_of_before_is_removed_by_the_check(tmp_path: Path) -> None:
    """It may be that of a process that was killed."""
    file = tmp_path / "ready"
    file.write_text("smtp=127.0.0.1:1\n")
    check_ready_file(file)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a disk without room, on which an empty file can be made."""
    words = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(words, check=False).returncode:
        # Not a program that could be got: few systems let a test do this.
        pytest.skip("only root may mount a small disk")
    (tmp_path / "ballast").write_bytes(b"x" * 4096)
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_full_disk_is_an_error_of_the_check(full_disk: Path) -> None:
    """The server does not start, since nobody would hear that it is ready."""
    with pytest.raises(OSError, match="No space left"):
        check_ready_file(full_disk / "ready")
    assert [each.name for each in full_disk.iterdir()] == ["ballast"]


def test_the_manager_gets_the_state(manager: socket.socket) -> None:
    """In one datagram."""
    assert notify_manager("READY=1", {"NOTIFY_SOCKET": manager.getsockname()})
    assert manager.recv(100) == b"READY=1"


def test_an_abstract_socket_begins_with_an_at_sign() -> None:
    """It has no file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind("")  # the kernel gives it a name
        name = datagrams.getsockname().decode().replace("\0", "@", 1)
        assert notify_manager("READY=1", {"NOTIFY_SOCKET": name})
        assert datagrams.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "vsock:1", "/no/such/socket"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    """A process that was started by hand has none."""
    assert not notify_manager("READY=1", {"NOTIFY_SOCKET": address})


def test_the_file_has_a_line_for_each_listener(tmp_path: Path) -> None:
    """With what is spoken there."""
    file = tmp_path / "ready"
    write_ready_file(file, {"smtp": "127.0.0.1:1025", "lmtp": "/run/lmtp"})
    assert file.read_text() == "smtp=127.0.0.1:1025\nlmtp=/run/lmtp\n"


def test_the_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nothing is left beside it."""
    write_ready_file(tmp_path / "ready", {"smtp": "127.0.0.1:1025"})
    assert [each.name for each in tmp_path.iterdir()] == ["ready"]
