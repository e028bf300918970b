"""Variables and flags of Mailpit and MailHog, as other names of our options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs

from lazr_smtptest.cli import alias_values as values
from lazr_smtptest.cli.alias_flags import NOT_HERE

__all__ = ["ALIASES", "Alias", "note_others", "read_aliases"]

_PREFIXES = ("MP_", "MH_")

# Variables whose values are not shown in errors.
_SECRET = ("AUTH", "PASSWORD", "SECRET")


@attrs.frozen
class Alias:
    """Variables that set one of our options.

    Attributes:
        option: the name of the option.
        names: the variables.
        convert: returns the value of the option, see `alias_values`.
        some: whether one of the variables is enough; otherwise all have to be set.
    """

    option: str
    names: tuple[str, ...]
    convert: Callable[..., str]
    some: bool = attrs.field(default=False, kw_only=True)

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Return whether the variables are set."""
        are_set = (bool(environment.get(name)) for name in self.names)
        return any(are_set) if self.some else all(are_set)


def _both(first: str, second: str) -> str:
    return f"{first}:{second}"


def _sending(option: str, prefix: str) -> Iterator[Alias]:
    """Yield the rows of a server that mail is sent on to.

    Args:
        option: how its options begin.
        prefix: how its variables begin.
    """
    for end, name, convert in (
        ("host", "HOST", values.same),
        ("port", "PORT", values.same),
        ("security", "STARTTLS", values.starttls),
        ("security", "TLS", values.tls),
        ("insecure", "ALLOW_INSECURE", values.switch),
        ("mechanism", "AUTH", lambda text: "" if text == "none" else text),
        ("return-path", "RETURN_PATH", values.same),
        ("override-from", "OVERRIDE_FROM", values.same),
    ):
        yield Alias(f"{option}-{end}", (prefix + name,), convert)
    for word in ("PASSWORD", "SECRET"):
        names = (f"{prefix}USERNAME", prefix + word)
        yield Alias(f"{option}-auth", names, _both)


_POP3 = ("MP_POP3_BIND_ADDR", "MP_POP3_AUTH", "MP_POP3_AUTH_FILE", "MP_POP3_TLS_CERT")

# A later row of an option overrides an earlier one.
ALIASES: tuple[Alias, ...] = (
    Alias("smtp", ("MH_SMTP_BIND_ADDR",), values.endpoint),
    Alias("smtp", ("MP_SMTP_BIND_ADDR", "MP_SMTP_REQUIRE_TLS"), values.smtp, some=True),
    Alias(
        "smtps", ("MP_SMTP_BIND_ADDR", "MP_SMTP_REQUIRE_TLS"), values.smtps, some=True
    ),
    Alias(
        "mailhog",
        ("MH_UI_BIND_ADDR", "MH_API_BIND_ADDR"),
        values.mailhog_api,
        some=True,
    ),
    Alias("http", ("MH_UI_BIND_ADDR", "MH_API_BIND_ADDR"), values.mailhog_page),
    Alias("http", ("MP_UI_BIND_ADDR",), values.endpoint),
    Alias("http-base", ("MH_UI_WEB_PATH",), values.base),
    Alias("http-base", ("MP_WEBROOT",), values.base),
    Alias("http-tls", ("MP_UI_TLS_CERT", "MP_UI_TLS_KEY"), values.pair),
    Alias("http-auth", ("MH_AUTH_FILE",), lambda file: f"file:{file}"),
    Alias("http-auth", ("MP_UI_AUTH_FILE",), lambda file: f"file:{file}"),
    Alias("http-auth", ("MP_UI_AUTH",), values.same),
    Alias(
        "send-auth",
        (
            *("MP_SEND_API_AUTH_ACCEPT_ANY", "MP_SEND_API_AUTH"),
            "MP_SEND_API_AUTH_FILE",
        ),
        values.send_logins,
        some=True,
    ),
    Alias("cors", ("MH_CORS_ORIGIN",), values.same),
    Alias("cors", ("MP_API_CORS",), lambda text: text.replace(",", " ")),
    Alias("pop3", _POP3, values.pop3, some=True),
    Alias("pop3s", _POP3, values.pop3s, some=True),
    Alias("pop3-newest-first", _POP3, lambda *_: "1", some=True),
    Alias(
        "store",
        (
            *("MH_STORAGE", "MH_MAILDIR_PATH"),
            *("MP_DATABASE", "MP_MAX_MESSAGES", "MP_MAX_AGE"),
            *("MP_TAGS_DISABLE", "MP_TAGS_USERNAME"),
        ),
        values.store,
        some=True,
    ),
    Alias("tag", ("MP_TAG",), values.tags),
    Alias("hostname", ("MH_HOSTNAME",), values.same),
    Alias("tls", ("MP_POP3_TLS_CERT", "MP_POP3_TLS_KEY"), values.pair),
    Alias("tls", ("MP_SMTP_TLS_CERT", "MP_SMTP_TLS_KEY"), values.pair),
    Alias(
        "require-tls",
        (
            *("MP_SMTP_REQUIRE_STARTTLS", "MP_SMTP_AUTH", "MP_SMTP_AUTH_FILE"),
            "MP_SMTP_AUTH_ALLOW_INSECURE",
        ),
        values.needs_tls,
        some=True,
    ),
    Alias(
        "auth",
        (
            *("MP_SMTP_AUTH_ACCEPT_ANY", "MP_SMTP_AUTH", "MP_SMTP_AUTH_FILE"),
            *("MP_POP3_AUTH", "MP_POP3_AUTH_FILE"),
        ),
        values.logins,
        some=True,
    ),
    Alias(
        "require-auth",
        ("MP_SMTP_AUTH", "MP_SMTP_AUTH_FILE"),
        lambda *_: "1",
        some=True,
    ),
    Alias("max-recipients", ("MP_SMTP_MAX_RECIPIENTS",), values.same),
    Alias("max-message-size", ("MP_MAX_MESSAGE_SIZE",), lambda text: f"{text}M"),
    Alias("quiet", ("MP_QUIET",), values.switch),
    *_sending("relay", "MP_SMTP_RELAY_"),
    Alias("relay-all", ("MP_SMTP_RELAY_ALL",), values.switch),
    Alias("relay-matching", ("MP_SMTP_RELAY_MATCHING",), values.same),
    Alias("relay-allowed", ("MP_SMTP_RELAY_ALLOWED_RECIPIENTS",), values.same),
    Alias("relay-blocked", ("MP_SMTP_RELAY_BLOCKED_RECIPIENTS",), values.same),
    Alias("relay-keep-ids", ("MP_SMTP_RELAY_PRESERVE_MESSAGE_IDS",), values.switch),
    *_sending("forward", "MP_SMTP_FORWARD_"),
    Alias("forward-to", ("MP_SMTP_FORWARD_TO",), lambda text: text.replace(",", " ")),
    Alias("link-check", ("MP_ALLOW_INTERNAL_HTTP_REQUESTS",), values.everywhere),
    Alias("link-check-private", ("MP_ALLOW_INTERNAL_HTTP_REQUESTS",), values.switch),
    Alias("spamassassin", ("MP_ENABLE_SPAMASSASSIN",), values.spamd),
    Alias("webhook", ("MP_WEBHOOK_URL",), values.same),
    Alias("webhook-format", ("MP_WEBHOOK_URL",), lambda url: "mailpit"),
)


