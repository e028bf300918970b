"""`lazr_smtptest.smtp.transaction`: a transaction without a connection."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.mail import smtp

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.transaction import MailTransaction

SENDER = smtp.Address(b"from@example.com")
REFUSAL = Reply(550, "no such user", "5.1.1")


def user(name: str) -> Any:
    """Return a recipient."""
    return smtp.User(name.encode(), None, None, SENDER)


def started(session: Session | None = None, **options: str) -> MailTransaction:
    """Return a transaction after MAIL."""
    transaction = MailTransaction()
    session = session or Session()
    transaction.start(session.begin(str(SENDER)), SENDER, dict(options))
    return transaction


def with_recipients(*names: str, **options: str) -> MailTransaction:
    """Return a transaction after MAIL and RCPT."""
    transaction = started(**options)
    for name in names:
        transaction.accept(user(name), lambda: None, {})  # type: ignore[arg-type, return-value]
    return transaction


def refusal_of(transaction: MailTransaction, check: str = "check_data") -> str:
    """Return why a message may not be sent."""
    with pytest.raises(ClientError) as refused:
        getattr(transaction, check)(554)
    return str(refused.value)


@pytest.mark.parametrize("check", ["check_started", "check_data"])
def test_a_message_needs_a_sender(check: str) -> None:
    """RFC 5321 section 4.1.4."""
    assert refusal_of(MailTransaction(), check) == "503 5.5.1 MAIL first"


@pytest.mark.parametrize("check", ["check_started", "check_data"])
def test_a_message_needs_a_recipient(check: str) -> None:
    """RFC 5321 section 3.3; the code is the caller's."""
    assert refusal_of(started(), check) == "554 5.5.1 no valid recipients"


def test_a_message_with_a_sender_and_a_recipient_may_be_sent() -> None:
    """Nothing is raised."""
    with_recipients("to@example.com").check_data(554)


def test_data_cannot_follow_a_chunk() -> None:
    """RFC 3030 section 2."""
    transaction = with_recipients("to@example.com")
    transaction.add_chunk(5, None)
    assert refusal_of(transaction) == "503 5.5.1 BDAT has begun, DATA cannot follow"


def test_binarymime_needs_chunks() -> None:
    """RFC 3030 section 3."""
    transaction = with_recipients("to@example.com", BODY="BinaryMIME")
    assert refusal_of(transaction) == "503 5.5.1 BINARYMIME needs BDAT"


def test_accepted_recipients_are_recorded() -> None:
    """In their order, in the record and for the delivery."""
    transaction = with_recipients("b@example.com", "a@example.com")
    assert transaction.record is not None
    assert transaction.record.rcpt_tos == ("b@example.com", "a@example.com")
    assert [str(each) for each in transaction.users()] == [
        *("b@example.com", "a@example.com")
    ]


def test_a_refused_recipient_is_recorded_with_its_reply() -> None:
    """It is no recipient of the message."""
    transaction = started()
    transaction.refuse(user("to@example.com"), REFUSAL)
    assert transaction.record is not None
    assert transaction.record.refused == (("to@example.com", REFUSAL),)
    assert transaction.users() == []


def test_a_warning_is_kept_once() -> None:
    """In the order in which they were given."""
    transaction = MailTransaction()
    for kind in ("pipelining", "no-hello", "pipelining"):
        transaction.warn(kind)
    assert transaction.warnings == ["pipelining", "no-hello"]


def test_chunks_are_added_up() -> None:
    """What came before the present chunk is known."""
    transaction = with_recipients("to@example.com")
    for size in (5, 7):
        transaction.add_chunk(size, None)
    assert (transaction.earlier, transaction.announced) == (5, 12)


@pytest.mark.parametrize(("limit", "too_big"), [(12, False), (11, True)])
def test_chunks_have_a_limit_together(limit: int, too_big: bool) -> None:
    """RFC 1870 section 6.3 is about the whole message."""
    transaction = with_recipients("to@example.com")
    assert not transaction.add_chunk(5, limit)
    assert transaction.add_chunk(7, limit) is too_big


def test_the_envelope_has_what_the_transaction_has() -> None:
    """And the session, the time and TLS."""
    session = Session(helo="client.example.com", peer=("192.0.2.1", 5), user="anna")
    transaction = started(session, SIZE="5")
    transaction.accept(user("to@example.com"), lambda: None, {"NOTIFY": "NEVER"})  # type: ignore[arg-type, return-value]
    transaction.warn("no-hello")
    envelope = transaction.envelope(b"hello\r\n", session, tls=True, now=0.0)
    assert (envelope.mail_from, envelope.rcpt_tos, envelope.content) == (
        *("from@example.com", ("to@example.com",), b"hello\r\n"),
    )
    assert (envelope.mail_options, envelope.rcpt_options) == (
        *({"SIZE": "5"}, ({"NOTIFY": "NEVER"},)),
    )
    assert (envelope.helo, envelope.peer, envelope.user) == (
        *("client.example.com", ("192.0.2.1", 5), "anna"),
    )
    assert envelope.tls
    assert "no-hello" in envelope.warnings
    assert envelope.received_at is not None
    assert envelope.received_at.timestamp() == 0
    assert envelope.transaction == 1


def test_the_end_of_a_transaction_is_recorded() -> None:
    """Its outcome and its last reply."""
    transaction = started()
    transaction.end("refused", REFUSAL)
    assert transaction.record is not None
    assert (transaction.record.outcome, transaction.record.reply) == (
        *("refused", REFUSAL),
    )


def test_a_transaction_that_has_not_started_can_end() -> None:
    """There is nothing to record."""
    transaction = MailTransaction()
    transaction.end("aborted", None)
    assert transaction.record is None
