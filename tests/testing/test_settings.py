"""`lazr_smtptest.testing.settings`: what frameworks are told of a server."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.testing.servers import make_server
from lazr_smtptest.testing.settings import django_settings, flask_mail_settings


def a_controller(**keywords: Any) -> CaptureController:
    return CaptureController(server=make_server(port=2525, **keywords))


@pytest.fixture
def django(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What Django knows of mail, before 6.1; its settings are these."""
    settings = SimpleNamespace()
    conf, core = ModuleType("django.conf"), ModuleType("django.core")
    conf.settings = settings  # type: ignore[attr-defined]
    core.mail = SimpleNamespace()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "django.conf", conf)
    monkeypatch.setitem(sys.modules, "django.core", core)
    return SimpleNamespace(settings=settings, mail=core.mail)


def test_django_is_told_where_the_server_is(django: SimpleNamespace) -> None:
    """By the settings that it has always had."""
    settings = django_settings(a_controller())
    assert settings == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "localhost",
        "EMAIL_PORT": 2525,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        "EMAIL_TIMEOUT": 10,
    }


def test_every_mailer_of_django_is_told(django: SimpleNamespace) -> None:
    """Where the project has MAILERS, and Django knows them."""
    django.mail.mailers = object()
    django.settings.MAILERS = {"default": {}, "news": {}}
    mailers = django_settings(a_controller(), "anna", "secret")["MAILERS"]
    assert mailers.keys() == {"default", "news"}
    assert mailers["news"]["OPTIONS"]["port"] == 2525
    assert mailers["news"]["OPTIONS"]["username"] == "anna"


def test_a_django_without_mailers_ignores_the_setting(django: SimpleNamespace) -> None:
    """It is there for a newer one."""
    django.settings.MAILERS = {"default": {}}
    assert "EMAIL_HOST" in django_settings(a_controller())


@pytest.mark.parametrize(
    ("keywords", "starttls", "implicit"),
    [({"tls": True}, True, False), ({"implicit_tls": True}, False, True)],
)
def test_they_use_tls_where_the_server_has_it(
    django: SimpleNamespace, keywords: dict[str, bool], starttls: bool, implicit: bool
) -> None:
    """STARTTLS, or TLS from the first byte on."""
    controller = a_controller(**keywords)
    settings = django_settings(controller)
    assert settings["EMAIL_USE_TLS"] is starttls
    assert settings["EMAIL_USE_SSL"] is implicit
    settings = flask_mail_settings(controller)
    assert settings["MAIL_USE_TLS"] is starttls
    assert settings["MAIL_USE_SSL"] is implicit


def test_flask_mail_is_told_where_the_server_is() -> None:
    """And to send, though it is a test."""
    settings = flask_mail_settings(a_controller(), "anna", "secret")
    assert settings == {
        "MAIL_SERVER": "localhost",
        "MAIL_PORT": 2525,
        "MAIL_USERNAME": "anna",
        "MAIL_PASSWORD": "secret",
        "MAIL_USE_TLS": False,
        "MAIL_USE_SSL": False,
        "MAIL_SUPPRESS_SEND": False,
    }
