"""The container for Testcontainers, on an engine without containers."""

from __future__ import annotations

import importlib
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import docker
import pytest
from testcontainers.core.config import ConnectionMode, testcontainers_config

from lazr_smtptest.errors import StateError
from lazr_smtptest.testing.container import SMTPTestContainer

from ..commands import Start

EXAMPLES = Path(__file__).parents[1] / "examples"
HTTP = "--http=tcp:0:interface=127.0.0.1"
READY = "keeping messages in memory\nready smtp=1025 http=8025 imap=1143\n"


@attrs.define
class Engine:
    """A client of Docker, with the one container that it creates and all its parts.

    Attributes:
        run: starts what is in the container; returns what it logs and the ports of
            this machine by those of the container.
        base_url: where the engine is.
        asked: what the container was created with.
        status: the state of the container.
        log: what it has logged.
        ports: its ports.
    """

    run: Callable[[dict[str, str]], tuple[str, dict[int, int]]]
    base_url: str = "http+docker://127.0.0.1"
    asked: dict[str, Any] = attrs.field(factory=dict)
    status: str = "created"
    log: str = ""
    ports: dict[int, int] = attrs.field(factory=dict)
    headers: dict[str, str] = attrs.field(factory=dict)
    attrs: dict[str, Any] = attrs.field(factory=dict)
    id: str = "4711"
    short_id: str = "4711"

    def get(self, image: str) -> None:
        """Return at once: every image is here."""

    def create(self, image: str, **asked: Any) -> Engine:
        self.asked = {"image": image, **asked}
        return self

    def start(self) -> None:
        self.log, self.ports = self.run(self.asked["environment"])
        self.status = "running" if self.ports else "exited"

    def logs(self, stdout: bool = True, stderr: bool = True) -> bytes:
        return self.log.encode() if stdout else b""

    def reload(self) -> None:
        """Return at once: the state is known."""

    def port(self, container: str, port: int) -> list[dict[str, str]]:
        return [{"HostPort": str(self.ports[port])}]

    def remove(self, force: bool, v: bool) -> None:
        self.status = "removed"

    def close(self) -> None:
        """Return at once: there is no connection."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine that Testcontainers finds."""
    engine = Engine(lambda _: (READY, {1025: 41025, 8025: 48025}))
    client = SimpleNamespace(
        api=engine,
        images=engine,
        containers=engine,
        networks=SimpleNamespace(list=lambda **_: []),
        close=engine.close,
    )
    monkeypatch.setattr(docker, "from_env", lambda **_: client)
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    mode = ConnectionMode.docker_host
    monkeypatch.setattr(testcontainers_config, "connection_mode_override", mode)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
    return engine


def test_the_example_of_the_manual_passes(engine: Engine, start: Start) -> None:
    """With a server in a process: its line says when it is ready."""

    def run(environ: dict[str, str]) -> tuple[str, dict[int, int]]:
        process = start("smtptest", "--port=0", HTTP, environment=environ)
        found = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$")
        return found[0], {1025: int(found[1]), 8025: int(found[2])}

    engine.run = run
    runpy.run_path(str(EXAMPLES / "container_welcome.py"))["test_the_welcome_arrives"]()
    assert engine.status == "removed"


def test_the_ports_of_smtp_and_http_are_published(engine: Engine) -> None:
    """On any ports of this machine, which the container knows then."""
    with SMTPTestContainer() as container:
        assert engine.asked["image"] == "lazr-smtptest"
        assert engine.asked["ports"] == {"1025": None, "8025": None}
        assert (container.host, container.port) == ("127.0.0.1", 41025)
        assert container.url == "http://127.0.0.1:48025"


def test_an_option_is_a_variable(engine: Engine) -> None:
    """As in the image."""
    with SMTPTestContainer("registry.example.com/mail").with_env("SMTPTEST_AUTH", "a"):
        assert engine.asked["image"] == "registry.example.com/mail"
        assert engine.asked["environment"] == {"SMTPTEST_AUTH": "a"}


@pytest.mark.parametrize(
    ("variables", "name"),
    [({}, "docker.example.com"), ({"SMTPTEST_HTTP_HOST": "mail"}, "mail")],
    ids=["default", "own"],
)
def test_http_answers_to_the_name_of_the_machine(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    name: str,
) -> None:
    """The server would refuse another name; addresses need none."""
    engine.base_url = "http://docker.example.com:2375"
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker.example.com:2375")
    with SMTPTestContainer().with_envs(**variables) as container:
        assert engine.asked["environment"] == {"SMTPTEST_HTTP_HOST": name}
        assert container.host == "docker.example.com"


def test_the_mailbox_names_the_address_of_smtp(engine: Engine) -> None:
    """A failed test shows where mail could be sent to."""
    with SMTPTestContainer() as container:
        assert container.mailbox is container.mailbox
        assert "SMTP on 127.0.0.1:41025" in repr(container.mailbox)


def test_a_stop_closes_the_mailbox(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no connection is left to a port that is another server's later."""
    closed = []
    with SMTPTestContainer() as container:
        monkeypatch.setattr(container.mailbox, "close", lambda: closed.append(True))
    assert closed == [True]


def test_a_server_that_ends_at_once_is_an_error(engine: Engine) -> None:
    """It is raised at the start, and the container is removed."""
    engine.run = lambda _: ("smtptest: --port must be a number\n", {})
    with pytest.raises(RuntimeError, match="exited"), SMTPTestContainer():
        pass
    assert engine.status == "removed"


@pytest.mark.parametrize("name", ["host", "port", "url", "mailbox"])
def test_before_the_start_there_is_no_address(engine: Engine, name: str) -> None:
    """The error says what to do."""
    container = SMTPTestContainer()
    with pytest.raises(StateError, match=r"call start\(\)"):
        getattr(container, name)


def test_without_testcontainers_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one line."""
    monkeypatch.delitem(sys.modules, "lazr_smtptest.testing.container")
    monkeypatch.setitem(sys.modules, "testcontainers.core.container", None)
    with pytest.raises(ImportError) as caught:
        importlib.import_module("lazr_smtptest.testing.container")
    assert "needs pip install 'lazr.smtptest[containers]'" in str(caught.value)
    assert "\n" not in str(caught.value)
