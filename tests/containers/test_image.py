"""The image, built from the recipe by buildah and run as an engine runs it.

``nox -s image`` runs this: it takes a minute, and needs root, buildah and a mount
namespace. The base is made of the Python of the tests: there may be no registry.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.commands import PATIENCE, send

from .base import make_base
from .recipe import ROOT

BASE, IMAGE = "localhost/smtptest-base", "localhost/smtptest"
USER = 10001
_LONG = 10 * PATIENCE

pytestmark = [
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LAZR_SMTPTEST_IMAGE" not in os.environ, reason="nox -s image runs it"
    ),
]

# The tree of the image is read-only but for the volume and for temporary files.
_RUN = """
set -eu
mount --make-rprivate /
mount --bind "$TREE" "$TREE"
mount --bind "$DATA" "$TREE/data"
mount -t tmpfs -o mode=1777 tmpfs "$TREE/tmp"
mount --bind /dev "$TREE/dev"
mount -t proc proc "$TREE/proc"
mount --bind "$SHARED" "$TREE/sys"
mount -o remount,bind,ro "$TREE"
if (: > "$TREE/read-write") 2> /dev/null; then echo "it is writable" >&2; exit 99; fi
cd "$TREE/data"
exec chroot --userspec="$USER" --groups= "$TREE" "$@"
"""


class Buildah:
    """buildah with storage of its own.

    Args:
        folder: where the storage is.
    """

    def __init__(self, folder: Path) -> None:
        places = [f"--root={folder}/storage", f"--runroot={folder}/run"]
        self._command = ["buildah", *places]
        if self._run("info").returncode != 0:
            # The overlay of Linux does not work on every file system.
            self._command.append("--storage-driver=vfs")

    def __call__(self, *words: str) -> str:
        """Run a command; return what it printed."""
        ran = self._run(*words)
        assert ran.returncode == 0, ran.stdout
        return ran.stdout.strip()

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *words],
            env=os.environ | {"BUILDAH_ISOLATION": "chroot"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LONG,
            check=False,
        )


def make_wheels(folder: Path) -> None:
    """Get what the recipe installs, and what builds it, with the pip of the tests."""
    extras = f"{ROOT}[tls,sqlite,postgresql,checks,htpasswd]"
    command = ["pip", "wheel", "--quiet", "--wheel-dir", str(folder)]
    for words in (["setuptools", "wheel"], [extras, "psycopg[binary]"]):
        subprocess.run([sys.executable, "-m", *command, *words], check=True)
    for ours in folder.glob("lazr*"):
        ours.unlink()


class Image:
    """The image that was built.

    Attributes:
        tree: its files.
        settings: what the recipe says of it, as an engine reads it.
    """

    def __init__(self, folder: Path) -> None:
        buildah = Buildah(folder)
        make_wheels(folder / "wheels")
        make_base(folder / "base", folder / "wheels")
        container = buildah("from", "scratch")
        buildah("add", "--quiet", container, str(folder / "base"), "/")
        buildah("commit", "--format=docker", container, BASE)
        given = ["--format=docker", f"--build-arg=BASE={BASE}", "--pull-never"]
        buildah("build", *given, f"--tag={IMAGE}", str(ROOT))
        found = json.loads(buildah("inspect", "--type=image", IMAGE))
        self.settings: dict[str, Any] = found["Docker"]["config"]
        container = buildah("from", "--pull-never", IMAGE)
        self.tree = Path(buildah("mount", container))


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image; it is built once."""
    for program in ("buildah", "unshare"):
        if os.geteuid() != 0 or shutil.which(program) is None:
            pytest.fail(f"an image needs root and {program}")
    folder = Path(mkdtemp(prefix="smtptest-"))
    folder.chmod(0o755)
    try:
        yield Image(folder)
    finally:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        for place in sorted((each.split()[1] for each in mounts), reverse=True):
            if place.startswith(f"{folder}/"):
                subprocess.run(["umount", "--lazy", place], check=True)
        shutil.rmtree(folder)


