"""`lazr_smtptest.server.controller`: a server beside the test, on real sockets."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import smtplib
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest

from lazr_smtptest import (
    Controller,
    ListenError,
    QueueController,
    QueueServer,
    Server,
    StateError,
)
from tests.leaks import Opened

TIMEOUT = 60


@pytest.fixture
def controller() -> Iterator[QueueController]:
    controller = QueueController()
    controller.start()
    yield controller
    controller._stop()


def send(port: int, text: str = "x", host: str = "127.0.0.1") -> None:
    with smtplib.SMTP(host, port, timeout=TIMEOUT) as client:
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: {text}\n\n")


def subjects(controller: QueueController) -> list[str]:
    return [message["subject"] for message in controller]


def is_refused(port: int, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, port), timeout=TIMEOUT).close()
    except ConnectionRefusedError:
        return True
    return False


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter, with warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )


# Starting and stopping


def test_a_mail_arrives(controller: QueueController) -> None:
    """Start, send, look."""
    send(controller.port, "hello")
    assert subjects(controller) == ["hello"]


def test_iteration_drains_the_queue(controller: QueueController) -> None:
    """And does not wait."""
    send(controller.port)
    assert len(list(controller)) == 1
    assert list(controller) == []


def test_the_real_port_is_on_both(controller: QueueController) -> None:
    """Port 0 is the normal case."""
    assert controller.port == controller.server.port != 0
    assert controller.host == controller.server.host == "localhost"


def test_after_stop_connections_are_refused(controller: QueueController) -> None:
    controller.stop()
    assert is_refused(controller.port)


def test_after_stop_the_thread_is_gone() -> None:
    """It has ended when `stop` returns."""
    before = set(threading.enumerate())
    with QueueController():
        pass
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert "lazr.smtptest" not in left


def test_it_can_be_started_again_on_the_same_port(controller: QueueController) -> None:
    """A server that went away and came back."""
    port = controller.port
    controller.stop()
    controller.start()
    send(port)
    assert controller.port == port
    assert len(list(controller)) == 1


def test_starting_twice_is_an_error(controller: QueueController) -> None:
    """Of this package's own type; the server goes on."""
    with pytest.raises(
        StateError, match=f"localhost:{controller.port} is already running"
    ):
        controller.start()
    send(controller.port)
    assert len(list(controller)) == 1


def test_stopping_twice_is_no_error(controller: QueueController) -> None:
    """Nor is stopping what was never started."""
    controller.stop()
    controller.stop()
    QueueController().stop()


def test_it_is_a_context_manager() -> None:
    """Started within, stopped behind."""
    with QueueController() as controller:
        send(controller.port)
    assert is_refused(controller.port)
    assert len(list(controller)) == 1


def test_stop_tells_clients_that_are_connected(controller: QueueController) -> None:
    """421 (RFC 5321 section 3.8), without waiting for them."""
    client = smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT)
    controller.stop()
    assert client.docmd("NOOP")[0] == 421
    client.close()


def test_many_controllers_run_at_once() -> None:
    """Each with a thread and a port of its own."""
    controllers = [QueueController() for _ in range(10)]
    for controller in controllers:
        controller.start()
    for number, controller in enumerate(controllers):
        send(controller.port, str(number))
    for controller in controllers:
        controller.stop()
    expected = [[str(number)] for number in range(10)]
    assert [subjects(controller) for controller in controllers] == expected


def test_a_hundred_runs_leave_nothing_behind() -> None:
    """No descriptor, no thread, no delayed call of the global reactor."""
    controller = QueueController()
    with controller:
        send(controller.port)
    opened = Opened()
    for _ in range(100):
        controller.start()
        send(controller.port)
        controller.stop()
    assert opened.left() == []
    assert len(list(controller)) == 101


# Addresses


def test_localhost_is_127_0_0_1(controller: QueueController) -> None:
    """The seed document prints that peer."""
    send(controller.port)
    (message,) = controller
    assert message["X-Peer"].startswith("127.0.0.1:")


