"""`lazr_smtptest.activity`: what the process did beside the server."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from lazr_smtptest import CaptureController, NotReceived
from lazr_smtptest.activity import Activity, audit, unobserved
from lazr_smtptest.activity.monitor import Monitor
from lazr_smtptest.activity.place import Place, calling, is_program, raising
from lazr_smtptest.activity.sources import SOURCES
from lazr_smtptest.activity.threads import ChainedHook

# Longer than anything takes; nothing waits for it to pass.
PATIENCE = 60

MONITORED = sys.version_info >= (3, 12)
needs_monitoring = pytest.mark.skipif(not MONITORED, reason="needs Python 3.12")


@pytest.fixture
def activity() -> Iterator[Activity]:
    """Return a record that is kept until the test ends."""
    activity = Activity()
    activity.start()
    yield activity
    activity.stop()


@pytest.fixture
def deaf() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def connect(port: int, host: str = "127.0.0.1") -> None:
    """Try to connect, in vain."""
    with socket.socket() as client, contextlib.suppress(OSError):
        client.connect((host, port))


def look_up(name: str) -> None:
    """Look a host up, as a number: nobody is asked for it."""
    with contextlib.suppress(OSError):
        socket.getaddrinfo(name, 587, flags=socket.AI_NUMERICHOST)


def contacts(activity: Activity) -> list[str]:
    """Return the lines on connections and look-ups, which all Pythons have."""
    return [each for each in activity.lines() if not each.startswith("The program c")]


def send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE):
        pass


def in_thread(function: Callable[[], object], name: str = "mailer") -> None:
    thread = threading.Thread(target=function, name=name)
    thread.start()
    thread.join()


@pytest.fixture
def fatal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that ends its thread by an error, which pytest is not told."""
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)

    def fatal() -> None:
        raise KeyError("template")

    return fatal


# Connections


def test_a_connection_to_another_address_is_told(activity: Activity, deaf: int) -> None:
    """With the line of the program."""
    connect(deaf)
    [line] = contacts(activity)
    assert line.startswith(
        f"The program tried to connect to 127.0.0.1 port {deaf}; in connect, "
    )
    assert "test_recorder.py line " in line


def test_the_same_connection_is_told_once_with_its_number(
    activity: Activity, deaf: int
) -> None:
    """As a loop makes it."""
    for _ in range(3):
        connect(deaf)
    [line] = contacts(activity)
    assert f"port {deaf} (3 times); in connect" in line


def test_a_connection_to_the_server_itself_is_not_told(deaf: int) -> None:
    """The sessions tell of these."""
    activity = Activity()
    activity.start("127.0.0.1", deaf)
    connect(deaf)
    activity.stop()
    assert contacts(activity) == []


def test_a_connection_of_another_kind_is_not_told(activity: Activity) -> None:
    """No mail goes by UDP."""
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", 53))
    assert contacts(activity) == []


def test_ports_for_mail_come_first(activity: Activity) -> None:
    """They are the likeliest to explain the failure."""
    for port in (5432, 587):
        activity.contacted("connect", "192.0.2.1", port)
    first, second = activity.lines()
    assert "port 587" in first
    assert "port 5432" in second


def test_few_lines_are_shown(activity: Activity) -> None:
    """And the number of the others."""
    for port in range(1, 20):
        activity.contacted("connect", "192.0.2.1", port)
    assert contacts(activity)[5:] == ["... and 14 more of these."]


def test_the_records_are_bounded(activity: Activity) -> None:
    """Of each kind a hundred are kept."""
    for port in range(1, 1000):
        activity.contacted("connect", "192.0.2.1", port)
    assert contacts(activity)[5:] == ["... and 95 more of these."]


# Look-ups


def test_a_lookup_of_another_host_is_told(activity: Activity) -> None:
    """Also where nobody knows it."""
    look_up("smtp.shop.invalid")
    [line] = contacts(activity)
    assert line.startswith("The program looked up smtp.shop.invalid; in look_up, ")


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST", "127.0.0.1", "::1", "", socket.gethostname()]
)
def test_a_lookup_of_this_host_is_not_told(activity: Activity, name: str) -> None:
    """Nor that of an address, which looks nothing up."""
    look_up(name)
    assert contacts(activity) == []


