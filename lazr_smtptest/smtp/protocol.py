"""The server's side of an SMTP session, on Twisted's `ESMTP`."""

from __future__ import annotations

from lazr_smtptest.smtp.auth import Authentication
from lazr_smtptest.smtp.reply import Reply
from lazr_smtptest.smtp.transaction import Transactions
from lazr_smtptest.version import __version__

__all__ = ["SMTPServerProtocol"]


class SMTPServerProtocol(Transactions, Authentication):
    """One connection of a client to a test server.

    Commands are methods ``do_VERB(argument: bytes)``, as in Twisted; a subclass
    may add its own, and answer with `reply` or Twisted's ``sendCode``.

    All of it runs in the reactor's thread. The factory sets the attributes;
    without one the defaults hold.

    Attributes:
        limits: the bounds of this connection.
        reactor: where time comes from; ``None`` for Twisted's global reactor.
        sessions: the connections that are open; this one enters and leaves it.
        on_rset: called at RSET, before its reply.
        on_exit: called at EXIT, after its reply; ``None``: there is no EXIT.
        peer: the client's address and port.
    """

    def greeting(self) -> bytes:
        """Give the text of the greeting."""
        text = b"%s ESMTP Python SMTP proxy version %s"
        return text % (self.host, __version__.encode())

    def do_UNKNOWN(self, argument: bytes) -> None:
        """Refuse a verb that is not known (RFC 5321 section 4.2.4)."""
        self.reply(Reply(500, "command not recognized", "5.5.2"))

    def do_HELO(self, argument: bytes) -> None:
        """Take the client's name (RFC 5321 section 4.1.1.1)."""
        if self._hello(argument):
            self.reply(Reply(250, self.host.decode()))

    def do_EHLO(self, argument: bytes) -> None:
        """Take the client's name and say what the server can do."""
        if self._hello(argument):
            lines = [self.host.decode(), *self.listExtensions().decode().splitlines()]
            self.reply(Reply(250, "\n".join(lines)))

    def _hello(self, argument: bytes) -> bool:
        if not argument:
            self.reply(Reply(501, "say who you are: EHLO name", "5.5.4"))
            return False
        self.abort_transaction()
        self._helo = (argument, self.peer[0].encode())
        return True

    def extensions(self) -> dict[bytes, list[bytes] | None]:
        """Give the extensions to announce, as Twisted's `ESMTP` does."""
        size = self.limits.message_size
        announced: dict[bytes, list[bytes] | None] = {
            b"PIPELINING": None,
            b"SIZE": [b"%d" % size] if size is not None else None,
            b"8BITMIME": None,
            b"SMTPUTF8": None,
            b"ENHANCEDSTATUSCODES": None,
            b"HELP": None,
        }
        if self.portal is not None and self.challengers and not self.authenticated:
            announced[b"AUTH"] = list(self.challengers)
        return announced

    def do_NOOP(self, argument: bytes) -> None:
        """Do nothing; an argument is ignored (RFC 5321 section 4.1.1.9)."""
        self.reply(Reply(250, "OK", "2.0.0"))

    def do_VRFY(self, argument: bytes) -> None:
        """Say neither yes nor no (RFC 5321 sections 3.5.3 and 7.3)."""
        if argument:
            self.reply(Reply(252, "cannot verify, send a message", "2.5.0"))
        else:
            self.reply(Reply(501, "VRFY needs a name", "5.5.4"))

    def do_HELP(self, argument: bytes) -> None:
        """List the commands (RFC 5321 section 4.1.1.8)."""
        methods = (name for name in dir(self) if name.startswith(("do_", "ext_")))
        hidden = {"UNKNOWN"} if self.on_exit else {"UNKNOWN", "EXIT"}
        verbs = {name.partition("_")[2] for name in methods} - hidden
        self.reply(Reply(214, "commands: " + " ".join(sorted(verbs)), "2.0.0"))

    def do_QUIT(self, argument: bytes) -> None:
        """Say good-bye and close (RFC 5321 section 4.1.1.10)."""
        if argument:
            self.reply(Reply(501, "QUIT takes no argument", "5.5.4"))
        else:
            self.end(Reply(221, "bye", "2.0.0"))

    def do_EXIT(self, argument: bytes) -> None:
        """Stop the server: a command of this library's, for its seed classes."""
        if self.on_exit is None:
            self.do_UNKNOWN(argument)
            return
        self.end(Reply(250, "OK", "2.0.0"))
        self.on_exit()
