"""JSON of texts with bytes that are no text."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.request import urlopen

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest import CaptureController
from lazr_smtptest._json import encode_json

PATIENCE = 60

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


class Client(msgspec.Struct):
    name: str


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("h\udcff\u00fc", '"h\\\\xff\u00fc"'),
        ("\ud800", '"\\\\ud800"'),
        (Client("\udc80"), '{"name":"\\\\x80"}'),
        ({"\udcff": ("a", ["\udcff"])}, '{"\\\\xff":["a",["\\\\xff"]]}'),
        ({"a": "\udcff", "b": msgspec.Raw(b"[1]")}, '{"a":"\\\\xff","b":[1]}'),
    ],
)
def test_bytes_that_are_no_text_are_escaped(value: object, text: str) -> None:
    """As in a transcript; a decoder may refuse a lone surrogate."""
    assert encode_json(value).decode() == text


@given(ANYTHING)
def test_all_else_is_as_it_was(value: object) -> None:
    assert json.loads(encode_json(value)) == value


@given(st.text(st.characters(categories=("Cs", "Lu"))))
def test_every_text_can_be_encoded(text: str) -> None:
    assert isinstance(msgspec.json.decode(encode_json([text])), list)


@pytest.mark.parametrize("path", ["api/v2/sessions", "api/v2/sessions/1"])
def test_a_session_of_a_client_with_such_a_name_is_shown(path: str) -> None:
    """The other ones, too."""
    with CaptureController(http=True) as controller:
        address = controller.host, controller.port
        with socket.create_connection(address, timeout=PATIENCE) as client:
            client.sendall(b"EHLO h\xff\r\nQUIT\r\n")
            while client.recv(4096):
                pass
        with urlopen(f"{controller.url}{path}", timeout=PATIENCE) as answer:
            found: Any = json.load(answer)
    assert json.dumps("h\\xff") in json.dumps(found)
