"""The options of mail that is sent on: to a relay, to a server that gets copies."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.errors import StartError
from lazr_smtptest.cli.extras import check_tls_client
from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.shared_store import check_shared_store, is_shared
from lazr_smtptest.errors import QueryError

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.outbound.releases.route import Route
    from lazr_smtptest.outbound.settings import Login, Outgoing, Relay
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["SendingOn", "outgoing_of", "routes_of"]


def _server_options(prefix: str, host: Option) -> Iterator[Option]:
    """Yield the options of a server that gets mail; see `Server`."""
    yield host
    yield Option(
        f"{prefix}-port",
        "PORT",
        "Its port.",
        "25",
        kind="number",
        least=1,
        most=65535,
    )
    yield Option(
        f"{prefix}-security",
        "KIND",
        "TLS: none, starttls, or tls from the start.",
        "none",
        kind="choice",
        choices=("none", "starttls", "tls"),
    )
    yield Option(
        f"{prefix}-ca",
        "FILE",
        "Trust these certificates (PEM), instead of those of the system.",
    )
    yield Option(
        f"{prefix}-insecure",
        "",
        "Do not check its certificate, and send a password without TLS, too.",
        kind="flag",
    )
    yield Option(f"{prefix}-auth", "USER:PASSWORD", "Log in to it.")
    yield Option(
        f"{prefix}-mechanism",
        "NAME",
        "How to log in.",
        "plain",
        kind="choice",
        choices=("plain", "login", "cram-md5"),
    )
    yield Option(
        f"{prefix}-return-path",
        "ADDRESS",
        "The sender of what it gets, instead of that of the message.",
    )
    yield Option(
        f"{prefix}-override-from",
        "ADDRESS",
        "The address that replaces the one in From.",
    )
    yield Option(
        f"{prefix}-query",
        "QUERY",
        "Send each new message that matches to it, such as subject:invoice.",
    )
    yield Option(
        f"{prefix}-rate",
        "COUNT",
        "Send at most this number of messages a minute; 0 for any number.",
        "0",
        kind="number",
    )


def _recipients_option(prefix: str, help: str) -> Option:
    return Option(f"{prefix}-to", "ADDRESS", help, kind="list")


_RELAY_HOST = Option(
    "relay-host",
    "HOST",
    "Let clients release captured mail to this server; without it to none.",
)
_FORWARD_HOST = Option(
    "forward-host",
    "HOST",
    "Send a copy of each new message to this server; needs --forward-to.",
)


class SendingOn:
    """Sends messages on; see `lazr_smtptest.outbound.releases`."""

    groups: Groups = {
        "Releasing mail": (
            *_server_options("relay", _RELAY_HOST),
            Option(
                "relay-all",
                "",
                "Send each new message to it, not only what is asked for.",
                kind="flag",
            ),
            Option(
                "relay-matching",
                "REGEX",
                "Send each new message to it, to the recipients that match.",
            ),
            _recipients_option(
                "relay",
                "Send everything to this address instead of its recipients. May be "
                "given several times.",
            ),
            Option("relay-allowed", "REGEX", "Release only to recipients that match."),
            Option("relay-blocked", "REGEX", "Release to no recipient that matches."),
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
        "Forwarding mail": (
            *_server_options("forward", _FORWARD_HOST),
            _recipients_option(
                "forward",
                "The address that gets the copies. May be given several times.",
            ),
        ),
    }

    def check(self, options: Options) -> None:
        """Check the values of its options."""
        for name in _TITLES:
            if not options[f"{name}-host"]:
                self._check_unused(name, options)
        for address in options["release-to"]:
            host, colon, port = address.rpartition(":")
            is_port = re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536
            if not (host and colon and is_port):
                raise usage.UsageError(f"--release-to is HOST:PORT, not {address!r}")
        if options["forward-host"] and not options["forward-to"]:
            raise usage.UsageError("--forward-host needs --forward-to")
        for route in routes_of(options):
            security = options[f"{route.name}-security"]
            if security != "none":
                check_tls_client(f"{route.name}-security", security)
            if route.is_automatic:
                check_shared_store(options, f"{route.name}-host")

    def _check_unused(self, route: str, options: Options) -> None:
        """Check that no option of a server is given without its host."""
        for option in self.groups[_TITLES[route]]:
            # Other flags do nothing by themselves.
            means_something = option.kind != "flag" or option.name in _RULES
            belongs = option.name.startswith(f"{route}-")
            value = options[option.name]
            is_set = bool(value) and str(value) != option.default
            if belongs and means_something and is_set:
                raise usage.UsageError(f"--{option.name} needs --{route}-host")

    def is_on(self, options: Options) -> bool:
        """Return whether its options ask for it."""
        has_route = bool(options["relay-host"] or options["forward-host"])
        return has_route and is_shared(options)

    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        # Imported here: who sends nothing on needs none of it.
        from lazr_smtptest.errors import StoreError
        from lazr_smtptest.outbound.releases.service import ReleaseService

        try:
            service = ReleaseService(
                routes_of(options), context.store, context.reactor, pool=context.pool
            )
        except StoreError as error:
            raise StartError(str(error)) from error
        context.releases.append(service)
        return service


# Flags that ask for mail to be sent.
_RULES = ("relay-all",)
# The first line of a certificate in PEM (RFC 7468 section 5.1).
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_TITLES = {"relay": "Releasing mail", "forward": "Forwarding mail"}


def outgoing_of(options: Mapping[str, Any]) -> Outgoing:
    """Return where a request may send mail to.

    Raises:
        UsageError: an option is wrong.
    """
    from lazr_smtptest.outbound.settings import Outgoing

    relay = _relay_of(options, "relay") if options["relay-host"] else None
    return Outgoing(relay=relay, hosts=frozenset(options["release-to"]))


def routes_of(options: Mapping[str, Any]) -> Sequence[Route]:
    """Return the routes by which mail is sent on.

    Raises:
        UsageError: an option is wrong.
    """
    return [_route_of(options, name) for name in _TITLES if options[f"{name}-host"]]


def _route_of(options: Mapping[str, Any], name: str) -> Route:
    from lazr_smtptest.outbound.client import Mail
    from lazr_smtptest.outbound.releases.route import Route

    query, to = options[f"{name}-query"] or "", options[f"{name}-to"]
    matching, everything = "", name == "forward"
    if name == "relay":
        matching = options["relay-matching"] or ""
        everything = bool(options["relay-all"])
    with _naming(f"{name}-to"):
        if to:
            # Raises an error for what no command may contain.
            Mail(sender="", recipients=to, content=b"")
    route = Route(
        name=name,
        relay=_relay_of(options, name),
        is_automatic=everything or bool(query or matching),
        to=to,
        rate=options[f"{name}-rate"],
    )
    with _naming(f"{name}-query"):
        route = attrs.evolve(route, query=query)
    with _naming(f"{name}-matching"):
        return attrs.evolve(route, matching=matching)


def _relay_of(options: Mapping[str, Any], name: str) -> Relay:
    from lazr_smtptest.outbound.settings import Relay, Server

    ca, login = _ca(options, name), _login(options, name)
    rules: dict[str, Any] = {}
    if name == "relay":
        rules = {
            "allowed": options["relay-allowed"] or "",
            "blocked": options["relay-blocked"] or "",
            "preserves_message_ids": bool(options["relay-keep-ids"]),
        }
    with _naming(f"{name}-host"):
        server = Server(
            host=options[f"{name}-host"],
            port=int(options[f"{name}-port"]),
            security=options[f"{name}-security"],
            verifies=not options[f"{name}-insecure"],
            ca=ca,
            login=login,
        )
        relay = Relay(
            server=server,
            return_path=options[f"{name}-return-path"] or "",
            override_from=options[f"{name}-override-from"] or "",
        )
    for rule, value in rules.items():
        with _naming(f"{name}-{rule}"):
            relay = attrs.evolve(relay, **{rule: value})
    return relay


@contextlib.contextmanager
def _naming(option: str) -> Iterator[None]:
    """Name the option whose value raises an error in the block."""
    try:
        yield
    except (ValueError, QueryError) as error:
        raise usage.UsageError(f"--{option}: {error}") from error


def _ca(options: Mapping[str, Any], name: str) -> bytes:
    """Return the certificates to trust; ``b""`` for those of the system."""
    file = options[f"{name}-ca"]
    if not file:
        return b""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise usage.UsageError(
            f"--{name}-ca {file!r} cannot be read: {error.strerror}"
        ) from error
    if _CERTIFICATE not in content:
        raise usage.UsageError(f"--{name}-ca: {file!r} has no certificate in PEM")
    return content


def _login(options: Mapping[str, Any], name: str) -> Login | None:
    from lazr_smtptest.outbound.settings import Login

    if not options[f"{name}-auth"]:
        return None
    user, _, password = options[f"{name}-auth"].partition(":")
    with _naming(f"{name}-auth"):
        return Login(
            user=user, password=password, mechanism=options[f"{name}-mechanism"]
        )
