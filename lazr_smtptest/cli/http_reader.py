"""The options of the HTTP side of a process, and its service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.cli.checks import CHECKS, check_settings
from lazr_smtptest.cli.errors import StartError
from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.outgoing import outgoing_of
from lazr_smtptest.cli.places import collide
from lazr_smtptest.cli.shared_store import check_shared_store, is_shared

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.readers.context import ReaderContext
    from lazr_smtptest.readers.http.htpasswd import PasswordFile
    from lazr_smtptest.readers.http.reader import HTTPSettings

__all__ = ["DEFAULT_HTTP", "HTTP", "settings_of"]

# Where the command `smtptest` answers HTTP.
DEFAULT_HTTP = "tcp:8025:interface=127.0.0.1"
# And with `--port 0`: several servers run on one machine.
_ANY_PORT = "tcp:0:interface=127.0.0.1"

# The value of --send-auth for no login.
_ANY = "any"

# The path of a base.
_BASE = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?")
# A name that a Host header may have, and an origin: a single word is neither a host
# that others know nor one with a scheme.
_LABEL = "[A-Za-z0-9_-]+"
_NAME = re.compile(rf"({_LABEL}\.)*{_LABEL}")
_ADDRESS = rf"({_NAME.pattern}|\[[0-9A-Fa-f:.]+\])"
_ORIGIN = re.compile(
    rf"\*|https?://{_ADDRESS}(:\d{{1,5}})?|{_ADDRESS}:\d{{1,5}}"
    rf"|({_LABEL}\.)+{_LABEL}|localhost",
    re.IGNORECASE,
)

# The options that --mailhog uses, too.
_SHARED = ("http-base", "http-tls", "http-auth", "http-host", "cors")

_NO_STORE = (
    "HTTP is off: --http with --workers needs a store on a disk, such as "
    "--store sqlite:mail.db: each worker has a memory of its own"
)


class HTTP:
    """Reads over HTTP; see `lazr_smtptest.readers.http`."""

    groups: Groups = {
        "Reading by HTTP": (
            Option(
                "http",
                "ENDPOINT",
                f"Answer HTTP here. [default of smtptest: {DEFAULT_HTTP}, with "
                "--port 0 any free port; of twistd: none]",
            ),
            Option("no-http", "", "Do not answer HTTP.", kind="flag"),
            Option(
                "http-base",
                "PATH",
                "Put this before all paths of HTTP, such as /mail.",
            ),
            Option(
                "http-tls",
                "TLS",
                "Answer HTTPS instead; auto or CERT,KEY as for --tls.",
            ),
            Option(
                "http-auth",
                "LOGIN",
                "Ask for a login: USER:PASSWORD, or file:FILE for those in a file of "
                "htpasswd. May be given several times.",
                kind="list",
            ),
            Option(
                "send-auth",
                "LOGIN",
                "Ask for this login instead where a message is sent by HTTP, at "
                "/api/v1/send; any: for none. May be given several times.",
                kind="list",
            ),
            Option(
                "http-host",
                "NAME",
                "Answer requests to this host name, beside the usual ones; may be "
                "given several times.",
                kind="list",
            ),
            Option(
                "http-connections",
                "COUNT",
                "Refuse more connections with 503; by default as many as leave some "
                "descriptors (ulimit -n) for SMTP.",
                kind="number",
                least=1,
            ),
            Option(
                "http-waiters",
                "COUNT",
                "Refuse more requests that wait for messages with 429.",
                "10000",
                kind="number",
                least=1,
            ),
            Option(
                "http-longest-wait",
                "SECONDS",
                "Refuse a request that would wait longer with 400.",
                "3600",
                kind="number",
                # Our own clients wait in several requests, each as long as this.
                least=600,
                most=604_800,
            ),
            Option(
                "cors",
                "ORIGIN",
                "Let pages of this origin, such as https://app.example, use the API, "
                "with all its methods; * for any. May be given several times.",
                kind="list",
            ),
        ),
        **CHECKS,
    }

    def check(self, options: Options) -> None:
        """Check the values of its options, and set the default endpoint."""
        if options["no-http"] and options.rank("no-http") <= options.rank("http"):
            options["http"] = None
            return
        others = [
            name
            for name in (
                *("http-base", "http-tls", "http-auth", "http-host", "cors"),
                *("link-check", "spamassassin", "send-auth"),
            )
            if options[name]
        ]
        if _gives_way(options):
            options["http"] = None
            options.notes.append(
                f"HTTP is off: its port is that of {options.name('mailhog')}; --http "
                "ENDPOINT names another one"
            )
        elif options["http"] is None and options.http_default is not None:
            if is_shared(options) or others:
                options["http"] = _default(options)
            else:
                options.notes.append(_NO_STORE)
                return
        for name in others:
            shared = name in _SHARED and options["mailhog"]
            if options["http"] is None and not shared:
                raise usage.UsageError(f"--{name} needs --http")
        self._check_values(options)
        if options["http"] is not None:
            check_shared_store(options, "http")

    def _check_values(self, options: Options) -> None:
        check_settings(options)
        for login in options["http-auth"]:
            if not _is_login(login):
                raise usage.UsageError(
                    "--http-auth is USER:PASSWORD, with both, or file:FILE"
                )
        send_auth = options["send-auth"]
        if send_auth != [_ANY] and not all(map(_is_login, send_auth)):
            raise usage.UsageError(
                f"{options.name('send-auth')} is USER:PASSWORD, with both, file:FILE, "
                f"or {_ANY} alone"
            )
        for name in options["http-host"]:
            if not _NAME.fullmatch(name):
                raise usage.UsageError(
                    f"{options.name('http-host')} is a host name such as "
                    f"mail.example, without scheme and port, not {safe_repr(name)}"
                )
        for origin in options["cors"]:
            if not _ORIGIN.fullmatch(origin):
                raise usage.UsageError(
                    f"{options.name('cors')} is an origin such as https://app.example "
                    f"or localhost:3000, without a path, or *, not {safe_repr(origin)}"
                )
        base = options["http-base"]
        if base is not None and not _BASE.fullmatch(base):
            raise usage.UsageError(
                f"{options.name('http-base')} is a path such as /mail, of letters, "
                f"digits, and - . _ ~, not {safe_repr(base)}"
            )

    def is_on(self, options: Options) -> bool:
        """Return whether its options ask for it."""
        return options["http"] is not None

    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        # Imported here: who reads nothing by HTTP needs none of it.
        from lazr_smtptest.cli.endpoints import LoggedEndpoint
        from lazr_smtptest.readers.http.service import HTTPService

        settings = settings_of(options, context)
        context = attrs.evolve(context, check_settings=check_settings(options))
        endpoint = LoggedEndpoint(
            context.reactor,
            options["http"],
            "http",
            hint="--http ENDPOINT names another address, --no-http switches HTTP off",
            is_safe=settings.gate.needs_login,
        )
        return HTTPService(context, endpoint, context.reactor, settings)


def settings_of(options: Options, context: ReaderContext) -> HTTPSettings:
    """Return the settings of the HTTP side."""
    from lazr_smtptest.cli.certificates import read_tls
    from lazr_smtptest.readers.http.gate import Gate
    from lazr_smtptest.readers.http.reader import HTTPSettings

    gate = Gate(
        **_users(options["http-auth"], "http-auth"),
        hosts=options["http-host"],
        origins=options["cors"],
    )
    send_auth = options["send-auth"]
    send_gate = None
    if send_auth:
        logins = [login for login in send_auth if login != _ANY]
        send_gate = Gate(**_users(logins, "send-auth"))
    same = options["http-tls"] == options["tls"]
    return HTTPSettings(
        gate=gate,
        send_gate=send_gate,
        base=(options["http-base"] or "").rstrip("/"),
        tls=context.tls if same else read_tls(options, "http-tls"),
        max_connections=options["http-connections"],
        max_waiters=options["http-waiters"],
        longest_wait=options["http-longest-wait"],
        outgoing=outgoing_of(options),
        has_mailhog=options["mailhog"] is not None,
    )


def _gives_way(options: Options) -> bool:
    """Return whether clients of MailHog have the port of HTTP.

    It does not give way where the command line names it.
    """
    http = options["http"] or _default(options)
    if http is None or options["mailhog"] is None or options.rank("http") == 0:
        return False
    return collide(http, options["mailhog"])


def _default(options: Options) -> str | None:
    """Return the endpoint of HTTP if no option names one; ``None`` for none."""
    if options.http_default is not None and options["port"] == 0:
        return _ANY_PORT
    return options.http_default


def _is_login(text: str) -> bool:
    user, _, password = text.partition(":")
    return bool(user and password)


def _users(logins: Sequence[str], option: str) -> dict[str, Any]:
    """Return the users and the files of logins, as arguments of a `Gate`."""
    pairs = [login.partition(":") for login in logins]
    return {
        "users": {user: word for user, _, word in pairs if user != "file"},
        "files": [
            _password_file(file, option) for user, _, file in pairs if user == "file"
        ],
    }


def _password_file(file: str, option: str) -> PasswordFile:
    from lazr_smtptest.readers.http.htpasswd import PasswordFile, PasswordFileError

    try:
        return PasswordFile(file)
    except PasswordFileError as error:
        raise StartError(f"--{option}: {error}") from error
