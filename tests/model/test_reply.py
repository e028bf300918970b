"""`lazr_smtptest.model.reply`: replies as values."""

from __future__ import annotations

from twisted.mail.smtp import SMTPServerError

from lazr_smtptest.model.reply import Reply, reply_to_error
from lazr_smtptest.smtp.errors import PolicyError


def test_a_reply_is_one_line() -> None:
    """Code, enhanced code, text, CRLF."""
    assert Reply(250, "OK", "2.0.0").encode() == b"250 2.0.0 OK\r\n"


def test_a_reply_may_have_several_lines() -> None:
    """All but the last have a hyphen, each has the code (RFC 5321 4.2.1)."""
    reply = Reply(250, "one\ntwo", "2.0.0")
    assert reply.encode() == b"250-2.0.0 one\r\n250 2.0.0 two\r\n"


def test_a_reply_may_be_without_text() -> None:
    """The space after the code stays."""
    assert Reply(334, "").encode() == b"334 \r\n"


def test_the_enhanced_code_can_be_left_out() -> None:
    """A server that does not announce it sends none."""
    assert Reply(250, "OK", "2.0.0").encode(enhanced=False) == b"250 OK\r\n"


def test_an_enhanced_code_in_a_text_is_found() -> None:
    """Authors write it where they write the text."""
    assert Reply.from_text(452, "4.2.2 full") == Reply(452, "full", "4.2.2")


def test_a_text_without_enhanced_code_gets_the_usual_one() -> None:
    """Every reply has one (RFC 2034 section 4)."""
    assert Reply.from_text(452, "full") == Reply(452, "full", "4.3.1")


def test_an_uncommon_code_gets_the_general_one() -> None:
    """RFC 3463: X.0.0 says no more than the class."""
    assert Reply.from_text(556, "no mail") == Reply(556, "no mail", "5.0.0")


def test_a_contradicting_enhanced_code_is_text() -> None:
    """A 4.x.x in a 550 would mislead a client."""
    assert Reply.from_text(550, "4.2.2 full").enhanced == "5.1.1"


def test_twisteds_errors_have_bytes_for_text() -> None:
    """They are decoded."""
    error = SMTPServerError(550, b"no")
    assert reply_to_error(error) == Reply(550, "no", "5.1.1")


def test_errors_of_ours_have_a_reply() -> None:
    """The very one."""
    error = PolicyError(452, "full", "4.2.2")
    assert reply_to_error(error) is error.reply


def test_a_reply_reads_like_the_wire() -> None:
    """For logs and reports."""
    assert str(Reply(250, "OK", "2.0.0")) == "250 2.0.0 OK"
