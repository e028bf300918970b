"""Only own machines are loaded."""

from __future__ import annotations

import socket

import pytest

from lazr_smtptest.load import target
from lazr_smtptest.load.target import find_target

# No machine has it (RFC 5737).
FOREIGN = "192.0.2.1"


def test_the_loopback_interface_is_this_machine() -> None:
    assert find_target("127.0.0.1", 25, ()) == "127.0.0.1"
    assert find_target("localhost", 25, ()) == "127.0.0.1"


def test_an_address_of_an_interface_is_this_machine() -> None:
    """Whatever route leads to other machines."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent.
            probe.connect((FOREIGN, 9))
        except OSError:
            pytest.skip("this machine has no route to others")
        own = probe.getsockname()[0]
    assert find_target(own, 25, ()) == own


def test_another_machine_is_refused_and_the_error_says_how_to_allow_it() -> None:
    with pytest.raises(ValueError, match="another machine") as caught:
        find_target(FOREIGN, 25, ["mail.example.com"])
    assert str(caught.value) == (
        "192.0.2.1 is another machine: if you may load it, add --allow 192.0.2.1"
    )


def test_another_machine_can_be_allowed() -> None:
    assert find_target(FOREIGN, 25, [FOREIGN]) == FOREIGN


class Resolver:
    """A resolver that knows one name."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    def __call__(self, host: str, port: int, type: int) -> list[tuple[object, ...]]:
        assert host == "mail.example.com"
        return [
            (socket.AF_INET, type, 6, "", (address, port)) for address in self.addresses
        ]


def test_a_name_of_another_machine_is_refused_with_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target.socket, "getaddrinfo", Resolver(FOREIGN))
    with pytest.raises(ValueError, match=r"add --allow mail\.example\.com$") as caught:
        find_target("mail.example.com", 25, ())
    assert "mail.example.com (192.0.2.1) is another machine" in str(caught.value)


def test_a_name_with_one_own_address_and_another_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever comes first."""
    monkeypatch.setattr(target.socket, "getaddrinfo", Resolver("127.0.0.1", FOREIGN))
    with pytest.raises(ValueError, match="another machine"):
        find_target("mail.example.com", 25, ())


def test_the_address_that_was_checked_is_the_one_to_connect_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name is not resolved again."""
    monkeypatch.setattr(target.socket, "getaddrinfo", Resolver("127.0.0.1"))
    assert find_target("mail.example.com", 25, ()) == "127.0.0.1"


def test_a_name_is_allowed_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target.socket, "getaddrinfo", Resolver(FOREIGN))
    assert find_target("mail.example.com", 25, ["Mail.Example.com"]) == FOREIGN


def test_a_name_that_cannot_be_one_is_an_error() -> None:
    with pytest.raises(OSError, match="no host has such a name"):
        find_target("a" * 64 + ".example.com", 25, ())
