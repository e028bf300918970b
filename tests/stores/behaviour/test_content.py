"""What every message store keeps: the bytes, and the envelope."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.interfaces import IMessageStore

from ...chance import some
from ...mime.test_hostile import HOSTILE
from ..envelopes import make_envelope

ADDRESSES = [
    pytest.param("", id="null"),
    pytest.param("user%host@example.com", id="percent"),
    pytest.param('"a <b> \\"c"@example.com', id="quoted"),
    pytest.param("jürgen@müller.example", id="utf8"),
    pytest.param("caf\udce9@example.com", id="not-utf8"),
    pytest.param('"a\r\nSubject: b"@example.com', id="line-break"),
    pytest.param("=?utf-8?b?YQ==?=", id="encoded-word"),
    pytest.param(" spaces ", id="spaces"),
    pytest.param("l" * 5000 + "@example.com", id="long"),
]

CONTENTS = [
    pytest.param(b"Subject: hello\r\n\r\nHello.\r\n", id="plain"),
    pytest.param(b"", id="empty"),
    pytest.param(b"\r\n", id="blank-line"),
    pytest.param(b"Hello.\r\n\r\n\r\n", id="blank-lines-at-end"),
    pytest.param(b"\r\nno headers\r\n", id="no-headers"),
    pytest.param(b" folded\r\n\r\nbody\r\n", id="continuation-line-first"),
    pytest.param(b"From me to you\r\n\r\nbody\r\n", id="from-first"),
    pytest.param(b"A: b\r\n\r\nFrom a\r\n>From b\r\n>>From c\r\n", id="from-in-body"),
    pytest.param(b"A: b\r\n\r\n\r\nFrom x@y Mon Nov\r\n\r\nz\r\n", id="from-line"),
    pytest.param(b"A: b\r\n\r\nbare\nlf\r\n", id="bare-lf"),
    pytest.param(b"A: b\n\nFrom a\n>From b\n", id="bare-lf-from"),
    pytest.param(b"A: b\r\n\r\nbare\rcr\r\n", id="bare-cr"),
    pytest.param(b"A: b\r\n\r\nno end", id="no-line-end"),
    pytest.param(b"A: b\r\n\r\nends in cr\r", id="cr-at-end"),
    pytest.param(b"A: b\r\n\r\n\r\r\n\n", id="mixed-line-ends"),
    pytest.param(b"Return-Path: <x@example.com>\r\nX-Helo: y\r\n\r\nz\r\n", id="ours"),
    pytest.param(b"X-Line-Ends: as received\r\n\r\nz\r\n", id="ours-too"),
    pytest.param(bytes(range(256)) + b"\r\n", id="every-byte"),
    pytest.param(b"x" * 1_000_000 + b"\r\n", id="long-line"),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_content_is_kept_byte_for_byte(store: IMessageStore, content: bytes) -> None:
    """The content that is read is the content that was added, and stays alone."""
    envelopes = [make_envelope(1, content=content), make_envelope(2)]
    for envelope in envelopes:
        store.add(envelope)
    assert list(store) == envelopes


@pytest.mark.parametrize("address", ADDRESSES)
def test_sender_is_kept(store: IMessageStore, address: str) -> None:
    """Any sender comes back as it was."""
    store.add(make_envelope(mail_from=address))
    assert list(store) == [make_envelope(mail_from=address)]


@pytest.mark.parametrize("address", ADDRESSES)
def test_recipient_is_kept(store: IMessageStore, address: str) -> None:
    """Any recipient comes back as it was."""
    store.add(make_envelope(rcpt_tos=(address,)))
    assert list(store) == [make_envelope(rcpt_tos=(address,))]


@pytest.mark.parametrize("helo", ADDRESSES)
def test_helo_is_kept(store: IMessageStore, helo: str) -> None:
    """Whatever a client called itself comes back as it was."""
    store.add(make_envelope(helo=helo))
    assert list(store) == [make_envelope(helo=helo)]


@pytest.mark.parametrize("count", [0, 1, 100])
def test_every_recipient_is_kept_in_order(store: IMessageStore, count: int) -> None:
    """One message has any number of recipients."""
    recipients = tuple(f"r{count - number}@example.com" for number in range(count))
    store.add(make_envelope(rcpt_tos=recipients))
    assert [envelope.rcpt_tos for envelope in store] == [recipients]


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("::1", 2), ("", 0)])
def test_peer_is_kept(store: IMessageStore, peer: tuple[str, int]) -> None:
    """The client's address comes back, also without any."""
    store.add(make_envelope(peer=peer))
    assert [envelope.peer for envelope in store] == [peer]


