"""Environment variables of Mailpit and MailHog, as other names of our options."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from lazr_smtptest.cli.option_table import endpoint_of

__all__ = ["ALIASES", "Alias", "read_aliases"]


@attrs.frozen
class Alias:
    """Variables that set one of our options.

    Attributes:
        option: the name of the option.
        names: the variables; all of them have to be set.
        convert: returns the value of the option, as our own variable has it; ``""``
            for no value. Its arguments are the values of the variables.
    """

    option: str
    names: tuple[str, ...]
    convert: Callable[..., str]


def _same(text: str) -> str:
    return text


def _endpoint(text: str) -> str:
    """Return the endpoint of ``host:port``, ``[::]:port`` or ``unix:path:mode``."""
    if text.startswith("unix:"):
        path, _, mode = text.removeprefix("unix:").partition(":")
        return f"unix:{path}:mode={mode}" if mode else f"unix:{path}"
    host, _, port = text.rpartition(":")
    if ":" not in text or not (port.isascii() and port.isdecimal()):
        raise ValueError("it is HOST:PORT")
    return endpoint_of(host.strip("[]"), int(port))


def _switch(text: str) -> str:
    return "1" if text.lower() in ("1", "true", "yes") else "0"


def _anybody(text: str) -> str:
    return "any" if _switch(text) == "1" else ""


def _everywhere(text: str) -> str:
    return "*" if _switch(text) == "1" else ""


def _spamd(text: str) -> str:
    """Return a server; a public service is not asked."""
    return "" if text == "postmark" else text


def _database(text: str) -> str:
    if "://" in text:
        raise ValueError("it is the name of a file")
    return f"sqlite:{text}"


def _base(text: str) -> str:
    return f"/{path}" if (path := text.strip("/")) else ""


def _maildir(kind: str, path: str) -> str:
    return f"maildir:{path}" if kind == "maildir" else ""


def _bounded(count: str) -> str:
    return f"memory?max-count={count}" if count != "0" else ""


def _bounded_database(file: str, count: str) -> str:
    bound = f"?max-count={count}" if count != "0" else ""
    return _database(file) + bound


def _pair(certificate: str, key: str) -> str:
    return f"{certificate},{key}"


def _starttls(text: str) -> str:
    return "starttls" if _switch(text) == "1" else ""


def _tls(text: str) -> str:
    return "tls" if _switch(text) == "1" else ""


def _mechanism(text: str) -> str:
    return "" if text == "none" else text


# A later row of an option overrides an earlier one.
ALIASES: tuple[Alias, ...] = (
    Alias("smtp", ("MH_SMTP_BIND_ADDR",), _endpoint),
    Alias("smtp", ("MP_SMTP_BIND_ADDR",), _endpoint),
    Alias("http", ("MH_API_BIND_ADDR",), _endpoint),
    Alias("http", ("MH_UI_BIND_ADDR",), _endpoint),
    Alias("http", ("MP_UI_BIND_ADDR",), _endpoint),
    Alias("http-base", ("MH_UI_WEB_PATH",), _base),
    Alias("http-base", ("MP_WEBROOT",), _base),
    Alias("http-tls", ("MP_UI_TLS_CERT", "MP_UI_TLS_KEY"), _pair),
    Alias("http-auth", ("MH_AUTH_FILE",), lambda file: f"file:{file}"),
    Alias("http-auth", ("MP_UI_AUTH_FILE",), lambda file: f"file:{file}"),
    Alias("http-auth", ("MP_UI_AUTH",), _same),
    Alias("cors", ("MH_CORS_ORIGIN",), _same),
    Alias("cors", ("MP_API_CORS",), lambda text: text.replace(",", " ")),
    Alias("store", ("MH_STORAGE", "MH_MAILDIR_PATH"), _maildir),
    Alias("store", ("MP_MAX_MESSAGES",), _bounded),
    Alias("store", ("MP_DATABASE",), _database),
    Alias("store", ("MP_DATABASE", "MP_MAX_MESSAGES"), _bounded_database),
    Alias("hostname", ("MH_HOSTNAME",), _same),
    Alias("tls", ("MP_SMTP_TLS_CERT", "MP_SMTP_TLS_KEY"), _pair),
    Alias("require-tls", ("MP_SMTP_REQUIRE_STARTTLS",), _switch),
    Alias("auth", ("MP_SMTP_AUTH_ACCEPT_ANY",), _anybody),
    Alias("max-recipients", ("MP_SMTP_MAX_RECIPIENTS",), _same),
    Alias("max-message-size", ("MP_MAX_MESSAGE_SIZE",), lambda text: f"{text}M"),
    Alias("quiet", ("MP_QUIET",), _switch),
    Alias("relay-host", ("MP_SMTP_RELAY_HOST",), _same),
    Alias("relay-port", ("MP_SMTP_RELAY_PORT",), _same),
    Alias("relay-security", ("MP_SMTP_RELAY_STARTTLS",), _starttls),
    Alias("relay-security", ("MP_SMTP_RELAY_TLS",), _tls),
    Alias("relay-insecure", ("MP_SMTP_RELAY_ALLOW_INSECURE",), _switch),
    Alias(
        "relay-auth",
        ("MP_SMTP_RELAY_USERNAME", "MP_SMTP_RELAY_PASSWORD"),
        lambda user, password: f"{user}:{password}",
    ),
    Alias(
        "relay-auth",
        ("MP_SMTP_RELAY_USERNAME", "MP_SMTP_RELAY_SECRET"),
        lambda user, secret: f"{user}:{secret}",
    ),
    Alias("relay-mechanism", ("MP_SMTP_RELAY_AUTH",), _mechanism),
    Alias("relay-return-path", ("MP_SMTP_RELAY_RETURN_PATH",), _same),
    Alias("relay-override-from", ("MP_SMTP_RELAY_OVERRIDE_FROM",), _same),
    Alias("relay-allowed", ("MP_SMTP_RELAY_ALLOWED_RECIPIENTS",), _same),
    Alias("relay-blocked", ("MP_SMTP_RELAY_BLOCKED_RECIPIENTS",), _same),
    Alias("relay-keep-ids", ("MP_SMTP_RELAY_PRESERVE_MESSAGE_IDS",), _switch),
    Alias("link-check", ("MP_ALLOW_INTERNAL_HTTP_REQUESTS",), _everywhere),
    Alias("link-check-private", ("MP_ALLOW_INTERNAL_HTTP_REQUESTS",), _switch),
    Alias("spamassassin", ("MP_ENABLE_SPAMASSASSIN",), _spamd),
    Alias("webhook", ("MP_WEBHOOK_URL",), _same),
    Alias("webhook-format", ("MP_WEBHOOK_URL",), lambda url: "mailpit"),
)


def read_aliases(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the values that variables of Mailpit and MailHog set.

    Variables without an option here have no effect.

    Args:
        environment: the variables, by name; empty ones are ignored.

    Returns:
        by option its value, as our own variable has it, and the names of the variables.

    Raises:
        ValueError: a value is wrong; the message names the variable.
    """
    found: dict[str, tuple[str, str]] = {}
    for alias in ALIASES:
        values = [environment.get(name, "") for name in alias.names]
        if not all(values):
            continue
        names = " and ".join(alias.names)
        try:
            value = alias.convert(*values)
        except (ValueError, OSError) as error:
            shown = ", ".join(map(repr, values))
            raise ValueError(f"{names}: {error}, not {shown}") from error
        if value:
            found[alias.option] = (value, names)
    return found
