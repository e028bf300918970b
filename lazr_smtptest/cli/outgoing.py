"""The options of mail that is sent on: to a relay, and to nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.python import usage

from lazr_smtptest.cli.extras import check_tls_client
from lazr_smtptest.cli.option_table import Groups, Option

if TYPE_CHECKING:
    from lazr_smtptest.outbound.settings import Login, Outgoing

__all__ = ["OUTGOING", "check_outgoing", "outgoing_of"]

OUTGOING: Groups = {
    "Releasing mail": (
        Option(
            "relay-host",
            "HOST",
            "Let clients release captured mail to this server; without it to none.",
        ),
        Option(
            "relay-port",
            "PORT",
            "Its port.",
            "25",
            kind="number",
            least=1,
            most=65535,
        ),
        Option(
            "relay-security",
            "KIND",
            "TLS: none, starttls, or tls from the start.",
            "none",
            kind="choice",
            choices=("none", "starttls", "tls"),
        ),
        Option(
            "relay-ca",
            "FILE",
            "Trust these certificates (PEM), instead of those of the system.",
        ),
        Option(
            "relay-insecure",
            "",
            "Do not check its certificate, and send a password without TLS, too.",
            kind="flag",
        ),
        Option("relay-auth", "USER:PASSWORD", "Log in to it."),
        Option(
            "relay-mechanism",
            "NAME",
            "How to log in.",
            "plain",
            kind="choice",
            choices=("plain", "login", "cram-md5"),
        ),
        Option(
            "relay-return-path",
            "ADDRESS",
            "The sender of released mail, instead of that of the message.",
        ),
        Option(
            "relay-override-from",
            "ADDRESS",
            "The address that replaces the one in From.",
        ),
        Option(
            "relay-allowed",
            "REGEX",
            "Release only to recipients that match.",
        ),
        Option(
            "relay-blocked",
            "REGEX",
            "Release to no recipient that matches.",
        ),
        Option(
            "relay-keep-ids",
            "",
            "Keep the Message-ID of released mail.",
            kind="flag",
        ),
        Option(
            "release-to",
            "HOST:PORT",
            "A further server that clients of MailHog may release to; may be given "
            "several times.",
            kind="list",
        ),
    ),
}


def check_outgoing(options: Mapping[str, Any]) -> None:
    """Check the values of the options.

    Raises:
        UsageError: one is wrong.
    """
    given = [
        name
        for name in ("ca", "auth", "return-path", "override-from", "allowed", "blocked")
        if options[f"relay-{name}"] and not options["relay-host"]
    ]
    if given:
        raise usage.UsageError(f"--relay-{given[0]} needs --relay-host")
    for address in options["release-to"]:
        host, colon, port = address.rpartition(":")
        is_port = re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536
        if not (host and colon and is_port):
            raise usage.UsageError(f"--release-to is HOST:PORT, not {address!r}")
    outgoing_of(options)
    security = options["relay-security"]
    if options["relay-host"] and security != "none":
        check_tls_client("relay-security", security)


def outgoing_of(options: Mapping[str, Any]) -> Outgoing:
    """Return where mail may be sent to.

    Raises:
        UsageError: an option is wrong.
    """
    from lazr_smtptest.outbound.settings import Outgoing, Relay, Server

    hosts = frozenset(options["release-to"])
    if not options["relay-host"]:
        return Outgoing(hosts=hosts)
    try:
        server = Server(
            host=options["relay-host"],
            port=int(options["relay-port"]),
            security=options["relay-security"],
            verifies=not options["relay-insecure"],
            ca=Path(options["relay-ca"]).read_bytes() if options["relay-ca"] else b"",
            login=_login(options),
        )
        relay = Relay(
            server=server,
            return_path=options["relay-return-path"] or "",
            override_from=options["relay-override-from"] or "",
            allowed=options["relay-allowed"] or "",
            blocked=options["relay-blocked"] or "",
            preserves_message_ids=bool(options["relay-keep-ids"]),
        )
    except OSError as error:
        raise usage.UsageError(
            f"--relay-ca {options['relay-ca']!r} cannot be read: {error.strerror}"
        ) from error
    except ValueError as error:
        raise usage.UsageError(f"--relay-host: {error}") from error
    return Outgoing(relay=relay, hosts=hosts)


def _login(options: Mapping[str, Any]) -> Login | None:
    from lazr_smtptest.outbound.settings import Login

    if not options["relay-auth"]:
        return None
    user, _, password = options["relay-auth"].partition(":")
    return Login(user=user, password=password, mechanism=options["relay-mechanism"])
