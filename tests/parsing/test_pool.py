"""Child processes that read messages."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.errors import StateError
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.frames import read_frame, write_frame
from lazr_smtptest.parsing.functions import FUNCTIONS
from lazr_smtptest.parsing.pool import ParsingPool
from lazr_smtptest.parsing.worker import Bounds, ChildError, Worker
from lazr_smtptest.query.document import document_of
from tests.leaks import Opened

pytestmark = pytest.mark.slow

needs_bounds = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="the system cannot bound a process"
)
MEGABYTE = 1 << 20

Make = Callable[..., ParsingPool]


def envelope(content: Any = b"", **changes: Any) -> Envelope:
    values: dict[str, Any] = {"mail_from": "a@x", "rcpt_tos": (), "content": content}
    return Envelope(**{**values, **changes})


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of functions that exceed bounds; children find it, too."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("hostile")


@pytest.fixture
def make(hostile: Any) -> Iterator[Make]:
    """Make pools, and close them."""
    pools: list[ParsingPool] = []

    def make(**arguments: Any) -> ParsingPool:
        pools.append(ParsingPool(**{"registry": hostile, **arguments}))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def pool(make: Make) -> ParsingPool:
    """A pool of one process."""
    return make(processes=1)


def process_of(pool: ParsingPool) -> int:
    """The number of the process that a pool of one has."""
    return int(pool.call("echo", envelope())[-1])


MESSAGES = [
    b"",
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: B <b@x>, c@x\r\n\r\nHi.\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: a/b; name=c\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b"<p>\xff\x00\r\n--b--\r\n",
]


@pytest.mark.parametrize("content", MESSAGES)
def test_a_document_is_the_same_as_in_process(make: Make, content: bytes) -> None:
    """Only the place where it is made differs."""
    message = envelope(
        content,
        rcpt_tos=("b@x", "\udcff@x"),
        mail_options={"BODY": "8BITMIME", "SMTPUTF8": None},
        warnings=("other",),
    )
    assert make(registry=_functions()).document(message) == document_of(message)


def _functions() -> Any:
    return importlib.import_module("lazr_smtptest.parsing.functions")


@given(st.binary(), st.lists(st.text(max_size=5), max_size=3))
def test_every_document_survives_the_way(content: bytes, rcpt_tos: list[str]) -> None:
    """It is encoded as JSON."""
    function = FUNCTIONS["document"]
    document = document_of(envelope(content, rcpt_tos=tuple(rcpt_tos)))
    way = json.loads(json.dumps(function.encode(document)))
    assert function.decode(way) == document


def test_a_child_gets_the_facts_of_the_envelope(pool: ParsingPool) -> None:
    """Those that a function may need."""
    message = envelope(b"x\xff", rcpt_tos=("b",), mail_options={"SIZE": "1"})
    facts = pool.call("echo", message)[:-1]
    assert facts == ["a@x", ["b"], {"SIZE": "1"}, ["undeclared-8bit"], "x\xff"]


def test_a_content_in_a_file_is_sent(pool: ParsingPool) -> None:
    """Piece by piece, and more than a pipe holds."""
    content = SpooledContent()
    content.append(b"x" * MEGABYTE)
    assert pool.call("echo", envelope(content))[4] == "x" * MEGABYTE


def test_a_content_whose_file_is_gone_is_an_error(pool: ParsingPool) -> None:
    """The next message is read by another process."""
    content = SpooledContent()
    content.append(b"x")
    content.path.unlink()
    with pytest.raises(FileNotFoundError):
        pool.call("echo", envelope(content))
    assert pool.call("echo", envelope(b"y"))[4] == "y"


SHORT = Bounds(cpu=0.1)


@pytest.mark.parametrize(
    ("name", "bounds", "reason"),
    [
        pytest.param(
            *("burn", SHORT, "it takes over 0.1 seconds of CPU time"),
            marks=needs_bounds,
        ),
        pytest.param(
            *("match", SHORT, "it takes over 0.1 seconds of CPU time"),
            marks=needs_bounds,
        ),
        pytest.param(
            *("eat", Bounds(memory=128 * MEGABYTE), "it needs too much memory"),
            marks=needs_bounds,
        ),
        ("rest", Bounds(time=3.0), "it takes over 3 seconds"),
        ("leave", None, "the process that read it ended with status 3"),
        ("die", None, "signal 9 ended the process that read it"),
        ("flood", Bounds(result=1000), "its result is too large: a frame of 1048579"),
        ("fail", None, "ValueError: no a@x"),
    ],
)
def test_a_message_that_a_child_does_not_survive_fails(
    make: Make,
    caplog: pytest.LogCaptureFixture,
    name: str,
    bounds: Bounds | None,
    reason: str,
) -> None:
    """Its result has the reason, which is logged; the next message is read."""
    pool = make(processes=1, bounds=bounds)
    assert pool.call(name, envelope(id="5e-1")).startswith(reason)
    assert pool.call("echo", envelope(b"y"))[4] == "y"
    (record,) = caplog.records
    assert f"message '5e-1' cannot be read: {reason}" in record.getMessage()


def test_the_time_is_counted_anew_for_each_message(make: Make) -> None:
    """A process reads many."""
    pool = make(processes=1, bounds=Bounds(cpu=0.5))
    processes = set()
    for _ in range(400):
        processes.add(pool.call("echo", envelope(b"x" * 10_000))[-1])
    assert len(processes) == 1


def test_a_failed_document_has_a_mark(make: Make, hostile: Any) -> None:
    """It is listed all the same."""
    failed = FUNCTIONS["document"].failed(envelope(), "it takes too long")
    assert failed == Document(shortened=True, failure="it takes too long")


def test_a_child_that_was_killed_is_replaced(pool: ParsingPool) -> None:
    """Between two messages."""
    first = process_of(pool)
    (worker,) = pool._idle
    worker.kill()
    worker._process.wait()
    assert process_of(pool) != first


def test_a_function_does_not_reach_the_pipes(pool: ParsingPool) -> None:
    """What it prints is dropped, and its input is empty."""
    assert pool.call("chatter", envelope()) == ""
    assert pool.call("echo", envelope(b"y"))[4] == "y"


def test_results_are_kept_by_id(pool: ParsingPool) -> None:
    """The process is asked once."""
    message = envelope(id="5e-1")
    first = pool.call("echo", message)
    first[-1] = None
    pool.call("leave", envelope())
    process = process_of(pool)
    assert pool.call("echo", message)[-1] not in (None, process)
    assert pool.call("echo", envelope(b"longer", id="5e-1"))[-1] == process
    assert pool.call("echo", envelope(id="5e-2"))[-1] == process


def test_results_are_kept_within_a_bound(make: Make) -> None:
    """The one that was used least recently is dropped."""
    pool = make(processes=1, kept=2500)
    first, second, third = (envelope(b"x" * 1000, id=f"5e-{n}") for n in range(3))
    for message in (first, second, first, third):
        pool.call("echo", message)
    pool.call("leave", envelope())
    process = process_of(pool)
    asked = [pool.call("echo", message)[-1] == process for message in (first, third)]
    assert asked == [False, False]
    assert pool.call("echo", second)[-1] == process


def texts(*contents: str) -> list[Envelope]:
    return [envelope(text.encode("ascii"), id=text) for text in contents]


def test_many_messages_are_read_in_order(pool: ParsingPool) -> None:
    """More than a child is sent at once, by one child, known ones among them."""
    contents = [f"{number} " + "x" * 10_000 for number in range(100)]
    pool.call_all("burst", texts(*contents[30:40]))
    assert pool.call_all("burst", texts(*contents)) == contents
    assert len(pool._workers) == 1
    assert pool.call_all("burst", []) == []


@pytest.mark.parametrize(
    ("culprit", "reason"),
    [
        ("die", "the process that read it ended with status 4"),
        ("eat", "it needs too much memory"),
    ],
)
def test_one_message_of_many_does_not_harm_the_others(
    pool: ParsingPool, caplog: pytest.LogCaptureFixture, culprit: str, reason: str
) -> None:
    """Each is tried alone; only that one fails."""
    assert pool.call_all("burst", texts("a", culprit, "b")) == ["a", reason, "b"]
    (record,) = caplog.records
    assert f"message {culprit!r} cannot be read: {reason}" in record.getMessage()


def test_many_messages_are_read_without_a_child(
    pool: ParsingPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the calling thread."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    assert pool.call_all("burst", texts("a", "b")) == ["a", "b"]


def test_several_children_work_under_load(make: Make, tmp_path: Path) -> None:
    """One waits here, while another one answers."""
    pool = make(processes=2)
    pipe = named_pipe(tmp_path)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.call, "wait", envelope(mail_from=str(pipe)))
        pipe.open("rb").close()
        assert pool.call("echo", envelope(b"y"))[4] == "y"
        assert len(pool._workers) == 2
        pool.close()
        with pytest.raises(StateError):
            waiting.result()


def named_pipe(folder: Path) -> Path:
    """Make a pipe whose reader waits until a child has opened it."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("the system has no named pipes")
    path = folder / "pipe"
    os.mkfifo(path)
    return path


