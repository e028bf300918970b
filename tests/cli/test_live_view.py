"""What a terminal shows of the mail that arrives."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import socket
import struct
import termios
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from lazr_smtptest.cli.live_view import Screen
from lazr_smtptest.cli.text_width import width
from lazr_smtptest.model.delivery_event import MailEvent

from ..commands import LOOPBACK, PATIENCE, Process, Start, send

NOON = datetime(2024, 1, 31, 12, 0, 0).timestamp()


class Stream(io.StringIO):
    """A stream that says that it is a terminal, or that it is none."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def fileno(self) -> int:
        raise OSError("there is none")


class Gone(Stream):
    """A stream to a terminal that was closed."""

    def flush(self) -> None:
        raise BrokenPipeError


def event(**fields: Any) -> MailEvent:
    usual: dict[str, Any] = {
        "seconds": NOON,
        "session": "3",
        "outcome": "accepted",
        "sender": "shop@example.com",
        "recipients": ("anna@example.com",),
        "subject": "Your order",
        "size": 35,
        "reply": "250",
    }
    return MailEvent(**{**usual, **fields})


def shown(*, color: bool = False, encoding: str = "utf-8", **fields: Any) -> str:
    """Give what is shown of an event where there is any number of columns."""
    stream = Stream(encoding=encoding)
    Screen(stream, color=color).show(event(**fields))
    return stream.getvalue()


class TestLine:
    """What a line says."""

    def test_a_message_is_a_line(self) -> None:
        """When, in which session, what, from whom, to whom, and the reply."""
        assert shown() == (
            "12:00:00    3 accepted  shop@example.com -> anna@example.com  "
            "Your order  35 B  250\n"
        )

    def test_what_was_refused_has_its_reply(self) -> None:
        """And says only what is known of it."""
        assert shown(
            outcome="refused",
            recipients=(),
            subject=None,
            size=None,
            reply="550 5.1.0 go away",
        ) == ("12:00:00    3 refused   shop@example.com  550 5.1.0 go away\n")

    def test_what_was_aborted_has_none(self) -> None:
        """The client did not wait for it."""
        line = shown(outcome="aborted", subject=None, size=None, reply="")
        assert line == (
            "12:00:00    3 aborted   shop@example.com -> anna@example.com\n"
        )

    def test_all_recipients_are_named(self) -> None:
        """In their order."""
        assert " -> b@c, a@c  " in shown(recipients=("b@c", "a@c"))

    def test_the_null_sender_is_seen(self) -> None:
        """Bounces have it (RFC 5321 section 4.5.5)."""
        assert " <> -> anna@example.com" in shown(sender="")

    @pytest.mark.parametrize(
        ("size", "expected"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1234, "1.23 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (25_000_000, "25 MB"),
            (3_210_000_000, "3.21 GB"),
        ],
    )
    def test_the_size_is_short(self, size: int, expected: str) -> None:
        """Three digits and a unit say enough."""
        assert f"  {expected}  " in shown(size=size)

    @pytest.mark.parametrize(
        ("outcome", "color"), [("accepted", 32), ("refused", 31), ("aborted", 33)]
    )
    def test_the_outcome_has_a_color(self, outcome: str, color: int) -> None:
        """Green, red or yellow, and nothing else is coloured."""
        line = shown(color=True, outcome=outcome)
        assert f" \x1b[{color}m{outcome:<8}\x1b[0m  shop@" in line
        assert line.count("\x1b") == 2

    @pytest.mark.parametrize("field", ["sender", "subject", "reply"])
    def test_nothing_that_a_client_wrote_reaches_the_terminal(self, field: str) -> None:
        """It could clear it, or forge a line."""
        line = shown(**{field: "a\x1b[2Jb\r\nc\x9bd\u202e\udcff"})
        assert "a\\x1b[2Jb c\\x9bd\\u202e\\udcff" in line
        assert line.count("\n") == 1

    def test_recipients_are_escaped_too(self) -> None:
        """As all that is shown."""
        assert " -> a\\x07@b  " in shown(recipients=("a\x07@b",))

    def test_what_the_terminal_cannot_write_is_escaped(self) -> None:
        """Else the line would not be written at all."""
        assert "  Gr\\xfc\\xdfe  " in shown(encoding="ascii", subject="Gr\u00fc\u00dfe")

    def test_an_output_that_is_gone_is_no_failure(self) -> None:
        """The message was accepted all the same."""
        Screen(Gone(), color=False).show(event())


class Terminal:
    """A terminal, and what was written to it."""

    def __init__(self) -> None:
        self._ours, inherited = pty.openpty()
        self.stream = open(inherited, "w", encoding="utf-8")  # noqa: PTH123, SIM115

    def resize(self, columns: int) -> None:
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, size)

    def show(self, columns: int, **fields: Any) -> str:
        """Give what is shown of an event where there are so many columns."""
        self.resize(columns)
        Screen(self.stream, color=False).show(event(**fields))
        return os.read(self._ours, 9999).decode().rstrip("\r\n")

    def close(self) -> None:
        self.stream.close()
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Give a terminal of this test's own."""
    terminal = Terminal()
    yield terminal
    terminal.close()


