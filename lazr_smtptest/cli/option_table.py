"""The table of the options: of the help, the environment, and the file of ``--config``.

Each option has one row. The command line, the environment and the file read their
values by it, and the help is written from it.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NoReturn

import attrs

from lazr_smtptest._quantities import parse_size
from lazr_smtptest.net.addresses import resolve
from lazr_smtptest.smtp.limits import Limits

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "TABLE",
    "Groups",
    "Option",
    "endpoint_of",
    "merge_groups",
    "read_endpoint",
]

# HOST:PORT or PORT. A host is told from a kind of endpoint, as in tcp:25, by a dot.
_PLACE = re.compile(
    r"(?:(?P<host>localhost|\[[0-9a-fA-F:.]+\]|[\w-]+(?:\.[\w-]+)+):)?(?P<port>[0-9]+)"
)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 1025


@attrs.frozen
class Option:
    """One option.

    Attributes:
        name: its name, without the two dashes.
        value: the placeholder of its value in the help; ``""`` for a flag.
        help: one or two sentences.
        default: the default value; ``None`` for none.
        kind: ``"text"``; ``"number"``, from `least` to `most`; ``"size"``: bytes;
            ``"choice"``: one of `choices`; ``"list"``: it may be given several times;
            ``"flag"``; or ``"action"``: it ends the command, so neither the
            environment nor a file can set it.
        least: the lowest number.
        most: the highest number; ``None`` for no highest.
        choices: the allowed values.
        tables: whether a file may have tables, each with a value and more.
        by_line: whether the values of a list are the lines of an environment variable,
            and not its words.
    """

    name: str
    value: str
    help: str
    default: str | None = None
    kind: Literal["text", "number", "size", "choice", "list", "flag", "action"] = (
        attrs.field(default="text", kw_only=True)
    )
    least: int = attrs.field(default=0, kw_only=True)
    most: int | None = attrs.field(default=None, kw_only=True)
    choices: Sequence[str] = attrs.field(default=(), kw_only=True)
    tables: bool = attrs.field(default=False, kw_only=True)
    by_line: bool = attrs.field(default=False, kw_only=True)

    @property
    def settable(self) -> bool:
        """Return whether the environment and a file can set it."""
        return self.kind != "action"

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        if self.kind == "number":
            end = "on" if self.most is None else f"to {self.most}"
            return f"a number from {self.least} {end}"
        if self.kind == "choice":
            *others, last = self.choices
            return f"{', '.join(others)} or {last}"
        if self.tables:
            return f"a text, a list of texts, or tables [[{self.name}]]"
        return _ALLOWED[self.kind]

    def parse(self, text: str) -> Any:
        """Return the value of a text, from the command line or the environment.

        Raises:
            ValueError: it is not allowed.
        """
        if self.kind == "list":
            return text.splitlines() if self.by_line else text.split()
        if self.kind == "size":
            return parse_size(text)
        if self.kind == "flag":
            return _SWITCHES[text.lower()] if text.lower() in _SWITCHES else _refuse()
        if self.kind == "choice":
            return text if text in self.choices else _refuse()
        if self.kind == "number":
            number = int(text) if re.fullmatch("[0-9]{1,15}", text) else -1
            in_range = number >= self.least and number <= (self.most or number)
            return number if in_range else _refuse()
        return text

    def parse_toml(self, value: object) -> Any:
        """Return the value of a value in a file.

        Raises:
            ValueError: it is not allowed.
        """
        if self.kind == "flag":
            return int(value) if isinstance(value, bool) else _refuse()
        if self.kind == "list":
            texts = value if isinstance(value, list) else [value]
            allowed = (str, Mapping) if self.tables else str
            are_allowed = all(isinstance(each, allowed) for each in texts)
            return texts if are_allowed else _refuse()
        if self.kind in ("number", "size") and type(value) is int:
            return self.parse(str(value))
        if self.kind == "number" or not isinstance(value, str):
            return _refuse()
        return self.parse(value)


_ALLOWED = {
    "text": "a text",
    "list": "a text or a list of texts",
    "size": "a number of bytes such as 500M, 0 for no limit",
    "flag": "true or false",
}
_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), 1),
    **dict.fromkeys(("0", "false", "no", "off"), 0),
}


def _refuse() -> NoReturn:
    raise ValueError("the value is not allowed")


# The options by the title of their group, in the order of the help.
Groups = Mapping[str, Sequence[Option]]


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


def read_endpoint(text: str) -> str:
    """Return the server endpoint, in Twisted's notation, that a text names.

    Args:
        text: ``PORT`` on the loopback interface, ``HOST:PORT``, or what Twisted reads.

    Raises:
        OSError: the name of the host is unknown.
    """
    place = _PLACE.fullmatch(text)
    if place is None:
        return text
    host = (place["host"] or DEFAULT_HOST).strip("[]")
    return endpoint_of(host, int(place["port"]))


def merge_groups(groups: Groups, more: Iterable[Groups]) -> Groups:
    """Return groups with those of other tables added: before the last one, if new."""
    *titles, last = groups
    merged = {title: list(groups[title]) for title in titles}
    for other in more:
        for title, options in other.items():
            merged.setdefault(title, []).extend(options)
    return {**merged, last: groups[last]}


TABLE: Groups = {
    "Where to listen; endpoints may be given several times": (
        Option(
            "host",
            "HOST",
            "Speak SMTP on this host name or address, beside the endpoints given. "
            f"[default: {DEFAULT_HOST}]",
        ),
        Option(
            "port",
            "PORT",
            "Speak SMTP on this port, beside the endpoints given; 0 for any free one. "
            f"[default: {DEFAULT_PORT}]",
            kind="number",
            most=65535,
        ),
        Option(
            "smtp",
            "ENDPOINT",
            "Speak SMTP here. Without any endpoint it is "
            f"{endpoint_of(DEFAULT_HOST, DEFAULT_PORT)}.",
            kind="list",
        ),
        Option(
            "smtps",
            "ENDPOINT",
            "Speak SMTP within TLS from the first byte on; needs --tls.",
            kind="list",
        ),
        Option("lmtp", "ENDPOINT", "Speak LMTP here.", kind="list"),
    ),
    "Messages": (
        Option(
            "store",
            "STORE",
            "Keep messages in memory, sqlite:FILE, maildir:DIR, mbox:FILE or "
            "postgresql://USER@HOST/DATABASE. "
            "./FILE is sqlite. Bounds may follow: ?max-count=1000&max-age=7d.",
            "memory",
        ),
        Option(
            "spool",
            "DIR",
            "Keep messages in this folder while the database of postgresql://... is "
            "away.",
        ),
        Option(
            "tag",
            "TAG=QUERY",
            "Tag messages that match, such as bill=subject:invoice, at arrival. May be "
            "given several times.",
            kind="list",
            by_line=True,
        ),
        Option(
            "rset-clears",
            "",
            "Delete all messages when a client sends RSET.",
            kind="flag",
        ),
    ),
    "TLS": (
        Option(
            "tls",
            "TLS",
            "Offer STARTTLS. auto issues a certificate for localhost (and --hostname) "
            "at start-up; CERT,KEY are files in PEM.",
        ),
        Option(
            "ca-file",
            "FILE",
            "Write the CA of --tls auto to this file; give it to the clients.",
        ),
        Option("require-tls", "", "Refuse mail without TLS with 530.", kind="flag"),
    ),
    "Logging in": (
        Option(
            "auth",
            "CHECKER",
            "Let clients log in; may be given several times. any lets everybody in; "
            "the others are checkers of Twisted, such as memory:USER:PASSWORD.",
            kind="list",
        ),
        Option("require-auth", "", "Refuse mail before a login with 530.", kind="flag"),
        Option("help-auth", "", "Display the checkers and exit.", kind="action"),
        Option(
            "help-auth-type", "TYPE", "Display the help of a checker.", kind="action"
        ),
    ),
    "Server behaviour": (
        Option("hostname", "NAME", "The server's host name. [default: the host's]"),
        Option(
            "profile",
            "PROFILE",
            "standard accepts what RFC 5321 lets a server accept; strict refuses "
            "irregular input.",
            "standard",
            kind="choice",
            choices=("standard", "strict"),
        ),
        Option(
            "hide",
            "EXTENSION",
            "Hide this extension, by its EHLO keyword; may be repeated.",
            kind="list",
        ),
        Option(
            "faults",
            "FILE",
            "Apply the fault rules, limits and settings in this TOML file; SIGHUP "
            "reloads it.",
        ),
        Option(
            "max-message-size",
            "SIZE",
            "Refuse larger messages with 552; 0 for no limit.",
            str(Limits().message_size),
            kind="size",
        ),
        Option(
            "max-recipients",
            "COUNT",
            "Refuse more recipients of a message with 452.",
            str(Limits().recipients),
            kind="number",
            least=1,
        ),
        Option(
            "max-connections",
            "COUNT",
            "Refuse more connections to an endpoint with 421; 0 for no limit.",
            "0",
            kind="number",
        ),
    ),
    "Under load": (
        Option(
            "workers",
            "COUNT",
            "Serve the ports by this number of processes; see the manual for what "
            "they share.",
            "1",
            kind="number",
            least=1,
            most=256,
        ),
        Option(
            "keep",
            "WHAT",
            "Keep all messages, headers without the bodies, 1/N: one in N, or "
            "to:PATTERN: those to an address such as *@example.com. May be given "
            "several times, and all apply. [default: all]",
            kind="list",
        ),
        Option(
            "quiet",
            "",
            "Do not log each message; logging takes time under load.",
            kind="flag",
        ),
    ),
    "Output": (
        Option(
            "log-format",
            "FORMAT",
            "The lines of the log: text, or json for an object on each line.",
            "text",
            kind="choice",
            choices=("text", "json"),
        ),
        Option(
            "color",
            "WHEN",
            "On a terminal, show each message as it arrives: in colours (auto), or "
            "without (never). always does so for any output.",
            "auto",
            kind="choice",
            choices=("auto", "always", "never"),
        ),
        Option(
            "transcripts",
            "DIR",
            "Write the transcript of each session that has ended into a file in "
            "this directory.",
        ),
        Option(
            "max-transcripts",
            "COUNT",
            "Keep this number of transcripts, and remove older ones; 0 to keep all.",
            "10000",
            kind="number",
        ),
    ),
    "The process": (
        Option(
            "config",
            "FILE",
            "Read options from this TOML file; the command line and the environment "
            "override it. SIGHUP reloads its fault rules, limits and settings.",
        ),
        Option(
            "ready-file",
            "FILE",
            "Write this file when clients may connect: a line PROTOCOL=ADDRESS for "
            "each listener. It is removed at exit.",
        ),
        Option(
            "stop-after",
            "COUNT",
            "End after this number of messages; 0 for no limit.",
            "0",
            kind="number",
        ),
    ),
    "This command": (
        Option("version", "", "Display the versions and exit.", kind="action"),
        Option("help", "", "Display this help and exit.", kind="action"),
    ),
}
