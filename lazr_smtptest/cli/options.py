"""The options of ``twistd smtptest``.

The module imports little: no import may install a reactor, because the options
choose it.
"""

# Twisted's names.

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from twisted.cred.credentials import IUsernameHashedPassword, IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python import usage

import twisted
from lazr_smtptest._quantities import parse_size
from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.cli.environment import read_environment, variable
from lazr_smtptest.cli.help import GROUPS, write_help
from lazr_smtptest.errors import Error
from lazr_smtptest.net.addresses import resolve
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.stores import check_spec
from lazr_smtptest.version import __version__

__all__ = ["OptionError", "Options", "StartError"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 1025

# The options that may be given several times.
_LISTS = ("smtp", "smtps", "lmtp", "auth", "hide")
_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), 1),
    **dict.fromkeys(("0", "false", "no", "off"), 0),
}

# These end the command, so no environment variable sets them.
_NOT_SET = ("help", "help-auth", "help-auth-type", "version")

_PROFILES = ("standard", "strict")
_COLORS = ("auto", "always", "never")


class StartError(Error, SystemExit):
    """The command cannot run with these options.

    It is also a `SystemExit`, so that whatever runs the command prints the message and
    ends with status 1; another exception would print a traceback.
    """

    def __init__(self, message: str) -> None:
        message = " ".join(message.splitlines())
        super().__init__(message)
        self.code = f"smtptest: {message}"


class OptionError(StartError):
    """An option has an invalid value."""


def endpoint_of(host: str, port: int) -> str:
    """Return the server endpoint, in Twisted's notation, of a host and a port.

    Args:
        host: a name or an address; ``localhost`` is ``127.0.0.1``.
        port: 0 for any free one.

    Raises:
        OSError: the name is unknown.
    """
    family, address = resolve(host, port)
    kind = "tcp6" if family == socket.AF_INET6 else "tcp"
    interface = address[0].replace(":", "\\:")
    return f"{kind}:{port}:interface={interface}" if interface else f"{kind}:{port}"


