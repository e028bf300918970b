"""The options of a server: attributes that are checked where they are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lazr_smtptest._callers import warn_caller
from lazr_smtptest._checks import brief, check_flag
from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.smtp.factory import check_domain
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

__all__ = ["ServerOptions", "check_option", "check_server"]


# Our own servers: to look for what was meant by the names that they use would import a
# module for it.
_PACKAGE = "lazr_smtptest."
_OF_OBJECTS = frozenset(
    [
        *("delivery_events", "file_settings", "mailbox", "reader_sessions", "sampler"),
        *("sessions", "store"),
    ]
)


class ServerOptions:
    """Checks the options of a server: of the object and of its classes.

    A wrong value is an error where the attribute is set or the subclass is defined;
    where a class is changed later, at the start of the server.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        is_ours = cls.__module__.startswith(_PACKAGE)
        for name, value in vars(cls).items():
            # A property or another descriptor has its value later.
            if name in _CHECKS and not hasattr(value, "__get__"):
                check_option(name, value)
            elif not is_ours and not _is_known(cls, name):
                _check_name(cls, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _CHECKS:
            check_option(name, value)
        elif name not in _OF_OBJECTS and not hasattr(self, name):
            _check_name(type(self), name)
        super().__setattr__(name, value)

    def check_options(self) -> None:
        """Check all options, at the start of the server.

        Raises:
            TypeError: one has the wrong type.
            ValueError: one is not allowed.
        """
        for name in _CHECKS:
            check_option(name, getattr(self, name))


def _is_known(cls: type, name: str) -> bool:
    """Return whether a base of a class has the attribute."""
    return any(hasattr(base, name) for base in cls.__bases__)


def _check_name(cls: type, name: str) -> None:
    """Warn of an attribute that is named almost as a hook or option, and is none."""
    if name[0] == "_" or name in _HOOKS:
        return
    meant = _OTHER_HOOKS.get(name.lower(), "") or _find_near(name)
    if meant:
        what = "hook" if meant in _HOOKS else "option"
        warn_caller(f"{cls.__name__}.{name} is no {what}: did you mean {meant}?")


# Every server sets the same few names.
@lru_cache
def _find_near(name: str) -> str:
    """Return the hook or option that is named almost so, or an empty text."""
    from difflib import get_close_matches

    return "".join(get_close_matches(name, (*_HOOKS, *_LONG), n=1, cutoff=_ALIKE))


def check_server(server: object, allowed: str = "a Server") -> None:
    """Check the server of a controller or service.

    Raises:
        TypeError: it is a class, or cannot serve.
    """
    if isinstance(server, type):
        name = server.__name__
        raise TypeError(f"server must be a server, not the class {name}: {name}()")
    if not callable(getattr(server, "factory", None)):
        raise TypeError(f"server must be {allowed}, not {brief(server)}")


def check_option(name: str, value: object) -> None:
    """Check one of the options; raise `TypeError` or `ValueError` if it is wrong."""
    _CHECKS[name](name, value)


def _check_host(name: str, value: object) -> None:
    if not isinstance(value, str):
        hint = "; a server is given as server=" if hasattr(value, "factory") else ""
        raise TypeError(f"{name} must be str, not {brief(value)}{hint}")
    if not value.isprintable():
        raise ValueError(
            f"{name} must be a name or an address such as '127.0.0.1', "
            f"not {brief(value)}"
        )


def _check_port(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, 0 to 65535, not {brief(value)}")
    if not 0 <= value <= 65535:
        raise ValueError(f"{name} must be 0 to 65535, not {brief(value)}")


def _check_hostname(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str or None, not {brief(value)}")
    check_domain(name, value.encode("utf-8", "surrogatepass"))


def _check_settings(name: str, value: object) -> None:
    if not isinstance(value, Settings):
        # It may be a private key.
        raise TypeError(
            f"{name} must be a Settings, such as Settings(vrfy=False), "
            f"not {safe_repr(value)}"
        )


def _check_auth(name: str, value: object) -> None:
    if value is None:
        return
    # Its mechanisms are imported for servers that have logins.
    from lazr_smtptest.auth.login import Auth

    if not isinstance(value, Auth):
        raise TypeError(
            f"{name} must be an Auth, such as Auth.any(), or None, "
            f"not {type(value).__name__}"
        )


def _check_faults(name: str, value: object) -> None:
    if not IFaultPolicy.providedBy(value):
        raise TypeError(f"{name} must be a Faults, not {brief(value)}")


def _check_protocol(name: str, value: object) -> None:
    is_class = isinstance(value, type)
    if not (issubclass(value, SMTPServerProtocol) if is_class else callable(value)):  # type: ignore[arg-type]
        raise TypeError(
            f"{name} must be SMTPServerProtocol or a subclass, not {brief(value)}"
        )


# Options whose names are long enough to be told from other words.
_LONG = ("settings", "hostname", "protocol", "rset_clears", "exit_stops")
# The hooks of a server, and the least similarity of a mistyped name to one.
_HOOKS = ("handle_message", "handle_envelope", "handle_session")
_ALIKE = 0.85
# What other libraries call them.
_OTHER_HOOKS = {
    **dict.fromkeys(("handle_data", "handle_mail"), "handle_envelope"),
    **dict.fromkeys(("process_message", "handle_msg"), "handle_message"),
}

_CHECKS: Mapping[str, Callable[[str, object], None]] = {
    "host": _check_host,
    "port": _check_port,
    "hostname": _check_hostname,
    "settings": _check_settings,
    "auth": _check_auth,
    "faults": _check_faults,
    "protocol": _check_protocol,
    "rset_clears": check_flag,
    "exit_stops": check_flag,
}
