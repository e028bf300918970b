"""AUTH (RFC 4954), through `twisted.cred`.

Rules of this module:

1. Whatever a client or a mechanism does, the exchange ends with one reply, and
   the session returns to command mode.
2. No secret is logged or put into a reply.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import attrs
from twisted.cred.error import LoginFailed
from twisted.internet import defer
from twisted.internet.protocol import connectionDone
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory
from twisted.python.failure import Failure

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.auth.errors import IllegalClientResponse
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.connection import Connection
from lazr_smtptest.smtp.engine import BAD_LINES
from lazr_smtptest.smtp.extensions import Offer
from lazr_smtptest.smtp.framing import BadLine

__all__ = ["Authentication"]

# RFC 4648 section 4. What Python accepts as base64 depends on its version.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

_ACCEPTED = Reply(235, "authenticated", "2.7.0")
_REFUSED = Reply(535, "authentication failed", "5.7.8")
_UNAVAILABLE = Reply(454, "cannot authenticate now", "4.7.0")
_TOO_MANY = Reply(421, "too many failed logins", "4.7.0")

# Commands that are allowed before TLS where it is required. RFC 3207 section 4 lists
# EHLO, NOOP, STARTTLS and QUIT. A client that sends HELO gets the refusal at MAIL; RSET
# changes nothing.
_BEFORE_TLS = frozenset(
    [b"EHLO", b"HELO", b"LHLO", b"NOOP", b"RSET", b"QUIT", b"STARTTLS"]
)
_TLS_FIRST = Reply(530, "STARTTLS first", "5.7.0")
# The same for AUTH (RFC 4954 section 6).
_BEFORE_AUTH = _BEFORE_TLS | {b"AUTH", b"HELP", b"XCLIENT"}
_AUTH_FIRST = Reply(530, "authentication required", "5.7.0")

Login = tuple[Any, Any, Callable[[], object]]


@attrs.frozen
class _Verdict:
    """The result of a login: the reply, and the login that the portal returned."""

    reply: Reply
    login: Login | None = None
    challenge: bytes | None = None


class Authentication(Connection):
    """The part of a connection that handles AUTH.

    ``challengers`` maps mechanism names to factories of `IChallengeResponse`
    objects, ours or Twisted's; the portal checks the credentials that result. A
    checker that raises a `ReplyError`, or Twisted's `SMTPServerError`, determines
    the reply.

    Attributes:
        session: its ``user`` is the client's authorization identity if the client
            sent one, else its authentication identity (RFC 4422 section 2).
    """

    challenger: Any = None
    # Pending until the client responds to the mechanism's last challenge.
    _verdict: _Verdict | None = None
    # Whether a fault asks for a further response instead of a login.
    _only_step = False

    # Available mechanisms

    def mechanisms(self) -> list[str]:
        """Return the names of the usable mechanisms (RFC 4954 section 3)."""
        if self.portal is None or self.authenticated or self._lacks_tls():
            return []
        return [
            name.decode("ascii")
            for name in self.challengers
            if self._usable(name) and not self._needs_tls(name)
        ]

    def offered(self) -> Offer:
        """Return the extensions that the session offers in its present state."""
        if self._offered is None:
            self._offered = Offer.to(self)
        return self._offered

    def _lacks_tls(self) -> bool:
        return self.settings.require_tls and not self.secure

    def _needs_tls(self, name: bytes) -> bool:
        return getattr(self.challengers[name], "needs_tls", False) and not self.secure

    def _usable(self, name: bytes) -> bool:
        """Return whether the mechanism exists; EXTERNAL needs a client certificate."""
        known = name in self.challengers
        return known and (name != b"EXTERNAL" or bool(self.client_certificate))

    def refuse_mail(self, verb: bytes) -> Reply | None:
        """Return the reply that refuses a command before TLS or a login, if any."""
        settings = self.settings
        if settings.require_tls and verb not in _BEFORE_TLS and not self.secure:
            return _TLS_FIRST
        if (
            settings.require_auth
            and verb not in _BEFORE_AUTH
            and not self.authenticated
        ):
            return _AUTH_FIRST
        return None

    # AUTH

    def do_AUTH(self, argument: bytes) -> None:
        """Start an AUTH exchange (RFC 4954 section 4)."""
        word, _, initial = argument.partition(b" ")
        name = word.upper()
        refusal = self._refusal(name)
        if refusal is None:
            self._begin(name, initial.strip(b" "))
        else:
            self.reply(refusal)

    def _refusal(self, name: bytes) -> Reply | None:
        """Return the reply that refuses AUTH; ``None``: AUTH may start."""
        if self.portal is None or not self.challengers:
            return Reply(502, "AUTH is not available", "5.5.1")
        if self.settings.profile == "strict" and (
            self._helo[0] is None or not self.speaks_esmtp
        ):
            # RFC 5321 section 4.1.1.1: a client sends EHLO before it uses an
            # extension. The server does not need it: only "strict" enforces it.
            return Reply(503, "EHLO first", "5.5.1")
        if self.authenticated:
            return Reply(503, "already authenticated", "5.5.1")
        if self.transaction.sender is not None:
            return Reply(503, "not within a transaction", "5.5.1")
        if not name:
            return Reply(501, "AUTH needs a mechanism", "5.5.4")
        if not self._usable(name):
            return Reply(504, "unknown mechanism", "5.5.4")
        if self._needs_tls(name):
            # RFC 4954 section 6.
            return Reply(538, "this mechanism needs TLS", "5.7.11")
        return None

    def _begin(self, name: bytes, initial: bytes) -> None:
        from lazr_smtptest.auth.mechanisms import Mechanism

        try:
            self.challenger = self.challengers[name]()
            if isinstance(self.challenger, Mechanism):
                self.challenger.begin(self)
        except BaseException as error:
            raise_interrupt(error)
            self._login_failed(Failure())
            return
        self.mechanism = name.decode("ascii")
        self.points.step = 1
        self.mode = smtp.AUTH
        if not initial:
            self._advance(self._ask)
        elif getattr(self.challenger, "client_first", True):
            self._advance(self._take_initial, initial)
        else:
            self._end(Reply(501, "this mechanism takes no initial response", "5.7.0"))

    def _take_initial(self, initial: bytes) -> None:
        # The initial response answers the first challenge before it is sent. An
        # equals sign stands for an empty one (RFC 4954 section 4), since AUTH
        # without an argument means that there is no initial response.
        self.challenger.getChallenge()
        self._take_response(b"" if initial == b"=" else initial)

    # The exchange

    def state_AUTH(self, line: bytes) -> None:
        """Handle the client's next response (RFC 4954 section 4)."""
        points = self.points
        points.step += 1
        points.line = line
        points.at("AUTH", self._take_line, self._refuse_line, line)

    def _refuse_line(self, reply: Reply, line: bytes) -> None:
        self._end(reply)

    def _take_line(self, line: bytes) -> None:
        verdict = self._verdict
        if len(line) > self.limits.auth_line - 2:
            self.bad_line(BadLine("too long", line))
        elif line == b"*":
            self._end(Reply(501, "authentication cancelled", "5.7.0"))
        elif verdict is None:
            self._advance(self._take_response, line)
        elif self._only_step:
            self._ask_further()
        elif verdict.login is None or not line:
            self._conclude(verdict)
        else:
            self._end(Reply(501, "an empty response is expected", "5.5.2"))

    def bad_line(self, line: BadLine) -> None:
        """Fail AUTH for a response that is not a valid line (RFC 4954 section 4)."""
        if self.challenger is None:
            self.reply(BAD_LINES[line.reason])
        elif line.reason == "too long":
            self._end(Reply(500, "response too long", "5.5.6"))
        else:
            self._end(Reply(501, "bare LF: lines end in CRLF", "5.5.2"))

    def _advance(self, step: Callable[..., None], *arguments: bytes) -> None:
        """Call one step of the mechanism; end the exchange if the step fails."""
        try:
            step(*arguments)
        except IllegalClientResponse as error:
            self._end(Reply(501, str(error), "5.5.2"))
        except BaseException as error:
            raise_interrupt(error)
            self._login_failed(Failure())

    def _ask(self) -> None:
        self._challenge(self.challenger.getChallenge())

    def _challenge(self, challenge: bytes) -> None:
        self.reply(Reply(334, base64.b64encode(challenge).decode("ascii")))

    def _take_response(self, line: bytes) -> None:
        if not _BASE64.fullmatch(line):
            raise IllegalClientResponse("that is not base64")
        self.challenger.setResponse(base64.b64decode(line))
        if self.challenger.moreChallenges():
            self._ask()
        elif self._only_step:
            self._ask_further()
        else:
            self.points.at("LOGIN", self._judge, self._refuse_login, self._name)

    # Faults

    def challenge_further(self, go_on: Callable[[], object]) -> None:
        """Run a step of AUTH; if it would be the last, send a further challenge.

        No user is logged in: the response to that challenge gets 535 (RFC 4954
        section 4).
        """
        self._only_step = True
        try:
            go_on()
        finally:
            self._only_step = False

    def _ask_further(self) -> None:
        before = self._verdict
        if before is None:
            self.session.login_attempts += 1
        elif before.login is not None:
            before.login[2]()
        self._verdict = _Verdict(_REFUSED)
        self._challenge(b"")

    def leave_exchange(self) -> None:
        """End the exchange without a reply: a fault has already sent one."""
        self._end(None)

    # The login

    def _refuse_login(self, reply: Reply, name: Callable[[], str]) -> None:
        self._end(reply)

    def _judge(self, name: Callable[[], str]) -> None:
        if self._only_step:
            self._ask_further()
            return
        self.engine.call(self._log_in, self._decide, self._login_failed, None)

    def _name(self) -> str:
        """Return the user name that the client asks to act as, in UTF-8."""
        challenger = self.challenger
        name = getattr(challenger, "identity", b"") or challenger.username
        return str(name.decode("utf-8", "surrogateescape"))

    def _log_in(self, subject: None) -> defer.Deferred[_Verdict]:
        login: defer.Deferred[Any] = self.portal.login(
            self.challenger, None, IMessageDeliveryFactory, IMessageDelivery
        )
        return login.addCallback(self._logged_in)

    def _logged_in(self, login: Login) -> _Verdict:
        self.session.login_attempts += 1
        try:
            challenge = self._last_challenge(accepted=True)
        except BaseException:
            self.reporter.call("a user could not be logged out", login[2])
            raise
        return _Verdict(_ACCEPTED, login, challenge)

    def _login_failed(self, failure: Failure, subject: None = None) -> None:
        """Refuse the login, or reply that it failed for a reason of the server's."""
        if failure.check(LoginFailed):
            self.session.login_attempts += 1
            if self.session.login_attempts >= self.limits.logins:
                self._end(None)
                self.end(_TOO_MANY)
                return
            challenge = self._last_challenge(accepted=False)
            self._decide(_Verdict(_REFUSED, None, challenge))
        elif failure.check(smtp.SMTPServerError):
            self._end(self.reporter.reply_to(failure))
        else:
            self.reporter.reply_to(failure)  # for its log
            self._end(_UNAVAILABLE)

    def _last_challenge(self, *, accepted: bool) -> bytes | None:
        from lazr_smtptest.auth.mechanisms import Mechanism

        if isinstance(self.challenger, Mechanism):
            return self.challenger.last_challenge(accepted=accepted)
        return None

    def _decide(self, verdict: _Verdict, subject: None = None) -> None:
        """Send the result, after the mechanism's last challenge if it has one."""
        if verdict.challenge is None or self.replies.is_closed:
            self._conclude(verdict)
        else:
            self._verdict = verdict
            self._challenge(verdict.challenge)

    def _conclude(self, verdict: _Verdict) -> None:
        self._verdict = None
        if verdict.login is not None:
            try:
                self._enter(verdict.login)
            except BaseException as error:
                raise_interrupt(error)
                self._login_failed(Failure())
                return
        self._end(verdict.reply)

    def _enter(self, login: Login) -> None:
        """Log the user in for the rest of the session."""
        if self.replies.is_closed:
            # The client disconnected while the portal was working.
            self.reporter.call("a user could not be logged out", login[2])
            return
        if self._onLogout is not None:
            # The client was logged in anonymously.
            self._onLogout()
        user = self._name()
        self._cbAuthenticated(login)
        self.session.user = user
        self.session.mechanism = self.mechanism

    def _end(self, reply: Reply | None) -> None:
        """End the exchange and send its reply; ``None`` sends nothing."""
        verdict, self._verdict = self._verdict, None
        if verdict is not None and verdict.login is not None:
            self.reporter.call("a user could not be logged out", verdict.login[2])
        self.mode = smtp.COMMAND
        self.challenger = None
        if reply is not None:
            self.reply(reply)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Log out, even if the client never got the reply to its login."""
        self._end(None)
        super().connectionLost(reason)
