"""`lazr_smtptest.smtp.parameters`: what stands behind a path."""

from __future__ import annotations

import pytest

from lazr_smtptest.model.xtext import xtext_decode
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.parameters import parse_parameters

KNOWN = {
    "SIZE": "[0-9]{1,20}",
    "BODY": "(?i:7BIT|8BITMIME)",
    "SMTPUTF8": None,
}


def test_parameters_come_by_keyword() -> None:
    """Keywords are upper case, values as they were."""
    assert parse_parameters("size=5 Body=8bitmime SMTPUTF8", KNOWN) == {
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
    with pytest.raises(ClientError) as caught:
        parse_parameters(text, KNOWN)
    assert caught.value.reply.code == code


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a+2Bb", "a+b"), ("", ""), ("+3D+3D", "==")],
)
def test_xtext_is_decoded(text: str, plain: str) -> None:
    """Upper case hexadecimal behind a plus sign (RFC 3461 section 4)."""
    assert xtext_decode(text) == plain


@pytest.mark.parametrize("text", ["a+2bb", "+", "a+ZZ", "+4"])
def test_what_is_no_xtext_is_refused(text: str) -> None:
    """A plus sign stands for nothing but itself in hexadecimal."""
    with pytest.raises(ValueError, match="bad xtext"):
        xtext_decode(text)
