"""`lazr_smtptest.mailbox.excerpt`: as much of a transcript as there is room for."""

from __future__ import annotations

from lazr_smtptest.mailbox.excerpt import excerpt
from lazr_smtptest.model.transcript import Transcript


def test_a_reply_of_many_lines_takes_one() -> None:
    """The first, and of a list of extensions their keywords."""
    transcript = Transcript()
    transcript.server(b"250-mx.example.com\r\n250-SIZE 1000\r\n250 HELP\r\n")
    transcript.client(b"NOOP")
    assert excerpt(transcript.lines()) == [
        "    0.000 <-  250-mx.example.com [SIZE, HELP]",
        "    0.000  -> NOOP",
    ]


def test_one_line_more_is_one_line() -> None:
    """Not lines."""
    transcript = Transcript()
    transcript.server(b"214-a\r\n214 b\r\n")
    assert excerpt(transcript.lines()) == ["    0.000 <-  214-a [and 1 line more]"]


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


def test_a_refusal_of_several_lines_is_shown_whole() -> None:
    """Its text may be on any of them."""
    transcript = Transcript()
    transcript.server(b"550-5.7.1 no\r\n550 5.7.1 see http://example.com\r\n")
    assert excerpt(transcript.lines()) == [
        "    0.000 <** 550-5.7.1 no",
        "    0.000 <** 550 5.7.1 see http://example.com",
    ]


def test_refusals_and_faults_in_the_middle_are_shown() -> None:
    """With the line before them: they may be what it is about."""
    transcript = Transcript()
    for number in range(100):
        transcript.client(b"%d" % number)
        if number == 40:
            transcript.server(b"550 no\r\n")
        if number == 50:
            transcript.note("fault: on('RCPT').delay(3)")
    lines = excerpt(transcript.lines())
    middle = [
        "..." if "left out" in line else line[13:].strip() for line in lines[6:-16]
    ]
    assert middle == [
        "...",
        "40",
        "550 no",
        "...",
        "50",
        "fault: on('RCPT').delay(3)",
        "...",
    ]