def test_a_lookup_by_bytes_is_told(activity: Activity) -> None:
    """The function takes these too."""
    with contextlib.suppress(OSError):
        socket.getaddrinfo(b"smtp.invalid", 25, flags=socket.AI_NUMERICHOST)
    assert contacts(activity)[0].startswith("The program looked up smtp.invalid; ")


# Threads


def test_an_error_that_ended_a_thread_is_told(fatal: Callable[[], None]) -> None:
    """With the name of the thread and the line of the program."""
    activity = Activity()
    activity.start()
    in_thread(fatal)
    activity.stop()
    [line] = activity.lines()
    assert line.startswith(
        "The thread 'mailer' ended with KeyError: 'template'; in fatal, "
    )


def test_a_thread_that_exits_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """SystemExit ends it without an error."""
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    activity = Activity()
    activity.start()
    in_thread(sys.exit)
    activity.stop()
    assert activity.lines() == []


def test_the_hook_of_threads_is_called_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever set it relies on it."""
    called: list[object] = []
    monkeypatch.setattr(threading, "excepthook", called.append)
    activity = Activity()
    activity.start()
    in_thread(lambda: [][0])
    activity.stop()
    assert len(called) == 1
    assert len(activity.lines()) == 1


def test_the_hook_of_threads_is_as_it_was_after() -> None:
    """Where it had to be chained at all."""
    before = threading.excepthook
    activity = Activity()
    activity.start()
    assert (threading.excepthook is before) == MONITORED
    activity.stop()
    assert threading.excepthook is before


def test_a_hook_that_was_chained_after_ours_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And ours only passes calls on."""
    first: list[object] = []
    ours: list[object] = []
    monkeypatch.setattr(threading, "excepthook", first.append)
    hook = ChainedHook(lambda error, thread: ours.append(error))
    before = threading.excepthook

    def chained(arguments: object) -> None:
        before(arguments)  # type: ignore[arg-type]

    threading.excepthook = chained
    hook.remove()
    assert threading.excepthook is chained
    in_thread(lambda: [][0])
    assert (len(first), len(ours)) == (1, 0)


# Errors of mail, on Python 3.12 and later


@needs_monitoring
def test_an_error_of_mail_that_was_caught_is_told(
    activity: Activity, deaf: int
) -> None:
    """With the line that caught it."""

    def welcome() -> None:
        with contextlib.suppress(OSError):
            send(deaf)

    welcome()
    line = activity.lines()[-1]
    assert line.startswith("The program caught ConnectionRefusedError: [Errno ")
    assert "; in welcome, " in line


@needs_monitoring
def test_an_error_that_is_caught_again_and_again_is_counted(
    activity: Activity, deaf: int
) -> None:
    """As a loop that tries again makes it."""
    for _ in range(3):
        with contextlib.suppress(OSError):
            connect_or_raise(deaf)
    assert "Connection refused (3 times); in test_an_error" in activity.lines()[-1]


def connect_or_raise(port: int) -> None:
    socket.create_connection(("127.0.0.1", port)).close()


@needs_monitoring
def test_an_error_that_a_pool_keeps_is_told(activity: Activity, deaf: int) -> None:
    """Nobody asked for the result."""

    def welcome() -> None:
        send(deaf)

    with ThreadPoolExecutor() as pool:
        pool.submit(welcome)
    line = activity.lines()[-1]
    assert line.startswith("The program raised ConnectionRefusedError: [Errno ")
    assert "; in welcome, " in line


@needs_monitoring
def test_an_error_that_a_library_deals_with_is_not_told(activity: Activity) -> None:
    """``localhost`` may be two addresses, one of which nobody listens on."""
    code = "try: raise ConnectionError('x')\nexcept OSError: pass"
    exec(compile(code, smtplib.__file__, "exec"))
    assert activity.lines() == []


