"""Settings of web frameworks that send their mail to a test server."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.server.controller import Controller
from lazr_smtptest.testing.remote import RemoteServer

__all__ = ["django_settings", "flask_mail_settings"]

# Seconds: a test must not hang when the server does not answer.
_TIMEOUT = 10


def django_settings(
    controller: Controller | RemoteServer, user: str = "", password: str = ""
) -> dict[str, Any]:
    """Return settings with which Django sends its mail to a server, by SMTP.

    Use them with ``override_settings``, or with the fixture ``settings`` of
    pytest-django. If the project's settings have ``MAILERS`` (Django 6.1 and later),
    all of its mailers send to the server.

    Args:
        controller: the controller of the running server, or a server elsewhere, to
            which they send without TLS.
        user: the name to log in with; empty: no login.
        password: the password.
    """
    backend = "django.core.mail.backends.smtp.EmailBackend"
    within = _security_of(controller)
    options = {
        "host": controller.host,
        "port": controller.port,
        "username": user,
        "password": password,
        "use_tls": within == "STARTTLS",
        "use_ssl": within == "TLS",
        "timeout": _TIMEOUT,
    }
    mailers = _mailers()
    if mailers:
        mailer = {"BACKEND": backend, "OPTIONS": options}
        return {"MAILERS": dict.fromkeys(mailers, mailer)}
    names = {name: f"EMAIL_{name.upper()}" for name in options}
    names |= {"username": "EMAIL_HOST_USER", "password": "EMAIL_HOST_PASSWORD"}
    settings = {names[name]: value for name, value in options.items()}
    return {"EMAIL_BACKEND": backend, **settings}


def _security_of(controller: Controller | RemoteServer) -> str:
    """Return ``"TLS"``, ``"STARTTLS"``, or ``""`` for neither."""
    server = getattr(controller, "server", None)
    if server is None or server.settings.tls is None:
        return ""
    return "TLS" if server.settings.implicit_tls else "STARTTLS"


def _mailers() -> list[str]:
    """Return the names of the project's mailers; empty before Django 6.1."""
    from django.conf import settings
    from django.core import mail

    return list(getattr(settings, "MAILERS", ())) if hasattr(mail, "mailers") else []


def flask_mail_settings(
    controller: Controller | RemoteServer,
    user: str | None = None,
    password: str | None = None,
) -> dict[str, Any]:
    """Return a configuration with which Flask-Mail sends to a server.

    Pass it to ``app.config.update`` before ``Mail(app)``.

    Args:
        controller: the controller of the running server, or a server elsewhere, to
            which they send without TLS.
        user: the name to log in with; ``None``: no login.
        password: the password.
    """
    within = _security_of(controller)
    return {
        "MAIL_SERVER": controller.host,
        "MAIL_PORT": controller.port,
        "MAIL_USERNAME": user,
        "MAIL_PASSWORD": password,
        "MAIL_USE_TLS": within == "STARTTLS",
        "MAIL_USE_SSL": within == "TLS",
        # With TESTING Flask-Mail sends nothing by default.
        "MAIL_SUPPRESS_SEND": False,
    }
