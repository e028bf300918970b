"""`lazr_smtptest._guesses`: names of other tools, and the errors that name ours."""

from __future__ import annotations

import copy
import pickle
import traceback
import warnings
from collections.abc import Iterable
from typing import Any
from unittest import mock

import attrs
import pytest

from lazr_smtptest import (
    AsyncRemoteMailbox,
    Attachment,
    CaptureController,
    CaptureServer,
    Envelope,
    Faults,
    Mailbox,
    QueueController,
    RemoteMailbox,
)
from lazr_smtptest.faults.keywords import KEYWORDS
from lazr_smtptest.server.seed_message import seed_message
from lazr_smtptest.testing.trial import ListeningServer

CONTENT = b"Subject: Hello\r\nX-Run: 17\r\n\r\nHi.\r\n"


@pytest.fixture
def mail() -> Envelope:
    return Envelope(
        mail_from="a@example.com", rcpt_tos=("b@example.com",), content=CONTENT
    )


def error_of(thing: object, name: str) -> str:
    with pytest.raises(AttributeError) as caught:
        getattr(thing, name)
    assert caught.value.name == name
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("messages", "the mailbox itself"),
        ("outbox", ".latest"),
        ("emails", "len()"),
        ("inbox", "[0]"),
        ("last_message", ".latest"),
        ("wait_for_message", ".wait_for()"),
        ("search", ".find_all()"),
        ("purge", ".clear()"),
        ("assert_not_sent", ".assert_none()"),
        ("assert_empty", ".assert_none()"),
        ("assert_count", ".assert_received(count=...)"),
    ],
)
@pytest.mark.parametrize("kind", ["mailbox", "view", "controller"])
def test_a_mailbox_names_what_it_has_instead(kind: str, name: str, ours: str) -> None:
    """So do a part of it and the controller."""
    mailbox = Mailbox()
    things = {
        "mailbox": mailbox,
        "view": mailbox.for_recipient("a@example.com"),
        "controller": CaptureController(),
    }
    error = error_of(things[kind], name)
    assert f"object has no attribute {name!r}, use " in error
    assert ours in error
    assert "\n" not in error


@pytest.mark.parametrize("kind", [RemoteMailbox, AsyncRemoteMailbox])
@pytest.mark.parametrize("name", ["new_mailbox", "create_mailbox", "temporary"])
def test_a_mailbox_elsewhere_names_its_disposable_ones(kind: Any, name: str) -> None:
    """A test has its own; the asynchronous one has the same names."""
    error = error_of(kind("http://127.0.0.1:1"), name)
    assert f"object has no attribute {name!r}, use .disposable()" in error


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("body", ".text or .html"),
        ("from_", ".mail_from"),
        ("from_email", ".mail_from"),
        ("to", ".rcpt_tos"),
        ("recipients", ".rcpt_tos"),
        ("cc", ".addresses('cc')"),
        ("get", ".header(name)"),
        ("get_payload", ".text or .html"),
        ("as_bytes", ".content"),
        ("walk", ".message"),
        ("message_id", ".header('Message-ID')"),
    ],
)
def test_a_mail_names_what_it_has_instead(mail: Envelope, name: str, ours: str) -> None:
    """In one line."""
    error = error_of(mail, name)
    assert error.startswith(f"'Envelope' object has no attribute {name!r}, use ")
    assert ours in error


@pytest.mark.parametrize(
    ("name", "ours"), [("filename", ".name"), ("data", ".content")]
)
def test_an_attachment_names_what_it_has_instead(name: str, ours: str) -> None:
    """In the words of other libraries."""
    attachment = Attachment(name="a.pdf", content_type="application/pdf", content=b"")
    assert error_of(attachment, name).endswith(f", use {ours}")


def test_a_length_in_place_of_a_pattern_names_the_pattern(mail: Envelope) -> None:
    """A code of so many digits."""
    with pytest.raises(TypeError, match=r"not 6: use code\(r'\\b\\d\{6\}\\b'\)$"):
        mail.code(6)  # type: ignore[arg-type]


def test_a_phase_in_place_of_tables_names_the_method() -> None:
    """A rule begins with `on`."""
    with pytest.raises(TypeError, match=r"not 'RCPT': use \.on\(phase\) for one rule$"):
        Faults().add("RCPT")  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["header", "headers"])
def test_headers_are_methods(mail: Envelope, field: str) -> None:
    """A subscript says so; a call is what it was."""
    with pytest.raises(
        TypeError, match=rf"^{field} is a method, use {field}\('X-Run'\)$"
    ):
        getattr(mail, field)["X-Run"]
    assert mail.header("X-Run") == "17"
    assert mail.headers("X-Run") == ("17",)


