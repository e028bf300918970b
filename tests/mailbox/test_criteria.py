"""`lazr_smtptest.query.criteria` and `matching`: what is wanted of a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.query.matchers import wildcard

Make = Callable[..., Envelope]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"sender": "ann@example.com"},
        {"sender": "ann@EXAMPLE.com"},
        {"recipient": "*@example.com"},
        {"recipient": "b?b@*.COM"},
        {"recipient": re.compile("^bob")},
        {"recipient": lambda address: address.startswith("bob")},
        {"helo": "client.example.com"},
        {"user": None},
        {"warning": None},
        {"to": None},
        {"bcc": "bob@example.com"},
        {"subject": "Hello"},
        {"subject": ANY},
        {"subject": re.compile("ell")},
        {"header": {"x-run": "17", "X-Other": None}},
        {"text": "Hi"},
        {"html": None},
        {"sender": "ann@example.com", "subject": "Hello"},
    ],
)
def test_a_message_meets_what_is_true_of_it(make: Make, given: Any) -> None:
    """Texts, globs, patterns, functions, equals and None find what is there."""
    assert Criteria.of(**given)(make())


@pytest.mark.parametrize(
    "given",
    [
        {"sender": "Ann@example.com"},
        {"sender": ""},
        {"recipient": "bob@[192.0.2.1]"},
        {"recipient": "*@example.org"},
        {"recipient": "bo?b@example.com"},
        {"helo": "client"},
        {"user": ANY},
        {"to": "bob@example.com"},
        {"bcc": None},
        {"bcc": "eve@example.com"},
        {"warning": "long-line"},
        {"subject": "Hell"},
        {"subject": None},
        {"header": {"X-Run": "18"}},
        {"header": {"X-Other": ANY}},
        {"text": "Ho"},
        {"html": "Hi"},
        {"attachment": ANY},
        {"sender": "ann@example.com", "subject": "Other"},
    ],
)
def test_a_message_does_not_meet_what_is_not_true_of_it(make: Make, given: Any) -> None:
    """Each criterion rules out a message that is not so."""
    assert not Criteria.of(**given)(make())


@pytest.mark.parametrize(
    ("disposition", "met"), [("", False), ("; filename=a.pdf", False), (" ", True)]
)
def test_none_finds_an_attachment_without_a_name(
    make: Make, disposition: str, met: bool
) -> None:
    """Neither a message without attachments, nor one whose attachment has a name."""
    field = f"Content-Disposition: attachment{disposition}\r\n" if disposition else ""
    message = make(content=f"{field}\r\nHi\r\n".encode("ascii"))
    assert Criteria.of(attachment=None)(message) is met


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        ("a.pdf", True),
        ("b.pdf", False),
        ({"name": re.compile("pdf$"), "content_type": "application/pdf"}, True),
        ({"name": "a.pdf", "content_type": "text/plain"}, False),
        ({"content": b"PDF"}, True),
        ({"content": re.compile(b"^PD")}, True),
        ({"content": b"x" * 100}, False),
        ({"name": None}, False),
        ("*.pdf", True),
        ("*.png", False),
        ({"content_type": "application/*"}, True),
        ({"content_type": "image/*"}, False),
    ],
)
def test_an_attachment_is_wanted_whole(
    report: Envelope, wanted: Any, met: bool
) -> None:
    """Name, type and content have to be those of one attachment."""
    assert Criteria.of(attachment=wanted)(report) is met


@pytest.mark.parametrize(
    ("given", "met"),
    [
        ({"user": "*"}, True),
        ({"user": "a?na"}, True),
        ({"user": "b*"}, False),
        ({"helo": "*"}, True),
        ({"helo": "client.*.com"}, True),
        ({"helo": "*.org"}, False),
    ],
)
def test_a_name_may_have_wildcards(make: Make, given: Any, met: bool) -> None:
    """What a client calls itself and logs in as is compared as addresses are."""
    assert Criteria.of(**given)(make(user="anna")) is met


def test_a_message_without_a_user_has_none_that_matches(make: Make) -> None:
    """``*`` stands for any user, not for none."""
    assert not Criteria.of(user="*")(make())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"user": ""}, "write None"),
        ({"header": {"X-*": "17"}}, "takes no"),
        ({"header": {"X-Ru?": "17"}}, "takes no"),
    ],
)
def test_what_no_message_can_have_is_an_error(given: Any, words: str) -> None:
    """It would find nothing, and `assert_none` would always pass."""
    with pytest.raises(ValueError, match=words):
        Criteria.of(**given)


def test_a_text_may_have_either_line_end(report: Envelope) -> None:
    """A test need not know how the lines of a body end."""
    assert Criteria.of(text="One.\nTwo.")(report)


@pytest.mark.parametrize(
    ("given", "met"),
    [
        ({"to": "bob@EXAMPLE.com"}, True),
        ({"to": "*@example.com", "cc": "eve@example.com"}, True),
        ({"to": re.compile("^cy")}, True),
        ({"to": "Bob"}, False),
        ({"to": "eve@example.com"}, False),
        ({"cc": "bob@example.com"}, False),
        ({"cc": None}, False),
        ({"bcc": "dan@example.com"}, True),
        ({"bcc": "bob@example.com"}, False),
    ],
)
def test_the_header_names_addresses(make: Make, given: Any, met: bool) -> None:
    """Without the names of people; a blind copy goes to whom it does not name."""
    envelope = make(
        rcpt_tos=("bob@example.com", "dan@example.com"),
        content=b"To: Bob <bob@example.com>, cy@example.com\r\n"
        b"Cc: Eve <eve@example.com>\r\n\r\n",
    )
    assert Criteria.of(**given)(envelope) is met


@pytest.mark.parametrize(
    "given",
    [
        {"sender": '"ann"@bücher.example'},
        {"recipient": "bob@xn--bcher-kva.example"},
        {"to": "cy@BÜCHER.example"},
        {"cc": '"dan"@example.com'},
        {"bcc": "bob@xn--bcher-kva.example"},
        {"bcc": "*@bücher.example"},
        {"to": "*@xn--bcher-kva.example"},
    ],
)
def test_equal_addresses_are_met_by_every_criterion(make: Make, given: Any) -> None:
    """A-labels and U-labels, and quotes that a local part does not need."""
    envelope = make(
        mail_from="ann@xn--bcher-kva.example",
        rcpt_tos=("bob@bücher.example", '"cy"@xn--bcher-kva.example'),
        content="To: cy@bücher.example\r\nCc: dan@EXAMPLE.com\r\n\r\n".encode(),
    )
    assert Criteria.of(**given)(envelope)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"recipient": "Bob@EXAMPLE.com"}, "Bob@example.com"),
        ({"recipient": "*@Example.com"}, "@example.com"),
        ({"recipient": '"bob"@xn--bcher-kva.example'}, "bob@bücher.example"),
        ({"recipient": "*@xn--bcher-kva.example"}, "@bücher.example"),
        ({"recipient": "bob@*.com"}, ""),
        ({"recipient": "bob*"}, ""),
        ({"recipient": re.compile("bob")}, ""),
        ({"sender": "bob@example.com"}, ""),
        ({"subject": "Hello"}, ""),
    ],
)
def test_a_recipient_is_a_key(given: Any, key: str) -> None:
    """All of it, or its domain, if that is certain."""
    assert Criteria.of(**given).key == key


def test_of_two_keys_the_longer_one_counts() -> None:
    """Both hold; it says more."""
    wanted = Criteria.of(recipient="*@example.com") & Criteria.of(
        recipient="bob@example.com"
    )
    assert wanted.key == "bob@example.com"


def test_the_null_sender_can_be_wanted(make: Make) -> None:
    """A bounce has an empty reverse-path."""
    assert Criteria.of(sender="")(make(mail_from=""))


def test_any_of_the_recipients_is_enough(make: Make) -> None:
    """One message to many is found by each."""
    envelope = make(rcpt_tos=("a@example.com", "b@example.com"))
    assert Criteria.of(recipient="b@example.com")(envelope)


def test_a_predicate_is_asked_of_the_envelope(make: Make) -> None:
    """A function before the keywords takes the envelope."""
    wanted = Criteria.of(lambda envelope: envelope.tls)
    assert [wanted(make(tls=tls)) for tls in (True, False)] == [True, False]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"recipients": "a"}, TypeError, "'recipients'"),
        ({"subject": 3}, TypeError, "not 3"),
        ({"subject": b"x"}, TypeError, "str"),
        ({"subject": object()}, TypeError, "__eq__"),
        ({"subject": str}, TypeError, "__eq__"),
        ({"subject": re.compile(b"x")}, TypeError, "pattern"),
        ({"sender": None}, TypeError, "None"),
        ({"sender": "<a@b>"}, ValueError, "<>"),
        ({"recipient": ""}, ValueError, "empty"),
        ({"to": ""}, ValueError, "empty"),
        ({"cc": "Ann <ann@example.com>"}, ValueError, "<>"),
        ({"warning": "none"}, ValueError, "long-line"),
        ({"header": "X-Run"}, TypeError, "mapping"),
        ({"header": {}}, ValueError, "empty"),
        ({"header": {1: "x"}}, TypeError, "str"),
        ({"header": {"X Run": "x"}}, ValueError, "5322"),
        ({"attachment": {"size": 3}}, ValueError, "content_type"),
        ({"attachment": {"content": "x"}}, TypeError, "bytes"),
    ],
)
def test_what_cannot_match_is_refused(
    given: Any, error: type[Exception], words: str
) -> None:
    """A criterion that no message meets is an error at the call."""
    with pytest.raises(error, match=re.escape(words)):
        Criteria.of(**given)


@pytest.mark.parametrize("predicate", ["x", int])
def test_a_predicate_is_a_function(predicate: Any) -> None:
    """A text or a class in the place of a function is a mistake."""
    with pytest.raises(TypeError, match="predicate"):
        Criteria.of(predicate)


@pytest.mark.parametrize(
    ("keyword", "hint"),
    [
        ("timout", "did you mean timeout="),
        ("recipent", "did you mean recipient="),
        ("Subject", "did you mean subject="),
        ("from_", "did you mean sender="),
        ("mail_from", "did you mean sender="),
        ("rcpt_tos", "did you mean recipient="),
        ("recipients", "did you mean recipient="),
        ("body", "did you mean text="),
        ("headers", "did you mean header="),
        ("attachments", "did you mean attachment="),
        ("timeout", "timeout= is for wait_for, "),
        ("within", "within= is for assert_none"),
    ],
)
def test_what_was_probably_meant_by_a_keyword_is_told(keyword: str, hint: str) -> None:
    """By its spelling, or as other tools call it; on one line."""
    with pytest.raises(TypeError) as caught:
        Criteria.of(**{keyword: "x"})
    text = str(caught.value)
    assert text.startswith(f"no criterion is called {keyword!r} (")
    assert hint in text
    assert "\n" not in text


def test_a_keyword_that_is_like_none_gets_no_guess() -> None:
    """Only the list of those that there are."""
    with pytest.raises(TypeError, match=r"called 'xyzzy', use: sender, recipient"):
        Criteria.of(xyzzy="x")


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        (
            {"attachment": b"x" * 25_000},
            "not bytes of 25000 bytes: use attachment={'content': ...}",
        ),
        ({"subject": b"x" * 100_000}, "not bytes of 100000 bytes"),
        ({"html": b"x" * 100_000}, "not bytes of 100000 bytes"),
        ({"text": list(range(100_000))}, "not [0, 1, 2"),
        ({"header": {"x" * 100_000 + " ": "a"}}, "is not a header's name"),
        ({"recipient": "<" + "x" * 100_000 + ">"}, "without <>, not '<xxx"),
        ({"warning": "x" * 100_000}, "there is no warning 'xxx"),
        ({"attachment": {"x" * 100_000: b""}}, "an attachment has no 'xxx"),
        ({"x" * 100_000: "a"}, "no criterion is called 'xxx"),
    ],
)
def test_an_error_shows_the_beginning_of_a_long_value(
    criteria: dict, said: str
) -> None:
    """It is a line for people, whatever a test gives."""
    with pytest.raises((TypeError, ValueError)) as caught:
        Criteria.of(**criteria)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_keyword_that_is_like_no_other_is_not_guessed() -> None:
    """A wrong guess leads astray."""
    with pytest.raises(TypeError) as caught:
        Criteria.of(xyz="x")
    assert str(caught.value).startswith("no criterion is called 'xyz', use: ")


def test_contains_is_text() -> None:
    """Other tools call it so."""
    with pytest.raises(TypeError, match="did you mean text="):
        Criteria.of(contains="x")


@pytest.mark.parametrize(
    ("wanted", "value", "is_met"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("ab*ba", "aba", False),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "acb", False),
        ("a**c", "ac", True),
        ("?*?", "x", False),
        ("?*?", "xy", True),
        ("a?c*", "abcd", True),
        ("a?c", "a\nc", True),
        ("*.*.*", "a.b", False),
        ("*.*.*", "a.b.c", True),
        ("*bc", "abcbc", True),
        ("*b*", "abc", True),
        ("(*)", "(x)", True),
    ],
)
def test_wildcards_match_a_whole_value(wanted: str, value: str, is_met: bool) -> None:
    """Each asterisk is any text, also none."""
    assert wildcard(wanted).matches(value) is is_met


def test_many_wildcards_take_linear_time() -> None:
    """A pattern with fifty asterisks would take years."""
    assert not wildcard("*a" * 50 + "b").matches("a" * 10_000)


async def _asynchronous(envelope: Envelope) -> bool:
    return True


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (lambda envelope: envelope.code, "the function code, .* call it, code()"),
        (lambda envelope: len, "the function len, .* call it, len()"),
        (lambda envelope: (False, "why"), "the tuple .* return one condition"),
        (lambda envelope: _asynchronous(envelope), "an awaitable, .* return its"),
    ],
)
@pytest.mark.parametrize("keyword", ["", "subject"])
def test_a_result_that_is_always_true_is_refused(
    make: Make, predicate: Any, said: str, keyword: str
) -> None:
    """The predicate would accept every message."""
    keywords = {"subject": lambda value: predicate(make())} if keyword else {}
    predicates = () if keyword else (predicate,)
    with pytest.raises(TypeError, match=said):
        Criteria.of(*predicates, **keywords)(make())


@pytest.mark.parametrize("keyword", ["", "subject"])
def test_an_async_predicate_is_refused(keyword: str) -> None:
    """Nothing awaits it, and a coroutine is true."""
    keywords = {"subject": _asynchronous} if keyword else {}
    with pytest.raises(TypeError, match="is an async function"):
        Criteria.of(*(() if keyword else (_asynchronous,)), **keywords)


@pytest.mark.parametrize(
    "predicate",
    [
        lambda envelope: envelope.rcpt_tos,
        lambda envelope: re.search("Hel", envelope.subject),
        lambda envelope: 1,
    ],
)
def test_a_result_that_is_true_is_accepted(make: Make, predicate: Any) -> None:
    """A predicate may return a tuple of the message, or any other value."""
    assert Criteria.of(predicate)(make())


UNMATCHED = [
    "anna@example.com, bob@example.com",
    " anna@example.com",
    "anna@example.com\n",
    "an na@example.com",
    "*@example.com,*@example.org",
    "@example.com",
    "anna@",
]


@pytest.mark.parametrize("wanted", UNMATCHED)
@pytest.mark.parametrize("name", ["sender", "recipient", "to", "cc", "bcc"])
def test_a_text_that_is_no_address_is_refused(name: str, wanted: str) -> None:
    """It would match no message, and `assert_none` would always pass."""
    with pytest.raises(ValueError, match="address") as caught:
        Criteria.of(**{name: wanted})
    assert "\n" not in str(caught.value)


def test_a_domain_with_an_at_sign_is_answered_with_the_pattern() -> None:
    """The error names what finds all addresses of the domain."""
    with pytest.raises(ValueError, match=re.escape("write '*@example.com'")):
        Criteria.of(recipient="@example.com")


def test_a_domain_alone_causes_a_warning() -> None:
    """It may be a local part without a domain, but hardly is."""
    with pytest.warns(UserWarning, match=re.escape("write '*@example.com'")) as warned:
        Criteria.of(recipient="example.com")
    assert warned[0].filename == __file__


@pytest.mark.parametrize(
    "wanted", ['"a, b"@example.com', "postmaster", "a.b@example.com", "*.com", "a@b"]
)
def test_an_unusual_address_is_accepted(wanted: str) -> None:
    """A quoted local part may have blanks and commas."""
    assert Criteria.of(recipient=wanted).criteria[0].plain == wanted


@pytest.mark.parametrize("name", ["text", "html"])
def test_an_empty_text_is_refused(name: str) -> None:
    """Every text contains it."""
    with pytest.raises(ValueError, match=f"{name} must not be empty"):
        Criteria.of(**{name: ""})
