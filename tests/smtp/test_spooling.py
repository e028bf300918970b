"""Large messages go to a temporary file, and nobody on the wire can tell."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from twisted.mail.interfaces import IMessageDelivery
from zope.interface import implementer

from lazr_smtptest import _spool as spool
from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp import body_buffer as collector
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from .test_chunking import LISTENER, PLACES, SESSIONS, cut, examples, replay

SPOOL = Limits(spool=10)
SPOOLING = attrs.evolve(LISTENER, limits=attrs.evolve(LISTENER.limits, spool=3))
CONTENT = b"Subject: one\r\n\r\n" + b".two\r\n" * 20
STUFFED = CONTENT.replace(b"\r\n.", b"\r\n..") + b".\r\n"
NO_ROOM = "452 4.3.1 no room for the message"


@pytest.fixture
def small_blocks(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every few octets are written and read; the folder with the files."""
    monkeypatch.setattr(collector, "BLOCK", 1)
    monkeypatch.setattr(spool, "_BLOCK", 7)
    return temporary


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize("name", SESSIONS)
@examples(10)
@given(places=PLACES)
def test_a_session_is_the_same(
    small_blocks: Path, new_wire: Any, name: str, places: list[int]
) -> None:
    """Nothing is said or kept otherwise."""
    octets = SESSIONS[name]
    spooling = replay(new_wire, cut(octets, places), SPOOLING)
    assert spooling == replay(new_wire, [octets])


@pytest.mark.parametrize("name", SESSIONS)
def test_a_transcript_is_the_same(small_blocks: Path, new_wire: Any, name: str) -> None:
    """It shows the beginning and the end of a message wherever that is."""
    assert _transcript(new_wire, SESSIONS[name], None) == _transcript(
        new_wire, SESSIONS[name], 3
    )


def _transcript(new_wire: Any, octets: bytes, spool: int | None) -> str:
    wire = new_wire(limits=Limits(spool=spool))
    wire.send(octets)
    wire.disconnect()
    return str(wire.protocol.session.transcript)


def test_a_message_over_the_threshold_is_in_a_file(
    temporary: Path, new_wire: Any
) -> None:
    """Its octets are read from there."""
    wire = new_wire(limits=SPOOL)
    wire.begin()
    wire.send(STUFFED)
    (envelope,) = wire.envelopes
    (file,) = files(temporary)
    assert file.read_bytes() == envelope.content == CONTENT
    assert envelope.size == len(CONTENT)


def test_a_message_of_the_threshold_is_in_memory(
    temporary: Path, new_wire: Any
) -> None:
    """Files are for what is larger."""
    wire = new_wire(limits=SPOOL)
    wire.begin()
    wire.say(b"12345678", b".")
    assert wire.envelopes[0].content == b"12345678\r\n"
    assert files(temporary) == []


def test_chunks_over_the_threshold_are_in_a_file(
    temporary: Path, new_wire: Any
) -> None:
    """It counts their octets together."""
    wire = new_wire(limits=SPOOL)
    _chunks(wire, b"123456", b"789012")
    assert wire.envelopes[0].content == b"123456789012"
    assert len(files(temporary)) == 1


def _chunks(wire: Any, *chunks: bytes) -> list[str]:
    """Send a message in chunks; give what is said to each."""
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>")
    heard = []
    for number, chunk in enumerate(chunks, 1):
        last = b" LAST" * (number == len(chunks))
        heard += wire.send(b"BDAT %d%b\r\n%b" % (len(chunk), last, chunk))
    return heard


def test_the_file_goes_with_the_envelope(temporary: Path, new_wire: Any) -> None:
    """The server itself holds on to nothing."""
    wire = new_wire(limits=SPOOL)
    wire.begin()
    wire.send(STUFFED)
    assert len(files(temporary)) == 1
    wire.envelopes.clear()
    assert files(temporary) == []


def test_a_refused_message_leaves_no_file(temporary: Path, new_wire: Any) -> None:
    """By the handler, say."""
    wire = new_wire(limits=SPOOL)
    wire.handler.then = lambda: Reply(550, "no")
    wire.begin()
    assert wire.send(STUFFED)[0][:3] == "550"
    wire.envelopes.clear()
    assert files(temporary) == []


@pytest.mark.parametrize("begin", ["DATA", "BDAT 1000"])
def test_a_client_that_leaves_in_the_midst_leaves_no_file(
    small_blocks: Path, new_wire: Any, begin: str
) -> None:
    """Its message was not ended."""
    wire = new_wire(limits=SPOOL)
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", begin)
    wire.send(b"x" * 500)
    assert len(files(small_blocks)) == 1
    wire.disconnect()
    assert files(small_blocks) == []


