"""The flags of Mailpit and MailHog, and what has no option here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

__all__ = ["FLAGS", "NOT_HERE", "Flag", "take_flags"]


@attrs.frozen
class Flag:
    """A flag of another server.

    Attributes:
        variable: the environment variable that has the same meaning.
        is_switch: whether it has no value, unless one follows a ``=``.
    """

    variable: str
    is_switch: bool


_MAILPIT = """
    database compression label tenant-id max max-age max-message-size log-file listen
    webroot ui-auth-file ui-tls-cert ui-tls-key api-cors enable-spamassassin
    send-api-auth-file smtp smtp-auth-file smtp-tls-cert smtp-tls-key
    smtp-max-recipients smtp-allowed-recipients smtp-relay-config smtp-relay-matching
    smtp-forward-config chaos-triggers pop3 pop3-auth-file pop3-tls-cert pop3-tls-key
    tag tags-config tags-disable enable-prometheus webhook-url webhook-limit
    webhook-delay
"""
_MAILPIT_SWITCHES = """
    disable-wal disable-version-check disable-auto-vacuum use-message-dates
    ignore-duplicate-ids quiet verbose block-remote-css-and-fonts
    allow-internal-http-requests disable-link-check-rate-limit allow-untrusted-tls
    disable-http-compression hide-delete-all-button send-api-auth-accept-any
    smtp-auth-accept-any smtp-require-starttls smtp-require-tls
    smtp-auth-allow-insecure smtp-strict-rfc-headers smtp-ignore-rejected-recipients
    smtp-disable-rdns smtp-relay-all enable-chaos tags-title-case tags-username
"""
_MAILHOG = """
    smtp-bind-addr api-bind-addr ui-bind-addr api-host ui-web-path hostname storage
    maildir-path mongo-uri mongo-db mongo-coll cors-origin outgoing-smtp auth-file
    jim-disconnect jim-accept jim-linkspeed-affect jim-linkspeed-min jim-linkspeed-max
    jim-reject-sender jim-reject-recipient jim-reject-auth
"""
_MAILHOG_SWITCHES = "invite-jim"

# The flags whose variables have other names, and those of one letter.
_OTHER_NAMES = {
    "listen": "MP_UI_BIND_ADDR",
    "smtp": "MP_SMTP_BIND_ADDR",
    "pop3": "MP_POP3_BIND_ADDR",
    "max": "MP_MAX_MESSAGES",
}
_LETTERS = {
    "d": "database",
    "l": "listen",
    "m": "max",
    "q": "quiet",
    "s": "smtp",
    "t": "tag",
    "v": "verbose",
}


def _flags() -> Iterator[tuple[str, Flag]]:
    for prefix, names, is_switch in (
        ("MP_", _MAILPIT, False),
        ("MP_", _MAILPIT_SWITCHES, True),
        ("MH_", _MAILHOG, False),
        ("MH_", _MAILHOG_SWITCHES, True),
    ):
        for name in names.split():
            variable = _OTHER_NAMES.get(name, prefix + name.upper().replace("-", "_"))
            yield name, Flag(variable, is_switch)


# The flags by their names.
FLAGS: Mapping[str, Flag] = dict(_flags())

_JIM = "with --mailhog, POST /api/v2/jim invites Jim"
_AFTERWARDS = "mail is sent on after it was taken; smtptest releases shows errors"
_FAULTS = "PUT /api/v1/chaos and --faults set faults"
_RECIPIENTS = "a rule in the file of --faults refuses recipients"
_NO_LOOKUP = "nothing is looked up in any case"

# What has no option here, and what serves instead; by variable.
NOT_HERE: Mapping[str, str] = {
    "MP_CHAOS_TRIGGERS": _FAULTS,
    "MP_DISABLE_VERSION_CHECK": _NO_LOOKUP,
    "MP_ENABLE_CHAOS": _FAULTS,
    "MP_ENABLE_PROMETHEUS": "the numbers are at /metrics in any case",
    "MP_LOG_FILE": "the log is standard output",
    "MP_SMTP_ALLOWED_RECIPIENTS": _RECIPIENTS,
    "MP_SMTP_DISABLE_RDNS": _NO_LOOKUP,
    "MP_SMTP_FORWARD_FWD_SMTP_ERRORS": _AFTERWARDS,
    "MP_SMTP_IGNORE_REJECTED_RECIPIENTS": _RECIPIENTS,
    "MP_SMTP_RELAY_FWD_SMTP_ERRORS": _AFTERWARDS,
    "MP_TAGS_CONFIG": "--tag, or tag in the file of --config, has the rules",
    "MP_WEBHOOK_LIMIT": "each message is told, in order",
    "MH_INVITE_JIM": _JIM,
    "MH_OUTGOING_SMTP": "--release-to names the servers",
    **{flag.variable: _JIM for name, flag in FLAGS.items() if name.startswith("jim-")},
}


def take_flags(
    arguments: Sequence[str], options: Collection[str]
) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Take the flags of other servers out of the arguments of a command.

    Args:
        arguments: the arguments.
        options: the names of our own options: with two dashes they are ours.

    Returns:
        by variable the value of each flag and the flag as it was written; and the
        other arguments.

    Raises:
        ValueError: a flag has no value.
    """
    found: dict[str, tuple[str, str]] = {}
    others: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        written, has_value, value = argument.partition("=")
        flag = _flag_of(written, options)
        if flag is None:
            others.append(argument)
            continue
        if not has_value:
            value = "true" if flag.is_switch else next(rest, "")
            if not value:
                raise ValueError(f"option {written} requires argument")
        found[flag.variable] = value, written
    return found, others


def _flag_of(written: str, options: Collection[str]) -> Flag | None:
    """Return the flag that an argument names; ``None`` if it is none."""
    name = written.lstrip("-")
    dashes = len(written) - len(name)
    if dashes == 1:
        name = _LETTERS.get(name, name)
    elif dashes != 2 or name in options:
        return None
    return FLAGS.get(name)