@needs_monitoring
@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError(), AssertionError("x")])
def test_another_error_is_not_told(activity: Activity, error: Exception) -> None:
    """Only those of mail and of the network, and no limit of a wait."""
    with contextlib.suppress(Exception):
        raise error
    assert activity.lines() == []


@needs_monitoring
@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPDataError(451, b"try again"),
        smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
        ssl.SSLError("certificate verify failed"),
        socket.gaierror(-2, "Name or service not known"),
        TimeoutError("timed out"),
        BrokenPipeError("Broken pipe"),
        type("SMTPError", (Exception,), {"__module__": "aiosmtplib.errors"})("no"),
        type("ClientError", (Exception,), {"__module__": "twisted.mail.smtp"})("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_mail_are_told(activity: Activity, error: Exception) -> None:
    """Of the libraries that send it, and of what they stand on."""
    with contextlib.suppress(Exception):
        raise error
    [line] = activity.lines()
    assert line.startswith("The program caught ")
    assert f"{type(error).__name__}: {error}; in test_errors_of_mail_are_told" in line


@needs_monitoring
def test_an_error_that_is_known_is_not_told(activity: Activity) -> None:
    """The test failed with it."""
    error = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
    with contextlib.suppress(smtplib.SMTPException):
        raise error
    assert len(activity.lines()) == 1
    assert activity.lines([error]) == []


@needs_monitoring
def test_an_error_whose_text_cannot_be_had_is_not_told(activity: Activity) -> None:
    """It raises another one."""

    class BrokenError(ConnectionError):
        def __str__(self) -> str:
            raise ValueError

    with contextlib.suppress(BrokenError):
        raise BrokenError
    assert activity.lines() == []


@needs_monitoring
def test_the_tool_is_freed_after() -> None:
    """A profiler or a debugger may need its place."""
    monitoring = sys.monitoring  # type: ignore[attr-defined]

    def tools() -> list[object]:
        return [monitoring.get_tool(number) for number in range(6)]

    before = tools()
    activity = Activity()
    activity.start()
    assert "lazr.smtptest" in tools()
    activity.stop()
    assert tools() == before


@needs_monitoring
def test_where_all_tools_are_taken_threads_are_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, fatal: Callable[[], None]
) -> None:
    """By the hook that older Pythons need."""
    monkeypatch.setattr("lazr_smtptest.activity.monitor._TOOLS", ())
    activity = Activity()
    activity.start()
    in_thread(fatal)
    activity.stop()
    assert activity.lines()[0].startswith("The thread 'mailer' ended with KeyError")


@pytest.mark.skipif(MONITORED, reason="is for Python before 3.12")
def test_before_python_3_12_there_are_no_tools() -> None:
    """Starting says so, and stopping does nothing."""
    monitor = Monitor(SOURCES)
    assert monitor.start() is False
    monitor.stop()


# The line of an error, on Python 3.12 and later


def send_in_vain(port: int) -> None:
    nothing = 1
    nothing += 1
    smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)  # here: raised


def catch_in_vain(port: int) -> None:
    with contextlib.suppress(ValueError):
        pass
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)  # here: caught
    except OSError as error:
        str(error)


def suppress_in_vain(port: int) -> None:
    with contextlib.suppress(OSError):
        smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)  # here: suppressed


def generate_in_vain(port: int) -> Iterator[None]:
    yield None
    with contextlib.suppress(OSError):
        smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)  # here: generated


async def await_in_vain(port: int) -> None:
    await asyncio.sleep(0)
    try:
        await asyncio.open_connection("127.0.0.1", port)  # here: awaited
    except OSError as error:
        str(error)


VAIN: dict[str, Callable[[int], object]] = {
    "caught": catch_in_vain,
    "suppressed": suppress_in_vain,
    "generated": lambda port: list(generate_in_vain(port)),
    "awaited": lambda port: asyncio.run(await_in_vain(port)),
}


def line_of(mark: str) -> int:
    """Return the number of the line of this file that has a mark."""
    lines = Path(__file__).read_text().splitlines()
    return next(
        n for n, line in enumerate(lines, 1) if line.endswith(f"# here: {mark}")
    )


