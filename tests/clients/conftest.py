"""Servers for real clients, and the client programs themselves.

What is not on this machine is named, and its tests are skipped; under CI they fail.
``.ci/programs DIR`` gets all of it; the variable LAZR_SMTPTEST_PROGRAMS says where DIR
is.
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, NoReturn

import pytest
import trustme

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.errors import ReplyError
from lazr_smtptest.tls.context import TLS

# Seconds that anything may take: far more than it does, on a busy machine too.
PATIENCE = 120

# Daemons are in folders where users do not look.
SEARCH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def missing(what: str, remedy: str = ".ci/programs DIR gets it") -> NoReturn:
    """Skip the test for want of `what`; on a CI machine that is a failure."""
    message = f"{what} is not here; {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


class Capture(Server):
    """Puts what it accepts into a queue.

    Attributes:
        answers: what becomes of the messages, in their order: what
            `handle_message` may return. All further ones are accepted.
    """

    rset_clears = False
    exit_stops = False

    def __init__(self, **attributes: Any) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.arrived: Queue[Envelope] = Queue()
        vars(self).update(attributes)

    def handle_envelope(self, envelope: Envelope) -> Any:
        answer = self.answers.pop(0) if self.answers else None
        if not isinstance(answer, ReplyError):
            self.arrived.put(envelope)
        return answer


class Receiver:
    """A running server, in the hands of a test that sends to it."""

    def __init__(self, **attributes: Any) -> None:
        self.server = Capture(**attributes)
        self.controller = Controller(self.server)

    @property
    def host(self) -> str:
        return self.controller.host

    @property
    def port(self) -> int:
        return self.controller.port

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def next(self) -> Envelope:
        """Wait for the next message, from a client that sends in its own time."""
        return self.server.arrived.get(timeout=PATIENCE)

    def all(self) -> list[Envelope]:
        """Return what has arrived so far and was not yet looked at."""
        envelopes = []
        while True:
            try:
                envelopes.append(self.server.arrived.get_nowait())
            except Empty:
                return envelopes

    def only(self) -> Envelope:
        """Return the one message of a client that has got its reply."""
        (envelope,) = self.all()
        return envelope


Serve = Callable[..., Receiver]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers whose attributes are given; they end with the test."""
    with ExitStack() as stack:

        def start(**attributes: Any) -> Receiver:
            receiver = Receiver(**attributes)
            stack.enter_context(receiver.controller)
            return receiver

        yield start


@pytest.fixture
def receiver(serve: Serve) -> Receiver:
    """Start a server as it is without any settings."""
    return serve()


class Program:
    """A client program, with nothing of the user's configuration."""

    def __init__(self, path: Path | str, home: Path, **environ: str) -> None:
        self._path = os.fspath(path)
        self.home = home
        self._environ = {
            "HOME": os.fspath(home),
            "LC_ALL": "C.UTF-8",
            "PATH": SEARCH,
            **environ,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it, its standard output and error in one pipe."""
        return subprocess.Popen(
            [self._path, *arguments],
            cwd=self.home,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, input: str = "", fails: bool = False) -> str:
        """Run it to its end, which is success or not; return all that it said."""
        process = self.start(*arguments)
        try:
            said, _ = process.communicate(input, timeout=PATIENCE)
        finally:
            process.kill()
            process.communicate()
        # Shown where the test fails.
        print(said)
        assert bool(process.returncode) is fails
        return said

    def run_on_terminal(self, *arguments: str) -> None:
        """Run it on a terminal, to its end; nobody looks at what it shows."""
        terminal, end = pty.openpty()
        process = subprocess.Popen(
            [self._path, *arguments],
            cwd=self.home,
            env={**self._environ, "TERM": "xterm"},
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
        )
        os.close(end)
        # A terminal that nobody reads is full soon, and the program waits for ever.
        reading = Thread(target=_read_all, args=[terminal])
        reading.start()
        try:
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
            reading.join()
            os.close(terminal)


def _read_all(terminal: int) -> None:
    """Read what a program shows, until it has ended."""
    # Linux raises an error where others are at the end.
    with suppress(OSError):
        while os.read(terminal, 65_536):
            pass


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    """Give the program of a name, if it is there."""

    def get(command: str, **environ: str) -> Program:
        path = shutil.which(command, path=SEARCH)
        if path is None:
            missing(command)
        return Program(path, tmp_path, **environ)

    return get


@pytest.fixture(scope="session")
def programs() -> Callable[[str], Path]:
    """Give a file or folder of those that are not installed in the system."""

    def get(name: str) -> Path:
        folder = os.environ.get("LAZR_SMTPTEST_PROGRAMS")
        if not folder:
            missing(f"the folder LAZR_SMTPTEST_PROGRAMS with its {name}")
        path = Path(folder, name).resolve()
        if not path.exists():
            missing(str(path))
        return path

    return get


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder that every user can look into, with a short name."""
    if os.geteuid() != 0:
        missing("the user root", "a mail server starts its parts as other users")
    with TemporaryDirectory(prefix="smtptest-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def tls() -> TLS:
    """A certificate made on the spot."""
    return TLS.auto()


@pytest.fixture(scope="session")
def ca_file(tls: TLS, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of the CA that a client is to trust."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(tls.ca_pem)
    return os.fspath(path)


class Certificates:
    """A server that asks its clients for a certificate, and the files of one."""

    def __init__(self, folder: Path, user: str) -> None:
        authority = trustme.CA()
        server = authority.issue_cert("localhost", "127.0.0.1")
        client = authority.issue_cert(user, common_name=user)
        self.folder = folder
        self.ca = self._write("ca.pem", authority.cert_pem)
        self.certificate = self._write("client.pem", client.cert_chain_pems[0])
        self.key = self._write("client.key", client.private_key_pem)
        self.tls = TLS.from_files(
            self._write("server.pem", server.cert_chain_pems[0]),
            self._write("server.key", server.private_key_pem),
            self.ca,
            ask_client_certificate=True,
        )

    def _write(self, name: str, pem: trustme.Blob) -> str:
        path = self.folder / name
        path.write_bytes(pem.bytes())
        path.chmod(0o644)
        return os.fspath(path)


@pytest.fixture
def certificates() -> Iterator[Certificates]:
    """Make the certificates of a server and of the user anna@example.com.

    Every user of the machine may read them, for servers do not stay root.
    """
    with TemporaryDirectory(prefix="smtptest-") as folder:
        Path(folder).chmod(0o755)
        yield Certificates(Path(folder), "anna@example.com")


@pytest.fixture(scope="session")
def program_class() -> type[Program]:
    """What runs a program."""
    return Program
