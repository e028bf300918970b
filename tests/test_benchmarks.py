"""The benchmarks run; how fast anything is, is not for a test to say."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn
from xml.etree import ElementTree

import pytest

from benchmarks import wire
from benchmarks.queries import QUERIES
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.errors import ReplyError

from .commands import ROOT
from .once import Once

CHECKOUT = Path(__file__).parent.parent
TINY = ("--rounds", "1", "--messages", "3")

SCENARIOS = (
    "started",
    "reused",
    "new",
    "recipients",
    "64k",
    "1m",
    "25m",
    "pipelined",
    "tls",
    "tls-new",
    "login",
    "idle",
    "reactor",
    "transcript",
    "faults",
    "workers",
    "log",
    "durable",
    "start-stop",
    "start-mail-stop",
    "latency",
    "waiters",
    "search",
    "greeting",
    "messages",
    "sizes",
    "connections",
    "memory",
    "peak",
    "indexing",
    "million",
    "http-wait",
    "imap",
    "imap-million",
    "page",
    "postgresql",
)
# Those start many servers, and share what they do with the others.
LONG = ("http", "http-pages", "http-parts", "http-load", "http-idle")
# Their table is upright: what is a row in others is a column.
UPRIGHT = {"million", "page", "postgresql"}

SERVERS = (
    "ours",
    "twistd",
    "smtp-sink",
    "constant",
    "twisted",
    "nodemailer",
    "aiosmtpd",
    "maildev",
)

pytestmark = [
    pytest.mark.skipif(
        not (CHECKOUT / "benchmarks").is_dir(),
        reason="the benchmarks are in the checkout only, they are not installed",
    ),
    pytest.mark.skipif(
        not Path("/proc/self/stat").exists(),
        reason="the benchmarks look at servers through Linux's /proc",
    ),
]


def run_benchmarks(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


# So many are measured in one run: most of their time is to start something.
TOGETHER = 8
TABULAR = [name for name in SCENARIOS if name not in UPRIGHT]


@pytest.mark.parametrize("scenario", TABULAR)
def test_a_scenario_measures_ours(scenario: str, once: Once) -> None:
    """It has a table, whose first row is ours, and a sample for each round."""
    start = TABULAR.index(scenario) // TOGETHER * TOGETHER
    names = [f"--scenario={name}" for name in TABULAR[start : start + TOGETHER]]

    def measure(folder: Path) -> None:
        folder.mkdir()
        file = folder / "results.json"
        done = run_benchmarks(*names, "--peer", "ours", *TINY, "--json", str(file))
        assert done.returncode == 0, done.stderr
        (folder / "tables").write_text(done.stdout)

    folder = once(f"benchmarks-{start}", measure)
    _, *tables = (folder / "tables").read_text().strip().split("\n\n")
    [table] = [each for each in tables if each.startswith(f"{scenario}: ")]
    _, head, ours, *_ = table.splitlines()
    assert ours.startswith("ours")
    assert len(ours) <= len(head)
    kept = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    [samples] = [
        each["results"][0]["samples"]
        for each in kept["scenarios"]
        if each["name"] == scenario
    ]
    assert len(samples) == 1


def test_a_database_is_filled_and_asked(tmp_path: Path) -> None:
    """Each question has a line, and so has what is wanted of it."""
    done = run_benchmarks("--scenario", "million", *TINY, "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    _, head, _, *lines = done.stdout.split("\n\n")[1].splitlines()
    assert head.split() == ["ours"]
    assert lines[0].split() == ["messages", "3"]
    pages = [line for line in lines if "ms for a page of 'is:unread'" in line]
    assert len(pages) == 2
    assert pages[1].startswith("wanted: ours <= 50 ms for a page of 'is:unread': ")


def test_the_manual_lists_the_queries_of_a_database() -> None:
    """And why some are answered in part."""
    manual = (ROOT / "doc" / "performance.rst").read_text(encoding="utf-8")
    table = manual.partition("The queries of ``million``")[2].partition("\n\n\n")[0]
    listed = re.findall(r"\* - (?:``(.*)``|every message)\n     - (.*)\n", f"{table}\n")
    assert listed == [
        (query.text, f"in part: {query.in_part}" if query.in_part else "all")
        for query in QUERIES
    ]


def test_the_page_is_used_in_a_browser() -> None:
    """Each action has a time, and each goal has a line."""
    # The one without windows takes two thirds of the processor time.
    path = shutil.which("chromium-headless-shell")
    chosen = {} if path is None else {"LAZR_SMTPTEST_CHROMIUM": path}
    done = run_benchmarks("--scenario", "page", *TINY, **chosen)
    assert done.returncode == 0, done.stderr
    if " is left out; to include it: " in done.stderr:
        missing(done.stderr)
    _, head, _, *lines = done.stdout.split("\n\n")[1].splitlines()
    assert head.split() == ["ours,", "sqlite", "ours,", "memory"]
    measured = [line for line in lines if not line.startswith(("wanted: ", "+-"))]
    # What the browser frees may be more than what it takes.
    number = re.compile(r"\d +-?[\d,.]+$")
    assert [line for line in measured if not number.search(line)] == []
    assert any("wanted: ours, sqlite <= 500 ms to the first rows" in x for x in lines)


def missing(what: str) -> NoReturn:
    """Skip the test for want of a program; on a CI machine that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def test_a_slow_disk_without_strace_is_named_with_how_to_get_it(tmp_path: Path) -> None:
    """The stores are measured on the disk that there is; nothing is left on it."""
    done = run_benchmarks(
        *("--scenario", "durable", *TINY, "--folder", str(tmp_path)), PATH=""
    )
    assert done.returncode == 0, done.stderr
    remedies = [line for line in done.stderr.splitlines() if "slow disk" in line]
    assert [line.endswith(": apt-get install strace") for line in remedies] == [
        True
    ] * 2
    assert "wanted: ours, sqlite >= 7000 msg/s" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_every_server_has_a_row_or_is_named_as_missing() -> None:
    """What is not on this machine is said, with how to get it."""
    done = run_benchmarks("--scenario", "reused", *TINY)
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    missing = {
        line.split()[0]
        for line in done.stderr.splitlines()
        if " is left out; to include it: " in line
    }
    assert rows & set(SERVERS) == set(SERVERS) - missing
    assert "ours" in rows


