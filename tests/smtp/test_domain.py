"""`lazr_smtptest.smtp.domain`: domain names that hostile clients send."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.smtp.domain import (
    domain_irregularities,
    is_domain,
    letters_for,
    loose_domain,
)

CHARACTERS = st.characters(min_codepoint=0x80, exclude_categories=["Cs"])
LABELS = st.text(CHARACTERS, min_size=1, max_size=8) | st.sampled_from(
    ["example", "1a", "a_b", "ab--cd", "xn--4db", "xn--bcher-kva", "\u05d0\u05d1"]
)


@settings(deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=4))
def test_every_domain_of_the_grammar_is_judged(labels: list[str]) -> None:
    """No text raises an exception, and each result has a reply."""
    domain = ".".join(labels)
    assert re.fullmatch(loose_domain(letters_for(domain)), domain)
    assert set(domain_irregularities(domain)) <= IRREGULAR.keys()


@settings(deadline=None)
@given(st.from_regex(r"[a-zA-Z0-9]{0,3}[xX][nN]--[a-z0-9-]{0,60}", fullmatch=True))
def test_every_a_label_is_judged(label: str) -> None:
    """Its punycode may stand for numbers that are no code points."""
    assert set(domain_irregularities(f"{label}.example")) <= {"bad-domain", "bad-idn"}


@settings(deadline=None)
@given(st.text(max_size=50))
def test_a_host_may_be_any_text(text: str) -> None:
    """A client may call itself anything."""
    assert not is_domain(text) or re.fullmatch(r"[A-Za-z0-9.-]+", text)


@pytest.mark.parametrize(
    "domain",
    [
        "xn--4db..example",  # an empty label beside a right-to-left one
        "xn--",
        "xn--.example",
        "xn--\u00fc.example",
        "xn---bbk.example",  # another spelling of xn--bbk
        "xn--99zzzzzzzzzzzzzzzz.example",
        "\u200c.example",
        "\u0378\u200c\u0628.example",  # a joiner after an unassigned code point
    ],
)
def test_a_domain_that_cannot_be_decoded_is_irregular(domain: str) -> None:
    """It is neither an A-label nor a U-label."""
    assert domain_irregularities(domain)


def test_a_joiner_in_a_very_long_label_is_irregular() -> None:
    """Its neighbours are not looked at."""
    assert domain_irregularities("a" * 1030 + "\u200c.example")


@pytest.mark.parametrize(
    "unit",
    [
        "\u4e2d",
        "\u30fb",
        "\u0628\u200c",
        "\u0301\u200c",
        "a\u200d",
        "\u05d0",
        "".join(map(chr, range(0x4E00, 0x4F00))),
        "xn--a-",
        "a--",
        "\u0644\u064e\u200c",
    ],
    ids=ascii,
)
def test_a_domain_of_a_whole_command_line_is_judged(unit: str) -> None:
    """It is too long, and that is found whatever it consists of."""
    domain = (unit * 2000).encode()[:2000].decode("utf-8", "ignore").rstrip("-")
    assert {"bad-domain", "long-domain"} & set(domain_irregularities(domain))
