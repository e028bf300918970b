"""`lazr_smtptest.smtp.parameters`: what stands behind a path."""

from __future__ import annotations

import pytest

from lazr_smtptest.smtp.parameters import (
    MAIL_PARAMETERS,
    ParameterError,
    parse_parameters,
)


def test_parameters_come_by_keyword() -> None:
    """Keywords are upper case, values as they were."""
    assert parse_parameters("size=5 Body=8bitmime SMTPUTF8", MAIL_PARAMETERS) == {
        "SIZE": "5",
        "BODY": "8bitmime",
        "SMTPUTF8": None,
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SIZE", 501),
        ("SIZE=", 501),
        ("SIZE=-1", 501),
        ("SIZE=x", 501),
        ("SIZE=" + "9" * 21, 501),
        ("BODY=BINARY", 501),
        ("SMTPUTF8=YES", 501),
        ("SIZE=1 SIZE=1", 501),
        ("=1", 501),
        ("-X=1", 501),
        ("SIZE=1=2", 501),
        ("X-OTHER=1", 555),
    ],
)
def test_a_bad_parameter_is_refused(text: str, code: int) -> None:
    """501 for its syntax, 555 for not knowing it (RFC 5321 section 4.1.1.11)."""
    with pytest.raises(ParameterError) as caught:
        parse_parameters(text, MAIL_PARAMETERS)
    assert caught.value.reply.code == code
