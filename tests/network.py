"""A network of a test's own, which can be cut."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest

from .postgresql import missing

__all__ = ["Network", "network"]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@attrs.frozen
class Network:
    """A namespace of networks, and the cable to it.

    Attributes:
        name: the name of the namespace.
        there: the address of its end of the cable.
    """

    name: str
    there: str

    @property
    def before(self) -> tuple[str, ...]:
        """The command under which a program runs there."""
        return "ip", "netns", "exec", self.name

    def cut(self) -> None:
        """Lose all packets from now on; nobody is told."""
        self._set("down")

    def mend(self) -> None:
        """Let packets pass again."""
        self._set("up")

    def _set(self, state: str) -> None:
        _ip("-n", self.name, "link", "set", f"{self.name}b", state)


@contextmanager
def network() -> Iterator[Network]:
    """Yield a network that this process reaches, and remove it."""
    if shutil.which("ip") is None:
        missing("ip, of Debian's iproute2,")
    if os.geteuid() != 0:
        pytest.skip("only root may make a network")
    made = random.Random(os.getpid())
    name = f"st{made.randrange(16**6):06x}"
    # Of the addresses for measurements (RFC 2544), four for this network.
    start = 198 << 24 | 18 << 16 | made.randrange(1 << 15) << 2
    here, there = (
        ".".join(str(start + each >> bits & 255) for bits in (24, 16, 8, 0))
        for each in (1, 2)
    )
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        # Not a program that could be got: few systems let a test do this.
        pytest.skip(f"no network can be made here: {error.stderr.strip()}")
    try:
        cable = ("type", "veth", "peer", "name", f"{name}b", "netns", name)
        _ip("link", "add", f"{name}a", *cable)
        _ip("addr", "add", f"{here}/30", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "addr", "add", f"{there}/30", "dev", f"{name}b")
        _ip("-n", name, "link", "set", f"{name}b", "up")
        yield Network(name, there)
    finally:
        # With the cable.
        _ip("netns", "del", name)