@needs_monitoring
@pytest.mark.parametrize("mark", VAIN)
def test_the_line_of_a_caught_error_is_the_one_that_raised(
    activity: Activity, deaf: int, mark: str
) -> None:
    """Not that of the function, whatever kind of function it is."""
    VAIN[mark](deaf)
    line = activity.lines()[-1]
    assert line.startswith("The program caught ConnectionRefusedError: ")
    assert line.endswith(f"test_recorder.py line {line_of(mark)}.")


@needs_monitoring
def test_the_line_of_an_error_that_leaves_a_function_is_the_one_that_raised(
    activity: Activity, deaf: int
) -> None:
    """A pool keeps the error."""
    with ThreadPoolExecutor() as pool:
        pool.submit(send_in_vain, deaf)
    line = activity.lines()[-1]
    assert line.startswith("The program raised ConnectionRefusedError: ")
    assert line.endswith(f"test_recorder.py line {line_of('raised')}.")


@needs_monitoring
def test_the_line_of_an_error_at_module_level_is_the_one_that_raised(
    activity: Activity,
) -> None:
    """A module has no line of its own either."""
    module = "x = 1\n\ntry:\n    raise ConnectionError('no')\nexcept OSError: x = 2"
    exec(compile(module, "/srv/shop/mail.py", "exec"), {})
    assert activity.lines()[-1].endswith("in <module>, /srv/shop/mail.py line 4.")


def test_an_error_without_a_traceback_has_the_line_of_the_function() -> None:
    """It never was in it."""
    code = line_of.__code__
    place = Place.of_error(ValueError(), code)
    assert (place.function, place.line) == ("line_of", code.co_firstlineno)


# Asyncio tasks, on Python 3.12 and later


async def fail_in_task() -> None:
    await asyncio.sleep(0)
    raise KeyError("template")


async def run_task(task: Callable[[], Coroutine[object, object, None]]) -> None:
    """Let a task end, and ask it for nothing."""
    await asyncio.wait([asyncio.create_task(task(), name="mailer")])


@needs_monitoring
@pytest.mark.filterwarnings("ignore")
def test_an_error_that_ended_a_task_is_told(activity: Activity) -> None:
    """Though nobody asked the task for it."""
    asyncio.run(run_task(fail_in_task))
    [line] = activity.lines()
    assert line.startswith("The asyncio task 'mailer' ended with KeyError: 'template'")
    assert "; in fail_in_task, " in line
    assert activity.cause == "an asyncio task ended with KeyError: 'template'"


@needs_monitoring
def test_an_error_that_a_task_catches_does_not_end_it(activity: Activity) -> None:
    """It leaves a coroutine within the task only."""

    async def careful() -> None:
        with contextlib.suppress(KeyError):
            await fail_in_task()

    asyncio.run(run_task(careful))
    assert activity.lines() == []


@needs_monitoring
def test_a_task_that_was_cancelled_is_not_told(activity: Activity) -> None:
    """No error ended it."""

    async def cancelled() -> None:
        raise asyncio.CancelledError

    asyncio.run(run_task(cancelled))
    assert activity.lines() == []


@needs_monitoring
def test_a_task_whose_error_is_known_is_not_told(activity: Activity) -> None:
    """It is that of the test itself."""
    with pytest.raises(KeyError) as caught:
        asyncio.run(fail_in_task())
    assert activity.lines([caught.value]) == []


@needs_monitoring
def test_a_coroutine_outside_of_asyncio_is_no_task(activity: Activity) -> None:
    """Twisted runs coroutines too."""

    async def fail() -> None:
        raise KeyError("template")

    with pytest.raises(KeyError):
        fail().send(None)
    assert activity.lines() == []


# The servers' own side for readers


@pytest.mark.parametrize("protocol", ["http", "imap", "pop3"])
def test_a_port_where_mail_is_read_is_not_told(protocol: str) -> None:
    """A test that reads its mail there has not sent any to it."""
    readers = {"http": False, "imap": False, "pop3": False, protocol: True}
    with CaptureController("127.0.0.1", grace=0.0, **readers) as controller:
        _, port = controller._reader_address(protocol)
        connect(port)
        assert controller.mailbox.activity.lines() == []
        assert controller.mailbox.activity.cause == ""


