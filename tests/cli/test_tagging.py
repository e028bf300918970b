"""The option of tags by rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.tagging import join_rules, split_rules, tag_queries
from lazr_smtptest.cli.tap import make_server
from lazr_smtptest.model.envelope import Envelope


def parse(*arguments: str) -> Options:
    """Parse options."""
    options = Options()
    options.parseOptions(arguments)
    return options


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("bill=subject:invoice", [("bill", "subject:invoice")]),
        (" two words = a  b ", [("two words", "a  b")]),
        ("a=b, c=d,e=f", [("a", "b"), ("c", "d"), ("e", "f")]),
        ("a=b, c", [("a", "b, c")]),
        ('a="b, c=d", e=f', [("a", '"b, c=d"'), ("e", "f")]),
        (r'a="b\", c=d", e=f', [("a", r'"b\", c=d"'), ("e", "f")]),
        ("a=b=c", [("a", "b=c")]),
    ],
)
def test_rules_have_commas_between_them(
    text: str, rules: list[tuple[str, str]]
) -> None:
    """But a comma of a query, or in quotes, is none of these."""
    assert list(split_rules(text)) == rules


@pytest.mark.parametrize("text", ["", "bill", "=b", "bill=", "a=b, =c"])
def test_a_rule_has_a_tag_and_a_query(text: str) -> None:
    """Both, as the error says."""
    with pytest.raises(ValueError, match="it is TAG=QUERY, such as"):
        list(split_rules(text))


def test_of_several_queries_for_a_tag_one_has_to_match() -> None:
    """In parentheses: each may have several terms."""
    options = parse("--tag", "a=b c", "--tag", "a=d, e=f")
    assert tag_queries(options) == {"a": "(b c) OR (d)", "e": "f"}


def test_a_message_that_matches_is_tagged() -> None:
    """Once somebody asks for the tags."""
    server = make_server(parse("--tag", "bill=subject:invoice"), None)
    store = server.store
    for subject in ("invoice", "other"):
        content = f"Subject: {subject}\r\n\r\n".encode()
        store.add(Envelope(mail_from="", rcpt_tos=(), content=content))
    assert dict(store.tags()) == {"bill": 1}


def test_a_variable_has_rules_in_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query may have spaces."""
    rules = {"a": "b c", "d": "e"}
    monkeypatch.setenv("SMTPTEST_TAG", join_rules(rules))
    assert tag_queries(parse()) == rules


def test_a_file_has_a_list_of_rules(tmp_path: Path) -> None:
    """Each a text."""
    file = tmp_path / "c.toml"
    file.write_text('tag = ["a=b c", "d=e"]')
    assert tag_queries(parse("--config", str(file))) == {"a": "b c", "d": "e"}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("bill", "--tag: it is TAG=QUERY, such as bill=subject:invoice, not 'bill'"),
        (f"{101 * 'a'}=b", "--tag: a tag must have 1 to 100 characters, not 101"),
        ('a="open', "--tag: "),
    ],
)
def test_a_wrong_rule_is_one_line(value: str, error: str) -> None:
    """It names the option and the value."""
    with pytest.raises(OptionError) as caught:
        parse("--tag", value)
    assert str(caught.value).startswith(error)
    assert str(caught.value).endswith(f"not {value!r}")
