"""Large parts are decoded into a file, and sent as fast as the client reads."""

from __future__ import annotations

import base64
import gc
import quopri
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.answer import Answer
from lazr_smtptest.readers.http.bodies import Turns
from lazr_smtptest.stores.sqlite import SQLiteStore

from ...memory import peak_of
from ...stores.reading_helpers import wait_for_index
from .client import Client
from .conftest import Mail

# Without line ends, which are others in quoted-printable.
CONTENT = bytes(each for each in range(256) if each not in b"\r\n") * 12_000
FIELDS = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: "
BODIES = {
    "base64": base64.encodebytes(CONTENT).replace(b"\n", b"\r\n"),
    "quoted-printable": quopri.encodestring(CONTENT).replace(b"\n", b"\r\n"),
}


def message(encoding: str) -> Envelope:
    """Return a message of three megabytes."""
    raw = f"{FIELDS}{encoding}\r\n\r\n".encode() + BODIES[encoding]
    return Envelope(mail_from="", rcpt_tos=("b@x",), content=raw, id="one")


@pytest.fixture(params=BODIES)
def mail(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mail:
    """A server with a message of three megabytes, and a folder for its files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mail = Mail()
    mail.store.add(message(request.param))
    return mail


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mail]:
    """A server with such a message in a database."""
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(files))
    store = SQLiteStore(tmp_path / "mail.db", synchronous="OFF")
    mail = Mail(store=store, has_mailhog=True)
    store.add(message("base64"))
    wait_for_index(store)  # it reads messages, too
    yield mail
    mail.client.protocol.connectionLost(Failure(ConnectionDone()))
    store.close()


PATHS = [
    "/api/v2/messages/latest/parts/1",
    "/api/v2/messages/latest/attachments/0",
    "/api/v1/message/latest/part/0",
]


@pytest.mark.parametrize("path", PATHS)
def test_the_content_arrives(mail: Mail, path: str) -> None:
    """All of it, with its length."""
    answer = mail.client.get(path)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.body == CONTENT


@pytest.mark.parametrize("path", PATHS)
def test_the_content_arrives_from_a_database(on_disk: Mail, path: str) -> None:
    """It goes from one file to another."""
    assert on_disk.client.get(path).body == CONTENT


RAW_PATHS = [
    "/api/v2/messages/latest/raw",
    "/api/v1/message/latest/raw",
    "/mailhog/api/v1/messages/one/download",
]


@pytest.mark.parametrize("path", RAW_PATHS)
def test_the_whole_message_arrives_from_a_database(on_disk: Mail, path: str) -> None:
    """From its file."""
    assert on_disk.client.get(path).body == message("base64").content


@pytest.mark.skipif(
    not hasattr(sqlite3.Connection, "blobopen"),
    reason="sqlite3 reads in pieces since Python 3.11",
)
@pytest.mark.parametrize("path", [*PATHS, *RAW_PATHS])
def test_a_large_content_takes_little_memory(on_disk: Mail, path: str) -> None:
    """A client that does not read yet leaves it in its file."""

    def ask() -> None:
        client = on_disk.connect()
        begin(client, path)
        client.protocol.connectionLost(Failure(ConnectionDone()))

    ask()  # imports what it needs
    # Some pieces of a megabyte, and not the four of the message.
    bound = 5_500_000
    assert peak_of(ask, bound) < bound


TAGGED_PATHS = [PATHS[0], PATHS[1], RAW_PATHS[0], "/api/v2/messages/latest/text"]


@pytest.mark.parametrize("path", TAGGED_PATHS)
def test_a_content_that_a_client_has_is_not_read(
    mail: Mail, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither from the store, nor decoded."""
    monkeypatch.setattr(mail.store, "envelope", None)
    what = path.partition("latest/")[2].replace("s/", "-")
    tag = f'"one.{what}"'
    answer = mail.client.get(path, if_none_match=tag)
    assert (answer.status, answer.headers["etag"]) == (304, tag)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-9", CONTENT[:10]),
        ("bytes=1000000-2999999", CONTENT[1_000_000:3_000_000]),
        ("bytes=-5", CONTENT[-5:]),
    ],
)
def test_a_range_is_a_part_of_the_file(
    mail: Mail, wanted: str, expected: bytes
) -> None:
    """With the length of the range."""
    answer = mail.client.get(PATHS[0], range=wanted)
    assert (answer.status, answer.body == expected) == (206, True)


def test_the_header_alone_has_the_length(mail: Mail) -> None:
    """And no body."""
    answer = mail.client.request("HEAD", PATHS[0])
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.body == b""


def begin(client: Client, path: str = PATHS[0]) -> None:
    """Ask for a part with a client that does not read yet."""
    client.protocol.pauseProducing()
    client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def test_a_client_that_does_not_read_gets_no_more(mail: Mail) -> None:
    """What it does not take stays in the file."""
    begin(mail.client)
    assert len(mail.client.transport.value()) < 10_000
    mail.client.protocol.resumeProducing()
    assert mail.client.response().body == CONTENT


def test_the_file_is_removed(mail: Mail, tmp_path: Path) -> None:
    """After the answer."""
    mail.client.get(PATHS[0])
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_file_of_a_client_that_left_is_removed(mail: Mail, tmp_path: Path) -> None:
    """In the middle of the answer."""
    client = mail.connect()
    begin(client)
    assert len(list(tmp_path.iterdir())) == 1
    client.protocol.connectionLost(Failure(ConnectionDone()))
    del client
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_ends_the_connection(
    mail: Mail, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The client sees that the answer is not complete."""
    begin(mail.client)
    [file] = tmp_path.iterdir()
    file.write_bytes(b"")
    mail.client.protocol.resumeProducing()
    assert "is too short" in caplog.text
    assert mail.client.transport.disconnected


def test_a_turn_that_fails_is_given_back(mail: Mail) -> None:
    """Otherwise nobody would get another one."""
    for _ in range(5):
        assert mail.client.get("/api/v2/messages/latest/parts/9").status == 404
    assert mail.client.get(PATHS[0]).status == 200


def test_only_a_few_are_decoded_at_the_same_time() -> None:
    """Each takes memory meanwhile."""
    turns, begun = Turns(), []

    async def read() -> Answer:
        begun.append(Deferred[None]())
        await begun[-1]
        return Answer()

    def run(size: int) -> Deferred[Answer]:
        return Deferred.fromCoroutine(turns.run(size, read))

    large = [run(2 << 20) for _ in range(4)]
    assert len(begun) == 2
    small = run(9)
    assert len(begun) == 3
    large[2].addErrback(lambda failure: failure.trap(CancelledError))
    large[2].cancel()
    begun[0].callback(None)
    assert len(begun) == 4
    assert not small.called


def test_a_small_part_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_mail: Any
) -> None:
    """It is sent at once."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    mail = make_mail()
    mail.add("Content-Type: image/png\n\nx\n")
    assert mail.client.get(PATHS[0]).text == "x\r\n"
