"""`tests.forking`: processes that are forked are as if they had been started."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .forking import Forked

PATIENCE = 60

Fork = Callable[..., Forked]


@pytest.fixture
def fork(tmp_path: Path) -> Iterator[Fork]:
    """Fork processes whose output is in a file; they end with the test."""
    forked: list[Forked] = []

    def fork(*words: str, **options: object) -> Forked:
        with (
            (tmp_path / "output").open("wb") as file,
            Path(os.devnull).open() as nothing,
        ):
            streams = {"stdout": file.fileno(), "stderr": file.fileno()}
            process = Forked(words, stdin=nothing.fileno(), **streams, **options)
        forked.append(process)
        return process

    yield fork
    for process in forked:
        process.kill()
        process.wait(PATIENCE)


def output(folder: Path) -> str:
    return (folder / "output").read_text()


def test_a_module_is_run_with_its_arguments(fork: Fork, tmp_path: Path) -> None:
    """As the command that it is."""
    assert fork("-m", "lazr_smtptest", "serve", "--version").wait(PATIENCE) == 0
    assert output(tmp_path).startswith("lazr.smtptest ")


def test_a_text_is_run_with_its_arguments(fork: Fork, tmp_path: Path) -> None:
    """They come after ``-c``."""
    program = "import sys; print(__name__, sys.argv)"
    assert fork("-c", program, "one").wait(PATIENCE) == 0
    assert output(tmp_path) == "__main__ ['-c', 'one']\n"


def test_a_file_is_run_beside_its_own_modules(fork: Fork, tmp_path: Path) -> None:
    """It imports those of its folder first."""
    (tmp_path / "beside.py").write_text("NAME = 'beside'\n")
    file = tmp_path / "file.py"
    file.write_text("import sys, beside; print(beside.NAME, sys.argv[1:])\n")
    assert fork(str(file), "one").wait(PATIENCE) == 0
    assert output(tmp_path) == "beside ['one']\n"


def test_it_has_the_folder_and_the_environment_that_are_given(
    fork: Fork, tmp_path: Path
) -> None:
    """And no other variable."""
    program = "import os; print(os.getcwd(), dict(os.environ))"
    assert fork("-c", program, cwd=tmp_path, env={"A": "b"}).wait(PATIENCE) == 0
    assert output(tmp_path) == f"{tmp_path} {{'A': 'b'}}\n"


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("1 / 0", 1),
        ("import os; os._exit(4)", 4),
        ("import os; os.kill(os.getpid(), 9)", -9),
    ],
)
def test_its_end_has_the_status_that_subprocess_gives(
    program: str, status: int, fork: Fork
) -> None:
    """However it ends, and whenever it is asked."""
    process = fork("-c", program)
    assert [process.wait(PATIENCE), process.poll(), process.returncode] == [status] * 3


def test_what_is_registered_for_the_end_is_done(fork: Fork, tmp_path: Path) -> None:
    """It ends as Python does."""
    fork("-c", "import atexit; atexit.register(print, 'the end')").wait(PATIENCE)
    assert output(tmp_path) == "the end\n"


def test_one_that_runs_has_no_status(fork: Fork) -> None:
    """To wait for it takes no longer than is said."""
    process = fork("-c", "import signal; signal.pause()")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0)
    process.terminate()
    assert process.wait(PATIENCE) == -signal.SIGTERM


def test_one_of_a_process_with_many_files_can_be_waited_for(fork: Fork) -> None:
    """Its descriptors may be above those that `select.select` takes."""
    process = fork("-c", "pass")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    try:
        low, process._end = process._end, fcntl.fcntl(process._end, fcntl.F_DUPFD, 1024)
        os.close(low)
        assert process.wait(PATIENCE) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("is_interrupted", [True, False])
def test_sigint_is_ignored_where_it_is_to_be(
    is_interrupted: bool, fork: Fork, tmp_path: Path
) -> None:
    """Else it is Python's exception."""
    process = fork(
        "-c", "import signal; signal.raise_signal(2)", is_interrupted=is_interrupted
    )
    assert (process.wait(PATIENCE) == 0) is not is_interrupted
    assert ("KeyboardInterrupt" in output(tmp_path)) is is_interrupted


def test_no_reactor_is_chosen_before_it_runs(fork: Fork, tmp_path: Path) -> None:
    """The options of a server choose it; Twisted is there."""
    program = "import sys; print([f'twisted.{x}' in sys.modules for x in sys.argv[1:]])"
    fork("-c", program, "internet", "internet.reactor").wait(PATIENCE)
    assert output(tmp_path) == "[True, False]\n"