def test_an_ipv6_address_works() -> None:
    """And is written as it is."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no ::1: {error}")
    with QueueController("::1", 0) as controller:
        send(controller.port, host="::1")
    (message,) = controller
    assert message["X-Peer"].startswith("::1:")


def test_a_port_that_is_taken_is_an_error_at_once(controller: QueueController) -> None:
    """It names host and port, and leaves no thread and no descriptor."""
    other = QueueController("localhost", controller.port)
    opened = Opened()
    with pytest.raises(ListenError, match=f"'localhost' port {controller.port}: Addr"):
        other.start()
    assert opened.left() == []


def test_a_hook_that_fails_at_the_start_leaves_nothing_behind() -> None:
    """The port is free again, and what the hook raised is the error."""

    class Broken(Server):
        def started(self) -> None:
            raise ZeroDivisionError

    server = Broken()
    opened = Opened()
    with pytest.raises(ZeroDivisionError):
        Controller(server).start()
    assert opened.left() == []
    socket.create_server(("127.0.0.1", server.port)).close()


def test_a_start_that_failed_may_be_tried_again(controller: QueueController) -> None:
    """Once the port is free."""
    other = QueueController("localhost", controller.port)
    with pytest.raises(ListenError):
        other.start()
    controller.stop()
    with other:
        send(other.port)
    assert len(list(other)) == 1


# Reset


def test_reset_runs_in_the_servers_thread() -> None:
    """And has been done when it returns."""
    threads: list[str] = []

    class Noting(Server):
        def reset(self) -> None:
            threads.append(threading.current_thread().name)

    with Controller(Noting()) as controller:
        controller.reset()
    assert threads == ["lazr.smtptest"]


def test_reset_empties_the_queue(controller: QueueController) -> None:
    """As in the seed document; right after the start too."""
    controller.reset()
    send(controller.port)
    controller.reset()
    assert list(controller) == []


def test_reset_raises_what_the_server_raised() -> None:
    """In the test's thread."""

    class Broken(Server):
        def reset(self) -> None:
            raise ZeroDivisionError

    with Controller(Broken()) as controller, pytest.raises(ZeroDivisionError):
        controller.reset()


def test_reset_of_a_stopped_server_is_an_error() -> None:
    """There is no thread that could do it."""
    with pytest.raises(StateError, match="does not run"):
        QueueController().reset()


def test_a_clients_rset_resets_a_seed_server(controller: QueueController) -> None:
    """The wire command of the seed."""
    send(controller.port)
    with smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT) as client:
        client.rset()
    assert list(controller) == []


def test_a_clients_exit_stops_a_seed_server(controller: QueueController) -> None:
    """After 250; stop() finds it stopped."""
    with controller._connect() as client:
        assert client.docmd("EXIT")[0] == 250
        assert client.sock is not None
        assert client.sock.recv(1) == b""
    controller.stop()
    assert is_refused(controller.port)


def test_a_server_that_was_stopped_by_a_client_can_be_started(
    controller: QueueController,
) -> None:
    """It runs no more, so this is not the second start."""
    with controller._connect() as client:
        client.docmd("EXIT")
    thread = controller._thread
    assert thread is not None
    thread._thread.join(TIMEOUT)
    controller.start()
    send(controller.port)
    assert len(list(controller)) == 1


# The handler


class Failing(Server):
    """Raises for each message."""

    def handle_message(self, message: Message) -> None:
        raise ValueError(message["subject"])


def test_a_handler_that_raises_refuses_the_message() -> None:
    """451 4.3.0, and the session goes on."""
    controller = Controller(Failing())
    controller.start()
    with smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT) as client:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@b", ["c@d"], "Subject: oops\n\n")
        assert (caught.value.smtp_code, caught.value.smtp_error[:5]) == (451, b"4.3.0")
        assert client.noop()[0] == 250
    with pytest.raises(ValueError, match="oops"):
        controller.stop()
    assert is_refused(controller.port)


