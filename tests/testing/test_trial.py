"""`lazr_smtptest.testing.trial`: the helper, in suites that trial itself runs."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from lazr_smtptest import Server, StoreServer
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.testing.trial import MemoryServer

HEADER = '''
from io import BytesIO
from smtplib import SMTP
from twisted.internet import defer, protocol, reactor
from twisted.internet.threads import deferToThread
from twisted.mail.smtp import SMTPDeliveryError, SMTPSenderFactory, sendmail
from twisted.trial.unittest import SynchronousTestCase, TestCase
from lazr_smtptest import NotReceived, QueueController, QueueServer, Server
from lazr_smtptest import SMTPService, StateError
from lazr_smtptest.testing.trial import MemoryServer, listen

MAIL = b"Subject: Hi\\n\\nHi.\\n"

class Broken(Server):
    def handle_message(self, message):
        raise ValueError("oops")

def send(port):
    return sendmail("127.0.0.1", "a@example.com", ["b@example.com"], MAIL, port=port)

def make_sender(sent):
    """A client for one mail."""
    factory = SMTPSenderFactory(
        "a@example.com", "b@example.com", BytesIO(MAIL), sent, retries=0
    )
    return factory.buildProtocol(None)
'''


@pytest.fixture
def trial(tmp_path: Path) -> Callable[[str], str]:
    """Runs a suite under trial, and gives back what trial printed."""

    def run(suite: str) -> str:
        (tmp_path / "test_suite.py").write_text(HEADER + textwrap.dedent(suite))
        result = subprocess.run(
            [sys.executable, "-m", "twisted.trial", "--reporter=text", "test_suite"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
        )
        return result.stdout + result.stderr

    return run


def test_a_test_may_return_a_deferred(trial: Callable[[str], str]) -> None:
    """The reactor is left as it was."""
    output = trial(
        """
        class Tests(TestCase):
            def test_mail(self):
                def listening(smtp):
                    self.assertEqual(smtp.host, "127.0.0.1")
                    return send(smtp.port).addCallback(sent, smtp)

                def sent(_, smtp):
                    [envelope] = smtp.store
                    self.assertEqual(envelope.rcpt_tos, ("b@example.com",))

                return listen(self).addCallback(listening)
        """
    )
    assert "PASSED (successes=1)" in output


def test_a_test_may_be_a_coroutine(trial: Callable[[str], str]) -> None:
    """Each has a server of its own."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_one(self):
                smtp = await listen(self)
                await send(smtp.port)
                self.assertEqual(len(smtp.store), 1)

            async def test_two(self):
                smtp = await listen(self)
                await send(smtp.port)
                self.assertEqual(len(smtp.store), 1)
        """
    )
    assert "PASSED (successes=2)" in output


def test_a_test_may_bring_its_server_and_reactor(trial: Callable[[str], str]) -> None:
    """Any `Server`."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_mail(self):
                server = QueueServer()
                smtp = await listen(self, server, reactor)
                await send(smtp.port)
                self.assertEqual(server.queue.get_nowait()["subject"], "Hi")
        """
    )
    assert "PASSED (successes=1)" in output


def test_a_client_that_stays_is_sent_away(trial: Callable[[str], str]) -> None:
    """The reactor is clean all the same."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_mail(self):
                smtp = await listen(self)
                greeted = defer.Deferred()

                class Client(protocol.Protocol):
                    def dataReceived(self, data):
                        if not greeted.called:
                            greeted.callback(data)

                creator = protocol.ClientCreator(reactor, Client)
                await creator.connectTCP(smtp.host, smtp.port)
                self.assertIn(b"220", await greeted)
        """
    )
    assert "PASSED (successes=1)" in output


def test_a_handler_that_raises_fails_the_test(trial: Callable[[str], str]) -> None:
    """With its own exception, once."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_mail(self):
                smtp = await listen(self, Broken())
                with self.assertRaises(SMTPDeliveryError):
                    await send(smtp.port)
        """
    )
    assert "ValueError: oops" in output
    assert "FAILED (errors=1" in output


@pytest.mark.parametrize("kind", ["SystemExit", "GeneratorExit", "Outcome"])
def test_an_error_that_is_no_exception_fails_the_test(
    trial: Callable[[str], str], kind: str
) -> None:
    """On trial's reactor and without sockets."""
    output = trial(
        f"""
        class Outcome(BaseException):
            pass

        class Failing(Server):
            def handle_envelope(self, envelope):
                raise {kind}("no good")

        class Listening(TestCase):
            async def test_mail(self):
                smtp = await listen(self, Failing())
                with self.assertRaises(SMTPDeliveryError):
                    await send(smtp.port)

        class InMemory(SynchronousTestCase):
            def test_mail(self):
                smtp = MemoryServer(self, Failing())
                sent = defer.Deferred()
                smtp.connect(make_sender(sent)).flush()
                self.failureResultOf(sent, SMTPDeliveryError)

        class Stopped(TestCase):
            async def test_mail(self):
                service = SMTPService(Failing(), ["tcp:0:interface=127.0.0.1"], reactor)
                service.startService()
                self.addCleanup(service.stopService)
                await service.listening
                with self.assertRaises(SMTPDeliveryError):
                    await send(service.ports[0].getHost().port)
        """
    )
    assert f"{kind}: no good" in output
    assert f"1 message failed in the handler: {kind}('no good')" in output
    assert "errors=3" in output


