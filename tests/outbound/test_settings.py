"""Where mail may be sent to."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"host": ""}, "a host name or an IP address, without a port, not ''"),
        ({"host": "a b"}, "a host name or an IP address, without a port, not 'a b'"),
        ({"host": "a@b"}, "a host name or an IP address, without a port, not 'a@b'"),
        ({"host": "a:25"}, "a host name or an IP address, without a port, not 'a:25'"),
        ({"port": 0}, "the port must be 1 to 65535, not 0"),
        ({"port": 65536}, "the port must be 1 to 65535, not 65536"),
        (
            {"security": "ssl"},
            "the security must be one of none, starttls, tls, not 'ssl'",
        ),
    ],
)
def test_a_server_that_is_wrong(values: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Server(**{"host": "mail.example", **values})


def test_a_password_is_not_sent_in_clear() -> None:
    login = Login(user="a", password="b")
    with pytest.raises(ValueError, match=r"not sent to mail\.example in clear"):
        Server(host="mail.example", login=login)


@pytest.mark.parametrize(
    "values",
    [
        {"host": "localhost"},
        {"host": "127.0.0.1"},
        {"host": "::1"},
        {"security": "starttls"},
        {"security": "tls"},
        {"verifies": False},
    ],
)
def test_a_password_is_sent_by_tls_or_on_this_machine(values: dict[str, Any]) -> None:
    login = Login(user="a", password="b")
    assert Server(**{"host": "mail.example", "login": login, **values}).login is login


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Login(user="a", password="secret"))


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"mechanism": "ntlm"}, "one of plain, login, cram-md5, not 'ntlm'"),
        ({"user": ""}, "a login must have a user and a password"),
        ({"password": ""}, "a login must have a user and a password"),
    ],
)
def test_a_login_that_is_wrong(values: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Login(**{"user": "a", "password": "b", **values})


@pytest.mark.parametrize("name", ["allowed", "blocked"])
def test_an_expression_that_is_wrong(name: str) -> None:
    with pytest.raises(ValueError, match=f"the {name} recipients must be a regular"):
        Relay(server=Server(host="mail.example"), **{name: "("})


@pytest.mark.parametrize(
    "recipient",
    [
        "ann@blocked.example",
        "ann@Blocked.EXAMPLE",
        # The host is the same.
        "ann@blocked.example.",
    ],
)
def test_who_is_blocked_is_so_in_each_spelling(recipient: str) -> None:
    relay = Relay(server=Server(host="a"), blocked=r"@blocked\.example$")
    assert relay.blocked_among([recipient, "bob@free.example"]) == [recipient]


@pytest.mark.parametrize(
    "recipient", ['"ann"@free.example', "ann@xn--bcher-kva.example"]
)
def test_a_block_of_an_address_holds_for_its_equals(recipient: str) -> None:
    """RFC 5321 section 4.1.2, and RFC 5890."""
    relay = Relay(server=Server(host="a"), blocked="^ann@(free|b\u00fccher)\\.example$")
    assert relay.blocked_among([recipient]) == [recipient]


def test_nothing_may_be_sent_by_default() -> None:
    assert not Outgoing().may_send_to("127.0.0.1", 25)


def test_a_request_may_name_the_relay_and_what_is_allowed() -> None:
    relay = Relay(server=Server(host="Mail.example", port=2525))
    outgoing = Outgoing(relay=relay, hosts=["Other.example:25", "[::1]:26"])
    for host, port in (("mail.example", 2525), ("OTHER.example", 25), ("::1", 26)):
        assert outgoing.may_send_to(host, port)
    for host, port in (("mail.example", 25), ("other.example", 26), ("x", 25)):
        assert not outgoing.may_send_to(host, port)
