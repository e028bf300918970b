"""The hosts and addresses that the server may connect to."""

from __future__ import annotations

import pytest

from lazr_smtptest.errors import BlockedError, RequestError
from lazr_smtptest.outbound.http.allowed import Allowed, Target, is_public, parse_url


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.88.99.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "3fff::1",
    ],
)
def test_a_private_address_is_known(address):
    """Also if another address contains it."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "8.8.8.8",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_a_public_address_is_known(address):
    """Those that contain a public one are public."""
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://example.com", Target("http", "example.com", 80)),
        ("HTTPS://Example.COM:8443/a?b#c", Target("https", "example.com", 8443)),
        ("http://[::1]:8080/", Target("http", "::1", 8080)),
    ],
)
def test_a_url_names_a_server(url, target):
    """The port is that of the scheme by default."""
    assert parse_url(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://:80",
        "http://user:secret@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com:port/",
        "http://example.com:99999/",
        "http://[::1",
        "http://exa mple.com",
        "http://example.com/\r\nX: y",
        "http://example.com\\@127.0.0.1/",
        "http://\u00e4.example/",
        "http://example.com/" + "a" * 9000,
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://a..example/",
        "http://.example/",
        "http://./",
    ],
)
def test_anything_else_is_refused(url):
    """The error shows no more than the beginning."""
    with pytest.raises(RequestError) as raised:
        parse_url(url)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("example.com", "example.com", 80, True),
        ("Example.com", "example.com", 80, True),
        ("example.com", "example.com.", 80, True),
        ("example.com", "www.example.com", 80, False),
        ("example.com", "badexample.com", 80, False),
        ("*.example.com", "www.example.com", 80, True),
        ("*.example.com", "example.com", 80, False),
        ("*.example.com", "badexample.com", 80, False),
        ("example.com:8080", "example.com", 8080, True),
        ("example.com:8080", "example.com", 80, False),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("[::1]:8080", "::1", 8080, True),
        ("[::1]", "::1", 1, True),
        ("*", "example.com", 80, True),
    ],
)
def test_entries_of_the_list(pattern, host, port, allowed):
    """An entry names a host, the names below it, one port, or all."""
    target = Target("http", host, port)
    if allowed:
        Allowed([pattern]).check_host(target)
    else:
        with pytest.raises(BlockedError):
            Allowed([pattern]).check_host(target)


def test_nothing_is_allowed_by_default():
    """Whoever wants requests names the hosts."""
    with pytest.raises(BlockedError, match="not allowed"):
        Allowed().check_host(Target("http", "example.com", 80))


def test_a_private_address_needs_a_name_or_a_flag():
    """The entry for all hosts does not reach into the local network."""
    target = Target("http", "example.com", 80)
    with pytest.raises(BlockedError, match=r"private address 10\.0\.0\.1"):
        Allowed(["*"]).check_address(target, "10.0.0.1")
    Allowed(["*"]).check_address(target, "8.8.8.8")
    Allowed(["*"], private=True).check_address(target, "10.0.0.1")
    Allowed(["*", "example.com"]).check_address(target, "10.0.0.1")


@pytest.mark.parametrize("host", ["", "a b", "http://x", "x/y", "*x", "x:y", "a:1:2"])
def test_a_wrong_entry_is_refused(host):
    """The error says what an entry is."""
    with pytest.raises(ValueError, match="a host to allow is"):
        Allowed([host])