def test_calls_from_many_threads_are_answered(make: Make) -> None:
    """Each with its own result, by a bounded number of processes."""
    pool = make(processes=2)
    with ThreadPoolExecutor(8) as threads:
        contents = [str(number) for number in range(100)]
        answers = list(
            threads.map(
                lambda text: pool.call("echo", envelope(text.encode())), contents
            )
        )
    assert [answer[4] for answer in answers] == contents
    assert len({answer[-1] for answer in answers}) <= 2


@pytest.mark.parametrize("end", ["close", "interrupt"])
def test_the_end_ends_calls_that_run_and_calls_that_wait(
    make: Make, tmp_path: Path, end: str
) -> None:
    """A shutdown waits for no message."""
    pool = make(processes=1)
    pipe = named_pipe(tmp_path)
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(pool.call, "wait", envelope(mail_from=str(pipe)))
        pipe.open("rb").close()
        waiting = threads.submit(pool.call, "echo", envelope(b"x" * MEGABYTE))
        getattr(pool, end)()
        with pytest.raises(StateError):
            running.result()
        with pytest.raises(StateError):
            waiting.result()


def test_an_interrupted_pool_reads_small_messages_in_the_calling_thread(
    pool: ParsingPool,
) -> None:
    """Those that arrive until all sessions have ended are kept with their tags."""
    process_of(pool)
    pool.interrupt()
    assert process_of(pool) == os.getpid()