def test_a_port_where_mail_was_read_is_told_after_the_end(activity: Activity) -> None:
    """Another program may listen there now."""
    with CaptureController("127.0.0.1", http=True) as controller:
        _, port = controller._reader_address("http")
    activity.contacted("connect", "127.0.0.1", port)
    assert f"port {port}" in activity.lines()[0]


# Another address of the same port


@pytest.fixture
def server() -> Iterator[CaptureController]:
    """Return a server that listens on 127.0.0.1."""
    with CaptureController("127.0.0.1", grace=0.0) as controller:
        yield controller


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("127.0.0.2", socket.AF_INET),
        ("127.1.2.3", socket.AF_INET),
        ("::1", socket.AF_INET6),
    ],
)
def test_another_address_of_the_same_port_is_told(
    server: CaptureController, host: str, family: socket.AddressFamily
) -> None:
    """In the first line, and below with the place."""
    with socket.socket(family) as client, contextlib.suppress(OSError):
        client.connect((host, server.port))
    with pytest.raises(NotReceived) as caught:
        server.assert_received()
    to = f"{host} port {server.port}, the server listens on 127.0.0.1"
    text = str(caught.value)
    assert text.startswith(f"the program connected to {to}\n")
    assert f"\nThe program connected to {to}; in test_another_address" in text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::ffff:127.0.0.1"])
def test_the_address_of_the_server_is_not_told(
    server: CaptureController, host: str
) -> None:
    """However it is written."""
    server.mailbox.activity.contacted("connect", host, server.port)
    assert server.mailbox.activity.lines() == []


@pytest.mark.parametrize("address", ["0.0.0.0", "::", ""])
def test_a_server_on_all_addresses_has_no_other_one(
    activity: Activity, address: str
) -> None:
    """Nor has one whose address is not known."""
    activity.address = address
    activity.start("", 2525)
    activity.contacted("connect", "127.0.0.2", 2525)
    assert activity.lines() == []


def test_a_client_that_tries_one_address_after_the_other_is_not_told(
    server: CaptureController,
) -> None:
    """A name such as localhost may have several."""
    for host in ("::1", "127.0.0.1"):
        server.mailbox.activity.contacted("connect", host, server.port)
    assert server.mailbox.activity.lines() == []


# The likeliest cause, for the first line


def first_line(server: CaptureController) -> str:
    with pytest.raises(NotReceived) as caught:
        server.assert_received()
    return str(caught.value).splitlines()[0]


def test_a_connection_to_another_port_for_mail_is_in_the_first_line(
    server: CaptureController, deaf: int
) -> None:
    """By its number, or by the library that made it."""
    with contextlib.suppress(OSError):
        send(deaf)
    assert first_line(server) == f"the program connected to 127.0.0.1 port {deaf}"
    server.clear()
    server.mailbox.activity.contacted("connect", "192.0.2.1", 2525)
    assert first_line(server) == "the program connected to 192.0.2.1 port 2525"


def test_a_connection_for_something_else_is_not_in_the_first_line(
    server: CaptureController,
) -> None:
    """A database has a port too."""
    server.mailbox.activity.contacted("connect", "127.0.0.1", 5432)
    assert first_line(server).startswith("no client connected to ")


def test_a_thread_that_an_error_ended_is_in_the_first_line(
    fatal: Callable[[], None], server: CaptureController
) -> None:
    """With its type and its text."""
    in_thread(fatal)
    assert first_line(server) == "a thread ended with KeyError: 'template'"


def test_a_thread_that_ended_after_it_connected_is_in_the_first_line(
    fatal: Callable[[], None], server: CaptureController
) -> None:
    """That its client sent no message explains nothing."""

    def fail() -> None:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as client:
            client.ehlo()
            fatal()

    in_thread(fail)
    assert first_line(server) == "a thread ended with KeyError: 'template'"