@pytest.mark.parametrize("command", ["RSET", "EHLO a"])
def test_chunks_that_are_forgotten_leave_no_file(
    small_blocks: Path, new_wire: Any, command: str
) -> None:
    """By what ends the transaction."""
    wire = new_wire(limits=SPOOL)
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>")
    wire.send(b"BDAT 50\r\n" + b"x" * 50)
    assert len(files(small_blocks)) == 1
    assert wire.codes(command) == ["250"]
    assert files(small_blocks) == []


def test_a_message_that_is_too_big_leaves_no_file(
    small_blocks: Path, new_wire: Any
) -> None:
    """552, and the session goes on."""
    wire = new_wire(limits=Limits(spool=10, message_size=100))
    wire.begin()
    wire.send(b"x" * 90 + b"\r\n")
    assert len(files(small_blocks)) == 1
    wire.send(b"x" * 90 + b"\r\n")
    assert files(small_blocks) == []
    assert wire.codes(".", "NOOP") == ["552", "250"]


def test_a_line_that_is_too_long_leaves_no_file(
    small_blocks: Path, new_wire: Any
) -> None:
    """554 at the end of the message, as for one in memory."""
    wire = new_wire(limits=Limits(spool=10, body_line=100))
    wire.begin()
    wire.send(b"x" * 101)
    assert files(small_blocks) == []
    assert wire.say("", ".", "NOOP") == [
        "554 5.6.0 a line of the message is too long",
        "250 2.0.0 OK",
    ]


def test_a_message_that_was_refused_before_its_end_is_refused_once(
    small_blocks: Path, new_wire: Any
) -> None:
    """Whatever more would be wrong with it."""
    wire = new_wire(limits=Limits(spool=10, message_size=100))
    wire.begin()
    wire.protocol.refuse_content(Reply(550, "enough"))
    assert wire.heard() == ["550 enough"]
    assert wire.codes(b"x" * 300, ".", "NOOP") == ["250"]
    assert files(small_blocks) == []


# What the file system refuses


@pytest.fixture
def no_folder(temporary: Path) -> Path:
    """There is no folder for temporary files."""
    temporary.rmdir()
    return temporary


def test_a_message_that_cannot_be_written_is_refused(
    no_folder: Path, new_wire: Any
) -> None:
    """For now: 452 (RFC 5321 section 4.2.3), and the session goes on."""
    wire = new_wire(limits=SPOOL)
    wire.begin()
    assert wire.send(STUFFED) == [NO_ROOM]
    wire.begin()
    assert wire.codes("short", ".") == ["250"]
    assert [envelope.content for envelope in wire.envelopes] == [b"short\r\n"]


