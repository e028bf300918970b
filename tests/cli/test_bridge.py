"""The line ends of what a person types into ``smtptest sendmail -bs``."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.bridge import Lines


def copied(*pieces: bytes) -> bytes:
    lines = Lines()
    return b"".join(map(lines.with_crlf, pieces))


@pytest.mark.parametrize(
    "pieces",
    [
        [b"NOOP\nQUIT\n"],
        [b"NOOP", b"\nQUIT\n"],
        [b"NOOP\n", b"QUIT\r\n"],
        [b"NOOP\n", b"QUIT\r", b"\n"],
        [b"NOOP\n", b"QUIT", b"\n"],
        [bytes([each]) for each in b"NOOP\nQUIT\n"],
    ],
)
def test_lines_of_a_terminal_end_in_crlf(pieces: list[bytes]) -> None:
    """However they are read."""
    assert copied(*pieces) == b"NOOP\r\nQUIT\r\n"


@pytest.mark.parametrize("end", [b"\n", b"\n\n"])
def test_empty_lines_stay(end: bytes) -> None:
    """Those of a message."""
    assert copied(b"DATA\n", end, b".\n") == (
        b"DATA\r\n" + end.replace(b"\n", b"\r\n") + b".\r\n"
    )


@pytest.mark.parametrize(
    "pieces",
    [[b"BDAT 4 LAST\r\na\nb\n"], [b"BDAT 4 LAST\r", b"\na\nb\n"]],
)
def test_the_bytes_of_a_client_stay(pieces: list[bytes]) -> None:
    """Its first line has the end of the wire."""
    assert copied(*pieces) == b"BDAT 4 LAST\r\na\nb\n"
