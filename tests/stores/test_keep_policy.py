"""What is kept of the mail."""

from __future__ import annotations

import pytest

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.stores.keep_policy import KEEP_ALL, KeepPolicy
from lazr_smtptest.stores.sampler import Sampler

from .envelopes import make_envelope


@pytest.mark.parametrize(
    "texts",
    [["all"], ["headers"], ["1/10"], ["to:*@a"], ["headers", "1/3", "to:a@b", "to:?"]],
)
def test_a_policy_is_written_as_it_is_read(texts: list[str]) -> None:
    assert str(KeepPolicy.parse(texts)) == " ".join(texts)


@pytest.mark.parametrize("texts", [[], ["all"], ["1/1"]])
def test_all_is_the_default(texts: list[str]) -> None:
    assert KeepPolicy.parse(texts) == KEEP_ALL


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["some"], r"it is all, headers, 1/N or to:PATTERN, not 'some'"),
        (["1/0"], "not '1/0'"),
        (["2/3"], "not '2/3'"),
        (["to:"], "not 'to:'"),
        ([""], "not ''"),
        (["1/2", "1/3"], "one share is allowed, not 1/2 and 1/3"),
        (["all", "headers"], "all stands alone, not with all and headers"),
    ],
)
def test_what_is_no_policy_is_named(texts: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        KeepPolicy.parse(texts)


@pytest.mark.parametrize(
    ("patterns", "matches"),
    [
        (["one@example.com"], True),
        (["ONE@EXAMPLE.COM"], True),
        (["*@example.com"], True),
        (["o?e@*"], True),
        (["nobody@*", "two@*"], True),
        (["one@example"], False),
        (["one@example?org"], False),
        (["[ot]*"], False),
    ],
)
def test_one_of_the_recipients_matches_one_of_the_patterns(
    patterns: list[str], matches: bool
) -> None:
    """Of the whole address, in any case; only two characters are special."""
    policy = KeepPolicy.parse([f"to:{each}" for each in patterns])
    assert policy.matches(["one@example.com", "two@example.com"]) is matches


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"A: b\r\nC: d\r\n\r\nbody\r\n\r\nmore", b"A: b\r\nC: d\r\n\r\n"),
        (b"A: b\n\nbody", b"A: b\n\n"),
        (b"\r\nbody", b"\r\n"),
        (b"A: b\r\n", b"A: b\r\n"),
        (b"", b""),
        (b"A" * 200_000, b"A" * 131_072),
    ],
)
def test_a_header_is_kept_with_its_empty_line(content: bytes, kept: bytes) -> None:
    """And at most 128 KB of what has no empty line."""
    reduced = KeepPolicy(headers=True).reduced(make_envelope(content=content))
    assert reduced.kept == kept


def test_the_header_of_a_message_in_a_file_is_kept() -> None:
    spooled = SpooledContent()
    spooled.append(b"A: b\r\n\r\n" + b"x" * 300_000)
    reduced = KeepPolicy(headers=True).reduced(make_envelope(content=spooled))
    assert reduced.kept == b"A: b\r\n\r\n"


def test_what_is_said_of_a_message_stays_without_its_body() -> None:
    envelope = make_envelope(1, id="id-1", user="anna", tls=True)
    reduced = KeepPolicy(headers=True).reduced(envelope)
    for name in ("id", "mail_from", "rcpt_tos", "peer", "helo", "user", "tls"):
        assert getattr(reduced, name) == getattr(envelope, name), name


def test_a_message_that_did_not_come_by_smtp_is_kept() -> None:
    """Who adds it wants to read it."""
    sampler = Sampler(KeepPolicy.parse(["headers", "1/2", "to:nobody@x"]))
    envelope = make_envelope()
    assert sampler.choose(envelope) is envelope