def test_what_cannot_be_written_is_logged_once(
    no_folder: Path, new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The person who runs the server can do something about it."""
    wire = new_wire(limits=SPOOL)
    wire.begin()
    wire.send(STUFFED)
    (error,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "127.0.0.1:50000" in error.getMessage()
    assert "No such file or directory" in error.getMessage()
    assert str(no_folder) in error.getMessage()


def _full_after(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let files have so many octets, and no more."""
    append = SpooledContent.append

    def write(self: SpooledContent, octets: bytes) -> None:
        append(self, octets[: most - len(self)])
        if len(self) == most:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(SpooledContent, "append", write)


def test_a_disk_that_is_full_in_the_midst_refuses_the_message(
    small_blocks: Path, monkeypatch: pytest.MonkeyPatch, new_wire: Any
) -> None:
    """At its end, so that its lines are taken for no commands."""
    _full_after(monkeypatch, 100)
    wire = new_wire(limits=SPOOL)
    wire.begin()
    assert wire.say(b"x" * 90) == []
    assert len(files(small_blocks)) == 1
    assert wire.say(b"x" * 90) == []
    assert files(small_blocks) == []
    assert wire.say("QUIT", ".", "NOOP") == [NO_ROOM, "250 2.0.0 OK"]


def test_a_disk_that_is_full_at_the_end_refuses_the_message(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, new_wire: Any
) -> None:
    """Short ones are written there."""
    _full_after(monkeypatch, 20)
    wire = new_wire(limits=SPOOL)
    wire.begin()
    assert wire.send(STUFFED) == [NO_ROOM]
    assert files(temporary) == []


def test_a_disk_that_is_full_refuses_a_chunk(
    small_blocks: Path, monkeypatch: pytest.MonkeyPatch, new_wire: Any
) -> None:
    """The message is lost, and so are further chunks (RFC 3030 section 2)."""
    _full_after(monkeypatch, 100)
    wire = new_wire(limits=SPOOL)
    heard = _chunks(wire, b"x" * 90, b"x" * 90, b"x")
    assert heard == ["250 2.0.0 90 octets", NO_ROOM, "503 5.5.1 MAIL first"]
    assert files(small_blocks) == []


def test_a_disk_that_is_full_refuses_the_last_chunk(
    small_blocks: Path, monkeypatch: pytest.MonkeyPatch, new_wire: Any
) -> None:
    """When it comes, or when all is put together."""
    _full_after(monkeypatch, 100)
    wire = new_wire(limits=SPOOL)
    assert _chunks(wire, b"x" * 200) == [NO_ROOM]
    monkeypatch.setattr(collector, "BLOCK", 1000)
    assert _chunks(wire, b"x" * 200) == [NO_ROOM]
    assert wire.envelopes == []


def test_in_lmtp_each_recipient_hears_of_a_full_disk(
    no_folder: Path, new_wire: Any
) -> None:
    """RFC 2033 section 4.2."""
    wire = new_wire(limits=SPOOL, protocol=LMTPServerProtocol)
    wire.say("LHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA")
    assert wire.send(STUFFED) == [NO_ROOM, NO_ROOM]


# What is looked at when it has come


@pytest.mark.parametrize(
    ("line", "code"), [(b"a\nb", "550"), (b"x" * 999, "500"), (b"\xe9", "554")]
)
def test_the_strict_profile_refuses_the_same(
    small_blocks: Path, new_wire: Any, line: bytes, code: str
) -> None:
    """It reads the file block by block."""
    wire = new_wire(settings=Settings(profile="strict", limits=SPOOL))
    wire.say("EHLO a")
    wire.say("MAIL FROM:<a@b>", "RCPT TO:<c@d>")
    wire.say("DATA")
    assert wire.codes(b"x" * 50, line, ".") == [code]
    assert files(small_blocks) == []


def test_a_file_that_cannot_be_read_refuses_the_message(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, new_wire: Any
) -> None:
    """In the strict profile, which has to read it."""
    monkeypatch.setattr(SpooledContent, "blocks", _unreadable)
    wire = new_wire(settings=Settings(profile="strict", limits=SPOOL))
    wire.say("EHLO a")
    wire.say("MAIL FROM:<a@b>", "RCPT TO:<c@d>")
    wire.say("DATA")
    assert wire.send(STUFFED) == [NO_ROOM]
    assert wire.codes("NOOP") == ["250"]


def _unreadable(self: SpooledContent, *arguments: object) -> Any:
    raise OSError(24, "Too many open files")


def test_the_standard_profile_reads_nothing_back(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, new_wire: Any
) -> None:
    """A large message costs its octets once."""
    monkeypatch.setattr(SpooledContent, "blocks", _unreadable)
    monkeypatch.setattr(SpooledContent, "read", _unreadable)
    wire = new_wire(limits=SPOOL)
    wire.begin()
    assert wire.send(STUFFED) == ["250 2.0.0 message accepted"]


def test_the_log_tells_the_subject_and_the_size(
    temporary: Path, new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Of which the first is read from the file."""
    caplog.set_level(logging.INFO)
    wire = new_wire(limits=SPOOL)
    wire.begin()
    wire.send(STUFFED)
    assert f"subject='one' size={len(CONTENT)}" in caplog.text


def test_the_log_does_without_the_subject(
    temporary: Path, new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler may have done away with the file."""
    caplog.set_level(logging.INFO)
    wire = new_wire(limits=SPOOL)
    wire.handler.then = lambda: files(temporary)[0].unlink()
    wire.begin()
    assert wire.send(STUFFED) == ["250 2.0.0 message accepted"]
    assert f"subject=None size={len(CONTENT)}" in caplog.text


# What takes lines


@implementer(IMessageDelivery)
class Lines:
    """A delivery of Twisted's kind: its messages take lines."""

    def __init__(self, header: bytes) -> None:
        self.header = header
        self.lines: list[bytes] = []

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return self.header

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        return origin

    def validateTo(self, user: Any) -> Any:
        return lambda: self

    def lineReceived(self, line: bytes) -> None:
        self.lines.append(line)

    def eomReceived(self) -> None:
        pass


@pytest.mark.parametrize("header", [b"", b"Received: now"])
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"no header\r\n\r\n",
        b"Subject: one\r\n\r\ntwo\r\nthree",
        b"a: " + b"x" * 50 + b"\r\r\n\n\r\nend",
    ],
)
def test_lines_are_the_same(
    small_blocks: Path, new_wire: Any, header: bytes, octets: bytes
) -> None:
    """They are read one by one."""
    assert _lines(new_wire, header, octets, 3) == _lines(new_wire, header, octets, None)


def _lines(
    new_wire: Any, header: bytes, octets: bytes, spool: int | None
) -> list[bytes]:
    delivery = Lines(header)
    wire = new_wire(limits=Limits(spool=spool), delivery=delivery)
    assert _chunks(wire, octets) == ["250 2.0.0 message accepted"]
    return delivery.lines