@pytest.mark.parametrize(
    "time",
    [
        None,
        datetime(2026, 1, 31, 12, 0, 0, 1, timezone.utc),
        datetime(1970, 1, 1, tzinfo=timezone.utc),
        datetime(2026, 1, 31, 12, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_the_time_of_reception_is_kept(
    store: IMessageStore, time: datetime | None
) -> None:
    """To the microsecond."""
    store.add(make_envelope(received_at=time))
    assert [envelope.received_at for envelope in store] == [time]


@pytest.mark.slow
def test_hostile_messages_are_kept_byte_for_byte(store: IMessageStore) -> None:
    """A store does not look into them, and what does so later changes nothing."""
    for content in HOSTILE.values():
        store.add(make_envelope(content=content))
    kept = [envelope.content for envelope in store]
    # Not compared as a whole: the difference would be megabytes.
    wrong = [
        name
        for (name, content), found in zip(HOSTILE.items(), kept, strict=True)
        if content != found
    ]
    assert wrong == []


# What is wrong with the structure, and with what is in it: each with each.
STRUCTURES = {
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\n%b",
    "an empty boundary": b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n%b',
    "no end": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%b",
    "an end alone": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--%b",
    "one boundary for two": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%b\r\n--b--",
    "two types": b"Content-Type: text/plain\r\nContent-Type: a/b\r\n\r\n%b",
    "half a type": b"Content-Type: text/\r\n\r\n%b",
    "a message in none": b"Content-Type: message/rfc822\r\n\r\n%b",
    "half a message": b"Content-Type: message/partial; number=0\r\n\r\n%b",
    "no header": b"\r\n%b",
    "no end of the header": b"Subject: %b",
    "no name": b": x\r\n\r\n%b",
    "a fold at first": b" x\r\nSubject: x\r\n\r\n%b",
    "a line that is no field": b"Subject: x\r\nno field\r\nTo: y\r\n\r\n%b",
}
INSIDES = {
    "base64 without its end": b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8",
    "base64 with other signs": b"Content-Transfer-Encoding: base64\r\n\r\nSG=!\0\xff",
    "quoted-printable cut": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=4",
    "no such encoding": b"Content-Transfer-Encoding: x-none\r\n\r\n\xe9",
    "an encoding of a multipart": b"Content-Transfer-Encoding: base64\r\n\r\n--b\r\n",
    "uuencode without its end": b"begin 644 x\r\n#0V%T\r\n",
    "NUL": b"\0\r\n\0",
    "lone surrogates": b"\xed\xa0\x80\xed\xbf\xbf\r\n",
    "overlong UTF-8": b"\xc0\xaf\xe0\x80\xaf",
    "a byte order mark": b"\xef\xbb\xbfSubject: x\r\n",
    "bare CR": b"a\rBcc: x@example.com\r\r",
    "bare LF": b"a\nBcc: x@example.com\n\n",
    "From lines": b"From x\r\n>From y\r\n\nFrom z\n",
    "an encoded word cut off": b"=?utf-8?b?w=\r\n=?utf-8?q?=",
}


def test_each_kind_of_broken_mime_is_kept_byte_for_byte(store: IMessageStore) -> None:
    """Also where it was read, which must not change what is kept."""
    contents = [
        structure % inside
        for structure in STRUCTURES.values()
        for inside in INSIDES.values()
    ]
    for content in contents:
        store.add(make_envelope(content=content))
    assert len([envelope.text for envelope in store]) == len(contents)
    assert [envelope.content for envelope in store] == contents


OCTETS = st.lists(
    st.binary(max_size=8)
    | st.sampled_from([b"\r\n", b"\n", b"\r", b"From ", b">From ", b"\n\n", b"\0"])
    | st.sampled_from([b"X-Helo: a\r\n", b"X-Kept: no \n", b"X-Kept: yes\n", b"--b"]),
    max_size=40,
).map(b"".join)


@pytest.mark.slow
@settings(
    max_examples=some(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(contents=st.lists(OCTETS, min_size=1, max_size=4))
def test_any_octets_are_kept_byte_for_byte(
    store: IMessageStore, contents: list[bytes]
) -> None:
    """Whatever stands before them and behind them."""
    store.clear()
    for content in contents:
        store.add(make_envelope(content=content))
    assert [envelope.content for envelope in store] == contents


def test_a_content_that_is_in_a_file_is_kept(store: IMessageStore) -> None:
    """A server puts large ones there while they come in."""
    content = SpooledContent()
    for octets in (b"Subject: large\r\n\r\n", b"x" * 500_000 + b"\r", b"\ny\r\n"):
        content.append(octets)
    store.add(make_envelope(content=content))
    assert [each.content for each in store] == [content.read()]
