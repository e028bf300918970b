"""A wrong option is an error of one line where it is written, or it works."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import attrs
import pytest
from twisted.internet.task import Clock

from lazr_smtptest import (
    TLS,
    Auth,
    CaptureController,
    Controller,
    Error,
    LimitedFaults,
    Limits,
    Listener,
    Mailbox,
    QueueServer,
    Reply,
    Rule,
    Server,
    Settings,
    SMTPServerFactory,
    SMTPService,
)
from lazr_smtptest.faults.keywords import KEYWORDS
from lazr_smtptest.faults.phases import PHASES, READER_PHASES
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.testing.servers import make_server

from .harness import Peer, in_lines

# Values of all kinds: each is wrong for most options.
VALUES: tuple[Any, ...] = (
    *("", " ", "1", "x", "x y", "a\0b", "a\r\nb", "é", "é\r", "\ud800", "\u2028"),
    *("x" * 3000, b"", b"x", b"a\r\n", bytearray(b"x"), None, True, False, [], {}),
    *(["x"], [1], [None], {"x": "y"}, {"x": 1}, {1: 2}, (1, 2), object(), Server),
    *(-1, 0, 1.5, 2**63, 10**400, 10**5000, 1e300, -math.inf, math.inf, math.nan, 1j),
)
_CLIENT = in_lines(
    "EHLO c", "NOOP", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "QUIT"
)


def serve(server: Server) -> None:
    """Let a client in memory talk to the server; an error of the server is raised."""
    clock = Clock()
    peer = Peer(server.factory(clock))
    clock.advance(0)
    peer.protocol.dataReceived(_CLIENT)
    for _ in range(3):
        clock.advance(0.01)
    server.check()


def assert_refused_or_works(
    make: Callable[[Any], Any],
    use: Callable[[Any], object] = lambda made: None,
    longest: int = 500,
) -> int:
    """Check an option with all values; return how many it refuses.

    Args:
        make: sets the option to a value.
        use: uses the object that `make` returned.
        longest: the most characters of an error; one may have the name of a file.
    """
    refused = 0
    for value in VALUES:
        try:
            made = make(value)
        except (TypeError, ValueError, Error) as error:
            text = str(error)
            assert text.isprintable(), (value, text)
            assert 0 < len(text) <= longest, (value, text)
            refused += 1
        else:
            use(made)
    return refused


def with_attribute(name: str, value: Any) -> Server:
    """Return a server whose attribute is set."""
    server = Server()
    setattr(server, name, value)
    return server


def of_class(name: str, value: Any) -> Server:
    """Return an object of a subclass that sets the attribute."""
    return type("Own", (Server,), {name: value})()


OPTIONS = (
    *("host", "port", "hostname", "settings", "auth", "faults", "protocol"),
    *("rset_clears", "exit_stops"),
)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_attribute_of_a_server_is_checked_where_it_is_set(name: str) -> None:
    """Not by the first client, which would get no greeting."""
    assert assert_refused_or_works(partial(with_attribute, name), serve)


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "faults"])
def test_an_attribute_of_a_subclass_is_checked_with_the_class(name: str) -> None:
    """In the line of the class, so that the traceback shows it."""
    assert assert_refused_or_works(partial(of_class, name), serve)


@pytest.mark.parametrize("name", ["hostname", "settings", "auth", "protocol"])
def test_a_class_that_is_changed_later_is_checked_at_the_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python calls nobody when an attribute of a class is set."""
    monkeypatch.setattr(QueueServer, name, 5, raising=False)
    with pytest.raises(TypeError, match=rf"^{name} must be .*, not (5|int)$"):
        Controller(QueueServer()).start()


def test_a_property_has_its_value_later() -> None:
    """It is checked at the start."""

    class Own(Server):
        hostname = property(lambda self: "a b")  # type: ignore[assignment]

    with pytest.raises(ValueError, match=r"^hostname must be .*, not 'a b'$"):
        Own().factory(Clock())


@pytest.mark.parametrize("name", ["mx.example", "my_host", "[127.0.0.1]", "x" * 255])
def test_a_name_of_a_server_is_printable_ascii(name: str) -> None:
    """The greeting begins with it."""
    peer = Peer(with_attribute("hostname", name).factory(Clock()))
    assert peer.heard().startswith(f"220 {name} ESMTP".encode())