def test_what_a_server_cannot_do_is_a_dash() -> None:
    """aiosmtpd, or any other, has a row without numbers."""
    done = run_benchmarks("--scenario", "pipelined", "--peer", "twisted", *TINY)
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if "twisted" in line)
    assert set(row.split()[2:]) == {"-"}


def test_a_missing_server_is_named_with_how_to_get_it(tmp_path: Path) -> None:
    """The npm package is not in the folder that is named."""
    done = run_benchmarks(
        *("--scenario", "reused", "--peer", "nodemailer", *TINY),
        LAZR_SMTPTEST_PROGRAMS=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert "npm install --prefix DIR smtp-server" in done.stderr


@pytest.mark.usefixtures("checkout")
def test_the_list_names_scenarios_and_servers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """``--list`` measures nothing."""
    assert importlib.import_module("benchmarks.__main__").main(["--list"]) == 0
    words = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line}
    assert words >= {*SCENARIOS, *LONG, *SERVERS}


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rounds", "0"), "it must be 1 or more, not 0"),
        (("--messages", "few"), "it must be 1 or more, not few"),
        (("--seconds", "0"), "it must be over 0, up to 60, not 0"),
        (("--scenario", "none"), "invalid choice: 'none'"),
        (("--peer", "none"), "invalid choice: 'none'"),
        (("--json", "/none/file"), "it cannot be written"),
        (("--folder", "/none"), "it is no folder to write to: /none"),
    ],
)
def test_a_bad_argument_is_refused_in_one_line(
    arguments: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a usage error, not a traceback."""
    main = importlib.import_module("benchmarks.__main__").main
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_the_load_generator_ends_at_a_refusal() -> None:
    """It fails, and says what it heard."""
    server = Refusing()
    worker = [sys.executable, "-m", "benchmarks.load.worker"]
    with Controller(server):
        done = subprocess.run(
            [*worker, str(server.port), "0", "1", '{"connections": 1}'],
            cwd=CHECKOUT,
            input="go\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "554 5.7.1 not today" in done.stderr
    assert "done" not in done.stdout


class Refusing(Server):
    def handle_envelope(self, envelope: Envelope) -> ReplyError:
        return ReplyError(554, "5.7.1 not today")


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks can be imported."""
    monkeypatch.syspath_prepend(str(CHECKOUT))


@pytest.mark.usefixtures("checkout")
def test_a_lost_message_is_an_error() -> None:
    """A server that keeps fewer than it accepted has not won anything."""
    peers = importlib.import_module("benchmarks.peers")
    running = SimpleNamespace(kept=lambda: 1)
    with pytest.raises(Exception, match="ours keeps 1 messages of 2"):
        peers.PEERS[0].check(running, 2)


@pytest.mark.usefixtures("checkout")
def test_letters_differ_and_have_their_size() -> None:
    """All of their lines end in CRLF, and none is to be stuffed."""
    letter = importlib.import_module("benchmarks.load.letters").letter
    letters = [letter(number, 1000) for number in range(1100)]
    assert {len(each) for each in letters} == {1000}
    assert len(set(letters)) == len(letters)
    for each in letters:
        assert each.endswith(b"\r\n")
        assert each.count(b"\r") == each.count(b"\n") == each.count(b"\r\n")
        assert b"\n." not in each


@pytest.mark.usefixtures("checkout")
def test_an_interrupt_leaves_no_process_behind() -> None:
    """What was started has ended by the time that it goes on its way."""
    program = importlib.import_module("benchmarks.program").Program("cat", ["cat"])
    with pytest.raises(KeyboardInterrupt), program:
        raise KeyboardInterrupt
    assert not Path(f"/proc/{program.pid}").exists()


RAW = """\
main (a.py);BatchingReactor.doPoll (net/batching.py);doRead (twisted/tcp.py) 3
main (a.py);BatchingReactor.doPoll (net/batching.py);<lambda> (b.py) 1
main (a.py);elsewhere (a.py) 7
"""


def draw(raw: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "raw").write_text(raw, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.flame", folder / "raw", folder / "svg"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_flame_graph_is_as_wide_as_what_was_seen(tmp_path: Path) -> None:
    """Three of four samples are three quarters of the picture."""
    done = draw(RAW, tmp_path)
    assert done.returncode == 0, done.stderr
    picture = (tmp_path / "svg").read_text(encoding="utf-8")
    boxes = ElementTree.fromstring(picture).findall("{*}rect")
    assert [box.get("width") for box in boxes] == ["1200.0", "300.0", "900.0"]


def test_stacks_of_something_else_are_no_flame_graph(tmp_path: Path) -> None:
    """It says what it looked for, and writes nothing."""
    done = draw("main (a.py);elsewhere (a.py) 7\n", tmp_path)
    assert done.returncode == 1
    assert "no stack goes through BatchingReactor.doPoll" in done.stderr
    assert not (tmp_path / "svg").exists()


@pytest.mark.usefixtures("checkout")
def test_a_chart_has_a_bar_for_each_other_server() -> None:
    """Its length is the median ratio of the rounds; variants of ours have none."""
    chart = importlib.import_module("benchmarks.chart")

    def result(server: str, *cpu: float) -> dict[str, object]:
        return {"server": server, "samples": [{"cpu": each} for each in cpu]}

    results = [
        result("ours", 2.0, 2.0, 4.0),
        result("ours, one by one", 2.0, 2.0, 2.0),
        result("smtp-sink", 1.0, 1.0, 8.0),
    ]
    run = {"scenarios": [{"name": "reused", "results": results}]}
    assert list(chart.ratios(run)) == [("reused, smtp-sink", 0.5)]
    assert ">reused, smtp-sink<" in chart.draw([("reused, smtp-sink", 0.5)])


def test_the_documentation_says_what_each_scenario_does() -> None:
    """No scenario is missing in the table of the page."""
    page = (CHECKOUT / "doc" / "performance.rst").read_text(encoding="utf-8")
    names = [*SCENARIOS, *LONG]
    assert [name for name in names if f"``{name}``" not in page] == []


@pytest.mark.usefixtures("checkout")
def test_the_figures_of_the_page_are_of_scenarios() -> None:
    """Each part names a scenario, servers and entries that there are."""
    figures = importlib.import_module("benchmarks.figures")
    peers = importlib.import_module("benchmarks.peers").PEERS
    known = {each.name for each in peers}
    for part in figures.PARTS:
        assert known.issuperset(part.peers)
        names = {each.name for each in part.scenario.enter(lambda name: True)}
        assert names.issuperset(part.entries)


@pytest.mark.usefixtures("checkout")
def test_the_figures_of_the_page_are_written_as_tables() -> None:
    """Ratios, the goals with whether they are reached, and our variants."""
    figures = importlib.import_module("benchmarks.figures")
    entry = importlib.import_module("benchmarks.scenario").Entry
    rounds = importlib.import_module("benchmarks.rounds")

    def result(name: str, rate: float, cpu: float) -> object:
        sample = {"rate": rate, "cpu": cpu, "bytes": 1000 * rate}
        return rounds.Result(entry(name, "1.0", None), [sample] * 3)

    scenario = figures.Part("pipelined").scenario
    results = [
        result("ours", 4000, 30e-6),
        result("ours, one by one", 3000, 40e-6),
        result("smtp-sink", 8000, 15e-6),
    ]
    outcome = rounds.Outcome(scenario, results)
    compared, judged, variants = figures._tables([outcome])
    name = "   * - ``pipelined``"
    assert "\n".join([name, *_cells("4,000", "30", "0.50", "0.50")]) in compared
    row = [name, *_cells("msg/s", "smtp-sink", ">= 0.8", "0.50", "**no**")]
    assert "\n".join(row) in judged
    assert "\n".join([name, *_cells("ours, one by one", "3,000", "40")]) in variants
    assert "smtp-sink 1.0" in figures._machine(0.5, [outcome])


def _cells(*texts: str) -> list[str]:
    return [f"     - {text}" for text in texts]


@pytest.mark.parametrize("load", wire.LOADS)
def test_a_server_without_a_socket_keeps_what_is_sent(load: str) -> None:
    """Each message, whatever the load is; its replies are checked by the client."""
    client = wire.Client(wire.LOADS[load][0])
    try:
        client.send(3)
        assert client.kept == 3
        assert client.taken > 0
        assert wire.calls(client, 1) > 100
    finally:
        client.close()
