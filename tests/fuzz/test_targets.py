"""The fuzzer's targets, with its corpus and some octets: so they do not rot."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..chance import some


def load(name: str) -> ModuleType:
    """Load a module that stands beside this one."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TARGETS, CORPUS = load("targets"), load("corpus")
WORDS = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b".",
            b"\r\n.\r\n",
            b" ",
            b"<",
            b">",
            b"@",
            b":",
            b"=",
        ),
        *(b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA\r\n", b"BDAT 5", b" LAST"),
        *(
            b"a LOGIN b c\r\n",
            b"b SELECT INBOX\r\n",
            b"{3}\r\n",
            b"{2+}\r\n",
            b"(",
            b")",
        ),
        *(
            b"c FETCH 1:* ",
            b"BODY[",
            b"]",
            b"SEARCH ",
            b"UID ",
            b"RETR 1\r\n",
            b"USER ",
        ),
        *(b"EHLO a\r\n", b"SIZE=5", b"BODY=", b"ORCPT=", b"NOTIFY=", b"[IPv6:", b'"'),
    ]
)
OCTETS = st.lists(WORDS | st.binary(max_size=8)).map(b"".join)


@pytest.mark.parametrize("octets", CORPUS.CORPUS)
def test_what_a_fuzzer_begins_with_breaks_nothing(octets: bytes) -> None:
    """Each input of the corpus."""
    TARGETS.fuzz(octets)


@pytest.mark.parametrize("name", TARGETS.TARGETS)
def test_a_target_takes_any_octets(name: str) -> None:
    """Words of the protocol and noise, as hypothesis mixes them."""

    @settings(max_examples=some(200), deadline=None)
    @given(OCTETS)
    def any_octets(octets: bytes) -> None:
        TARGETS.TARGETS[name](octets)

    any_octets()


def test_each_target_is_in_the_corpus() -> None:
    """A fuzzer begins with something for each of them."""
    assert {octets[0] for octets in CORPUS.CORPUS} == set(range(len(TARGETS.TARGETS)))


def test_a_path_with_a_control_character_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The invariants are looked at."""
    monkeypatch.setattr(TARGETS, "CONTROLS", TARGETS.re.compile("a"))
    with pytest.raises(AssertionError):
        TARGETS.path(b"<a@example.com>")