def test_no_socket_is_needed(trial: Callable[[str], str]) -> None:
    """A client of Twisted's, in memory, in a synchronous test."""
    output = trial(
        """
        class Tests(SynchronousTestCase):
            def test_mail(self):
                smtp = MemoryServer(self)
                sent = defer.Deferred()
                smtp.connect(make_sender(sent)).flush()
                self.successResultOf(sent)
                [envelope] = smtp.store
                self.assertEqual(envelope.content, MAIL.replace(b"\\n", b"\\r\\n"))
                self.assertEqual(envelope.peer, ("127.0.0.1", 49152))

            def test_timeout(self):
                smtp = MemoryServer(self)
                client = protocol.Protocol()
                said = []
                client.dataReceived = said.append
                pump = smtp.connect(client)
                smtp.clock.advance(300)
                pump.flush()
                self.assertIn(b"421", b"".join(said))
        """
    )
    assert "PASSED (successes=2)" in output


def test_a_handler_that_raises_fails_a_synchronous_test(
    trial: Callable[[str], str],
) -> None:
    """In its cleanup."""
    output = trial(
        """
        class Tests(SynchronousTestCase):
            def test_mail(self):
                smtp = MemoryServer(self, Broken())
                sent = defer.Deferred()
                smtp.connect(make_sender(sent)).flush()
                self.failureResultOf(sent, SMTPDeliveryError)
        """
    )
    assert "ValueError: oops" in output
    assert "FAILED (errors=1" in output


def test_a_controller_gets_along_with_trial(trial: Callable[[str], str]) -> None:
    """Also across tests that return Deferreds and leave the reactor clean."""
    output = trial(
        """
        controller = QueueController()
        controller.start()  # once for the module, whatever trial calls

        class Tests(TestCase):
            def send(self):
                with SMTP("127.0.0.1", controller.port) as client:
                    client.sendmail("a@b", "c@d", MAIL)

            async def test_one(self):
                await deferToThread(self.send)
                self.assertEqual(len(list(controller)), 1)

            def test_two(self):
                return deferToThread(self.send).addCallback(
                    lambda _: self.assertEqual(len(list(controller)), 1)
                )

            def test_three(self):
                with QueueController() as other:
                    self.assertNotEqual(other.port, controller.port)
        """
    )
    assert "PASSED (successes=3)" in output


def test_a_test_may_wait_for_a_message(trial: Callable[[str], str]) -> None:
    """On trial's reactor, which goes on meanwhile."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_coroutine(self):
                smtp = await listen(self)
                waiting = smtp.when(recipient="b@example.com")
                await send(smtp.port)
                self.assertEqual((await waiting).subject, "Hi")
                smtp.mailbox.assert_received(subject="Hi")
                self.assertEqual(smtp.sessions.counters.messages, 1)

            def test_deferred(self):
                def wait(smtp):
                    waiting = smtp.mailbox.when(subject="Hi")
                    return send(smtp.port).addCallback(lambda _: waiting)

                return listen(self).addCallback(wait)
        """
    )
    assert "PASSED (successes=2)" in output


