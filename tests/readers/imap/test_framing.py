"""Commands are read from lines and literals."""

import re
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from lazr_smtptest.readers.imap.connection import IMAPConnection
from lazr_smtptest.readers.imap.framing import (
    Bounds,
    Frame,
    FramingError,
    read_frame,
)
from lazr_smtptest.readers.imap.syntax import Literal
from lazr_smtptest.readers.line_connection import LineConnection

BOUNDS = Bounds(line=30, literals=10, message=100)
WIDE = Bounds(line=8192, literals=65_536, message=200_000)
GO_AHEAD = b"+ go ahead\r\n"


class Frames(LineConnection):
    """Reads commands, and keeps them and their errors."""

    protocol = "imap"
    masked = IMAPConnection.masked
    factory = SimpleNamespace(reader_sessions=None)

    def __init__(self, bounds):
        super().__init__(Clock(), 60, 30)
        self.bounds = bounds
        self.frames = []
        self.errors = []

    async def serve(self):
        """Read until an error is fatal."""
        while not self.is_closed:
            try:
                self.frames.append(await read_frame(self, self.bounds))
            except FramingError as error:
                self.errors.append(error)
                self.is_closed = error.is_fatal


@pytest.fixture
def connect():
    """Return a function that connects a client."""
    connections = []

    def connected(bounds=BOUNDS):
        connection = Frames(bounds)
        connection.makeConnection(StringTransport())
        connections.append(connection)
        return connection

    yield connected
    for each in connections:
        each.connectionLost()


# What is sent, and the command.
FRAMES = {
    "no arguments": (b"a1 NOOP\r\n", Frame(b"a1", b"NOOP", [b""])),
    "a name in lower case": (b"a1 noop\r\n", Frame(b"a1", b"NOOP", [b""])),
    "text": (b"a LIST (b) c\r\n", Frame(b"a", b"LIST", [b"(b) c"])),
    "a tag of signs": (b"a]~. NOOP\r\n", Frame(b"a]~.", b"NOOP", [b""])),
    "a literal": (
        b"a LOGIN {3}\r\nx\r\n y\r\n",
        Frame(b"a", b"LOGIN", [b"", Literal(b"x\r\n"), b" y"]),
    ),
    "a literal at the end": (
        b"a LOGIN y {1}\r\nx\r\n",
        Frame(b"a", b"LOGIN", [b"y ", Literal(b"x"), b""]),
    ),
    "an empty literal": (
        b"a LOGIN {0}\r\n y\r\n",
        Frame(b"a", b"LOGIN", [b"", Literal(b""), b" y"]),
    ),
    "two literals": (
        b"a LOGIN {1+}\r\nx {1}\r\ny\r\n",
        Frame(b"a", b"LOGIN", [b"", Literal(b"x"), b" ", Literal(b"y"), b""]),
    ),
    "a literal that looks like a literal": (
        b"a LOGIN {3}\r\n{1}\r\n",
        Frame(b"a", b"LOGIN", [b"", Literal(b"{1}"), b""]),
    ),
    "braces within a line": (b"a LIST {1} x\r\n", Frame(b"a", b"LIST", [b"{1} x"])),
    "a negative size": (b"a LIST {-5}\r\n", Frame(b"a", b"LIST", [b"{-5}"])),
    "the longest literal": (
        b"a LOGIN {10}\r\n0123456789\r\n",
        Frame(b"a", b"LOGIN", [b"", Literal(b"0123456789"), b""]),
    ),
    "a message": (
        b"a append {100}\r\n" + b"x" * 100 + b"\r\n",
        Frame(b"a", b"APPEND", [b"", Literal(b"x" * 100), b""]),
    ),
}

TOO_LONG = "are left for this line"

# What is sent; the tag, status and code of the reply, and the end of its text.
WRONG = {
    "an empty line": (b"\r\n", b"*", "BAD", "", "begins with a tag"),
    "a plus as a tag": (b"+ NOOP\r\n", b"*", "BAD", "", "begins with a tag"),
    "a star as a tag": (b"* NOOP\r\n", b"*", "BAD", "", "begins with a tag"),
    "a tag that is not ASCII": (b"\xff x\r\n", b"*", "BAD", "", "with a tag"),
    "a tag alone": (b"a\r\n", b"a", "BAD", "", "followed by a command"),
    "two spaces": (b"a  NOOP\r\n", b"a", "BAD", "", "followed by a command"),
    "a name of digits": (b"a 1\r\n", b"a", "BAD", "", "followed by a command"),
    "a space at the end": (b"a NOOP \r\n", b"a", "BAD", "", "end with a space"),
    # A client that waits for its tag would wait for ever.
    "a long line": (b"a LIST %s\r\n" % (b"x" * 30), b"a", "BAD", "", TOO_LONG),
    "a very long line": (b"a LIST %s\r\n" % (b"x" * 300), b"a", "BAD", "", TOO_LONG),
    "a long line without a tag": (b"x" * 300 + b"\r\n", b"*", "BAD", "", TOO_LONG),
    "a long line with no tag": (b"( %s\r\n" % (b"x" * 300), b"*", "BAD", "", TOO_LONG),
    "lines that are long together": (
        b"a LOGIN %s {1}\r\nx%s\r\n" % (b"x" * 10, b"y" * 10),
        b"a",
        "BAD",
        "",
        TOO_LONG,
    ),
    "a big literal": (b"a LOGIN {11}\r\n", b"a", "NO", "TOOBIG", "10 are allowed here"),
    "a literal of 99,999,999,999 bytes": (
        b"a APPEND {99999999999}\r\n",
        b"a",
        "NO",
        "TOOBIG",
        "100 are allowed here",
    ),
    "literals that are big together": (
        b"a LOGIN {6}\r\n012345 {5}\r\n",
        b"a",
        "NO",
        "TOOBIG",
        "4 are allowed here",
    ),
}


