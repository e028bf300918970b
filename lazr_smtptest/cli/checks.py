"""The options of the checks of messages: what they may connect to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twisted.python import usage

from lazr_smtptest.cli.option import Groups, Option

if TYPE_CHECKING:
    from lazr_smtptest.checks.service import CheckSettings

__all__ = ["CHECKS", "check_settings"]

CHECKS: Groups = {
    "Checks of messages": (
        Option(
            "link-check",
            "HOST",
            "Let the link check ask this host: a name, *.example.com, "
            "example.com:8080, or * for all with public addresses. May be given "
            "several times.",
            kind="list",
        ),
        Option(
            "link-check-private",
            "",
            "Let --link-check * ask hosts with private addresses, too.",
            kind="flag",
        ),
        Option(
            "spamassassin",
            "HOST:PORT",
            "Let the spam check ask this spamd; unix:/PATH is a socket.",
        ),
    ),
}


def check_settings(options: Mapping[str, Any]) -> CheckSettings:
    """Return the settings of the checks.

    Raises:
        UsageError: an option is wrong.
    """
    # Imported here: a server without readers makes no requests.
    from lazr_smtptest.checks.service import CheckSettings
    from lazr_smtptest.outbound.http.allowed import Allowed

    private = bool(options["link-check-private"])
    if private and "*" not in options["link-check"]:
        raise usage.UsageError("--link-check-private needs --link-check *")
    try:
        links = Allowed(options["link-check"], private=private)
    except ValueError as error:
        raise usage.UsageError(f"--link-check: {error}") from error
    try:
        return CheckSettings(links=links, spamd=options["spamassassin"] or "")
    except ValueError as error:
        raise usage.UsageError(f"--spamassassin: {error}") from error
