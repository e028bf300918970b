"""Tests of regular expressions that are text."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from lazr_smtptest._patterns import PatternTimeoutError, compile_pattern

# A pattern that backtracks for hours, and a value for it.
SLOW, VALUE = "(a|aa)+$", "a" * 500 + "!"


def test_a_regular_expression_is_compiled() -> None:
    """As `re.compile` does it."""
    assert compile_pattern("^a+$").search("aaa")


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"\d{4}-\d{2}", "on 2026-11-28"),
        (r"(?i)order\s+#(\d+)", "ORDER  #17"),
        (r"^\w+@[\w.-]+$", "zoë@example.com"),
        (r"\bfoo\b|bar(?!n)", "barn foo"),
        (r"(?P<a>x)(?P=a)", "xx"),
        (r"a{e}", "a{e}"),
        (r"a{e}", "b"),
        (r"{{name}}", "Dear {{name}}"),
        (r"\{x{1,2}\}", "{xx}"),
        (r"[{]", "{"),
        (r"a{,2}b{", "aab{"),
        (r"(?s)a.b", "a\nb"),
        (r"(?m)^b$", "a\nb\nc"),
        (r"(?<=a)b(?=c)", "abc"),
        (r"[^\W\d_]+", "42é"),
        (r"\Z", ""),
    ],
)
def test_it_matches_what_re_matches(pattern: str, value: str) -> None:
    """At the same place."""
    own, wanted = compile_pattern(pattern).search(value), re.search(pattern, value)
    assert (own and own.span()) == (wanted and wanted.span())


def test_a_slow_search_ends() -> None:
    """With an error that names the pattern."""
    with pytest.raises(
        PatternTimeoutError, match=r"'\(a\|aa\)\+\$' took more than 0.01"
    ):
        compile_pattern(SLOW).search(VALUE, seconds=0.01)


def test_other_threads_run_during_a_slow_search() -> None:
    """A search does not hold the lock of the interpreter."""
    begun, ended = threading.Event(), threading.Event()
    turns = 0

    def search() -> None:
        begun.set()
        with pytest.raises(PatternTimeoutError):
            compile_pattern(SLOW).search(VALUE, seconds=0.2)
        ended.set()

    thread = threading.Thread(target=search)
    thread.start()
    begun.wait()
    while not ended.wait(0.001):
        turns += 1
    thread.join()
    assert turns > 2


def test_a_brief_one_gives_up_for_good(caplog: pytest.LogCaptureFixture) -> None:
    """It takes the time of the reactor once."""
    pattern = compile_pattern(SLOW, is_brief=True)
    with caplog.at_level(logging.WARNING, "lazr.smtptest"):
        assert pattern.search(VALUE) is None
    assert pattern.search("a") is None
    (record,) = caplog.records
    assert "never matches any more: the regular expression '(a|aa)+$' took more" in (
        record.getMessage()
    )


@pytest.mark.parametrize(
    "text", ["a{65535}", "((a{99}){99}){99}", "(?:(ab|c){50}d){30}"]
)
def test_large_repetitions_are_refused(text: str) -> None:
    """They would take gigabytes."""
    with pytest.raises(ValueError, match="may add up to 2000 characters, and those of"):
        compile_pattern(text)


@pytest.mark.parametrize("text", ["a{1000}", "a{0,65535}", r"(?:\d{4} ){3}\d{4}"])
def test_usual_repetitions_are_taken(text: str) -> None:
    """A repetition without an upper bound costs nothing."""
    assert compile_pattern(text).pattern == text


@pytest.mark.parametrize("text", ["(", "a{99999999999999}", "[z-a]"])
def test_what_cannot_be_compiled_is_one_kind_of_error(text: str) -> None:
    """Whatever Python raises for it."""
    with pytest.raises(ValueError, match="is no regular expression: "):
        compile_pattern(text)


def test_a_long_one_is_refused_before_it_is_compiled() -> None:
    """It would take seconds."""
    text = "|".join(f"w{number}" for number in range(200_000))
    with pytest.raises(ValueError, match="may have 1000 characters, and this one has"):
        compile_pattern(text)