class Options(usage.Options, AuthOptionMixin):
    """The parsed options, by name; a repeatable option is a list."""

    synopsis = "[options]"
    longdesc = (
        "Receive mail by SMTP and keep it; deliver none. Each message that is "
        "accepted or refused is one line in the log. SIGTERM and Ctrl-C stop it."
    )
    optParameters = [
        [
            "host",
            None,
            None,
            "Speak SMTP on this host name or address, beside the endpoints given. "
            f"[default: {DEFAULT_HOST}]",
        ],
        [
            "port",
            None,
            None,
            "Speak SMTP on this port, beside the endpoints given; 0 for any free one. "
            f"[default: {DEFAULT_PORT}]",
        ],
        [
            "ready-file",
            None,
            None,
            "Write this file when clients may connect: a line PROTOCOL=ADDRESS for "
            "each listener. It is removed at exit.",
        ],
        [
            "stop-after",
            None,
            "0",
            "End after this number of messages; 0 for no limit.",
        ],
        [
            "store",
            None,
            "memory",
            "Keep messages in memory, sqlite:FILE, maildir:DIR or mbox:FILE. "
            "./FILE is sqlite. Bounds may follow: ?max-count=1000&max-age=7d.",
        ],
        [
            "tls",
            None,
            None,
            "Offer STARTTLS. auto issues a certificate for localhost (and --hostname) "
            "at start-up; CERT,KEY are files in PEM.",
        ],
        [
            "ca-file",
            None,
            None,
            "Write the CA of --tls auto to this file; give it to the clients.",
        ],
        ["hostname", None, None, "The server's host name. [default: the host's]"],
        [
            "profile",
            None,
            "standard",
            "standard accepts what RFC 5321 lets a server accept; strict refuses "
            "irregular input.",
        ],
        [
            "max-message-size",
            None,
            str(Limits().message_size),
            "Refuse larger messages with 552; 0 for no limit.",
        ],
        [
            "max-recipients",
            None,
            str(Limits().recipients),
            "Refuse more recipients of a message with 452.",
        ],
        [
            "faults",
            None,
            None,
            "Apply the fault rules in this TOML file; SIGHUP reloads it.",
        ],
        [
            "max-connections",
            None,
            "0",
            "Refuse more connections to an endpoint with 421; 0 for no limit.",
        ],
        [
            "workers",
            None,
            "1",
            "Serve the ports by this number of processes; see the manual for what "
            "they share.",
        ],
        [
            "transcripts",
            None,
            None,
            "Write the transcript of each session that has ended into a file in "
            "this directory.",
        ],
        [
            "max-transcripts",
            None,
            "10000",
            "Keep this number of transcripts, and remove older ones; 0 to keep all.",
        ],
        [
            "color",
            None,
            "auto",
            "On a terminal, show each message as it arrives: in colours (auto), or "
            "without (never). always does so for any output.",
        ],
    ]
    optFlags = [
        ["rset-clears", None, "Delete all messages when a client sends RSET."],
        ["quiet", None, "Do not log each message; logging takes time under load."],
        ["require-tls", None, "Refuse mail without TLS with 530."],
        ["require-auth", None, "Refuse mail before a login with 530."],
    ]
    # The credentials of checkers that --help-auth lists: plain passwords and digests.
    supportedInterfaces = (IUsernamePassword, IUsernameHashedPassword)

    def __init__(self) -> None:
        super().__init__()
        self.authOutput = sys.stdout
        self._from_environment: dict[str, list[str]] = {}
        for name in _LISTS:
            self[name] = []

    def opt_smtp(self, endpoint: str) -> None:  # noqa: D102
        self["smtp"].append(endpoint)

    opt_smtp.__doc__ = (
        "Speak SMTP here. Without any endpoint it is "
        f"{endpoint_of(DEFAULT_HOST, DEFAULT_PORT)}."
    )

    def opt_smtps(self, endpoint: str) -> None:
        """Speak SMTP within TLS from the first byte on; needs --tls."""
        self["smtps"].append(endpoint)

    def opt_lmtp(self, endpoint: str) -> None:
        """Speak LMTP here."""
        self["lmtp"].append(endpoint)

    def opt_auth(self, checker: str) -> None:
        """Let clients log in; may be given several times.

        any lets everybody in; the others are checkers of Twisted, such as
        memory:USER:PASSWORD.
        """
        self["auth"].append(checker)

    def opt_help_auth(self) -> None:
        """Display the checkers and exit."""
        print("any lets everybody in, with any password. Twisted has:\n")
        super().opt_help_auth()

    def opt_hide(self, extension: str) -> None:
        """Hide this extension, by its EHLO keyword; may be repeated."""
        self["hide"].append(extension)

    def opt_version(self) -> NoReturn:
        """Display the versions and exit."""
        print(f"lazr.smtptest {__version__} on Twisted {twisted.__version__}")
        sys.exit(0)

    def __repr__(self) -> str:
        # Passwords are among the values.
        return f"<Options {', '.join(sorted(self))}>"

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, in groups, unlike Twisted's."""
        return write_help(self, width or int(os.environ.get("COLUMNS", "80")))

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the environment, then the command line, which overrides it.

        Raises:
            OptionError: an option is wrong. For a `UsageError` Twisted would print the
                whole help, and the reason after it.
        """
        try:
            self._read_environment()
            super().parseOptions(options)
        except usage.UsageError as error:
            raise OptionError(str(error)) from error

    def _read_environment(self) -> None:
        names = [name for group in GROUPS.values() for name in group]
        settable = [name for name in names if name not in _NOT_SET]
        try:
            found = read_environment(os.environ, settable)
        except ValueError as error:
            raise usage.UsageError(str(error)) from error
        for name, value in found.items():
            if name in _LISTS:
                self._from_environment[name] = value.split()
            elif isinstance(self[name], int):
                self[name] = _switch(name, value)
            else:
                self[name] = value

    def postOptions(self) -> None:
        """Check the options as far as possible without a reactor and the disk."""
        for name, values in self._from_environment.items():
            self[name] = self[name] or values
        self._add_default_endpoint()
        try:
            check_spec(self["store"])
        except ValueError as error:
            raise usage.UsageError(str(error)) from error
        self._check_tls()
        if self["require-auth"] and not self["auth"]:
            raise usage.UsageError("--require-auth needs --auth")
        if self["profile"] not in _PROFILES:
            raise usage.UsageError(
                f"--profile is standard or strict, not {self['profile']!r}"
            )
        if self["color"] not in _COLORS:
            raise usage.UsageError(
                f"--color is auto, always or never, not {self['color']!r}"
            )
        name = self["hostname"]
        if name is not None and not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", name):
            raise usage.UsageError(f"--hostname is a host name, not {name!r}")
        self._size("max-message-size")
        self._number("stop-after", 0)
        self._number("max-recipients", 1)
        self._number("max-connections", 0)
        self._number("max-transcripts", 0)
        self._number("workers", 1, 256)
        if self["faults"] is not None and self["workers"] > 1:
            # A rule counts sessions and its own actions within one process.
            raise usage.UsageError("--faults needs one worker: its rules count")

        if self["stop-after"] and self["workers"] > 1:
            raise usage.UsageError("--stop-after needs one worker: it counts messages")

    def _add_default_endpoint(self) -> None:
        host, port = self["host"], self["port"]
        if port is not None:
            self._number("port", 0, 65535)
        elif host is None and (self["smtp"] or self["smtps"] or self["lmtp"]):
            return
        try:
            endpoint = endpoint_of(
                DEFAULT_HOST if host is None else host,
                DEFAULT_PORT if port is None else self["port"],
            )
        except OSError as error:
            raise usage.UsageError(f"--host {host!r}: {error.strerror}") from error
        self["smtp"] = [*self["smtp"], endpoint]

    def _size(self, name: str) -> None:
        try:
            self[name] = parse_size(self[name])
        except ValueError as error:
            raise usage.UsageError(
                f"--{name} is {error}, 0 for no limit, not {self[name]!r}"
            ) from None

    def _check_tls(self) -> None:
        tls = self["tls"]
        if tls is None:
            for name in ("smtps", "require-tls"):
                if self[name]:
                    raise usage.UsageError(f"--{name} needs --tls")
        elif tls != "auto" and not all(tls.partition(",")):
            raise usage.UsageError(f"--tls is auto or CERT,KEY, not {safe_repr(tls)}")
        if self["ca-file"] is not None and tls != "auto":
            raise usage.UsageError("--ca-file needs --tls auto")

    def _number(self, name: str, least: int, most: int | None = None) -> None:
        text = self[name]
        number = int(text) if re.fullmatch("[0-9]{1,15}", text) else -1
        if number < least or (most is not None and number > most):
            end = "on" if most is None else f"to {most}"
            raise usage.UsageError(
                f"--{name} is a number from {least} {end}, not {text!r}"
            )
        self[name] = number


def _switch(name: str, value: str) -> int:
    try:
        return _SWITCHES[value.lower()]
    except KeyError:
        raise usage.UsageError(
            f"{variable(name)} is 1 or 0, true or false, yes or no, on or off, "
            f"not {value!r}"
        ) from None
