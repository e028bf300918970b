"""`lazr_smtptest.mailbox.excerpt`: as much of a transcript as there is room for."""

from __future__ import annotations

from lazr_smtptest.mailbox.excerpt import excerpt
from lazr_smtptest.model.transcript import Transcript


def test_a_reply_of_many_lines_takes_one() -> None:
    """The first, and how many there are beside."""
    transcript = Transcript()
    transcript.server(b"250-mx.example.com\r\n250-SIZE\r\n250 HELP\r\n")
    transcript.client(b"NOOP")
    assert excerpt(transcript.lines()) == [
        "    0.000 <-  250-mx.example.com [and 2 lines more]",
        "    0.000  -> NOOP",
    ]


def test_one_line_more_is_one_line() -> None:
    """Not lines."""
    transcript = Transcript()
    transcript.server(b"250-a\r\n250 b\r\n")
    assert excerpt(transcript.lines()) == ["    0.000 <-  250-a [and 1 line more]"]


def test_a_reply_that_never_ends_is_shown() -> None:
    """The transcript may stop within it."""
    transcript = Transcript()
    transcript.server(b"250-a\r\n")
    assert excerpt(transcript.lines()) == ["    0.000 <-  250-a"]


def test_the_middle_of_a_long_transcript_is_left_out() -> None:
    """The first lines and the last ones stay."""
    transcript = Transcript()
    for number in range(100):
        transcript.client(b"%d" % number)
    lines = [line[13:].strip() for line in excerpt(transcript.lines())]
    assert lines == [
        *map(str, range(6)),
        "lines are left out here",
        *map(str, range(84, 100)),
    ]


def test_no_single_line_is_left_out() -> None:
    """Its place would be taken by a line that says so."""
    transcript = Transcript()
    for number in range(23):
        transcript.client(b"%d" % number)
    assert len(excerpt(transcript.lines())) == 23


def test_long_lines_are_cut() -> None:
    """A line takes some 200 characters at most."""
    transcript = Transcript()
    transcript.client(b"x" * 2000)
    assert len(excerpt(transcript.lines())[0]) == 203
