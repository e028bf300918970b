"""The server's side of an SMTP session, based on Twisted's `ESMTP`."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.reply import OK, Reply, shared_reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.smtp.bdat import BdatCommand
from lazr_smtptest.smtp.deadlines import Deadlines
from lazr_smtptest.smtp.engine import Engine
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.extensions import VERBS, listed, words
from lazr_smtptest.smtp.fault_points import FaultPoints
from lazr_smtptest.smtp.framing import Framer
from lazr_smtptest.smtp.hello_replies import HelloReplies
from lazr_smtptest.smtp.link import NOT_SMTP, Link
from lazr_smtptest.smtp.path import decode, is_host
from lazr_smtptest.smtp.reply_queue import ReplyQueue
from lazr_smtptest.smtp.short_path import SKIPPED, LibraryMethods
from lazr_smtptest.smtp.tally import Tally
from lazr_smtptest.smtp.timing import Timers

__all__ = ["SMTPServerProtocol"]

log = logging.getLogger("lazr.smtptest")

# The beginning of a line of HTTP, SSH or the PROXY protocol. A web page can make a
# browser post a form to this port, and its lines must not be run as commands.
_FOREIGN = re.compile(
    rb"\S+ \S+ HTTP/\d"
    rb"|(?:Host|User-Agent|Content-Type|Content-Length|Accept|Origin|Referer):"
    rb"|SSH-\d|PROXY (?:TCP|UNKNOWN)|\0\Z",
    re.IGNORECASE,
)
# STARTTLS must be the last command of a group. RFC 3207 section 4 lists no reply to it
# that ends the connection; RFC 5321 section 4.2.1 allows this one for any command.
_TOO_EARLY = Reply(421, "commands came after STARTTLS, closing", "4.7.0")
_TURNED_AWAY = Reply(503, "only QUIT: there is no service", "5.5.1")
_BYE = Reply(221, "bye", "2.0.0")

# Methods that are called only if a subclass has its own: the others only call another
# one, or list the extensions, whose reply is cached.
_LISTING = ("extensions", "listExtensions", "mechanisms", "offered")
_SKIPPED = ("dataReceived", "lineReceived", "reply", *_LISTING)

# Methods that are not always commands.
_CONDITIONAL = frozenset(["EXIT", "UNKNOWN", "XCLIENT"])

# Characters that a client's name must not have, in either profile: they could control
# a log, a header or a terminal that shows the name.
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


@lru_cache(maxsize=256)
def _method_of(command: bytes) -> tuple[str, str]:
    """Return a verb in upper case, and the name of its method."""
    verb = command.decode("ascii").upper()
    return verb, f"do_{verb}"


# Few hosts use few names.
_is_regular = lru_cache(maxsize=256)(is_host)


class SMTPServerProtocol(BdatCommand):
    """The server's side of one connection to a test server.

    Commands are methods ``do_VERB(argument: bytes)``, as in Twisted; a subclass may
    add its own, and reply with `reply` or Twisted's ``sendCode``.

    All of it runs in the reactor's thread. The factory sets the attributes; without
    a factory they have defaults.

    Attributes:
        settings: the settings of the listener.
        reactor: provides the time; ``None``: Twisted's global reactor.
        connections: the open connections; this one adds and removes itself.
        observer: is notified of the session.
        faults: the fault policy.
        session: the record of the connection, with its transcript.
        on_rset: called at RSET, before its reply.
        on_exit: called at EXIT, after its reply; ``None``: EXIT is unknown.
        peer: the client's address and port.
        user: the user that the client has logged in as; ``None``: no login.
        xclient: the attributes that XCLIENT has sent so far, by name; ``None`` for one
            that the client does not know.
    """

    xclient: Mapping[str, str | None] = {}
    # The command with which a client says its name.
    hello_verb = "EHLO"
    # The verbs that this protocol does not have, though there are methods for them.
    absent: frozenset[str] = frozenset()
    # The reply to HELP, cached at its first use.
    _help: Reply | None = None

    # Names of the methods that a subclass has replaced, of those in `_SKIPPED`.
    _own_methods: frozenset[str] = frozenset()

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls._own_methods = frozenset(
            name
            for name in _SKIPPED
            if getattr(cls, name) is not getattr(SMTPServerProtocol, name)
        )

    def connectionMade(self) -> None:
        """Put the parts of the connection together, and greet the client."""
        self._assemble()
        self._skip_calls()
        super().connectionMade()

    def _assemble(self) -> None:
        self.limits = limits = self.settings.limits
        self._framer = Framer(max(limits.command_line, limits.auth_line))
        self._transcript = Transcript(limits.transcript, limits.transcript_size)
        self.session = Session(
            id=new_name(), started=self.seconds(), transcript=self._transcript
        )
        self.reporter = ErrorReporter(self.session, self.on_error)
        enhanced = "ENHANCEDSTATUSCODES" not in self.settings.hidden
        self.tally = Tally(self)
        self.replies = ReplyQueue(
            self.session, self.tally, self.delivery_events, enhanced=enhanced
        )
        deadlines = self.deadlines or Deadlines(self.clock)
        self.timers = Timers(self, self.clock, deadlines)
        self.points = FaultPoints(self, self.faults)
        self.engine = Engine(
            self,
            framer=self._framer,
            replies=self.replies,
            timers=self.timers,
            points=self.points,
            reporter=self.reporter,
            transcript=self._transcript,
        )
        self.link = Link(self, self.replies, self.engine, self.timers)

    def _skip_calls(self) -> None:
        """Replace methods that only call another one, unless a subclass has its own."""
        own = self._own_methods
        if "lineReceived" in own:
            self.engine.handle_line = self.lineReceived
        if "dataReceived" not in own:
            self.dataReceived = self.engine.data_received  # type: ignore[method-assign]
        if "reply" not in own:
            self.reply = self.replies.reply  # type: ignore[method-assign]

    def dataReceived(self, data: bytes) -> None:
        """Handle the client's input as far as possible."""
        self.engine.data_received(data)

    def lineReceived(self, line: bytes) -> None:
        """Handle one line, a command or a step of AUTH."""
        self.engine.dispatch(line)

    def has_short_path(self) -> bool:
        """Return whether all methods are the library's that the short path skips."""
        reply = getattr(self.reply, "__func__", None)
        return reply is ReplyQueue.reply and _OF_LIBRARY.are_of(self)

    def lookupMethod(self, command: bytes) -> Callable[[bytes], None] | None:
        """Return the method of a verb; ``None`` if it is hidden or not enabled."""
        verb, name = _method_of(command)
        hidden = self.settings.hidden
        if hidden and VERBS.get(verb) in hidden:
            return None
        if verb in self.absent:
            return None
        if verb in _CONDITIONAL and not self._is_enabled(verb):
            return None
        return getattr(self, name, None)

    def _is_enabled(self, verb: str) -> bool:
        """Return whether a command of `_CONDITIONAL` may be used."""
        if verb == "EXIT":
            return self.on_exit is not None
        # Twisted has a method for unknown commands.
        return verb == "XCLIENT" and self.settings.xclient

    def refuse_verb(self, verb: bytes) -> Reply | None:
        """Return the reply that refuses a verb, whatever its argument, if any."""
        if self.turned_away and verb != b"QUIT":
            return _TURNED_AWAY
        # The bytes of BDAT are read whatever the reply: `do_BDAT` asks later.
        return None if verb == b"BDAT" else self.refuse_mail(verb)

    def unknown_command(self, line: bytes) -> None:
        """Refuse an unknown command; close the connection if it is not SMTP."""
        if _FOREIGN.match(line):
            self.end(NOT_SMTP)
            return
        refusal = self.refuse_verb(b"") if self.engine.is_guarded else None
        self.reply(refusal or Reply(500, "command not recognized", "5.5.2"))

    def do_HELO(self, argument: bytes) -> None:
        """Handle HELO (RFC 5321 section 4.1.1.1)."""
        if self.hello(argument) and not self.count_junk():
            self.speaks_esmtp = False
            self.reply(shared_reply(250, self.host.decode()))

    def do_EHLO(self, argument: bytes) -> None:
        """Handle EHLO: reply with the extensions (RFC 5321 section 4.1.1.1)."""
        if self.hello(argument) and not self.count_junk():
            self.reply(self.extensions_reply())

    def extensions_reply(self) -> Reply:
        """Return the reply with the extensions."""
        if self.settings.values or not self._own_methods.isdisjoint(_LISTING):
            text = self.host + b"\n" + self.listExtensions()
            return shared_reply(250, text.decode())
        replies: HelloReplies | None = getattr(self.factory, "hello_replies", None)
        return HelloReplies().to(self) if replies is None else replies.to(self)

    def hello(self, argument: bytes) -> bool:
        """Store the client's name; return false if the name is refused."""
        self.check_last_in_group()
        name = decode(argument)
        if not name or _CONTROL.search(name):
            self.reply(Reply(501, f"say who you are: {self.hello_verb} name", "5.5.4"))
            return False
        regular = _is_regular(name)
        if not regular:
            self.note("bad-hello")
        self.abort_transaction()
        self.forget_offered()
        self.check_last_in_group()  # the reset above has removed the warning
        self.take_helo(argument, regular=regular)
        return True

    def extensions(self) -> dict[bytes, list[bytes] | None]:
        """Return the extensions to announce, in the form of Twisted's `ESMTP`."""
        announced = self.offered().announced(self)
        for keyword, value in self.settings.values.items():
            announced[keyword.encode()] = words(value)
        return announced

    def listExtensions(self) -> bytes:
        """Return the extensions as lines, in the form of Twisted's `ESMTP`."""
        return listed(self.extensions())

    def do_STARTTLS(self, argument: bytes) -> None:
        """Handle STARTTLS (RFC 3207 section 4)."""
        tls = self.settings.tls
        if tls is None or "STARTTLS" in self.settings.hidden:
            self.reply(Reply(502, "STARTTLS is not available", "5.5.1"))
        elif self.secure:
            self.reply(Reply(503, "TLS is on already", "5.5.1"))
        elif argument:
            self.reply(Reply(501, "STARTTLS takes no argument", "5.5.4"))
        elif self._framer.pending:
            # These bytes were sent in clear: they must not be handled within TLS.
            log.warning("%s: closed: bytes came after STARTTLS", self.reporter.peer)
            self.end(_TOO_EARLY)
        else:
            # Before the reply: if this fails, the client gets an error and no TLS.
            self.forget_session()
            self.reply(Reply(220, "ready to start TLS", "2.0.0"))
            self.replies.after_reply(lambda: self.link.begin_tls(tls))

    def forget_session(self) -> None:
        """Discard all that the client has sent in clear (RFC 3207 section 4.2)."""
        self.abort_transaction()
        self.take_helo(None)
        self.authenticated = False
        self.session.user = self.session.mechanism = None
        self.delivery = self._first_delivery
        self.deliveryFactory = self._first_factory
        logout, self._onLogout = self._onLogout, None
        if logout is not None:
            logout()

    def do_XCLIENT(self, argument: bytes) -> None:
        """Handle XCLIENT: store the attributes, and start the session again."""
        from lazr_smtptest.smtp.xclient import address_of, parse_attributes

        if self.transaction.sender is not None:
            self.reply(Reply(503, "not within a transaction", "5.5.1"))
            return
        try:
            attributes = parse_attributes(argument.decode("ascii", "replace"))
            host, port = address_of(attributes, self.peer)
        except ClientError as error:
            self.reply(error.reply)
            return
        self.abort_transaction()
        self.session.peer = host, port
        name = attributes.get("HELO")
        self.take_helo(name.encode() if name else None)
        if "LOGIN" in attributes:
            self.session.user = attributes["LOGIN"]
            self.authenticated = self.user is not None
        self.xclient = {**self.xclient, **attributes}
        self.forget_offered()
        # The client is greeted as if it had just connected.
        self.reply(shared_reply(220, self.greeting().decode("ascii", "replace")))

    def do_NOOP(self, argument: bytes) -> None:
        """Reply 250; an argument is ignored (RFC 5321 section 4.1.1.9)."""
        self.check_last_in_group()
        if not self.count_junk():
            self.reply(OK)

    def do_VRFY(self, argument: bytes) -> None:
        """Reply 252, without verifying (RFC 5321 sections 3.5.3 and 7.3)."""
        self._verify(argument, "VRFY")

    def do_EXPN(self, argument: bytes) -> None:
        """Reply 252, without expanding (RFC 5321 section 3.5.2)."""
        self._verify(argument, "EXPN")

    def _verify(self, argument: bytes, verb: str) -> None:
        self.check_last_in_group()
        offered = self.offered().extensions
        if verb not in offered:
            self.reply(Reply(502, f"{verb} is not available", "5.5.1"))
            return
        if not argument.isascii() and not (
            "SMTPUTF8" in offered and argument.upper().endswith(b" SMTPUTF8")
        ):
            # RFC 6531 section 3.7.4.2
            self.note("undeclared-utf8")
        name = decode(argument)
        if not name or _CONTROL.search(name):
            self.reply(Reply(501, f"{verb} needs a name", "5.5.4"))
        elif not self.count_junk():
            self.reply(Reply(252, "cannot verify, send a message", "2.5.0"))

    def do_HELP(self, argument: bytes) -> None:
        """List the commands (RFC 5321 section 4.1.1.8)."""
        if self.count_junk():
            return
        if self._help is None:
            text = "commands: " + " ".join(self.verbs())
            self._help = Reply(214, text, "2.0.0")
        self.reply(self._help)

    def verbs(self) -> list[str]:
        """Return the commands of the session, sorted."""
        methods = {name[3:] for name in dir(self) if name.startswith("do_")}
        return sorted(verb for verb in methods if self.lookupMethod(verb.encode()))

    def do_QUIT(self, argument: bytes) -> None:
        """Reply 221 and close the connection (RFC 5321 section 4.1.1.10)."""
        if argument:
            self.reply(Reply(501, "QUIT takes no argument", "5.5.4"))
        else:
            self.end(_BYE)

    def do_EXIT(self, argument: bytes) -> None:
        """Call `on_exit`: a command of this library, for its original classes."""
        assert self.on_exit is not None
        self.end(OK)
        self.on_exit()


_OF_LIBRARY = LibraryMethods(SMTPServerProtocol, SKIPPED)
