"""`lazr_smtptest.model.reply`: replies as values."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.mail.smtp import SMTPServerError

from lazr_smtptest.model.reply import Reply, reply_to_error
from lazr_smtptest.smtp.errors import ClientError, PolicyError, ServerError


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


@pytest.mark.parametrize("code", [-1, 0, 99, 100, 199, 600, 999, 2500])
def test_a_code_is_200_to_599(code: int) -> None:
    """RFC 5321 section 4.2: no others are defined."""
    with pytest.raises(ValueError, match=f"code of a reply is 200 to 599, not {code}$"):
        Reply(code, "x")


@pytest.mark.parametrize("code", ["250", 250.0, True, None, b"250", [250]])
def test_a_code_is_a_number(code: Any) -> None:
    """The error shows what it was."""
    Reply(250, "x")  # it may be cached
    with pytest.raises(TypeError, match="code of a reply is a number"):
        Reply(code, "x")


TEXTS = ["a\0b", "\0", "a\rb", "a\r", "\r\r\n", "a\n\r", "one\r\ntwo\r"]
MAKERS = [
    lambda text: Reply(550, text, "5.1.1"),
    lambda text: Reply(250, text),
    lambda text: Reply.from_text(550, text),
    lambda text: Reply.from_text(550, f"5.1.1 {text}"),
    lambda text: ClientError(550, text),
    lambda text: PolicyError(452, text, "4.2.2"),
    lambda text: ServerError(451, f"4.3.0 {text}"),
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
@pytest.mark.parametrize("make", MAKERS)
def test_a_text_has_no_nul_and_no_bare_cr(make: Any, text: str) -> None:
    """They would end the line, or the text, for a client."""
    with pytest.raises(ValueError, match="text of a reply has no NUL and no CR") as no:
        make(text)
    assert "\n" not in str(no.value)


@pytest.mark.parametrize("text", [b"x", None, 5, ["x"]])
@pytest.mark.parametrize("make", MAKERS[:3] + MAKERS[4:6])
def test_a_text_is_a_text(make: Any, text: Any) -> None:
    """Bytes are none."""
    with pytest.raises(TypeError, match="text of a reply is a str, not"):
        make(text)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\nb\n", "a\r\nb\r\n"])
def test_line_feeds_separate_lines(text: str) -> None:
    """With a CR before them or without; a last one adds no line."""
    assert Reply(250, text).encode() == b"250-a\r\n250 b\r\n"


@pytest.mark.parametrize(
    "enhanced", ["5", "5.1", "6.1.1", "5.1.1 ", "5.1.1\r\n250 OK", "5.1.1234", "x"]
)
def test_an_enhanced_code_has_three_numbers(enhanced: str) -> None:
    """RFC 3463 section 2; nothing may follow in the line."""
    with pytest.raises(ValueError, match="enhanced code of a reply is"):
        Reply(550, "x", enhanced)


@pytest.mark.parametrize("enhanced", [None, 5, b"5.1.1"])
def test_an_enhanced_code_is_a_text(enhanced: Any) -> None:
    """``""`` is none."""
    with pytest.raises(TypeError, match="enhanced code of a reply is a str"):
        Reply(550, "x", enhanced)


@pytest.mark.parametrize("code", ["550", None, 550.0])
def test_the_code_of_a_refusal_is_a_number(code: Any) -> None:
    """As that of a reply."""
    with pytest.raises(TypeError, match="code of a reply is a number"):
        PolicyError(code, "x")


@pytest.mark.parametrize(
    ("former", "name"), [("octets", "encoded"), ("plain_octets", "plain_encoded")]
)
def test_the_former_names_of_its_bytes_warn(former: str, name: str) -> None:
    """A test that has them works as before."""
    reply = Reply(250, "sender accepted", "2.1.0")
    with pytest.warns(DeprecationWarning, match=f"{former} is called {name}") as caught:
        assert getattr(reply, former) == getattr(reply, name)
    assert caught[0].filename == __file__
