"""The table of the options: of the help, the environment, and the file of ``--config``.

Each option has one row. The command line, the environment and the file read their
values by it, and the help is written from it.
"""

from __future__ import annotations

from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.smtp.limits import Limits

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "TABLE"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 1025

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
            f"tcp:{DEFAULT_PORT}:interface={DEFAULT_HOST}.",
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
