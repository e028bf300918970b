"""AUTH (RFC 4954), through `twisted.cred`."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from twisted.cred.error import UnauthorizedLogin, UnhandledCredentials
from twisted.mail import smtp
from twisted.mail.imap4 import IllegalClientResponse
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory
from twisted.python.failure import Failure

from lazr_smtptest.smtp.connection import Connection
from lazr_smtptest.smtp.reply import Reply

__all__ = ["Authentication"]


class Authentication(Connection):
    """The part of a connection that knows AUTH.

    The mechanisms are Twisted's: ``challengers`` maps their names to what makes
    an `IChallengeResponse`, and the portal judges the credentials that result.
    """

    challenger: Any

    def do_AUTH(self, argument: bytes) -> None:
        """Begin to authenticate (RFC 4954 section 4)."""
        mechanism, _, initial = argument.partition(b" ")
        if self.portal is None or not self.challengers:
            self.reply(Reply(502, "AUTH is not available", "5.5.1"))
        elif self.authenticated:
            self.reply(Reply(503, "already authenticated", "5.5.1"))
        elif self._from is not None:
            self.reply(Reply(503, "not within a transaction", "5.5.1"))
        elif not mechanism:
            self.reply(Reply(501, "AUTH needs a mechanism", "5.5.4"))
        elif mechanism.upper() not in self.challengers:
            self.reply(Reply(504, "unknown mechanism", "5.5.4"))
        else:
            self._begin(mechanism.upper(), initial.strip())

    def _begin(self, mechanism: bytes, initial: bytes) -> None:
        self.challenger = self.challengers[mechanism]()
        self.mode = smtp.AUTH
        if initial:
            # The first challenge is answered before it is sent.
            self.challenger.getChallenge()
            self.state_AUTH(b"" if initial == b"=" else initial)
        else:
            self._challenge()

    def _challenge(self) -> None:
        challenge = base64.b64encode(self.challenger.getChallenge())
        self.reply(Reply(334, challenge.decode("ascii")))

    def state_AUTH(self, line: bytes) -> None:
        """Take the client's next response."""
        if line == b"*":
            self._end(Reply(501, "authentication cancelled", "5.7.0"))
            return
        try:
            self.challenger.setResponse(base64.b64decode(line, validate=True))
        except binascii.Error:
            self._end(Reply(501, "that is not base64", "5.5.2"))
            return
        except IllegalClientResponse as error:
            self._end(Reply(501, str(error), "5.5.2"))
            return
        if self.challenger.moreChallenges():
            self._challenge()
            return
        self.call(
            self.portal.login,
            self.challenger,
            None,
            IMessageDeliveryFactory,
            IMessageDelivery,
            done=self._logged_in,
            failed=self._login_failed,
        )

    def _logged_in(self, login: tuple[object, ...]) -> None:
        self._cbAuthenticated(login)
        self._end(Reply(235, "authenticated", "2.7.0"))

    def _login_failed(self, failure: Failure) -> None:
        if failure.check(UnauthorizedLogin, UnhandledCredentials):
            self._end(Reply(535, "authentication failed", "5.7.8"))
        else:
            self.reply_to(failure)  # for its log
            self._end(Reply(454, "cannot authenticate now", "4.7.0"))

    def _end(self, reply: Reply) -> None:
        self.mode = smtp.COMMAND
        self.challenger = None
        self.reply(reply)
