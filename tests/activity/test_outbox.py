"""`lazr_smtptest.activity.outbox`: mail that Django kept instead of sending it."""

from __future__ import annotations

import sys
import types
import warnings

import pytest

from lazr_smtptest import CaptureController, NotReceived
from lazr_smtptest.activity.outbox import outbox


@pytest.fixture
def django_mail(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Django's module for mail, as its test runner leaves it."""
    module = types.ModuleType("django.core.mail")
    module.outbox = ["a message"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "django.core.mail", module)
    return module


SENTENCE = "Django put 1 mail into mail.outbox (EMAIL_BACKEND is locmem, not smtp)"


def test_a_failure_names_the_outbox(django_mail: types.ModuleType) -> None:
    """The mail was sent, and not to this server."""
    with CaptureController(grace=0.0) as controller:
        with pytest.raises(NotReceived) as caught:
            controller.assert_received()
        assert str(caught.value).startswith(SENTENCE)


def test_a_pass_of_assert_none_warns_of_the_outbox(
    django_mail: types.ModuleType,
) -> None:
    """It passes for a mistake."""
    with (
        CaptureController() as controller,
        pytest.warns(UserWarning, match=r"no message arrived here, but Django put 1"),
    ):
        controller.assert_none(within=0)


def test_an_activity_that_is_off_does_not_name_it(
    django_mail: types.ModuleType,
) -> None:
    """One option turns off all that is not of the server."""
    with CaptureController(activity=False) as controller, warnings.catch_warnings():
        warnings.simplefilter("error")
        controller.assert_none(within=0)


@pytest.mark.parametrize("kept", [[], None, "text"])
def test_an_empty_outbox_is_not_named(
    django_mail: types.ModuleType, kept: object
) -> None:
    """Nor one that is no list."""
    django_mail.outbox = kept  # type: ignore[attr-defined]
    assert outbox() == ""


def test_several_mails_are_counted(django_mail: types.ModuleType) -> None:
    """In the plural."""
    django_mail.outbox = ["one", "two"]  # type: ignore[attr-defined]
    assert outbox().startswith("Django put 2 mails into")


def test_without_django_there_is_no_outbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not imported for that."""
    monkeypatch.delitem(sys.modules, "django.core.mail", raising=False)
    assert outbox() == ""
    assert "django.core.mail" not in sys.modules
