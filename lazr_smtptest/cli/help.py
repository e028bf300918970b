"""The help of ``twistd smtptest``."""

from __future__ import annotations

import textwrap

from twisted.python import usage

__all__ = ["GROUPS", "write_help"]

# The options in the order of the help, and the placeholders of their values.
GROUPS = {
    "Where to listen; endpoints may be given several times": {
        "host": "HOST",
        "port": "PORT",
        "smtp": "ENDPOINT",
        "smtps": "ENDPOINT",
        "lmtp": "ENDPOINT",
    },
    "Messages": {"store": "STORE", "rset-clears": ""},
    "TLS": {"tls": "TLS", "ca-file": "FILE", "require-tls": ""},
    "Logging in": {
        "auth": "CHECKER",
        "require-auth": "",
        "help-auth": "",
        "help-auth-type": "TYPE",
    },
    "Server behaviour": {
        "hostname": "NAME",
        "profile": "PROFILE",
        "hide": "EXTENSION",
        "faults": "FILE",
        "max-message-size": "SIZE",
        "max-recipients": "COUNT",
        "max-connections": "COUNT",
    },
    "Under load": {"workers": "COUNT", "quiet": ""},
    "Output": {
        "color": "WHEN",
        "transcripts": "DIR",
        "max-transcripts": "COUNT",
    },
    "The process": {"ready-file": "FILE", "stop-after": "COUNT"},
    "This command": {"version": "", "help": ""},
}

# Columns of the help before the text of an option.
_INDENT = 28

_END = """
Each option can be set in the environment: SMTPTEST_PORT=2525 is --port 2525.
An option on the command line goes before its variable. Several endpoints in a
variable are separated by spaces; a flag is 1 or 0.

Examples:
  smtptest
  smtptest --port 2525 --store maildir:/tmp/mail
  smtptest --smtp tcp:2525:interface=127.0.0.1 --smtp unix:/tmp/s.sock
  smtptest --tls auto --ca-file ca.pem --auth memory:anna:secret
  twistd -n --pidfile= smtptest --port 2525

An ENDPOINT is a server endpoint as Twisted writes them. twistd takes the same
options after "smtptest". Without -n it goes into the background, writes to
twistd.log, and leaves its process id in twistd.pid, unless --pidfile= is given.
"""


def write_help(options: usage.Options, width: int) -> str:
    """Return the help text of the options, without the synopsis.

    Args:
        options: the options with their help texts.
        width: columns of the screen.
    """
    parts = ["", textwrap.fill(str(getattr(options, "longdesc", "")), width)]
    for title, names in GROUPS.items():
        parts += ["", f"{title}:"]
        parts += [_explain(options, name, names[name], width) for name in names]
    return "\n".join(parts) + "\n" + _END


def _explain(options: usage.Options, name: str, value: str, width: int) -> str:
    text = options.docs[name]
    default = options.defaults.get(name)
    if default and default != "0":
        text += f" [default: {default}]"
    lines = textwrap.wrap(
        " ".join(text.split()),
        width,
        initial_indent=" " * _INDENT,
        subsequent_indent=" " * _INDENT,
        break_on_hyphens=False,
    )
    left = f"  --{name} {value}".ljust(_INDENT)
    return "\n".join([left + lines[0][_INDENT:], *lines[1:]])
