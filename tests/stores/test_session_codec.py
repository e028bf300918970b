"""Ended sessions as bytes."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.stores._session_codec import pack_session, unpack_session


def again(transcript: Transcript) -> Transcript:
    """Encode and decode a session with a transcript; return that."""
    return unpack_session(pack_session(Session(transcript=transcript))).transcript


_EVENTS = st.one_of(
    st.tuples(st.just("at"), st.floats(0, 1e6, allow_nan=False)),
    st.tuples(st.sampled_from(["client", "server", "secret"]), st.binary()),
    st.tuples(st.sampled_from(["note", "tls"]), st.text()),
)


@settings(deadline=None)
@given(st.lists(_EVENTS, max_size=40), st.booleans())
def test_a_transcript_reads_the_same_afterwards(
    events: list[tuple[str, object]], is_closed: bool
) -> None:
    """Whatever bytes were sent, and whether it was packed before."""
    transcript = Transcript()
    for name, value in events:
        getattr(transcript, name)(value)
    transcript.message(b"Subject: a\r\n\r\n\xff\x00", 1000)
    if is_closed:
        transcript.close()
    assert again(transcript).lines() == transcript.lines()


def test_what_was_left_out_of_a_transcript_is_still_said() -> None:
    """A note stands where lines are missing."""
    transcript = Transcript(bound=10)
    for number in range(50):
        transcript.client(b"NOOP %d" % number)
    assert again(transcript).lines() == transcript.lines()


def test_no_password_is_in_the_bytes() -> None:
    """Neither of a command nor of a line of its own."""
    transcript = Transcript()
    transcript.client(b"AUTH PLAIN c2VjcmV0MQ==")
    transcript.secret(b"c2VjcmV0Mg==")
    text = again(transcript).text(secrets=True)
    assert "c2VjcmV0" not in text
    assert text.count("********") == 2


def test_importing_the_stores_installs_no_reactor() -> None:
    """A worker process installs the one that it was told to."""
    program = (
        "import lazr_smtptest.stores, sys; "
        "sys.exit('twisted.internet.reactor' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