def read_aliases(
    environment: Mapping[str, str], flags: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, tuple[str, str]]:
    """Return the values that variables of Mailpit and MailHog set.

    Variables without an option here have no effect, see `note_others`.

    Args:
        environment: the variables, by name; empty ones are ignored.
        flags: only what these set is returned: by variable the value of the flag and
            the flag as it was written. They override the variables.

    Returns:
        by option its value, as our own variable has it, and the names of the variables
        or flags.

    Raises:
        ValueError: a value is wrong; the message names the variable or the flag.
    """
    given = dict(environment)
    written = {}
    for name, (value, flag) in (flags or {}).items():
        given[name], written[name] = value, flag
    found: dict[str, tuple[str, str]] = {}
    for alias in ALIASES:
        if flags is not None and not flags.keys() & set(alias.names):
            continue
        if not alias.applies(given):
            continue
        texts = {name: given.get(name, "") for name in alias.names}
        names = " and ".join(written.get(name, name) for name in texts if texts[name])
        try:
            value = alias.convert(*texts.values())
        except (ValueError, OSError) as error:
            raise ValueError(f"{names}: {error}{_shown(texts)}") from error
        if value:
            found[alias.option] = (value, names)
    return found


def _shown(texts: Mapping[str, str]) -> str:
    """Return the values of an error, unless they may have passwords."""
    if any(word in name for name in texts for word in _SECRET):
        return ""
    return f", not {', '.join(repr(text) for text in texts.values() if text)}"


def note_others(
    environment: Mapping[str, str], flags: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
    """Yield a line for each variable and flag that has no effect.

    Args:
        environment: the variables, by name; empty ones are ignored.
        flags: by variable the value of a flag and the flag as it was written.
    """
    names = {name: name for name in environment if name.startswith(_PREFIXES)}
    names.update((name, flag) for name, (_, flag) in flags.items())
    given = {**environment, **{name: value for name, (value, _) in flags.items()}}
    read = {name for each in ALIASES if each.applies(given) for name in each.names}
    for name, shown in sorted(names.items()):
        if given[name] and name not in read:
            yield f"{shown} has no effect here{_reason(name)}"


def _reason(name: str) -> str:
    """Return why a variable has no effect, or what has it."""
    for alias in ALIASES:
        if name in alias.names:
            others = " and ".join(each for each in alias.names if each != name)
            return f" without {others}"
    reason = NOT_HERE.get(name)
    return f": {reason}" if reason else ""