@pytest.mark.parametrize("name", ["host", "port"])
def test_the_address_is_checked(name: str) -> None:
    """In each class that takes one."""
    for make in (Server, QueueServer, CaptureController, make_server):
        assert assert_refused_or_works(lambda value, m=make: m(**{name: value}))


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Limits)])
def test_a_limit_is_checked(name: str) -> None:
    """One that no timer can have is too large."""

    def make(value: Any) -> Server:
        limits = Limits(**{name: value})
        return with_attribute("settings", Settings(limits=limits))

    assert assert_refused_or_works(make, serve)


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Settings)])
def test_a_setting_is_checked(name: str) -> None:
    """Alone, in a factory, and as a keyword of a marker."""
    for make in (
        lambda value: with_attribute("settings", Settings(**{name: value})),
        lambda value: make_server(**{"hide" if name == "hidden" else name: value}),
    ):
        assert assert_refused_or_works(make, serve)


@pytest.mark.parametrize("name", ["hidden", "values", "texts"])
def test_the_parts_of_a_setting_are_checked(name: str) -> None:
    """Keywords of EHLO and their values."""
    fields: dict[str, Callable[[Any], Any]] = {
        "hidden": lambda value: {"hidden": [value]},
        "values": lambda value: {"values": {value: "1"}},
        "texts": lambda value: {"values": {"X": value}},
    }

    def make(value: Any) -> Server:
        return with_attribute("settings", Settings(**fields[name](value)))

    assert assert_refused_or_works(make, serve)


def test_the_domain_of_a_factory_is_checked() -> None:
    """Twisted's own attribute, in bytes."""

    def make(value: Any) -> SMTPServerFactory:
        deliveries = HandlerDeliveryFactory(Server())
        factory = SMTPServerFactory(Clock(), delivery_factory=deliveries)
        factory.domain = value
        return factory

    assert assert_refused_or_works(make, Peer)


def test_the_settings_of_a_factory_are_checked() -> None:
    """A factory may be used without a server."""

    def make(value: Any) -> SMTPServerFactory:
        deliveries = HandlerDeliveryFactory(Server())
        return SMTPServerFactory(Clock(), delivery_factory=deliveries, settings=value)

    assert assert_refused_or_works(make, Peer)


@pytest.mark.parametrize("name", ["grace", "activity", "server"])
def test_the_options_of_a_controller_are_checked(name: str) -> None:
    """Those that it has beside its server's."""
    assert assert_refused_or_works(lambda value: CaptureController(**{name: value}))


@pytest.mark.parametrize("name", ["auth", "hostname", "protocol", "grace"])
def test_the_keywords_of_a_marker_are_checked(name: str) -> None:
    """Those that are no settings."""
    assert assert_refused_or_works(lambda value: make_server(**{name: value}), serve)


def test_the_file_of_a_marker_is_checked() -> None:
    """Its name is shown whole."""
    assert assert_refused_or_works(
        lambda value: make_server(faults=value), longest=3500
    )


@pytest.mark.parametrize("make", [Controller, SMTPService])
def test_a_controller_or_service_needs_a_server(make: Any) -> None:
    """Nothing else has a factory."""
    more = ([], Clock()) if make is SMTPService else ()
    assert assert_refused_or_works(lambda value: make(value, *more)) == len(VALUES)


@pytest.mark.parametrize("name", ["endpoint", "settings", "protocol"])
def test_a_listener_is_checked(name: str) -> None:
    """Where it is made, not when the service starts."""
    options: dict[str, Any] = {"endpoint": "tcp:0"}
    assert assert_refused_or_works(lambda value: Listener(**{**options, name: value}))


@pytest.mark.parametrize("position", range(3))
def test_a_reply_is_checked(position: int) -> None:
    """Its code, its text, its enhanced code."""

    def make(value: Any) -> Reply:
        fields: list[Any] = [250, "OK", "2.0.0"]
        fields[position] = value
        return Reply(*fields)

    assert assert_refused_or_works(make, Reply.encode)


@pytest.mark.parametrize("name", ["mechanisms", "tls_only"])
@pytest.mark.parametrize("make", [Auth.any, partial(Auth.users, {"a": "b"})])
def test_the_mechanisms_are_checked(make: Any, name: str) -> None:
    """A name, or one that no checker supports."""
    assert assert_refused_or_works(lambda value: make(**{name: value}))
    assert assert_refused_or_works(lambda value: make(**{name: [value]}))


