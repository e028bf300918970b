"""The options of ``smtptest --imap``."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.options import OptionError, Options

IMAP = "--imap=tcp:0:interface=127.0.0.1"
IMAPS = "--imaps=tcp:0:interface=127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--accounts"], "--accounts needs --imap, --imaps, --pop3 or --pop3s"),
        ([IMAPS], "--imaps needs --tls"),
        ([IMAP, "--workers=2"], "--imap with --workers needs a store on a disk, "),
    ],
)
def test_a_wrong_option_is_told_at_the_start(arguments: list[str], line: str) -> None:
    """In one line."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(line)