class TestWidth:
    """How a line fits."""

    @pytest.mark.parametrize("columns", [1, 5, 20, 30, 40, 80, 200])
    @pytest.mark.parametrize("subject", ["x" * 300, "\u65e5\u672c" * 99, None])
    def test_no_line_is_wider_than_the_terminal(
        self, terminal: Terminal, columns: int, subject: str
    ) -> None:
        """It would take two lines, and fewer messages would be seen."""
        assert width(terminal.show(columns, subject=subject)) <= columns

    def test_what_is_long_is_cut_and_what_is_short_is_not(
        self, terminal: Terminal
    ) -> None:
        """A long subject does not hide the rest."""
        line = terminal.show(80, subject="x" * 300, recipients=("a@b",))
        assert " shop@example.com -> a@b  xxxx" in line
        assert line.endswith("xx...  35 B  250")
        assert len(line) == 80

    def test_several_long_ones_share(self, terminal: Terminal) -> None:
        """Each is seen in part."""
        line = terminal.show(80, subject="x" * 300, recipients=("a" * 300,))
        assert re.search(r" shop@example.com -> a+\.\.\.  x+\.\.\.  35 B  250$", line)

    def test_a_terminal_that_grows_is_used(self, terminal: Terminal) -> None:
        """Each line is as wide as the terminal is then."""
        assert len(terminal.show(60, subject="x" * 300)) == 60
        assert len(terminal.show(90, subject="x" * 300)) == 90

    def test_a_terminal_without_a_size_has_80_columns(self, terminal: Terminal) -> None:
        """As most had."""
        assert len(terminal.show(0, subject="x" * 300)) == 80

    def test_so_has_one_that_cannot_be_asked(self) -> None:
        """Whatever it is."""
        stream = Stream(terminal=True)
        Screen(stream, color=False).show(event(subject="x" * 300))
        assert len(stream.getvalue()) == 81


class TestColor:
    """Whether there is a screen, and whether it has colours."""

    @pytest.mark.parametrize(
        ("color", "terminal", "environment", "expected"),
        [
            ("auto", True, {}, True),
            ("auto", True, {"NO_COLOR": "1"}, False),
            ("auto", True, {"NO_COLOR": ""}, True),
            ("auto", True, {"TERM": "dumb"}, False),
            ("auto", True, {"TERM": "xterm"}, True),
            ("auto", False, {}, None),
            ("never", True, {}, False),
            ("never", False, {}, None),
            ("always", True, {"NO_COLOR": "1"}, True),
            ("always", False, {"TERM": "dumb"}, True),
        ],
    )
    def test_there_are_colors_where_they_are_wanted(
        self,
        color: str,
        terminal: bool,
        environment: dict[str, str],
        expected: bool | None,
    ) -> None:
        """``None`` stands for no screen at all."""
        stream = Stream(terminal=terminal)
        screen = Screen.on(stream, color, environment)
        if screen is None:
            assert expected is None
            return
        screen.show(event())
        assert ("\x1b[" in stream.getvalue()) is expected


@pytest.mark.slow
class TestProcess:
    """``twistd smtptest`` on a real terminal."""

    def run(self, start: Start, name: str, *arguments: str, **options: Any) -> Process:
        """Send a message to a server that has a terminal of 100 columns."""
        environment = {"NO_COLOR": "", "TERM": "xterm", **options}
        process = start(
            name, *LOOPBACK, *arguments, columns=100, environment=environment
        )
        send(process.port(), "Subject: \x1b[2Jhello\r\n\r\nHello.\r\n")
        process.terminate()
        return process

    @pytest.mark.parametrize("name", ["twistd", "twist"])
    def test_a_message_is_a_line_in_color(self, start: Start, name: str) -> None:
        """It is there once: the log does not say the same."""
        process = self.run(start, name)
        (line,) = [line for line in process.lines if "s@example.com" in line]
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d    1 \x1b\[32maccepted\x1b\[0m  "
            r"s@example\.com -> r0@example\.com  \\x1b\[2Jhello  30 B  250",
            line,
        )

    def test_the_rest_of_the_log_stays(self, start: Start) -> None:
        """Where it listens, what goes wrong, and when it ends."""
        log = "\n".join(self.run(start, "twistd").lines)
        for text in ("#info] listening on", "#info] ready, ", "Received SIGTERM"):
            assert text in log

    def test_no_color_is_obeyed(self, start: Start) -> None:
        """As of all programs."""
        log = "\n".join(self.run(start, "twistd", NO_COLOR="1").lines)
        assert " accepted  s@example.com -> " in log
        assert "\x1b" not in log

    def test_an_aborted_message_is_seen(self, start: Start) -> None:
        """The log of a server without a terminal has no line for it."""
        process = start("twistd", *LOOPBACK, "--color=never", columns=100)
        with socket.create_connection(("127.0.0.1", process.port()), PATIENCE) as peer:
            peer.sendall(b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nQUIT\r\n")
            while peer.recv(1000):
                pass
        process.wait_for(r"\d\d    1 aborted   a@b -> c@d$")

    def test_always_is_for_a_pipe_too(self, start: Start) -> None:
        """What reads it may know of colours."""
        process = start("twistd", *LOOPBACK, "--color=always")
        send(process.port())
        process.wait_for(r"\x1b\[32maccepted\x1b\[0m  s@example.com -> ")

    def test_without_a_terminal_the_log_has_it(self, start: Start) -> None:
        """As a script expects it."""
        process = start("twistd", *LOOPBACK)
        send(process.port())
        process.wait_for(r"#info\] accepted: from=<s@example.com> ")
