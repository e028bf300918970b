"""The replies of a POP3 session where fault rules change them."""

from __future__ import annotations

from functools import partial

from lazr_smtptest.model.status_reply import StatusReply
from lazr_smtptest.readers.line_connection import LineConnection
from lazr_smtptest.readers.pop3.commands import CommandError
from lazr_smtptest.readers.pop3.fault_phases import phase_of, user_of
from lazr_smtptest.readers.session_faults import ask

__all__ = ["FaultReplies"]


class FaultReplies(LineConnection):
    """A POP3 session whose commands fault rules may answer.

    A subclass has the four methods without a body.

    Attributes:
        is_greeted: whether the client has been greeted.
        named: the argument of USER, until PASS.
    """

    is_greeted = False
    named: bytes | None = None

    async def greet(self) -> None:
        """Send the greeting."""
        raise NotImplementedError

    async def answer(self, line: bytes) -> None:
        """Answer a command, or raise a `CommandError`."""
        raise NotImplementedError

    def err(self, text: str, code: str = "") -> None:
        """Refuse a command."""
        raise NotImplementedError

    def refuse(self, text: str) -> None:
        """Refuse a command that is wrong."""
        raise NotImplementedError

    async def greet_unless_faulty(self) -> None:
        """Greet the client, unless a rule does something else."""
        faults = self.factory.armed_faults
        if faults is None:
            await self.greet()
        else:
            await ask(self, faults, "POP3 GREETING", self.greet)

    async def answer_unless_faulty(self, line: bytes) -> None:
        """Answer a command, unless a rule does."""
        faults = self.factory.armed_faults
        if faults is None:
            await self.answer(line)
            return
        user = user_of(line, self.named)
        await ask(
            self, faults, phase_of(line), partial(self._answer_safely, line), line, user
        )

    async def _answer_safely(self, line: bytes) -> None:
        try:
            await self.answer(line)
        except CommandError as error:
            self.refuse(str(error))

    def refuse_with(self, reply: StatusReply) -> None:
        """Refuse the command, or the client before it is greeted, as a rule says."""
        self.err(reply.text)
        if not self.is_greeted:
            self.close()

    def refuse_after_error(self) -> None:
        """Refuse the command, because a function of a rule failed."""
        self.refuse_with(StatusReply("-ERR", "[SYS/TEMP] a fault rule failed"))

    def with_text(self, said: bytes, reply: StatusReply) -> bytes:
        """Return replies with another text after the first +OK."""
        if not said.startswith(b"+OK"):
            return said
        return b"+OK %s\r\n%s" % (reply.text.encode(), said.partition(b"\r\n")[2])

    def is_carried_out(self, data: bytes) -> bool:
        """Return whether the bytes of a rule begin like a reply that accepts."""
        return data.startswith(b"+")