def test_a_near_miss_is_likelier_than_a_thread_that_ended(
    fatal: Callable[[], None], server: CaptureController
) -> None:
    """The message did come."""
    in_thread(fatal)
    with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as client:
        client.sendmail("shop@example.com", ["bob@example.com"], "Subject: Hi\n\nHi.\n")
    with pytest.raises(NotReceived, match=r"^subject is 'Hi', wanted 'Welcome'"):
        server.assert_received(subject="Welcome")


def test_where_the_cause_is_known_no_other_ones_are_listed(
    fatal: Callable[[], None], server: CaptureController
) -> None:
    """They would only be read in vain."""
    in_thread(fatal)
    with pytest.raises(NotReceived) as caught:
        server.assert_received()
    assert "Possible causes" not in str(caught.value)


def test_a_lookup_to_send_mail_is_in_the_first_line(
    server: CaptureController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a connection to another port is; another look-up is not."""
    look_up("db.nowhere.invalid")
    assert first_line(server).startswith("no client connected to ")
    monkeypatch.setattr(
        "lazr_smtptest.activity.recorder.is_sending", lambda: True, raising=True
    )
    look_up("smtp.nowhere.invalid")
    assert first_line(server) == "the program looked up smtp.nowhere.invalid"


@needs_monitoring
def test_an_error_in_a_library_for_mail_is_in_the_first_line(
    server: CaptureController,
) -> None:
    """Of any class; that EHLO offers no TLS explains nothing then."""
    with (
        smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as client,
        contextlib.suppress(UnicodeError),
    ):
        client.sendmail("a@example.com", ["b@example.com"], "Subject: \xfc\n\n\xfc")
    assert first_line(server).startswith("the program caught UnicodeEncodeError: ")


@needs_monitoring
def test_an_error_in_the_email_package_is_told(activity: Activity) -> None:
    """A field of two lines, for instance."""
    with contextlib.suppress(ValueError):
        EmailMessage()["Subject"] = "two\nlines"
    [line] = activity.lines()
    assert line.startswith("The program caught ValueError: Header values may not ")


@needs_monitoring
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "certificate verify failed: self-signed certificate in certificate chain",
            "the client does not trust the server's CA: use client_context()",
        ),
        (
            "Hostname mismatch, certificate is not valid for 'mx'. (_ssl.c:1000)",
            "the certificate is not for 'mx': see TLS.auto (by default localhost, ",
        ),
        (
            "certificate has expired",
            "the program caught ssl.SSLCertVerificationError: certificate has expired",
        ),
    ],
)
def test_a_certificate_that_was_not_accepted_is_in_the_first_line(
    server: CaptureController, text: str, said: str
) -> None:
    """With what to do about it."""
    with contextlib.suppress(ssl.SSLError):
        raise ssl.SSLCertVerificationError(1, text)
    assert first_line(server)[:55] == said[:55]


# When it records


def test_nothing_is_recorded_before_the_start_and_after_the_end(deaf: int) -> None:
    """The records of between stay."""
    activity = Activity()
    connect(deaf)
    assert contacts(activity) == []
    activity.start()
    connect(deaf)
    activity.stop()
    connect(deaf)
    [line] = contacts(activity)
    assert "times" not in line


def test_a_record_that_is_switched_off_stays_empty(deaf: int) -> None:
    """It is no source's business."""
    activity = Activity(enabled=False)
    activity.start()
    connect(deaf)
    activity.stop()
    assert contacts(activity) == []


def test_starting_twice_records_once(activity: Activity, deaf: int) -> None:
    """And needs one end."""
    activity.start()
    connect(deaf)
    [line] = contacts(activity)
    assert "times" not in line


def test_clearing_discards_the_records(activity: Activity, deaf: int) -> None:
    """A test begins anew."""
    connect(deaf)
    activity.clear()
    assert contacts(activity) == []


def test_two_records_are_told_the_same(activity: Activity, deaf: int) -> None:
    """A test may have several servers."""
    other = Activity()
    other.start()
    connect(deaf)
    other.stop()
    assert len(contacts(other)) == len(contacts(activity)) == 1


def test_the_threads_of_servers_are_left_out(activity: Activity, deaf: int) -> None:
    """They are no part of the program."""

    def serve() -> None:
        with unobserved():
            connect(deaf)
            look_up("smtp.invalid")

    in_thread(serve)
    assert contacts(activity) == []


def test_the_audit_hook_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python removes none."""
    added: list[object] = []
    monkeypatch.setattr(audit, "_added", False)
    monkeypatch.setattr(sys, "addaudithook", added.append)
    for _ in range(2):
        activity = Activity()
        activity.start()
        activity.stop()
    assert len(added) == 1


def test_the_audit_hook_raises_nothing(deaf: int) -> None:
    """It would be raised in the program."""

    def tell(how: str, host: str, port: object) -> None:
        called.append(how)
        raise ValueError

    called: list[str] = []
    audit.start(tell)
    try:
        connect(deaf)
    finally:
        audit.stop()
    assert called == ["connect"]


@pytest.mark.slow
def test_the_import_installs_nothing() -> None:
    """Neither does making a server that is not started."""
    script = """
import sys, threading
hooks = []
sys.addaudithook = hooks.append
before = threading.excepthook
from lazr_smtptest import CaptureController
CaptureController()
monitoring = getattr(sys, "monitoring", None)
tools = [monitoring.get_tool(each) for each in range(6)] if monitoring else []
assert hooks == [] and threading.excepthook is before and not any(tools)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)