def test_headers_are_documented_methods() -> None:
    """Documentation tools find the function."""
    assert Envelope.headers.__doc__ is not None
    assert Envelope.headers.__name__ == "headers"


@pytest.mark.parametrize("item", ["Subject", 0])
def test_a_mail_has_no_items(mail: Envelope, item: Any) -> None:
    """Though a message of Python's has some."""
    with pytest.raises(TypeError, match=r"^a mail has no items, use \.header\("):
        mail[item]


def test_a_mail_is_no_iterable(mail: Envelope) -> None:
    """Its items are none either."""
    assert not isinstance(mail, Iterable)
    with pytest.raises(TypeError, match="not iterable"):
        iter(mail)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        "Subject" in mail  # type: ignore[operator]  # noqa: B015


def test_a_mailbox_has_numbers_not_names() -> None:
    """The error names what finds a message."""
    with pytest.raises(TypeError, match=r"not 'Subject': use find\(recipient="):
        Mailbox()["Subject"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("timeout", ".delay(seconds)"),
        ("sleep", ".delay(seconds)"),
        ("disconnect", ".drop()"),
        ("close", ".drop()"),
        ("reject", ".reply(550, text)"),
    ],
)
def test_a_rule_names_what_it_has_instead(name: str, ours: str) -> None:
    """In the words of the faults."""
    assert f"use {ours}" in error_of(Faults().on("RCPT"), name)


@pytest.mark.parametrize(
    "name", ["wait_for", "assert_received", "latest", "find", "faults"]
)
def test_a_controller_with_a_queue_names_the_one_with_a_mailbox(name: str) -> None:
    """It has what the test looks for."""
    assert f"use a CaptureController, which has .{name}" in error_of(
        QueueController(), name
    )


def test_a_controller_with_a_queue_has_no_length_and_no_items() -> None:
    """The errors name what has them."""
    controller = QueueController()
    with pytest.raises(TypeError, match=r"use \.queue\.qsize\(\), or a Capture"):
        len(controller)
    with pytest.raises(TypeError, match=r"use list\(controller\), which takes"):
        controller[0]


def test_a_controller_with_a_queue_is_gone_through_as_ever() -> None:
    """And is true, also without a message."""
    controller = QueueController()
    controller.queue.put("message")
    assert list(controller) == ["message"]
    assert controller


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("subject", "['Subject']"),
        ("text", ".get_payload()"),
        ("mail_from", "['X-MailFrom']"),
        ("recipients", "['X-RcptTo']"),
        ("code", "a CaptureController"),
    ],
)
def test_a_message_of_a_queue_names_what_it_has_instead(
    mail: Envelope, name: str, ours: str
) -> None:
    """It is one of Python's, and can be pickled as such."""
    message = seed_message(mail)
    assert f"use {ours}" in error_of(message, name)
    assert pickle.loads(pickle.dumps(message)).as_bytes() == message.as_bytes()


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("wait_for", "await .when(...)"),
        ("assert_received", ".mailbox.assert_received"),
        ("latest", ".mailbox.latest"),
        ("faults", ".server.faults"),
    ],
)
def test_a_server_of_trial_names_what_it_has_instead(name: str, ours: str) -> None:
    """Its mailbox has it, or it would block the reactor."""
    server = ListeningServer(mock.Mock(), "127.0.0.1", 1, mock.Mock())
    assert f"use {ours}" in error_of(server, name)


@pytest.mark.parametrize("keyword", ["tls", "auth", "require_tls", "colour"])
def test_a_controller_names_what_takes_a_keyword(keyword: str) -> None:
    """Settings are the server's."""
    keywords: dict[str, Any] = {keyword: True}
    with pytest.raises(
        TypeError, match=rf"no keyword '{keyword}', use server=.*_server"
    ):
        CaptureController(**keywords)


@pytest.mark.parametrize(
    "guess",
    [
        lambda mail: mail.get,
        lambda mail: mail.headr,
        lambda mail: Mailbox().messages,
        lambda mail: Faults().on("RCPT").timeout,
        lambda mail: seed_message(mail).subject,
    ],
)
def test_an_error_is_one_traceback_without_another_suggestion(
    mail: Envelope, guess: Any
) -> None:
    """Where ours names what to use, Python names nothing."""
    with pytest.raises(AttributeError) as caught:
        guess(mail)
    text = "".join(traceback.format_exception(caught.value))
    assert text.count("Traceback") == 1
    assert "use " not in text or "Did you mean" not in text


# What has to stay as it was


