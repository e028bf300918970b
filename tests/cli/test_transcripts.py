"""Files with the transcripts of sessions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lazr_smtptest.cli.transcripts import TranscriptFolder, describe
from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session

OK = Reply(250, "accepted", "2.0.0")


def session_at(seconds: float = 0.0) -> Session:
    session = Session(id=new_name(), number=3, started=seconds)
    session.ended = seconds + 1.5
    return session


def names_in(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir())


class TestDescribe:
    """What a file says."""

    def test_the_conversation_is_the_transcript(self) -> None:
        """Below an empty line, with secrets masked."""
        session = session_at()
        session.transcript.at(0.25)
        session.transcript.client(b"AUTH PLAIN AGEAYg==")
        _, _, conversation = describe(session).partition("\n\n")
        assert conversation == f"{session.transcript}\n"
        assert "AGEAYg" not in conversation

    def test_the_head_says_who_it_was(self) -> None:
        """All that is known of the client."""
        session = session_at(86400.0)
        session.peer = ("192.0.2.1", 4711)
        session.helo = "shop.example.com"
        session.tls_version, session.tls_cipher = "TLSv1.3", "SOME_CIPHER"
        session.client_certificate = ("anna@example.com",)
        session.user, session.mechanism = "anna", "PLAIN"
        assert describe(session).splitlines()[:8] == [
            f"Session: 3, {session.id}",
            "Began: 1970-01-02 00:00:00.000000 UTC",
            "Lasted: 1.500 seconds",
            "Client: 192.0.2.1:4711",
            "Hello: shop.example.com",
            "TLS: TLSv1.3, SOME_CIPHER",
            "Certificate: anna@example.com",
            "User: anna, by PLAIN",
        ]

    def test_the_head_says_nothing_of_what_is_not_known(self) -> None:
        """A client may say nothing, and go on."""
        session = Session(id="a-1")
        assert describe(session).splitlines() == [
            "Session: 0, a-1",
            "Began: 1970-01-01 00:00:00.000000 UTC",
            "",
            "",
        ]

    def test_an_ipv6_address_has_its_brackets(self) -> None:
        """Else the port would be a part of it."""
        session = session_at()
        session.peer = ("::1", 25)
        assert "\nClient: [::1]:25\n" in describe(session)

    def test_the_head_says_what_became_of_each_mail(self) -> None:
        """With the recipients that were refused, and the replies."""
        session = session_at()
        first = session.begin("a@example.com")
        first.rcpt_tos = ("b@example.com", "c@example.com")
        first.refused = (("d@example.com", Reply(550, "unknown", "5.1.1")),)
        first.outcome, first.reply = "delivered", OK
        session.begin("").outcome = "aborted"
        head, _, _ = describe(session).partition("\n\n")
        assert head.splitlines()[-3:] == [
            "Mail 1: delivered, from <a@example.com> to <b@example.com>, "
            "<c@example.com>, 250 2.0.0 accepted",
            "Refused: <d@example.com>, 550 5.1.1 unknown",
            "Mail 2: aborted, from <> to nobody",
        ]

    def test_a_client_cannot_forge_a_line(self) -> None:
        """Nor send the terminal of the reader anything."""
        session = session_at()
        session.helo = "x\r\nUser: root\x1b[2J\udcff"
        assert "\nHello: x\\r\\nUser: root\\x1b[2J\\udcff\n" in describe(session)


class TestFolder:
    """The directory and its files."""

    def test_it_is_made(self, tmp_path: Path) -> None:
        """For its owner alone: mail is private."""
        TranscriptFolder(tmp_path / "new")
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700

    def test_a_session_is_a_file(self, tmp_path: Path) -> None:
        """It holds what `describe` says, and nothing is left beside it."""
        session = session_at()
        TranscriptFolder(tmp_path).write(session)
        (name,) = names_in(tmp_path)
        assert (tmp_path / name).read_text() == describe(session)

    def test_the_names_sort_by_time(self, tmp_path: Path) -> None:
        """Whatever the sessions are called."""
        folder = TranscriptFolder(tmp_path)
        sessions = [session_at(seconds) for seconds in (1e9, 5.5, 5.25)]
        for session in sessions:
            folder.write(session)
        assert [name.split("-", 1) for name in names_in(tmp_path)] == [
            ["19700101T000005.250000Z", f"{sessions[2].id}.txt"],
            ["19700101T000005.500000Z", f"{sessions[1].id}.txt"],
            ["20010909T014640.000000Z", f"{sessions[0].id}.txt"],
        ]

    def test_sessions_of_one_moment_have_files_of_their_own(
        self, tmp_path: Path
    ) -> None:
        """A clock may stand still."""
        folder = TranscriptFolder(tmp_path)
        for _ in range(3):
            folder.write(session_at())
        assert len(names_in(tmp_path)) == 3

    def test_it_stays_where_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A process that goes elsewhere writes to the same directory."""
        monkeypatch.chdir(tmp_path)
        folder = TranscriptFolder("here")
        monkeypatch.chdir("/")
        folder.write(session_at())
        assert len(names_in(tmp_path / "here")) == 1

    @pytest.mark.parametrize(
        ("make", "error"),
        [
            (lambda path: path / "none" / "here", FileNotFoundError),
            (lambda path: path / "file", NotADirectoryError),
        ],
    )
    def test_what_is_no_directory_is_an_error_at_once(
        self, make: Callable[[Path], Path], error: type[OSError], tmp_path: Path
    ) -> None:
        """Before any client comes."""
        (tmp_path / "file").touch()
        with pytest.raises(error):
            TranscriptFolder(make(tmp_path))

    def test_a_directory_that_may_not_be_written_to_is_an_error_at_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The tests may be run by root, who may write everywhere."""
        monkeypatch.setattr(os, "access", lambda *_, **__: False)
        with pytest.raises(PermissionError, match="Permission denied"):
            TranscriptFolder(tmp_path)


class TestBound:
    """How many files are kept."""

    def test_the_newest_are_kept(self, tmp_path: Path) -> None:
        """The oldest go, by the time in their names."""
        folder = TranscriptFolder(tmp_path, keep=2)
        for seconds in (4, 1, 3, 2):
            folder.write(session_at(seconds))
        assert [name[:15] for name in names_in(tmp_path)] == [
            "19700101T000003",
            "19700101T000004",
        ]

    def test_a_tenth_more_may_be_there(self, tmp_path: Path) -> None:
        """For the directory is not read each time."""
        folder = TranscriptFolder(tmp_path, keep=20)
        counts = []
        for _ in range(40):
            folder.write(session_at())
            counts.append(len(names_in(tmp_path)))
        assert max(counts) == 21
        assert counts[-1] == 20

    def test_the_start_removes_what_is_left_of_earlier(self, tmp_path: Path) -> None:
        """A server that is started often does not fill the disk."""
        folder = TranscriptFolder(tmp_path, keep=0)
        for seconds in range(5):
            folder.write(session_at(seconds))
        TranscriptFolder(tmp_path, keep=3)
        assert len(names_in(tmp_path)) == 3

    def test_zero_keeps_all(self, tmp_path: Path) -> None:
        """And never looks."""
        folder = TranscriptFolder(tmp_path, keep=0)
        for _ in range(20):
            folder.write(session_at())
        TranscriptFolder(tmp_path, keep=0)
        assert len(names_in(tmp_path)) == 20

    def test_the_files_of_others_stay(self, tmp_path: Path) -> None:
        """Whatever they are called."""
        others = ["0", "notes.txt", "20010909T014640.000000Z-a.txt.bak"]
        for name in others:
            (tmp_path / name).touch()
        folder = TranscriptFolder(tmp_path, keep=1)
        for _ in range(3):
            folder.write(session_at())
        assert set(others) < set(names_in(tmp_path))
        assert len(names_in(tmp_path)) == len(others) + 1


class TestFailure:
    """What happens when a file cannot be written."""

    @pytest.fixture
    def gone(self, tmp_path: Path) -> TranscriptFolder:
        """Give a folder whose directory was taken away."""
        folder = TranscriptFolder(tmp_path / "gone")
        folder.path.rmdir()
        return folder

    def test_it_is_logged_once(
        self, gone: TranscriptFolder, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A full disk does not fill the log too."""
        for _ in range(3):
            gone.write(session_at())
        (record,) = caplog.records
        assert record.levelname == "ERROR"
        assert f"cannot write transcripts to {gone.path}: " in record.getMessage()

    def test_it_goes_on_when_it_can(self, gone: TranscriptFolder) -> None:
        """Nothing has to be started anew."""
        gone.write(session_at())
        gone.path.mkdir()
        gone.write(session_at())
        assert len(names_in(gone.path)) == 1

    def test_the_next_failure_is_logged_again(
        self, gone: TranscriptFolder, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It went well in between."""
        gone.write(session_at())
        gone.path.mkdir()
        gone.write(session_at())
        for file in gone.path.iterdir():
            file.unlink()
        gone.path.rmdir()
        gone.write(session_at())
        assert len(caplog.records) == 2

    def test_nothing_half_written_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file that is there is whole."""

        def fail(self: Path, content: bytes) -> None:
            self.touch()
            raise OSError(28, "No space left on device")

        folder = TranscriptFolder(tmp_path)
        monkeypatch.setattr(Path, "write_bytes", fail)
        folder.write(session_at())
        assert names_in(tmp_path) == []
