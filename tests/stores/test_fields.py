"""The whole envelope, on disk and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import _fields, open_store

from ..chance import some

# The session is the server's, and has ended when a store is read.
NOT_KEPT = ("session", "transaction")
FIELDS = [field for field in attrs.fields(Envelope) if field.alias not in NOT_KEPT]
LEAST = {"mail_from": "s@example.com", "rcpt_tos": ("a@b", "c@d"), "content": b"x\r\n"}
BROWSE = settings(
    deadline=None,
    max_examples=some(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# All that the wire can give: UTF-8, and octets that are not.
TEXT = st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
WORDS = TEXT.filter(bool)
OPTIONS = st.dictionaries(WORDS, st.none() | TEXT, max_size=4)
KNOWN = {
    "mail_from": TEXT,
    "rcpt_tos": st.lists(TEXT, max_size=4).map(tuple),
    "helo": TEXT,
    "mail_options": OPTIONS,
    "rcpt_options": st.lists(OPTIONS, max_size=4).map(tuple),
    "warnings": st.lists(WORDS, max_size=4, unique=True).map(tuple),
    "user": st.none() | TEXT,
    "id": st.from_regex(r"[0-9a-z-]{1,64}", fullmatch=True),
    "received_at": st.none() | st.datetimes(timezones=st.just(timezone.utc)),
}

# What a value must not do is end its line, its word, or our fields.
EVIL = [
    "",
    " ",
    "a b",
    "a=b",
    "?",
    "100%",
    "%41",
    "a\r\n\r\nSubject: b",
    "a\nX-Helo: b",
    "=?utf-8?b?YQ==?=",
    "jürgen",
    "caf\udce9",
    "a\u2028b\u0085c",
]


def values_of(field: attrs.Attribute[Any]) -> st.SearchStrategy[Any]:
    """Make values of a field; by its type if it is one that nobody told us of."""
    return KNOWN.get(field.alias, st.from_type(get_type_hints(Envelope)[field.name]))


@pytest.fixture(params=["maildir", "mbox", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IMessageStore]:
    """Open a new store on disk."""
    store = open_store(f"{request.param}:{tmp_path / 'box'}")
    yield store
    store.close()


def kept(store: IMessageStore, envelope: Envelope) -> Envelope:
    """Add an envelope to an empty store, and read it back."""
    store.clear()
    store.add(envelope)
    (read,) = store
    return read


def written(**changes: Any) -> list[bytes]:
    """The lines of the fields of an envelope."""
    envelope = Envelope(**{**LEAST, "rcpt_options": ({}, {}), **changes})
    return _fields.to_bytes(envelope, b"", b"\n").splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.alias)
@BROWSE
@given(data=st.data())
def test_no_field_is_lost(
    store: IMessageStore, field: attrs.Attribute[Any], data: st.DataObject
) -> None:
    """Every field that an envelope has comes back with the value it had."""
    default = getattr(Envelope(**LEAST), field.alias)
    value = data.draw(values_of(field).filter(lambda value: value != default))
    envelope = Envelope(**{**LEAST, field.alias: value})
    assert getattr(kept(store, envelope), field.alias) == value


@BROWSE
@given(st.fixed_dictionaries({field.alias: values_of(field) for field in FIELDS}))
def test_every_envelope_is_kept(store: IMessageStore, values: dict[str, Any]) -> None:
    """Whatever is in its fields, an envelope comes back equal."""
    envelope = Envelope(**values)
    assert kept(store, envelope) == envelope


@pytest.mark.parametrize("evil", EVIL)
def test_no_value_breaks_out(store: IMessageStore, evil: str) -> None:
    """No value ends its line, its word, or the fields."""
    keyword = evil or "KEYWORD"
    options = {keyword: evil, "OTHER": None}
    envelope = Envelope(
        **LEAST,
        mail_options=options,
        rcpt_options=(options, {keyword: None}),
        warnings=(keyword, "other"),
        user=evil,
    )
    assert kept(store, envelope) == envelope


@pytest.mark.parametrize("evil", EVIL)
def test_no_value_makes_a_line_more(evil: str) -> None:
    """The file has the lines that it has with harmless values."""
    keyword = evil or "KEYWORD"
    options = {keyword: evil}
    lines = written(
        mail_options=options,
        rcpt_options=(options, options),
        warnings=(keyword,),
        user=evil,
    )
    assert [line.partition(b":")[0] for line in lines] == [
        b"Return-Path",
        b"X-Mail-Args",
        b"Delivered-To",
        b"X-Rcpt-Args",
        b"Delivered-To",
        b"X-Rcpt-Args",
        b"X-Peer",
        b"X-User",
        b"X-Warnings",
        b"X-Helo",
    ]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="not-known"),
        pytest.param(({}, {}), id="none"),
        pytest.param(({}, {"NOTIFY": "NEVER"}), id="only-the-second"),
        pytest.param(({"NOTIFY": "NEVER"},), id="too-few"),
        pytest.param(({}, {}, {}), id="too-many"),
    ],
)
def test_recipients_keep_their_own_parameters(
    store: IMessageStore, options: tuple[dict[str, str], ...]
) -> None:
    """No parameters, unknown parameters and those of another are not mixed up."""
    assert kept(store, Envelope(**LEAST, rcpt_options=options)).rcpt_options == options


def test_parameters_keep_their_order(store: IMessageStore) -> None:
    """Parameters come back in the order of the command."""
    options = {"SIZE": "5", "BODY": "8BITMIME", "AUTH": "<>"}
    read = kept(store, Envelope(**LEAST, mail_options=options))
    assert list(read.mail_options) == list(options)


def test_all_fields_can_be_read_by_eye() -> None:
    """What is usual is written as it was on the wire."""
    assert written(
        mail_options={"SIZE": "500", "SMTPUTF8": None},
        rcpt_options=({"NOTIFY": "FAILURE,DELAY", "ORCPT": "rfc822;a+2B@b"}, {}),
        peer=("::1", 25),
        user="anna@example.com",
        tls=True,
        warnings=("bare-newline", "long-line"),
        id="5e884898da28-1f",
        received_at=datetime(2026, 1, 31, 12, 0, 0, 1, timezone.utc),
        helo="client",
    ) == [
        b"Return-Path: <s@example.com>",
        b"X-Mail-Args: SIZE=500 SMTPUTF8",
        b"Delivered-To: a@b",
        b"X-Rcpt-Args: NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2B@b",
        b"Delivered-To: c@d",
        b"X-Rcpt-Args: ",
        b"X-Peer: ::1:25",
        b"X-User: anna@example.com",
        b"X-TLS: yes",
        b"X-Warnings: bare-newline long-line",
        b"X-Id: 5e884898da28-1f",
        b"X-Received-At: 2026-01-31T12:00:00.000001+00:00",
        b"X-Helo: client",
    ]


def test_a_field_with_nothing_to_say_is_not_written() -> None:
    """A plain message has few fields."""
    assert written(helo="client") == [
        b"Return-Path: <s@example.com>",
        b"Delivered-To: a@b",
        b"Delivered-To: c@d",
        b"X-Peer: :0",
        b"X-Helo: client",
    ]


def test_the_first_format_is_read() -> None:
    """A file without any of the later fields tells of nothing of that kind."""
    data = (
        b"Return-Path: <s@example.com>\r\n"
        b"Delivered-To: a@b\r\n"
        b"Delivered-To: c@d\r\n"
        b"X-Peer: 127.0.0.1:40001\r\n"
        b"X-Helo: client\r\n"
        b"x\r\n"
    )
    assert _fields.from_bytes(data) == Envelope(
        **LEAST, peer=("127.0.0.1", 40001), helo="client", rcpt_options=({}, {})
    )


def test_a_message_that_goes_on_like_ours_is_not_ours(store: IMessageStore) -> None:
    """The last field ends the envelope, whatever the message begins with."""
    content = b"X-User: root\r\nX-TLS: yes\r\nX-Helo: other\r\n\r\nz\r\n"
    envelope = Envelope(**{**LEAST, "content": content})
    assert kept(store, envelope) == envelope


def test_a_foreign_peer_is_nobody() -> None:
    """A message that something else wrote may have fields of the same names."""
    envelope = _fields.from_bytes(b"X-Peer: nonsense\r\nX-Helo: a\r\nSubject: x\r\n")
    assert envelope.peer == ("", 0)


@pytest.mark.parametrize("field", [b"X-Id: ../x", b"X-Received-At: 2026-01-31"])
def test_a_foreign_value_is_none(field: bytes) -> None:
    """Something else wrote it, or has changed it."""
    envelope = _fields.from_bytes(field + b"\r\nX-Helo: a\r\nSubject: x\r\n")
    assert (envelope.id, envelope.received_at) == ("", None)