def send_refused(port: int, subject: str) -> None:
    with pytest.raises(smtplib.SMTPDataError):
        send(port, subject)


def test_check_raises_it_at_any_time() -> None:
    """And the server goes on."""
    with Controller(Failing()) as controller:
        send_refused(controller.port, "oops")
        with pytest.raises(ValueError, match="oops"):
            controller.check()


def test_a_context_manager_raises_it() -> None:
    """When the test itself went well."""
    with pytest.raises(ValueError, match="oops"), Controller(Failing()) as controller:
        send_refused(controller.port, "oops")


def test_a_context_manager_hides_no_exception() -> None:
    """The test's own goes first; the handler's is in the log."""
    with pytest.raises(ZeroDivisionError), Controller(Failing()) as controller:
        raise ZeroDivisionError(send_refused(controller.port, "oops"))


def test_a_handlers_exception_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """By the library's logger, with its traceback."""
    with Controller(Failing()) as controller:
        send_refused(controller.port, "oops")
        with pytest.raises(ValueError, match="oops"):
            controller.check()
    (record,) = (r for r in caplog.records if r.levelno == logging.ERROR)
    assert record.name == "lazr.smtptest"
    assert record.exc_info is not None


@pytest.mark.parametrize("method", ["reset", "stop"])
def test_waiting_for_oneself_is_an_error(method: str) -> None:
    """A handler that would wait for its own thread would wait for ever."""

    class Waiting(Server):
        def handle_message(self, message: Message) -> None:
            getattr(controller, method)()

    controller = Controller(Waiting())
    controller.start()
    send_refused(controller.port, "x")
    with pytest.raises(StateError, match="the server's own thread"):
        controller.stop()


def test_a_call_to_a_server_that_ends_does_not_hang(
    controller: QueueController,
) -> None:
    """A client's EXIT may come first."""
    thread = controller._thread
    assert thread is not None
    thread._reactor.callFromThread(thread._stop_reactor)
    thread._thread.join(TIMEOUT)
    with pytest.raises(StateError, match="has stopped"):
        thread.call(lambda: None)


