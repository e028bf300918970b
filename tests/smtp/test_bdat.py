"""BDAT: messages in chunks (RFC 3030)."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS


def begin(wire: Any, *options: str) -> None:
    wire.say("EHLO a")
    wire.say(" ".join(["MAIL FROM:<a@b>", *options]), "RCPT TO:<c@d>")


def test_a_message_may_come_in_one_chunk(wire: Any) -> None:
    """RFC 3030 section 4.1."""
    begin(wire)
    assert wire.send(b"BDAT 4 LAST\r\nx\r\n.") == ["250 2.0.0 message accepted"]
    assert wire.envelopes[0].content == b"x\r\n."


def test_a_message_may_come_in_several_chunks(wire: Any) -> None:
    """Each is answered; the last one is the end, and may be empty."""
    begin(wire)
    assert wire.send(b"BDAT 3\r\none") == ["250 2.0.0 3 octets"]
    assert wire.send(b"BDAT 3\r\ntwo") == ["250 2.0.0 3 octets"]
    assert wire.send(b"BDAT 0 LAST\r\n") == ["250 2.0.0 message accepted"]
    assert wire.envelopes[0].content == b"onetwo"


def test_chunks_may_be_pipelined(wire: Any) -> None:
    """RFC 3030 section 4.2."""
    begin(wire)
    assert wire.send(b"BDAT 3\r\nonebdat 3 last\r\ntwoNOOP\r\n") == [
        "250 2.0.0 3 octets",
        "250 2.0.0 message accepted",
        "250 2.0.0 OK",
    ]


def test_a_chunk_may_come_in_pieces(wire: Any) -> None:
    """Octet by octet, if need be."""
    begin(wire)
    for octet in b"BDAT 5 LAST\r\n\r\n.\r\n":
        heard = wire.send(bytes([octet]))
    assert heard == ["250 2.0.0 message accepted"]
    assert wire.envelopes[0].content == b"\r\n.\r\n"


@pytest.mark.parametrize(
    "argument", ["", "x", "-1", "+1", "1 x", "1 LAST x", "0x1", "9" * 20, "1 LAST\0"]
)
def test_a_size_that_is_none_ends_the_session(wire: Any, argument: str) -> None:
    """Nobody knows where the next command would begin."""
    begin(wire)
    assert wire.codes(f"BDAT {argument}") == ["501"]
    assert wire.transport.disconnecting


def test_a_refused_chunk_is_read_all_the_same(wire: Any) -> None:
    """RFC 3030 section 2: its octets are no commands."""
    assert wire.send(b"BDAT 6\r\nQUIT\r\nNOOP\r\n") == [
        "503 5.5.1 MAIL first",
        "250 2.0.0 OK",
    ]


def test_chunks_need_a_recipient(wire: Any) -> None:
    """RFC 5321 section 3.3."""
    wire.say("EHLO a", "MAIL FROM:<a@b>")
    assert wire.send(b"BDAT 3 LAST\r\none") == ["554 5.5.1 no valid recipients"]


def test_a_refused_chunk_without_end_ends_the_session(new_wire: Any) -> None:
    """What would be thrown away has a limit."""
    wire = new_wire(limits=Limits(chunk_size=10))
    assert wire.codes("BDAT 11") == ["503"]
    assert wire.transport.disconnecting


def test_chunks_count_together(new_wire: Any) -> None:
    """RFC 1870: the size of a message is that of all its chunks."""
    wire = new_wire(limits=Limits(message_size=5))
    begin(wire)
    assert wire.send(b"BDAT 3\r\none") == ["250 2.0.0 3 octets"]
    assert wire.send(b"BDAT 3 LAST\r\ntwo") == ["552 5.3.4 message is too big"]
    assert wire.envelopes == []


def test_a_message_that_is_lost_takes_no_more_chunks(new_wire: Any) -> None:
    """RFC 3030 section 2: they are answered, and read."""
    wire = new_wire(limits=Limits(message_size=5))
    begin(wire)
    assert [line[:3] for line in wire.send(b"BDAT 6\r\n123456BDAT 2 LAST\r\nab")] == [
        "552",
        "503",
    ]


def test_data_does_not_follow_chunks(wire: Any) -> None:
    """RFC 3030 section 2: nor RCPT."""
    begin(wire)
    wire.send(b"BDAT 3\r\none")
    assert wire.codes("DATA", "RCPT TO:<e@f>") == ["503", "503"]
    assert wire.send(b"BDAT 0 LAST\r\n") == ["250 2.0.0 message accepted"]


def test_rset_forgets_chunks(wire: Any) -> None:
    """RFC 3030 section 2."""
    begin(wire)
    wire.send(b"BDAT 3\r\none")
    wire.say("RSET")
    begin(wire)
    wire.send(b"BDAT 3 LAST\r\ntwo")
    assert wire.envelopes[0].content == b"two"


def test_a_client_that_leaves_between_chunks_delivers_nothing(wire: Any) -> None:
    """Only LAST makes a message."""
    begin(wire)
    wire.send(b"BDAT 3\r\none")
    wire.disconnect()
    assert wire.envelopes == []


def test_binary_messages_need_chunks(wire: Any) -> None:
    """RFC 3030 section 3."""
    begin(wire, "BODY=BINARYMIME")
    assert wire.codes("DATA") == ["503"]
    assert wire.send(b"BDAT 4 LAST\r\n\0\n\r\xff") == ["250 2.0.0 message accepted"]
    (envelope,) = wire.envelopes
    assert (envelope.content, envelope.warnings) == (b"\0\n\r\xff", ())


def test_a_refusal_at_the_last_chunk_is_its_reply(wire: Any) -> None:
    """What the handler says."""
    wire.handler.then = lambda: 1 / 0
    begin(wire)
    assert wire.send(b"BDAT 3 LAST\r\none")[0][:3] == "451"


def test_a_delivery_may_refuse_the_last_chunk(new_wire: Any) -> None:
    """When it is asked for its messages."""
    from twisted.mail import smtp
    from twisted.mail.interfaces import IMessageDelivery
    from zope.interface import implementer

    @implementer(IMessageDelivery)
    class Refusing:
        def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
            return b""

        def validateFrom(self, helo: Any, origin: Any) -> Any:
            return origin

        def validateTo(self, user: Any) -> Any:
            return self.refuse

        def refuse(self) -> Any:
            raise smtp.SMTPServerError(452, b"not now")

    wire = new_wire(delivery=Refusing())
    begin(wire)
    assert wire.send(b"BDAT 3 LAST\r\none") == ["452 4.3.1 not now"]


def test_empty_chunks_are_junk(new_wire: Any) -> None:
    """They could go on for ever."""
    wire = new_wire(limits=Limits(junk=2))
    begin(wire)
    assert wire.codes("BDAT 0", "BDAT 0") == ["250", "421"]


def test_a_chunk_before_tls_gets_530(new_wire: Any) -> None:
    """Its octets are read, and are no command (RFC 3207 section 4)."""
    wire = new_wire(settings=Settings(tls=TLS.auto(), require_tls=True))
    wire.say("EHLO a")
    assert [line[:3] for line in wire.send(b"BDAT 6\r\nNOOP\r\n")] == ["530"]
