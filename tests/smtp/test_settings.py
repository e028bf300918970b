"""What a listener may be told: a wrong setting is an error where it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazr_smtptest.smtp.limits import Limits
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


FLAGS = ["implicit_tls", "require_tls", "require_auth", "xclient", "vrfy"]
# What each setting does not take: the value, and what the error shows of it.
REFUSED: dict[str, list[tuple[Any, str]]] = {
    "profile": [("lax", "'lax'"), (None, "None"), (["strict"], "list"), (1, "1")],
    "limits": [(None, "NoneType"), (5, "int"), ({"idle": 1}, "dict")],
    "hidden": [("SIZE", "'SIZE'"), (None, "None"), (5, "5"), ([5], "list")],
    "values": [
        (None, "NoneType"),
        ("SIZE", "str"),
        ({"SIZE": 9}, "'SIZE' to 9"),
        ({5: "9"}, "5 to '9'"),
        ({"SIZE": b"9"}, "'SIZE' to bytes"),
        ({"SIZE": "9\r\n250 X"}, "'9\\r\\n250 X'"),
        ({"X\r\n": None}, "'X\\r\\n'"),
        ({"X Y": None}, "'X Y'"),
        ({"": None}, "''"),
    ],
    "tls": [(True, "bool"), ("cert.pem", "str"), (b"", "bytes")],
} | {flag: [(1, "1"), ("no", "'no'"), (None, "None"), ([], "list")] for flag in FLAGS}


def test_each_setting_refuses_something() -> None:
    """A new one needs a row above."""
    assert REFUSED.keys() == {field.name for field in attrs.fields(Settings)}


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [(name, *row) for name, rows in REFUSED.items() for row in rows],
)
def test_a_wrong_setting_is_an_error_of_one_line(
    name: str, value: Any, shown: str
) -> None:
    """It names the setting, what is allowed, and the value or its type."""
    with pytest.raises((TypeError, ValueError)) as caught:
        Settings(**{name: value})
    (text,) = caught.value.args
    assert re.search(rf"\b{name}\b.* is |\b{name}\b.* (maps|has) ", text)
    assert text.endswith(f"not {shown}")
    assert "\n" not in text


@pytest.mark.parametrize("flag", ["implicit_tls", "require_tls"])
def test_tls_that_is_needed_must_be_there(flag: str) -> None:
    """The error names what lacks."""
    with pytest.raises(ValueError, match=r"need tls, not None$"):
        Settings(**{flag: True})


def test_what_is_announced_may_be_anything_printable() -> None:
    """A value of its own, or none."""
    settings = Settings(values={"SIZE": "1000", "X-OWN": None, "Y": ""})
    assert dict(settings.values) == {"SIZE": "1000", "X-OWN": None, "Y": ""}


LIMITS = {field.name: str(field.type) for field in attrs.fields(Limits)}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", ["5", b"5", True, [5], {}, 5j], ids=repr)
def test_a_limit_is_a_number(name: str, value: Any) -> None:
    """The error names the limit, the value, and what is allowed, in one line."""
    with pytest.raises(TypeError) as caught:
        Limits(**{name: value})
    assert re.fullmatch(
        rf"Limits\.{name} must be a (whole )?number, 0 or more(, or None)?, not "
        + re.escape(repr(value)),
        str(caught.value),
    )


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_not_negative(name: str) -> None:
    """The same."""
    with pytest.raises(ValueError, match=rf"^Limits\.{name} must .* 0 or more.*not -1"):
        Limits(**{name: -1})


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_none_only_where_that_is_said(name: str) -> None:
    """``None`` is no limit."""
    if "None" in LIMITS[name]:
        assert getattr(Limits(**{name: None}), name) is None
    else:
        with pytest.raises(TypeError, match=rf"^Limits\.{name} must .* not None$"):
            Limits(**{name: None})


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [1.5, float("nan"), float("inf")], ids=repr)
def test_only_times_and_rates_have_fractions(name: str, value: float) -> None:
    """Bytes and events are counted; NaN is no number at all."""
    if "float" in LIMITS[name] and value == value:
        assert getattr(Limits(**{name: value}), name) == value
    else:
        with pytest.raises((TypeError, ValueError), match=rf"^Limits\.{name} must be"):
            Limits(**{name: value})