def test_an_interrupted_pool_reads_no_large_message(pool: ParsingPool) -> None:
    """It would hold up the end."""
    pool.interrupt()
    with pytest.raises(StateError, match="the server stops"):
        pool.call("echo", envelope(b"x" * MEGABYTE))


def test_a_closed_pool_reads_nothing(pool: ParsingPool) -> None:
    """It has no processes any more."""
    process_of(pool)
    pool.close()
    pool.close()
    with pytest.raises(StateError, match="the server stops"):
        pool.call("echo", envelope())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc")
def test_no_process_and_no_pipe_is_left(hostile: Any) -> None:
    """Also of children that ended by themselves."""
    opened = Opened()
    pool = ParsingPool(processes=1, registry=hostile)
    for name in ("leave", "die", "fail", "echo"):
        pool.call(name, envelope())
    (worker,) = pool._workers
    assert worker is not None
    pool.close()
    assert worker._process.returncode == 0
    assert opened.left() == []


def test_a_child_ends_with_its_parent(hostile: Any) -> None:
    """Its input ends."""
    worker = Worker("hostile", Bounds())
    worker._process.stdin.close()
    assert worker._process.wait(60) == 0
    worker.close()


@needs_bounds
def test_an_interrupt_from_the_terminal_ends_no_child(pool: ParsingPool) -> None:
    """It is for the program; the child ends after it."""
    process = process_of(pool)
    os.kill(process, signal.SIGINT)
    assert process_of(pool) == process


def test_without_an_interpreter_messages_are_read_in_the_calling_thread(
    pool: ParsingPool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """A program that embeds Python has none; a log entry reports it once."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    assert process_of(pool) == os.getpid()
    assert process_of(pool) == os.getpid()
    assert len(caplog.records) == 1


def test_a_child_that_cannot_start_reports_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends before it is ready."""
    with pytest.raises(ChildError, match="ended with status 1"):
        Worker("no.such.module", Bounds())


def test_a_child_runs_a_clean_interpreter(hostile: Any) -> None:
    """Neither the working directory nor variables of the environment matter."""
    worker = Worker("hostile", Bounds())
    try:
        arguments = worker._process.args
    finally:
        worker.close()
    assert arguments[:3] == [sys.executable, "-I", "-c"]


# Frames


@pytest.mark.parametrize("blocks", [(), (b"",), (b"a", b"", b"bc")])
def test_a_frame_is_read_as_it_was_written(blocks: tuple[bytes, ...]) -> None:
    """Blocks are joined."""
    file = BytesIO()
    octets = b"".join(blocks)
    write_frame(file, blocks, len(octets))
    file.seek(0)
    assert read_frame(file, 3) == octets
    with pytest.raises(EOFError):
        read_frame(file, 3)


def test_a_frame_that_ends_early_is_an_error() -> None:
    """Its writer died."""
    file = BytesIO()
    write_frame(file, [b"abc"], 3)
    with pytest.raises(EOFError):
        read_frame(BytesIO(file.getvalue()[:-1]), 3)


def test_a_frame_that_is_too_long_is_an_error() -> None:
    """It is not read."""
    file = BytesIO()
    write_frame(file, [b"abc"], 3)
    file.seek(0)
    with pytest.raises(ValueError, match="a frame of 3 bytes, at most 2"):
        read_frame(file, 2)