# Places


def test_a_place_in_the_working_directory_is_relative(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Another is whole."""
    monkeypatch.chdir(str(tmp_path))
    assert str(Place("f", f"{tmp_path}/a/b.py", 3)) == "in f, a/b.py line 3"
    assert str(Place("f", "/a/b.py", 3)) == "in f, /a/b.py line 3"


@pytest.mark.parametrize(
    ("path", "program"),
    [
        (__file__, True),
        ("/srv/shop/mail.py", True),
        ("/v/lib/site-packages/django/core/mail/backends/smtp.py", True),
        ("/v/lib/site-packages/aiosmtplib/smtp.py", False),
        ("/v/lib/dist-packages/six.py", True),
        (smtplib.__file__, False),
        (audit.__file__, False),
        ("<frozen importlib._bootstrap>", False),
        (f"{sysconfig.get_paths()['scripts']}/trial", False),
    ],
)
def test_the_program_is_all_but_python_and_what_runs_the_test(
    path: str, program: bool
) -> None:
    """An installed package may be what sends the mail."""
    assert is_program(path) is program


def test_without_a_place_of_the_program_none_is_told() -> None:
    """An error may have passed libraries only."""
    assert raising(None) is None


def test_a_thread_without_a_frame_of_the_program_has_no_place() -> None:
    """Its function is one of a library."""
    found: list[Place | None] = []
    code = compile("found.append(calling())", smtplib.__file__, "exec")
    names = {"found": found, "calling": calling}
    in_thread(partial(exec, code, names))
    assert found == [None]


# In failures


def test_a_failure_tells_it_beside_the_possible_causes(deaf: int) -> None:
    """The mail went to another port."""
    with CaptureController(grace=0.0) as controller:
        connect(deaf)
        with pytest.raises(NotReceived) as caught:
            controller.wait_for(timeout=0)
    causes, told = str(caught.value).split("\n\n")[2:]
    assert causes.startswith("Possible causes: ")
    assert told.startswith(f"The program tried to connect to 127.0.0.1 port {deaf};")


def test_a_failure_tells_nothing_where_that_is_switched_off(deaf: int) -> None:
    """By one option."""
    with CaptureController(grace=0.0, activity=False) as controller:
        connect(deaf)
        with pytest.raises(NotReceived) as caught:
            controller.wait_for(timeout=0)
    assert "The program" not in str(caught.value)


def test_a_test_begins_without_what_the_one_before_did(deaf: int) -> None:
    """Clearing the mailbox clears this too."""
    with CaptureController() as controller:
        connect(deaf)
        controller.clear()
        assert controller.mailbox.activity.lines() == []


def test_a_session_with_the_server_itself_is_not_told() -> None:
    """Neither by the client nor by the server."""
    with CaptureController() as controller:
        send(controller.port)
        assert controller.mailbox.activity.lines() == []
