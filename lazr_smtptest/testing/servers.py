"""Servers with other settings, from the keywords of a marker or a test case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import attrs

from lazr_smtptest._checks import brief, check_flag
from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.auth.login import Auth
from lazr_smtptest.server.capture import CaptureController
from lazr_smtptest.server.servers import Server
from lazr_smtptest.server.storing import CaptureServer
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS

__all__ = ["KEYWORDS", "make_controller", "make_server"]

# Those that are the controller's.
_READERS = {"http", "imap", "pop3"}

# The keywords of `make_controller`: those of the server, and the fields of its
# settings; ``hidden`` is called ``hide``.
KEYWORDS = {
    *{"activity", "auth", "faults", "grace", "hide", "host", "hostname", "http"},
    *{"imap", "pop3", "port", "protocol", "server"},
    *{field.name for field in attrs.fields(Settings)} - {"hidden"},
}


def make_controller(
    *,
    http: bool = False,
    pop3: bool = False,
    imap: bool = False,
    **keywords: Any,
) -> CaptureController:
    """Create a controller from the keywords of a marker or a test case.

    Args:
        http: whether others can read the mail over HTTP, at `Controller.url`.
        pop3: whether they can read it over POP3, at `Controller.pop3_port`.
        imap: whether they can read it over IMAP, at `Controller.imap_url`.
        keywords: see `make_server`.

    Raises:
        Exception: see `make_server`.
    """
    check_flag("http", http)
    check_flag("pop3", pop3)
    check_flag("imap", imap)
    _refuse_unknown("keyword", keywords, KEYWORDS)
    server = make_server(**keywords)
    return CaptureController(server=server, http=http, pop3=pop3, imap=imap)


def make_server(
    *,
    server: type[CaptureServer] = CaptureServer,
    host: str = "localhost",
    port: int = 0,
    hostname: str | None = None,
    protocol: type[SMTPServerProtocol] | None = None,
    auth: Auth | Mapping[str, str] | Iterable[str] | bool | None = None,
    faults: str | Path | None = None,
    grace: float | None = None,
    activity: bool | None = None,
    **settings: Any,
) -> CaptureServer:
    """Create a server from the keywords of a marker or a test case.

    Args:
        server: its class, which has the defaults of the other keywords.
        host: see `Server`.
        port: see `Server`.
        hostname: see `Server`.
        protocol: see `Server`.
        auth: an `Auth`; ``True`` for `Auth.any`; a mapping of users to passwords
            for `Auth.users`; or strings for `Auth.from_specs`.
        faults: a file of rules, see `Faults.load`.
        grace: see `Mailbox`, in seconds.
        activity: whether to record the activity of this process, see `Mailbox`.
        settings: fields of `Settings`, and these forms:
            ``tls=True`` for `TLS.auto`, the default with ``require_tls`` or
            ``implicit_tls``; ``tls`` as a tuple of a certificate and a key for
            `TLS.from_files`; ``limits`` as a mapping of fields of `Limits`;
            ``hide``, one keyword or several, for ``hidden``.

    Raises:
        TypeError: an unknown keyword, or a value of a wrong type.
        ValueError: a value out of range, or one that contradicts another.
        TLSError: a certificate cannot be read or issued.
        FaultFileError: the rules cannot be read.
    """
    _refuse_unknown("keyword", settings, KEYWORDS - _READERS)
    made = _made(server, host, port)
    made.settings = attrs.evolve(made.settings, **_changes(made.settings, settings))
    if hostname is not None:
        made.hostname = hostname
    if protocol is not None:
        made.protocol = protocol
    if auth is not None:
        made.auth = _auth(auth)
    if faults is not None:
        made.faults.load(faults)
    if grace is not None:
        made.mailbox.grace = grace
    if activity is not None:
        check_flag("activity", activity)
        made.mailbox.activity.enabled = activity
    if made.settings.require_auth and made.auth is None:
        raise ValueError("require_auth needs auth: nobody could log in")
    return made


def _made(server: type[CaptureServer], host: str, port: int) -> CaptureServer:
    is_class = isinstance(server, type) and issubclass(server, CaptureServer)
    # A function that returns a server is accepted too.
    if not is_class and (isinstance(server, (type, Server)) or not callable(server)):
        kind = f"the class {server.__name__}" if isinstance(server, type) else ""
        raise TypeError(
            "server must be CaptureServer or a subclass, not "
            f"{kind or f'an object of type {type(server).__name__}'}"
        )
    return server(host, port)


def _changes(settings: Settings, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Settings` that the keywords change."""
    changes = dict(given)
    if "hide" in changes:
        changes["hidden"] = _extensions(changes.pop("hide"))
    if "limits" in changes:
        changes["limits"] = _limits(settings.limits, changes["limits"])
    within = changes.get("require_tls") or changes.get("implicit_tls")
    if "tls" in changes or (within and settings.tls is None):
        changes["tls"] = _tls(changes.get("tls", True))
    return changes


def _tls(value: object) -> TLS | None:
    if value is True:
        return TLS.auto()
    if value is None or value is False:
        return None
    if isinstance(value, tuple):
        return TLS.from_files(*value)
    if not isinstance(value, TLS):
        raise TypeError(f"tls must be True, a TLS or two files, not {safe_repr(value)}")
    return value


def _auth(value: object) -> Auth | None:
    if isinstance(value, Auth):
        return value
    if value is True:
        return Auth.any()
    if value is False:
        return None
    if isinstance(value, Mapping):
        return Auth.users(value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        safe = f"an object of type {type(value).__name__}"
        raise TypeError(
            "auth must be True, an Auth, a mapping of users to passwords or a "
            # Another text may have a password.
            f"collection of checkers, not {repr(value) if value == 'any' else safe}"
        )
    try:
        return Auth.from_specs(value)
    except ValueError as error:
        # In a test a pair is meant to be a user, and a checker is rare.
        if isinstance(value, (list, tuple)) and ":" not in "".join(map(str, value)):
            raise ValueError(
                f"{error}; auth of a user is a mapping: auth={{'USER': 'PASSWORD'}}"
            ) from None
        raise


def _limits(limits: Limits, value: Limits | Mapping[str, Any]) -> Limits:
    if isinstance(value, Limits):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"limits must be a Limits or a mapping, not {brief(value)}")
    _refuse_unknown("limit", value, {field.name for field in attrs.fields(Limits)})
    return attrs.evolve(limits, **value)


def _extensions(value: str | Iterable[str]) -> list[str]:
    keywords = [value] if isinstance(value, str) else [*value]
    for keyword in keywords:
        if not isinstance(keyword, str):
            raise TypeError(f"hide takes keywords such as 'SIZE', not {brief(keyword)}")
    known = {extension.keyword for extension in EXTENSIONS}
    _refuse_unknown("extension", [keyword.upper() for keyword in keywords], known)
    return keywords


def _refuse_unknown(what: str, given: Iterable[str], known: set[str]) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(name, sorted(known), 1)
            meant = f"did you mean {near[0]!r}? All are" if near else "use"
            raise TypeError(
                f"no {what} is called {brief(name)}, {meant}: "
                + ", ".join(sorted(known))
            )