def test_users_are_checked() -> None:
    """Names and passwords are texts; no error shows a password."""
    for make in (Auth.users, lambda value: Auth.users({"a": value})):
        assert assert_refused_or_works(make)
    assert assert_refused_or_works(lambda value: Auth.users({value: "b"}))
    assert assert_refused_or_works(Auth.from_specs)
    assert assert_refused_or_works(Auth.checkers)


def test_the_names_in_a_certificate_are_checked() -> None:
    """And its files."""
    assert assert_refused_or_works(TLS.auto)
    assert assert_refused_or_works(
        lambda value: TLS.from_files(value, value), longest=3500
    )


@pytest.mark.parametrize("name", ["grace", "activity"])
def test_the_options_of_a_mailbox_are_checked(name: str) -> None:
    """When it is made; grace also when it is set."""
    assert assert_refused_or_works(lambda value: Mailbox(**{name: value}))
    assert name == "activity" or assert_refused_or_works(
        lambda value: setattr(Mailbox(), "grace", value)
    )


@pytest.mark.parametrize(
    "seconds", [-1, math.nan, math.inf, 1e300, 10**400, "1", None], ids="{!r:.9}".format
)
def test_a_time_to_wait_is_one_that_a_thread_can_wait(seconds: Any) -> None:
    """Threads have a longest time, too."""
    mailbox = Mailbox(grace=0)
    for wait, name in ((mailbox.wait_for, "timeout"), (mailbox.assert_none, "within")):
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must be .*second"):
            wait(**{name: seconds})


# Faults

# A phase that knows an action or a condition, if MAIL does not.
_NEEDED: dict[str, Any] = {
    **{"code": 451, "octets": b"x", "seconds": 1, "rate": 1, "number": 1},
    **{"host": "127.0.0.1", "port": 1, "kind": "expired", "version": "TLSv1.2"},
    **{"suites": "AES128-SHA"},
}


def phase_of(name: str, known: str) -> str:
    """Return a phase that has an action or a condition, if possible MAIL."""
    every = [*PHASES.values(), *READER_PHASES.values()]
    phases = [each for each in every if name in getattr(each, known)]
    return sorted(phases, key=lambda each: each.name != "MAIL")[0].name


def arguments() -> Iterator[tuple[str, inspect.Parameter]]:
    """Yield the name of each action with each of its parameters."""
    for name, action in inspect.getmembers(Rule, inspect.isfunction):
        if hasattr(action, "__wrapped__") and not name.startswith("_"):
            _, *parameters = inspect.signature(action).parameters.values()
            yield from ((name, parameter) for parameter in parameters)


def act(rule: Rule, action: str, wrong: inspect.Parameter, value: Any) -> None:
    """Add an action with one argument of this value, the others as they should be."""
    given: list[Any] = []
    named: dict[str, Any] = {}
    _, *parameters = inspect.signature(getattr(Rule, action)).parameters.values()
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            given += [value] if parameter.name == wrong.name else []
        elif parameter.name == wrong.name:
            named[parameter.name] = value
        elif parameter.default is parameter.empty:
            named[parameter.name] = _NEEDED[parameter.name]
    if given:
        # A parameter before them cannot be named.
        given = [*named.values(), *given]
        named = {}
    getattr(rule, action)(*given, **named)


@pytest.mark.parametrize(
    ("action", "parameter"),
    list(arguments()),
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_an_argument_of_an_action_is_checked(
    action: str, parameter: inspect.Parameter, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the rule is written, not when it fires in the server's thread."""
    caplog.set_level(logging.CRITICAL)

    def make(value: Any) -> Server:
        server = Server()
        phase = phase_of(action, "actions")
        act(server.faults.on(phase), action, parameter, value)
        return server

    assert assert_refused_or_works(make, serve)


@pytest.mark.parametrize("name", sorted(KEYWORDS - {"seed"}))
def test_a_condition_is_checked(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Where the rule is written; a seed may be anything."""
    caplog.set_level(logging.CRITICAL)

    def make(value: Any) -> Server:
        server = Server()
        server.faults.on(phase_of(name, "matches"), **{name: value}).reply(451, "x")
        return server

    assert assert_refused_or_works(make, serve)


def test_the_conditions_of_a_part_are_checked() -> None:
    """Where its first rule is written, at the latest."""

    def make(value: Any) -> LimitedFaults:
        part = Server().faults.limited_to(sender=value)
        part.on("MAIL").reply(451, "x")
        return part

    assert assert_refused_or_works(make)