def test_who_still_waits_when_the_test_ends_is_told(
    trial: Callable[[str], str],
) -> None:
    """The server has stopped, so nothing will come; no timer is left."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_mail(self):
                # Cleanups run last come, first served.
                self.addCleanup(lambda: self.assertFailure(waiting, StateError))
                smtp = await listen(self)
                waiting = smtp.when()
        """
    )
    assert "PASSED (successes=1)" in output


def test_waiting_in_memory_takes_no_time(trial: Callable[[str], str]) -> None:
    """The Deferred fires with the message, or when the clock says so."""
    output = trial(
        """
        class Tests(SynchronousTestCase):
            def test_message(self):
                smtp = MemoryServer(self)
                waiting = smtp.when(subject="Hi", timeout=3600)
                self.assertNoResult(waiting)
                smtp.connect(make_sender(defer.Deferred())).flush()
                self.assertEqual(self.successResultOf(waiting).subject, "Hi")
                self.assertEqual(smtp.sessions.counters.messages, 1)

            def test_timeout(self):
                smtp = MemoryServer(self)
                waiting = smtp.when(subject="Hi", timeout=3600)
                smtp.clock.advance(3599)
                self.assertNoResult(waiting)
                smtp.clock.advance(1)
                self.failureResultOf(waiting, NotReceived)
        """
    )
    assert "PASSED (successes=2)" in output


def test_a_server_without_a_mailbox_says_so() -> None:
    """A `StoreServer` has its store only."""
    server = MemoryServer(SynchronousTestCase(), StoreServer(MemoryStore()))
    assert len(server.store) == 0
    with pytest.raises(TypeError, match="a StoreServer has no mailbox"):
        server.when()


def test_a_server_without_a_store_says_so() -> None:
    """Its author knows where it keeps what it keeps."""
    server = MemoryServer(SynchronousTestCase(), Server())
    with pytest.raises(TypeError, match="a Server has no store"):
        _ = server.store


def test_a_port_may_refuse_in_a_test(trial: Callable[[str], str]) -> None:
    """The reactor is left clean, whether the port listens again or not."""
    output = trial(
        """
        from twisted.internet.error import ConnectionRefusedError
        from twisted.internet.task import deferLater
        from twisted.mail.smtp import SMTPConnectError

        class Tests(TestCase):
            async def check_refused(self, port):
                try:
                    await send(port)
                # Which of them it is depends on the version of Twisted.
                except (SMTPConnectError, ConnectionRefusedError):
                    return True
                return False

            async def test_it_listens_again(self):
                smtp = await listen(self)
                smtp.server.faults.on("MAIL", times=1).refuse_connections(1)
                await send(smtp.port)
                self.assertTrue(await self.check_refused(smtp.port))
                while await self.check_refused(smtp.port):
                    await deferLater(reactor, 0.05)
                self.assertEqual(len(smtp.store), 2)

            async def test_it_refuses_until_the_end(self):
                smtp = await listen(self)
                smtp.server.faults.on("MAIL").refuse_connections(1000)
                await send(smtp.port)
                self.assertTrue(await self.check_refused(smtp.port))
        """
    )
    assert "PASSED (successes=2)" in output


def test_a_failure_is_counted_as_one_and_tells_what_arrived(
    trial: Callable[[str], str],
) -> None:
    """Of the mailbox itself, and of a plain assertion."""
    output = trial(
        """
        from lazr_smtptest.testing.trial import NotesMixin

        class Tests(NotesMixin, TestCase):
            async def test_missing(self):
                smtp = await listen(self)
                smtp.mailbox.grace = 0
                await send(smtp.port)
                smtp.mailbox.assert_received(subject="Welcome")

            async def test_waiting(self):
                smtp = await listen(self)
                smtp.mailbox.grace = 0
                await smtp.when(timeout=0)

            async def test_equal(self):
                smtp = await listen(self)
                await send(smtp.port)
                self.assertEqual(smtp.mailbox.latest.subject, "Welcome")
        """
    )
    assert "FAILED (failures=3)" in output, output
    assert "no client connected to 127.0.0.1 port " in output
    arrived = "s from <a@example.com> to b@example.com, subject 'Hi'"
    assert output.count(arrived) == 1