@pytest.mark.parametrize("name", ["messages", "body", "nonsense", "__deepcopy__"])
def test_no_such_attribute_exists(mail: Envelope, name: str) -> None:
    """``hasattr`` and ``getattr`` with a default go by that."""
    for thing in (mail, Mailbox(), CaptureController()):
        assert not hasattr(thing, name)
        assert getattr(thing, name, None) is None


def test_another_name_has_pythons_own_error(mail: Envelope) -> None:
    """With the name, and the nearest one, which Python would put into tracebacks."""
    assert error_of(mail, "rcpt_tosses") == (
        "'Envelope' object has no attribute 'rcpt_tosses'; did you mean 'rcpt_tos'?"
    )
    assert "use" not in error_of(Mailbox(), "nonsense")


def test_a_property_that_fails_says_why() -> None:
    """Its own error is not replaced by one on its name."""

    class Broken(Mailbox):
        @property
        def broken(self) -> object:
            return None.nothing  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match=r"'NoneType' .* 'nothing'"):
        Broken().broken  # noqa: B018


def test_a_mail_can_be_copied_and_pickled(mail: Envelope) -> None:
    """As ever."""
    for other in (
        copy.copy(mail),
        copy.deepcopy(mail),
        pickle.loads(pickle.dumps(mail)),
        attrs.evolve(mail),
    ):
        assert other == mail
        assert other.text == "Hi.\n"


def test_a_mail_can_be_mocked(mail: Envelope) -> None:
    """With what it has, and no more."""
    double = mock.create_autospec(mail)
    assert double.subject is not None
    assert not hasattr(double, "body")
    assert not hasattr(mock.Mock(spec=Mailbox), "messages")


@pytest.mark.parametrize(
    ("name", "ours"), [("replay", "reply"), ("dropp", "drop"), ("hidde", "hide")]
)
def test_a_rule_names_the_action_that_is_spelled_alike(name: str, ours: str) -> None:
    """In the text of the error, which every test framework shows."""
    rule = Faults().on("EHLO", optional=True).hold()
    error = error_of(rule, name)
    assert error == f"'Rule' object has no attribute {name!r}; did you mean {ours!r}?"


def test_a_message_names_the_attribute_that_is_spelled_alike(mail: Envelope) -> None:
    """And nothing where no name is alike."""
    assert error_of(mail, "subjct").endswith("; did you mean 'subject'?")
    assert error_of(mail, "zzz") == "'Envelope' object has no attribute 'zzz'"


def test_a_text_in_place_of_a_function_names_the_criterion() -> None:
    """An address is probably a recipient, another text a subject."""
    with pytest.raises(TypeError, match=r"did you mean recipient='b@example.com'\?$"):
        Mailbox().wait_for("b@example.com")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"did you mean subject='Hello'\?$"):
        Mailbox().find("Hello")  # type: ignore[arg-type]


def test_a_server_in_place_of_a_host_names_the_keyword() -> None:
    """The first argument of a `CaptureController` is the host."""
    with pytest.raises(TypeError, match=r"; a server is given as server=$"):
        CaptureController(CaptureServer())  # type: ignore[arg-type]


@pytest.mark.parametrize("keyword", ["digits", "length", "size"])
def test_a_number_of_digits_of_a_code_is_a_pattern(
    mail: Envelope, keyword: str
) -> None:
    """The error shows the pattern of that many."""
    keywords: dict[str, Any] = {keyword: 4}
    error = rf"code takes a pattern, not {keyword}=: use code\(r'\\b\\d\{{4\}}\\b'\)"
    with pytest.raises(TypeError, match=error):
        mail.code(**keywords)


@pytest.mark.parametrize(
    ("keyword", "ours"),
    [
        ("subject_contains", r"subject=re\.compile\(\.\.\.\)"),
        ("subject__icontains", r"subject=re\.compile\(\.\.\.\)"),
        ("subject_regex", r"subject=re\.compile\(\.\.\.\)"),
        ("recipient_startswith", r"recipient=re\.compile\(\.\.\.\)"),
        ("text_contains", "text="),
        ("html_contains", "html="),
    ],
)
def test_a_test_in_the_name_of_a_criterion_names_the_value(
    keyword: str, ours: str
) -> None:
    """As query languages have it."""
    with pytest.raises(TypeError, match=rf"\(did you mean {ours}\?\)"):
        Mailbox().find(**{keyword: "Hello"})