@pytest.mark.parametrize(("sent", "frame"), FRAMES.values(), ids=FRAMES)
def test_a_command_is_read(connect, sent, frame):
    """RFC 3501 section 2.2.1: a tag, a name, text and literals."""
    client = connect()
    client.dataReceived(sent)
    assert client.frames == [frame]


@pytest.mark.parametrize(
    ("sent", "tag", "status", "code", "text"), WRONG.values(), ids=WRONG
)
def test_a_command_is_refused(connect, sent, tag, status, code, text):
    """The error has the tag, if one was sent."""
    client = connect()
    client.dataReceived(sent)
    (error,) = client.errors
    assert (error.tag, error.status, error.code) == (tag, status, code)
    assert re.search(f"{text}$", error.text)


@pytest.mark.parametrize("sent", [each[0] for each in WRONG.values()], ids=WRONG)
def test_a_command_after_a_refused_one_is_read(connect, sent):
    """Nothing of the refused command is taken for another."""
    client = connect()
    client.dataReceived(sent + b"b NOOP\r\n")
    assert client.frames == [Frame(b"b", b"NOOP", [b""])]


def test_a_literal_is_asked_for(connect):
    """RFC 3501 section 7.5: a client waits for the go-ahead."""
    client = connect()
    client.dataReceived(b"a LOGIN {1}\r\n")
    assert client.transport.value() == GO_AHEAD


def test_a_literal_that_comes_unasked_is_not_asked_for(connect):
    """RFC 7888 section 4."""
    client = connect()
    client.dataReceived(b"a LOGIN {1+}\r\n")
    assert client.transport.value() == b""


def test_a_big_literal_is_not_asked_for(connect):
    """RFC 7889 section 4: it is refused before a byte of it is sent."""
    client = connect()
    client.dataReceived(b"a APPEND INBOX {101}\r\n")
    assert client.transport.value() == b""


@pytest.mark.parametrize("size", [4097, 65_537])
def test_a_big_literal_that_comes_unasked_is_fatal(connect, size):
    """RFC 7888 section 5: 4,096 bytes; more of them would be taken for commands."""
    client = connect(WIDE)
    client.dataReceived(b"a LOGIN {%d+}\r\nb NOOP\r\n" % size)
    assert [each.is_fatal for each in client.errors] == [True]
    assert client.frames == []


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("line", [b"* NOOP ", b"a  ", b"a LIST %s " % (b"x" * 60)])
@pytest.mark.parametrize("by", [1, 7, 1000])
def test_a_literal_that_comes_unasked_after_a_wrong_line_is_fatal(
    connect, line, by, end
):
    """Its bytes are no commands, whatever they look like, and however they come."""
    client = connect()
    sent = line + b"{8+}" + end + b"b NOOP\r\n"
    for start in range(0, len(sent), by):
        client.dataReceived(sent[start : start + by])
    assert [each.is_fatal for each in client.errors] == [True]
    assert client.frames == []


def test_4096_bytes_may_come_unasked(connect):
    """RFC 7888 section 5."""
    client = connect(WIDE)
    client.dataReceived(b"a LOGIN {4096+}\r\n%s\r\n" % (b"x" * 4096))
    assert client.frames[0].parts[1] == b"x" * 4096


def test_a_client_that_sends_a_long_literal_is_not_paused_for_good(connect):
    """It sends on when its bytes were read."""
    client = connect(WIDE)
    client.dataReceived(b"a APPEND {150000}\r\n")
    client.dataReceived(b"x" * 150_000)
    client.dataReceived(b"\r\n")
    assert client.transport.producerState == "producing"
    assert len(client.frames[0].parts[1]) == 150_000


@given(st.data())
def test_commands_are_read_however_they_are_cut(data):
    """The segments of TCP are not those of the commands."""
    sent = b"".join(each[0] for each in FRAMES.values())
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sent) - 1))))
    client = Frames(BOUNDS)
    client.makeConnection(StringTransport())
    for start, end in pairwise([0, *cuts, len(sent)]):
        client.dataReceived(sent[start:end])
    client.connectionLost()
    assert client.frames == [each[1] for each in FRAMES.values()]
