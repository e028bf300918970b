"""Random queries, each with its tree, and random messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.header import Header as EncodedHeader
from typing import Any

from hypothesis import strategies as st

from lazr_smtptest.mime.addresses import address_key
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.tree import (
    After,
    Before,
    Equal,
    Field,
    Flagged,
    Has,
    HasTags,
    Header,
    Larger,
    Node,
    Not,
    Smaller,
    Substring,
    Words,
    all_of,
    any_of,
)
from lazr_smtptest.query.words import fold_line, sought_words

__all__ = ["NOON", "TAGS", "messages", "queries"]

NOON = datetime(2024, 6, 1, 12, tzinfo=timezone.utc)
TAGS = ("urgent", "Very Old", "東京")

# A text and the tree that it is parsed to.
Query = tuple[str, Node]

_TEXTS = (
    *("invoice", "Invoice", "in", "voice", "INV", "bob", "Bob Smith", "smith"),
    *("bob@example.com", "Ann@Example.COM", "example.com", "example", "x"),
    *("Größe", "grosse", "e\u0301cole", "école", "ecole", "ёлка", "ﬁn", "don't"),
    *("東京都", "東京", "京都", "東", "京", "東京2020", "カナ", "ｶﾅ", "ガ", "한국어"),
    *("국어", "हिन्दी", "שָׁלוֹם", "100%", "a_b", "%", "_", "🎉", "4711", "47-11", "1.2"),
    *("from:bob", "OR", "-", "a b", 'say "hi"', "back\\slash", "(x)", "<b>", "&amp;"),
)
_texts = st.sampled_from(_TEXTS)
# What a query looks for within a field: often a text that many fields have.
_parts = st.one_of(st.sampled_from(["bob", "e", "example", "京", "o", "x"]), _texts)
_ADDRESSES = (
    *("bob@example.com", "Bob@EXAMPLE.com", "ann@example.com", '"ann"@example.com'),
    *("carl@xn--bcher-kva.example", "carl@bücher.example", "", "postmaster"),
)
_addresses = st.sampled_from(_ADDRESSES)
_USERS = ("bob", "Bob", "ünal")
_IDS = ("5e-1", "5e-2", "5e-10")
_times = st.sampled_from([NOON + timedelta(hours=hours) for hours in (-1, 0, 1)])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(text: str, is_beginning: bool) -> Query:
    sought = sought_words(text, is_beginning=is_beginning)
    star = "*" if is_beginning else ""
    if not sought.words:
        return _quoted(text) + star, Substring(fold_line(text))
    return _quoted(text) + star, Words(sought.words, sought.is_beginning)


def _substring(text: str) -> Query:
    return f"*{_quoted(text)}*", Substring(fold_line(text))


def _value(name: str, make: Callable[[str], Node]) -> Callable[[str], Query]:
    return lambda text: (f"{name}:{_quoted(text)}", make(text))


def _field(name: Any) -> st.SearchStrategy[Query]:
    return _parts.map(_value(name, lambda text: Field(name, fold_line(text))))


def _equal(name: Any, values: tuple[str, ...]) -> st.SearchStrategy[Query]:
    return st.sampled_from(values).map(_value(name, lambda text: Equal(name, text)))


def _time(name: str, kind: Callable[[datetime], Node]) -> st.SearchStrategy[Query]:
    return _times.map(
        lambda time: (f"{name}:{time.isoformat().replace('+00:00', 'Z')}", kind(time))
    )


def _message_id(text: str) -> Query:
    folded = fold_line(text).removeprefix("<").removesuffix(">")
    return f"message-id:{_quoted(text)}", Field("message-id", folded)


def _addressed(text: str) -> Query:
    names: tuple[Any, ...] = ("from", "to", "cc", "bcc", "reply-to")
    tree = any_of(Field(name, fold_line(text)) for name in names)
    return f"addressed:{_quoted(text)}", tree


_SEEN = Flagged("seen")
_terms: st.SearchStrategy[Query] = st.one_of(
    st.builds(_words, _texts, st.booleans()),
    _parts.map(_substring),
    *map(_field, ("from", "to", "cc", "bcc", "reply-to", "subject")),
    _parts.map(_message_id),
    _parts.map(_addressed),
    st.sampled_from(["X-Foo", "Subject", "From", "X-Bar"]).map(
        lambda name: (f"header:{name}", Header(name.lower()))
    ),
    st.builds(
        lambda name, text: (
            f"header:{_quoted(f'{name}: {text}')}",
            Header(name.lower(), fold_line(text)),
        ),
        st.sampled_from(["X-Foo", "Subject", "To"]),
        _parts,
    ),
    st.sampled_from(TAGS).map(
        lambda tag: (f"tag:{_quoted(tag.upper())}", Equal("tag", tag.casefold()))
    ),
    st.sampled_from([each for each in _ADDRESSES if each]).map(
        _value("rcpt", lambda text: Equal("rcpt", address_key(text)))
    ),
    _equal("user", _USERS),
    _equal("id", _IDS),
    _equal("session", _IDS),
    st.sampled_from(
        [
            ("is:read", _SEEN),
            ("is:unread", Not(_SEEN)),
            ("is:flagged", Flagged("flagged")),
            ("is:tagged", HasTags()),
            ("has:attachment", Has("attachment")),
            ("has:inline", Has("inline")),
            ("has:warning", Has("warning")),
        ]
    ),
    st.integers(0, 400).map(lambda size: (f"larger:{size}", Larger(size))),
    st.integers(0, 400).map(lambda size: (f"smaller:{size}", Smaller(size))),
    _time("before", Before),
    _time("after", After),
)


def _compound(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    groups = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner.map(lambda query: (f"-({query[0]})", Not(query[1]))),
        groups.map(
            lambda found: (
                " ".join(f"({text})" for text, _ in found),
                all_of(tree for _, tree in found),
            )
        ),
        groups.map(
            lambda found: (
                " OR ".join(f"({text})" for text, _ in found),
                any_of(tree for _, tree in found),
            )
        ),
    )


queries: st.SearchStrategy[Query] = st.recursive(_terms, _compound, max_leaves=5)


# Messages


def _encode(text: str, how: str) -> bytes:
    """Write the text of a header field in one of the usual ways, or in a wrong one."""
    if how == "raw":
        return text.encode()
    if how == "latin":
        return text.encode("latin-1", "replace")
    if how == "broken":
        return b"=?utf-8?b?" + text.encode()
    return EncodedHeader(text, "utf-8").encode(linesep="\r\n").encode()


_ways = st.sampled_from(["raw", "encoded", "encoded", "latin", "broken"])
_sentences = st.lists(_texts, min_size=1, max_size=4).map(" ".join)
_encoded = st.builds(_encode, _sentences, _ways)
_mailboxes = st.one_of(
    st.builds(
        lambda name, address: name + b" <" + address.encode() + b">",
        _encoded,
        _addresses,
    ),
    _addresses.map(str.encode),
    _encoded,
)
_fields = st.one_of(
    st.builds(
        lambda name, boxes: name + b": " + b", ".join(boxes),
        st.sampled_from([b"From", b"To", b"Cc", b"Bcc", b"Reply-To"]),
        st.lists(_mailboxes, min_size=1, max_size=3),
    ),
    st.builds(
        lambda name, body: name + b": " + body,
        st.sampled_from([b"Subject", b"Subject", b"X-Foo", b"Message-ID"]),
        _encoded,
    ),
)


def _part(kind: bytes, fields: bytes, text: str) -> bytes:
    content_type = b"Content-Type: " + kind + b"; charset=utf-8\r\n"
    return content_type + fields + b"\r\n" + text.encode() + b"\r\n"


_bodies = st.one_of(
    st.builds(_part, st.just(b"text/plain"), st.just(b""), _sentences),
    st.builds(_part, st.just(b"text/html"), st.just(b""), _sentences),
    st.builds(
        lambda kind, disposition, name, text: _part(
            kind,
            b"Content-Disposition: "
            + disposition
            + b'; filename="'
            + name.replace('"', "").replace("\\", "").encode()
            + b'"\r\n',
            text,
        ),
        st.sampled_from([b"image/png", b"text/plain"]),
        st.sampled_from([b"inline", b"attachment"]),
        _texts,
        _sentences,
    ),
)
_multiparts = st.lists(_bodies, max_size=3).map(
    lambda parts: b"".join(
        [
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
            *(b"--b\r\n" + part for part in parts),
            b"--b--\r\n",
        ]
    )
)
_contents = st.one_of(
    st.builds(
        lambda fields, body: b"".join(field + b"\r\n" for field in fields) + body,
        st.lists(_fields, min_size=4, max_size=10),
        st.one_of(
            _bodies, _multiparts, _sentences.map(lambda text: b"\r\n" + text.encode())
        ),
    ),
    st.binary(max_size=100),
)


def _message(content: bytes, session: str, **values: Any) -> Envelope:
    at = Session(id=session) if session else None
    return Envelope(content=content, session=at, **values)


messages: st.SearchStrategy[Envelope] = st.builds(
    _message,
    content=_contents,
    session=st.sampled_from(["", *_IDS]),
    mail_from=_addresses,
    rcpt_tos=st.lists(_addresses.filter(bool), max_size=3).map(tuple),
    user=st.sampled_from([None, *_USERS]),
    tls=st.booleans(),
    received_at=_times,
    warnings=st.sampled_from([(), ("other",)]),
)