@pytest.mark.parametrize(
    ("key", "ours"),
    [
        ("filename", "name"),
        ("mime_type", "content_type"),
        ("Content-Type", "content_type"),
        ("contenttype", "content_type"),
        ("data", "content"),
        ("payload", "content"),
    ],
)
def test_a_key_of_an_attachment_names_ours(key: str, ours: str) -> None:
    """In the words of other libraries."""
    with pytest.raises(ValueError, match=rf"no '{key}' \(did you mean '{ours}'\?\)"):
        Mailbox().find(attachment={key: "a.pdf"})


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("assert_fired", ".assert_all_fired()"),
        ("assert_called", ".assert_all_fired()"),
        ("fired", ".journal"),
        ("history", ".journal"),
        ("add_rule", ".on(phase)"),
        ("remove_all", ".clear()"),
    ],
)
@pytest.mark.parametrize("kind", ["whole", "part"])
def test_faults_name_what_they_have_instead(kind: str, name: str, ours: str) -> None:
    """So does a part of them."""
    faults = Faults()
    thing = faults if kind == "whole" else faults.limited_to(sender="a@example.com")
    assert f"use {ours}" in error_of(thing, name)


@pytest.mark.parametrize(
    ("name", "phase"),
    [("greylist", "RCPT"), ("reply", "RCPT"), ("discard", "EOD"), ("cipher", "TLS")],
)
def test_faults_name_the_rule_that_has_the_action(name: str, phase: str) -> None:
    """Not another method that is spelled alike."""
    error = error_of(Faults(), name)
    assert error.endswith(f"use .on({phase!r}).{name}(...)")


@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_a_rule_names_the_method_that_has_the_keyword(name: str) -> None:
    """Of conditions and of counts: none is a method of the rule."""
    rule = Faults().on("RCPT", optional=True).reply(451)
    assert f"the keyword {name}= of .on(phase, {name}=...)" in error_of(rule, name)


@pytest.mark.parametrize("name", ["ca_pem", "settings", "auth", "hostname"])
def test_a_controller_names_what_its_server_has(name: str) -> None:
    """It is the first thing that people have in their hands."""
    assert error_of(CaptureController(), name).endswith(f"use .server.{name}")


@pytest.mark.parametrize("name", ["auth", "tls", "limits", "require_tls", "hide"])
def test_a_controller_says_where_its_settings_are_given(name: str) -> None:
    """They would have no effect."""
    with pytest.raises(
        AttributeError, match=rf"@pytest\.mark\.smtptest\({name}=\.\.\."
    ):
        setattr(CaptureController(), name, True)


@pytest.mark.parametrize("name", ["assert_fired", "called", "assert_all_fired"])
def test_a_rule_names_how_often_it_fired(name: str) -> None:
    """`Faults` has the assertion."""
    rule = Faults().on("EHLO", optional=True).hold()
    assert "use .fired, or .assert_all_fired() of the faults" in error_of(rule, name)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("handle_mesage", "handle_message"),
        ("handle_messages", "handle_message"),
        ("handleMessage", "handle_message"),
        ("handle_envelop", "handle_envelope"),
        ("handle_sessions", "handle_session"),
        ("handle_DATA", "handle_envelope"),
        ("process_message", "handle_message"),
    ],
)
def test_a_method_named_almost_as_a_hook_is_a_warning(name: str, ours: str) -> None:
    """Where the class is defined, and where the attribute is set."""
    warning = rf"\.{name} is no hook: did you mean {ours}\?$"
    with pytest.warns(UserWarning, match=rf"^Recorder{warning}") as warned:
        type("Recorder", (CaptureServer,), {name: lambda self, mail: None})
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match=rf"^CaptureServer{warning}"):
        setattr(CaptureServer(), name, lambda mail: None)


@pytest.mark.parametrize(
    "name", ["handle_order", "handle", "mail_for", "message", "handle_message"]
)
def test_another_method_of_a_server_is_no_warning(name: str) -> None:
    """It is a method of the test's own, or a hook."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        type("Recorder", (CaptureServer,), {name: lambda self, mail: None})
        setattr(CaptureServer(), name, lambda mail: None)


def test_an_inherited_method_is_one_warning() -> None:
    """The class that defines it is named."""
    with pytest.warns(UserWarning, match="handle_mesage"):
        first = type("First", (CaptureServer,), {"handle_mesage": lambda self, mail: 1})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        type("Second", (first,), {"handle_mesage": lambda self, mail: 2})


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("setings", "settings"),
        ("setting", "settings"),
        ("host_name", "hostname"),
        ("protocoll", "protocol"),
        ("rset_clear", "rset_clears"),
    ],
)
def test_an_attribute_named_almost_as_an_option_is_a_warning(
    name: str, ours: str
) -> None:
    """Of a class and of an object; nothing reads it."""
    with pytest.warns(UserWarning, match=f"{name} is no option: did you mean {ours}"):
        type("Recorder", (CaptureServer,), {name: None})
    server = CaptureServer()
    with pytest.warns(UserWarning, match=f"{name} is no option: did you mean {ours}"):
        setattr(server, name, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(server, name, 1)