class Container:
    """A process of the image, with the settings of the image.

    Attributes:
        data: the folder of the volume.
        lines: what the server has written so far.
    """

    def __init__(self, image: Image, folder: Path) -> None:
        self._image = image
        self.data, self._shared = folder / "data", folder / "shared"
        for each in (self.data, self._shared):
            each.mkdir()
            os.chown(each, USER, USER)
        anywhere = "tcp:0:interface=127.0.0.1"
        # Any free ports: the container has the network of the tests.
        self.variables = dict(
            each.split("=", 1) for each in image.settings["Env"] if "=" in each
        ) | {
            "SMTPTEST_HOST": "127.0.0.1",
            "SMTPTEST_PORT": "0",
            "SMTPTEST_HTTP": anywhere,
            "SMTPTEST_IMAP": anywhere,
            "SMTPTEST_POP3": anywhere,
            "SMTPTEST_READY_FILE": "/sys/ready",
        }
        self.lines: list[str] = []
        self._server: subprocess.Popen[str] | None = None

    def _start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command as process 1 of the container."""
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        words = ["/usr/bin/env", "-i", *variables, *command]
        environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "TREE": str(self._image.tree),
            "DATA": str(self.data),
            "SHARED": str(self._shared),
            "USER": self._image.settings["User"],
        }
        return subprocess.Popen(
            ["unshare", *_NAMESPACES, "sh", "-c", _RUN, "container", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self) -> int:
        """Start the server; return the port of SMTP when it is ready."""
        self._server = self._start(*self._image.settings["Entrypoint"])
        assert self._server.stdout is not None
        for line in self._server.stdout:
            self.lines.append(line)
            if found := re.match(r"ready smtp=(\d+) http=\d+ imap=\d+ pop3=\d+$", line):
                return int(found[1])
        raise AssertionError(f"it ended: {self.lines}")

    def check(self) -> int:
        """Run the health check; return its exit status."""
        kind, *command = self._image.settings["Healthcheck"]["Test"]
        assert kind == "CMD"
        check = self._start(*command)
        check.communicate(timeout=_LONG)
        return check.returncode

    def signal(self, number: int) -> None:
        """Send a signal to process 1, if it is there still."""
        assert self._server is not None
        pid = self._server.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), number)

    def wait(self, seconds: float) -> int:
        """Return the exit status of the server, which has some seconds for its end."""
        assert self._server is not None
        self._server.communicate(timeout=seconds)
        return self._server.returncode

    def close(self) -> None:
        """End it."""
        if self._server is not None:
            if self._server.poll() is None:
                # Not --kill-child: Linux forgets it when process 1 changes its user.
                self.signal(signal.SIGKILL)
            self._server.wait()
            assert self._server.stdout is not None
            self._server.stdout.close()


_NAMESPACES = ("--mount", "--pid", "--fork")


@pytest.fixture
def container(image: Image, tmp_path: Path) -> Iterator[Container]:
    """A container that was not started."""
    container = Container(image, tmp_path)
    yield container
    container.close()


def test_the_image_says_what_an_engine_needs(image: Image) -> None:
    """User, volume, ports, health check, signal."""
    settings = image.settings
    assert settings["User"] == f"{USER}:{USER}"
    assert set(settings["Volumes"]) == {"/data"}
    assert set(settings["ExposedPorts"]) == {
        f"{port}/tcp" for port in (1025, 1110, 1143, 8025)
    }
    assert settings["Healthcheck"]["Test"][1:] == [*settings["Entrypoint"], "ready"]
    assert settings["StopSignal"] == "SIGTERM"
    assert settings["Labels"]["org.opencontainers.image.licenses"] == "MIT"


def test_it_keeps_mail_in_the_volume_on_a_read_only_tree(container: Container) -> None:
    """As the user of the image."""
    container.variables["SMTPTEST_STORE"] = "sqlite:/data/mail.db"
    send(container.start())
    assert (container.data / "mail.db").stat().st_uid == USER


def test_its_health_check_is_green_while_smtp_lives(container: Container) -> None:
    """Red before, green then, and red when the server answers no more."""
    assert container.check() == 1
    container.start()
    assert container.check() == 0
    container.signal(signal.SIGSTOP)
    assert container.check() == 1
    container.signal(signal.SIGCONT)
    assert container.check() == 0


def test_sigterm_ends_process_1_within_ten_seconds(container: Container) -> None:
    """With 421 to a client that is connected."""
    with smtplib.SMTP("127.0.0.1", container.start(), timeout=_LONG) as client:
        container.signal(signal.SIGTERM)
        code, _ = client.getreply()
    assert code == 421
    assert container.wait(10) == 0