def test_a_failure_says_what_kept_the_mail_from_a_server_of_trial(
    trial: Callable[[str], str],
) -> None:
    """A wait that blocks the reactor, and nothing of ports where there is none."""
    output = trial(
        """
        class Tests(TestCase):
            async def test_blocking(self):
                smtp = await listen(self)
                sent = send(smtp.port)
                try:
                    smtp.mailbox.wait_for(timeout=0)
                finally:
                    await sent

            def test_memory(self):
                smtp = MemoryServer(self)
                smtp.mailbox.assert_received()
        """
    )
    assert "wait_for blocked the reactor: use `await when(...)`" in output, output
    assert "no client was connected to the server in memory" in output
    assert "another host or port" not in output
    assert "/trial line " not in output


class TestHTTP:
    """The HTTP side of a server in a test of trial."""

    def test_a_request_needs_no_socket(self, trial: Callable[[str], str]) -> None:
        """The answer is there at once."""
        output = trial(
            """
            from twisted.web.client import readBody
            from lazr_smtptest.model.envelope import Envelope

            class Tests(SynchronousTestCase):
                def get(self, path):
                    return self.server.agent.request(b"GET", b"http://localhost" + path)

                def setUp(self):
                    self.server = MemoryServer(self)

                def add(self):
                    content = b"Subject: Hi" + bytes([13, 10]) * 2
                    self.server.mailbox.add(
                        Envelope(mail_from="a@x", rcpt_tos=(), content=content))

                def test_a_message_is_read(self):
                    self.add()
                    response = self.successResultOf(self.get(b"/api/v2/messages"))
                    body = self.successResultOf(readBody(response))
                    self.assertIn(b'"subject":"Hi"', body)

                def test_a_wait_ends(self):
                    waiting = self.get(b"/api/v2/wait")
                    self.assertNoResult(waiting)
                    self.add()
                    self.server.agent.flush()
                    self.assertEqual(self.successResultOf(waiting).code, 200)

                def test_a_wait_times_out(self):
                    waiting = self.get(b"/api/v2/wait?timeout=5")
                    self.server.clock.advance(5)
                    self.server.agent.flush()
                    self.assertEqual(self.successResultOf(waiting).code, 409)
            """
        )
        assert "PASSED (successes=3)" in output, output

    def test_a_server_on_the_reactor_has_a_port_for_pop3(
        self, trial: Callable[[str], str]
    ) -> None:
        """Programs that the test starts use it."""
        output = trial(
            """
            import poplib
            from twisted.internet.threads import deferToThread

            def count(port):
                client = poplib.POP3("127.0.0.1", port, timeout=60)
                client.user("anna")
                client.pass_("x")
                counted, _ = client.stat()
                client.quit()
                return counted

            class Tests(TestCase):
                async def test_port(self):
                    server = await listen(self, pop3=True)
                    await send(server.port)
                    counted = await deferToThread(count, server.pop3_port)
                    self.assertEqual(counted, 1)
            """
        )
        assert "PASSED (successes=1)" in output, output

    def test_a_server_on_the_reactor_has_a_url(
        self, trial: Callable[[str], str]
    ) -> None:
        """Programs that the test starts use it."""
        output = trial(
            """
            from twisted.web.client import Agent, readBody

            class Tests(TestCase):
                async def test_url(self):
                    server = await listen(self, http=True)
                    await send(server.port)
                    url = server.url + "api/v2/wait?timeout=60"
                    agent = Agent(reactor)
                    response = await agent.request(b"GET", url.encode())
                    self.assertIn(b'"subject":"Hi"', await readBody(response))
            """
        )
        assert "PASSED (successes=1)" in output, output