def test_a_call_that_is_never_answered_does_not_hang(
    controller: QueueController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may stop before it gets to it."""
    thread = controller._thread
    assert thread is not None
    call = thread._reactor.callFromThread
    monkeypatch.setattr(
        thread._reactor, "callFromThread", lambda *_: call(thread._stop_reactor)
    )
    with pytest.raises(StateError, match="has stopped"):
        controller.reset()


# Subclasses of old


def test_make_server_finds_the_queue() -> None:
    """The hook of version 2: it sets self.server, and has self.queue."""

    class Tagging(QueueServer):
        def handle_message(self, message: Message) -> None:
            self.queue.put(message["x-rcptto"])

    class Special(QueueController):
        def _make_server(self, host: str, port: int) -> None:
            self.server = Tagging(host, port, self.queue)

    with Special("localhost", 0) as controller:
        send(controller.port)
    assert list(controller) == ["b@example.com"]


def test_reset_may_be_called_unbound() -> None:
    """As one large test suite does."""

    class Old(QueueServer):
        def reset(self) -> None:
            QueueServer.reset(self)

    with Controller(Old("localhost", 0)) as controller:
        send(controller.port)
        controller.reset()


def test_the_logger_has_its_old_name(caplog: pytest.LogCaptureFixture) -> None:
    """Log watchers of version 2 read it."""
    caplog.set_level(logging.DEBUG, "lazr.smtptest")
    with QueueController() as controller:
        send(controller.port)
        controller.reset()
    for line in [
        "starting the SMTP server thread",
        "resetting the SMTP server.",
        "stopping the SMTP server thread",
        "SMTP server stopped",
    ]:
        assert line in caplog.messages
    assert any(line.startswith("[SMTPServer] accepted: ") for line in caplog.messages)


# Company


def test_it_runs_beside_an_asyncio_program(controller: QueueController) -> None:
    """Neither knows of the other."""

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", controller.port)
        greeting = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return greeting

    assert asyncio.run(talk()).startswith(b"220 ")


@pytest.mark.slow
def test_the_global_reactor_may_run_afterwards() -> None:
    """And send mail to it meanwhile."""
    result = run_python(
        """
        from io import BytesIO
        from lazr_smtptest import QueueController
        from twisted.internet import reactor
        from twisted.mail.smtp import sendmail

        MAIL = BytesIO(b"x")

        controller = QueueController()
        controller.start()
        sent = sendmail("127.0.0.1", "a@b", ["c@d"], MAIL, port=controller.port)
        sent.addBoth(lambda _: reactor.stop())
        reactor.run()
        print(len(list(controller)))
        controller.stop()
        """
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "1\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("connected", [False, True])
def test_an_interpreter_ends_with_a_server_running(connected: bool) -> None:
    """No hang, no traceback."""
    result = run_python(
        """
        import smtplib, sys
        from lazr_smtptest import QueueController

        controller = QueueController()
        controller.start()
        if sys.argv[1] == "True":
            client = smtplib.SMTP("127.0.0.1", controller.port)
            client.sock.detach()
        """,
        str(connected),
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def in_child(function: Callable[[], bool]) -> int:
    """Run a function in a forked child; 0 if it returned True in time."""
    child = os.fork()
    if child == 0:
        signal.alarm(TIMEOUT)
        try:
            os._exit(0 if function() else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
class TestAfterFork:
    """A child has a copy of the controller that does not run."""

    def test_a_child_may_stop_its_copy(self, controller: QueueController) -> None:
        """It returns; the parent's goes on."""

        def stop() -> bool:
            controller.stop()
            return True

        assert in_child(stop) == 0
        send(controller.port)
        assert len(list(controller)) == 1

    def test_a_child_lets_go_of_the_port(self, controller: QueueController) -> None:
        """With its copy stopped, the parent's stop closes it."""
        reading, writing = os.pipe()

        def stop_and_wait() -> bool:
            controller.stop()
            os.close(writing)
            return os.read(reading, 1) == b""

        child = os.fork()
        if child == 0:
            signal.alarm(TIMEOUT)
            controller.stop()
            os.write(writing, b"x")
            signal.pause()
        os.read(reading, 1)
        try:
            controller.stop()
            assert is_refused(controller.port)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)
            os.close(writing)

    def test_a_child_may_have_a_server_of_its_own(
        self, controller: QueueController
    ) -> None:
        """A fresh controller works there."""

        def use() -> bool:
            with QueueController() as other:
                send(other.port)
            return len(list(other)) == 1

        assert in_child(use) == 0

    def test_the_copy_in_a_child_does_not_run(
        self, controller: QueueController
    ) -> None:
        """What needs the thread says so."""

        def reset() -> bool:
            try:
                controller.reset()
            except StateError:
                return True
            return False

        assert in_child(reset) == 0


def test_an_error_of_the_test_has_a_note_on_that_of_the_hook() -> None:
    """The reply to the client hides it."""

    class Failing(Server):
        def handle_envelope(self, envelope: object) -> None:
            raise OSError("no space left")

    with (
        pytest.raises(smtplib.SMTPResponseException) as caught,
        Controller(Failing()) as controller,
    ):
        send(controller.port)
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == ["In the server: OSError: no space left"]
    else:
        assert isinstance(caught.value.__context__, OSError)


def test_an_error_of_the_test_alone_has_no_note() -> None:
    """The server had none."""
    with pytest.raises(ValueError, match="mine") as caught, Controller(Server()):
        raise ValueError("mine")
    assert not getattr(caught.value, "__notes__", [])


def test_a_class_in_place_of_a_server_is_refused() -> None:
    """The error says how to make a server."""
    with pytest.raises(TypeError, match=r"not the class Server: Server\(\)"):
        Controller(Server)  # type: ignore[arg-type]
