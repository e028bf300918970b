"""What a listener may be told: a wrong setting is an error where it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.smtp.settings import Settings

KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
WRONG = {
    "PEM bytes": {"tls": KEY.encode()},
    "PEM text": {"tls": KEY},
    "a file": {"tls": Path("secret.pem")},
    "a pair": {"tls": ("secret.pem", "secret.key")},
    "a flag": {"tls": True},
    "limits": {"limits": {"idle": "secret"}},
    "no limits": {"limits": None},
    "values": {"values": ["SIZE secret"]},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_another_type_is_an_error(wrong: dict[str, Any]) -> None:
    """It names the setting and the type."""
    [(name, value)] = wrong.items()
    with pytest.raises(TypeError, match=f"^{name} is a .*, not {type(value).__name__}"):
        Settings(**wrong)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_the_error_does_not_show_the_value(wrong: dict[str, Any]) -> None:
    """It may be a private key."""
    with pytest.raises(TypeError) as caught:
        Settings(**wrong)
    assert not {"secret", "c2VjcmV0", "PRIVATE"} & set(str(caught.value).split())
    assert "secret" not in str(caught.value)


def test_none_is_no_tls() -> None:
    """As where nothing is said."""
    assert Settings(tls=None) == Settings()
