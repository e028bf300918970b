"""Fixtures that several test modules share."""

from __future__ import annotations

import fcntl
import functools
import gc
import importlib.metadata
import os
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, settings

from .chance import NIGHTLY, some
from .commands import COMMANDS, Process, Start
from .leaks import delayed_calls
from .once import Once, once_in
from .postgresql import (
    Server,
    empty,
    fill_with_data,
    server_in_run,
    server_of_test,
    url_in,
)
from .reporting import report_briefly
from .rewriting import modules_below, rewrite_together
from .sampling import SHORT_TABLE, leave_out_rows

# Before each test, pytest asks for the version of Twisted and reads all its metadata.
importlib.metadata.version = functools.cache(importlib.metadata.version)

# An example takes as long as a busy machine makes it.
settings.register_profile(
    "patient",
    deadline=None,
    max_examples=some(100),
    derandomize="CI" in os.environ and NIGHTLY not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")

SEED_PORT = 9025

HERE = Path(__file__).parent

# The marks of whole folders and modules; pyproject.toml says what they mean.
MARKS = {
    "cli/test_completion.py": ["slow", "once"],
    "cli/test_config_file.py": ["twice"],
    "cli/test_live_view.py": ["twice"],
    "cli/test_load.py": ["twice"],
    "cli/test_man_pages.py": ["once"],
    "cli/test_outgoing.py": ["twice"],
    "cli/test_pop3.py": ["twice"],
    "cli/test_postgresql_commands.py": ["slow", "once"],
    "cli/test_readers.py": ["twice"],
    "cli/test_serve.py": ["slow", "twice"],
    "cli/test_twistd.py": ["slow", "twice"],
    "cli/test_webhooks.py": ["twice"],
    "cli/workers/test_processes.py": ["slow", "twice"],
    "clients/": ["slow", "clients", "once"],
    "conformance/test_table.py": ["slow"],
    "containers/": ["once"],
    "containers/test_run.py": ["slow", "once"],
    "faults/test_records.py": ["twice"],
    "faults/test_table.py": ["twice"],
    "fuzz/": ["slow", "twice"],
    "hostile/": ["slow", "twice"],
    "mime/test_addresses.py": ["twice"],
    "mime/test_codes.py": ["twice"],
    "mime/test_html_": ["twice"],
    "mime/test_meta_charset.py": ["twice"],
    "mime/test_urls.py": ["twice"],
    "outbound/releases/test_killed_node.py": ["slow", "once"],
    "outbound/releases/test_nodes.py": ["slow", "twice"],
    "outbound/webhooks/test_nodes.py": ["slow", "twice"],
    "packaging/": ["slow", "once"],
    "page/": ["slow", "once"],
    "readers/test_mcp.py": ["once"],
    "smtp/test_chunking.py": ["slow", "twice"],
    "smtp/test_spooling.py": ["slow"],
    "stores/postgresql/": ["slow", "twice"],
    "stores/reading/test_agreement.py": ["slow", "twice"],
    "stores/reading/test_threads.py": ["slow"],
    "smtp/test_connection_memory.py": ["once"],
    "stores/sudden/": ["slow", "once"],
    "test_benchmarks.py": ["slow", "once"],
    "test_benchmarks_postgresql.py": ["slow", "once"],
    "test_documentation.py": ["slow", "twice"],
    "test_forking.py": ["slow", "once"],
    "test_platforms.py": ["slow", "once"],
    "test_senders.py": ["slow"],
    "test_site.py": ["slow", "once"],
    "test_swaks.py": ["slow", "clients", "once"],
    "testing/test_container.py": ["twice"],
    "testing/test_pytest_neighbours.py": ["slow", "once"],
    "testing/test_pytest_plugin.py": ["slow"],
    "testing/test_report.py": ["slow", "once"],
    "testing/test_trial.py": ["slow", "twice"],
    "testing/test_unittest.py": ["slow"],
}


@functools.cache
def marks_of(path: Path) -> set[str]:
    """Return the marks of all tests in a module or a folder."""
    place = path.relative_to(HERE).as_posix() + ("/" if path.is_dir() else "")
    return {
        mark
        for start, marks in MARKS.items()
        if place.startswith(start)
        for mark in marks
    }


def left_out(expression: str) -> set[str]:
    """Return the marks without which ``-m`` wants all tests: ``not slow and not x``."""
    parts = [part.split() for part in expression.split(" and ")]
    return {part[1] for part in parts if len(part) == 2 and part[0] == "not"}


def pytest_ignore_collect(
    collection_path: Path, config: pytest.Config
) -> Literal[True] | None:
    """Ignore modules of which ``-m`` leaves out every test: importing them is slow."""
    return _is_left_out(collection_path, config) or None


def _is_left_out(path: Path, config: pytest.Config) -> bool:
    """Return whether ``-m`` leaves out every test of a module or a folder."""
    expression = config.getoption("markexpr")
    if not path.is_relative_to(HERE) or " or " in expression or "(" in expression:
        return False
    return bool(marks_of(path) & left_out(expression))


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes of pytest-xdist report no more than is read."""
    report_briefly(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Compile the tests together with the other processes."""
    config = session.config
    modules = modules_below(config.args)
    rewrite_together(config, [m for m in modules if not _is_left_out(m, config)])


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers(
    config: pytest.Config,
) -> Generator[None, int, int]:
    """Return how many processes ``-n auto`` starts, and how they share the tests.

    Twice as many as there are cores: a slow test waits about half of its time, for a
    browser, a disk or another process. But each may need a gigabyte, with its browser.
    """
    cores = yield
    if config.option.dist == "no":
        # Who has nothing left takes from who has most: no module of slow tests is
        # waited for, and most modules remain with one process, as their fixtures do.
        config.option.dist = "worksteal"
    if "slow" in left_out(config.getoption("markexpr")):
        return cores
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return max(cores, min(2 * cores, gigabytes))


# Before the marks choose.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Mark whole folders, and what starts programs; leave rows out of those chosen."""
    for item in items:
        for mark in marks_of(item.path):
            item.add_marker(mark)
        if "start" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")
    yield
    share = int(os.environ.get("LAZR_SMTPTEST_SHARE", "1"))
    if share > 1:
        least = int(os.environ.get("LAZR_SMTPTEST_LEAST", SHORT_TABLE))
        leave_out_rows(config, items, share, least)


def pytest_collection_finish() -> None:
    """Let no garbage collection look at the tests: they live as long as the process."""
    gc.collect()
    gc.freeze()


# The calls that were found in the global reactor.
_found: set[Any] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    """Name the test that leaves a call in the global reactor."""
    yield
    left = delayed_calls() - _found
    _found.update(left)
    assert not left, f"left in the global reactor: {', '.join(map(str, left))}"


# Seconds that the tests before this one may take together.
LOCK_TIMEOUT = 200


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all temporary files that are made while a test runs."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Make a folder once a run, though pytest-xdist runs this in each worker."""
    base = tmp_path_factory.getbasetemp()
    return once_in(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session")
def mcp_sdk() -> None:
    """Skip tests where the SDK is missing; importing it takes two seconds.

    It is not among the oldest dependencies, which it does not work with; see setup.cfg.
    """
    if os.environ.get("CI") and sys.version_info >= (3, 11):
        import mcp  # noqa: F401
    else:
        pytest.importorskip("mcp")


@pytest.fixture(scope="session")
def postgresql_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of this process, for one test at a time: its URL."""
    pytest.importorskip("psycopg_pool", reason="psycopg is not installed")
    import psycopg

    base = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with server_in_run(base.parent if worker else base) as folder:
        name = f"test_{worker or 'alone'}"
        # Connected to another one than the template.
        with psycopg.connect(url_in(folder, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield url_in(folder, name)


@pytest.fixture
def postgresql(postgresql_database: str) -> str:
    """The URL of an empty store in PostgreSQL."""
    empty(postgresql_database)
    return postgresql_database


@pytest.fixture
def postgresql_server(once: Once) -> Iterator[Server]:
    """A server of PostgreSQL for one test, which makes everything durable."""
    pytest.importorskip("psycopg_pool", reason="psycopg is not installed")
    with server_of_test(data=once("postgresql-data", fill_with_data)) as server:
        yield server


@pytest.fixture
def port_9025() -> Iterator[int]:
    """The fixed port of the seed document; one test of the machine has it."""
    lock = Path(tempfile.gettempdir(), f"lazr.smtptest-{SEED_PORT}.lock")
    with lock.open("w") as file:
        waiting = threading.Thread(
            target=fcntl.flock, args=(file, fcntl.LOCK_EX), daemon=True
        )
        waiting.start()
        waiting.join(LOCK_TIMEOUT)
        if waiting.is_alive():
            pytest.fail(f"{lock} was locked for {LOCK_TIMEOUT} seconds")
        yield SEED_PORT


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start processes, and end them after the test."""
    started: list[Process] = []

    def start(name: str, *arguments: str, **options: Any) -> Process:
        process = Process([*COMMANDS[name], *arguments], tmp_path, **options)
        started.append(process)
        return process

    yield start
    for process in started:
        process.close()
