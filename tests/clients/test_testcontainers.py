"""The recipes for Testcontainers of other languages, on stand-ins of its libraries.

A stand-in has the signatures that the recipes use, and gives the ports of a server that
runs here: there is no engine.
"""

# ruff: noqa: F401, F811

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MemoryStore

from ..client.conftest import Running, reactor, serve
from ..commands import ROOT
from ..documents import blocks

if TYPE_CHECKING:
    from tests.clients.conftest import Program

READY = "ready smtp=1025 http=8025"

NODE = """\
export const Wait = { forLogMessage: (message) => message };
export class GenericContainer {
  constructor(image) { this.asked = [image]; }
  withExposedPorts(...ports) { this.asked.push(...ports); return this; }
  withWaitStrategy(message) {
    if (!message.test(process.env.READY)) throw new Error(`never: ${message}`);
    return this;
  }
  async start() {
    if (this.asked.join() !== "lazr-smtptest,1025,8025") throw new Error(this.asked);
    return {
      getHost: () => "127.0.0.1",
      getMappedPort: (port) => Number(port === 8025 ? process.env.HTTP_PORT : 1),
      stop: async () => {},
    };
  }
}
"""

JAVA = {
    "containers/wait/strategy/WaitStrategy.java": """\
package org.testcontainers.containers.wait.strategy;
public interface WaitStrategy {}
""",
    "containers/wait/strategy/Wait.java": """\
package org.testcontainers.containers.wait.strategy;
public class Wait {
    public static WaitStrategy forLogMessage(String regex, int times) {
        if (!System.getenv("READY").matches("(?s)" + regex)) {
            throw new IllegalArgumentException(regex);
        }
        return new WaitStrategy() {};
    }
}
""",
    "containers/GenericContainer.java": """\
package org.testcontainers.containers;
import org.testcontainers.containers.wait.strategy.WaitStrategy;
public class GenericContainer<SELF extends GenericContainer<SELF>>
        implements AutoCloseable {
    private String asked;
    public GenericContainer(String image) { asked = image; }
    @SuppressWarnings("unchecked") private SELF self() { return (SELF) this; }
    public SELF withExposedPorts(Integer... ports) {
        for (int port : ports) asked += "," + port;
        return self();
    }
    public SELF waitingFor(WaitStrategy strategy) { return self(); }
    public void start() {
        if (!asked.equals("lazr-smtptest,1025,8025")) throw new AssertionError(asked);
    }
    public String getHost() { return "127.0.0.1"; }
    public Integer getMappedPort(int port) {
        return port == 8025 ? Integer.valueOf(System.getenv("HTTP_PORT")) : 1;
    }
    public void close() {}
}
""",
}


@pytest.fixture
def run(
    serve: Callable[..., Running], program: Callable[..., Program], tmp_path: Path
) -> Callable[..., str]:
    """Run a program in a folder with the recipes; a server has a mail to Anna."""
    for document in ("containers.rst", "languages.rst"):
        text = (ROOT / "doc" / document).read_text()
        for language in ("javascript", "java"):
            for name, code in blocks(language, text):
                (tmp_path / name).write_text(code)
    store = MemoryStore()
    store.add(
        Envelope(
            mail_from="shop@example.com",
            rcpt_tos=("anna@example.com",),
            content=b"Subject: Your code\r\n\r\nYour code is 481516.\r\n",
        )
    )
    running = serve(store)

    def run(command: str, *arguments: str) -> str:
        port = str(running.port)
        return program(command, HTTP_PORT=port, READY=READY).run(*arguments)

    return run


def test_node_reads_the_code_of_a_container(
    run: Callable[..., str], tmp_path: Path
) -> None:
    """With its own test runner."""
    library = tmp_path / "node_modules" / "testcontainers"
    library.mkdir(parents=True)
    (library / "package.json").write_text('{"exports": "./index.mjs"}')
    (library / "index.mjs").write_text(NODE)
    said = run("node", "--test", "--test-reporter=tap", "container.test.mjs")
    assert "# pass 1" in said


def test_java_reads_the_code_of_a_container(
    run: Callable[..., str], tmp_path: Path
) -> None:
    """As one file, which Java compiles with those of the library."""
    for name, code in JAVA.items():
        file = tmp_path / "org" / "testcontainers" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
    run("javac", "ContainerMail.java")
    assert '"extract":["481516"]' in run("java", "ContainerMail")
