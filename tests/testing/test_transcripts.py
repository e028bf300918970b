"""`lazr_smtptest.testing.transcripts`: sessions in the report of a failed test."""

from __future__ import annotations

from lazr_smtptest.model.session import Session
from lazr_smtptest.testing.transcripts import write_sessions


def a_session(*said: bytes, **attributes: object) -> Session:
    session = Session(**{"peer": ("192.0.2.1", 4711), "ended": 2.0, **attributes})
    for line in said:
        session.transcript.client(line)
    return session


def test_a_session_has_a_heading_and_its_lines() -> None:
    """Who it was, and what became of it."""
    session = a_session(b"NOOP", number=3, helo="me.example", delivered=2, refusals=1)
    assert write_sessions([session], 10) == (
        "session 3, 192.0.2.1:4711 (me.example): accepted 2, refused 1\n"
        "    0.000  -> NOOP\n"
    )


def test_a_client_that_did_not_greet_has_no_name() -> None:
    """And one that is connected still is noted as such."""
    assert write_sessions([a_session(ended=None)], 10) == (
        "session 0, 192.0.2.1:4711: accepted 0, refused 0, still connected\n"
    )


def test_the_latest_lines_of_too_many_are_shown() -> None:
    """That there were others is said."""
    sessions = [a_session(b"ONE"), a_session(b"TWO"), a_session(b"THREE", b"FOUR")]
    assert write_sessions(sessions, 2) == (
        "[... earlier lines are left out ...]\n"
        "    0.000  -> THREE\n"
        "    0.000  -> FOUR\n"
    )


def test_a_line_of_any_length_is_cut() -> None:
    """A test's report is for people."""
    lines = write_sessions([a_session(b"x" * 2000)], 10).splitlines()
    assert max(map(len, lines)) == 200


def test_a_handshake_on_a_plain_port_is_named() -> None:
    """Its bytes tell nothing, in how many lines they are."""
    session = a_session(b"\x16\x03\x01\x02\0\xfc", b"\0\x0c\xff", number=1)
    session.transcript.server(b"421 no\r\n")
    session.transcript.client(b"QUIT")
    assert write_sessions([session], 10) == (
        "session 1, 192.0.2.1:4711: accepted 0, refused 0\n"
        "  the client began TLS on a port that begins in plain text\n"
        "    0.000  -> [ClientHello of TLS]\n"
        "    0.000 <** 421 no\n"
        "    0.000  -> QUIT\n"
    )


def test_a_handshake_that_failed_is_explained() -> None:
    """In the words that a failure of the mailbox has."""
    session = a_session()
    session.transcript.note("the TLS handshake failed: [('', '', 'alert unknown ca')]")
    assert (
        "\n  the client does not trust the server's CA: use client_context()\n"
        in write_sessions([session], 10)
    )
