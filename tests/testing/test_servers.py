"""`lazr_smtptest.testing.servers`: servers made of keywords."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from lazr_smtptest import (
    TLS,
    Auth,
    CaptureServer,
    Limits,
    LMTPServerProtocol,
    Settings,
    TLSError,
)
from lazr_smtptest.testing.servers import make_server


class Special(CaptureServer):
    """A server with settings of its own."""

    settings = Settings(profile="strict", limits=Limits(recipients=5))
    auth = Auth.users({"anna": "secret"})


def test_without_keywords_it_is_an_ordinary_server() -> None:
    """On any port of localhost."""
    server = make_server()
    assert type(server) is CaptureServer
    assert (server.host, server.port) == ("localhost", 0)
    assert server.settings == Settings()
    assert server.auth is None


def test_its_address_may_be_given() -> None:
    """As to the class itself."""
    server = make_server(host="127.0.0.2", port=2525)
    assert (server.host, server.port) == ("127.0.0.2", 2525)


def test_its_name_and_protocol_may_be_given() -> None:
    """LMTP, for instance."""
    server = make_server(hostname="mx.example", protocol=LMTPServerProtocol)
    assert server.hostname == "mx.example"
    assert server.protocol is LMTPServerProtocol


def test_what_is_not_given_stays_as_the_class_has_it() -> None:
    """The settings and the limits, each of them."""
    server = make_server(server=Special, vrfy=False, limits={"errors": 3})
    assert server.settings == Settings(
        profile="strict", vrfy=False, limits=Limits(recipients=5, errors=3)
    )
    assert server.auth is Special.auth


def test_the_class_stays_as_it_is() -> None:
    """The settings are those of one server."""
    make_server(server=Special, vrfy=False, auth=False)
    assert Special.settings.vrfy
    assert Special.auth is not None


@pytest.mark.parametrize("auth", [True, {"anna": "secret"}, ["memory:anna:secret"]])
def test_users_are_said_in_short(auth: Any) -> None:
    """Everybody, some with their passwords, or a checker of Twisted's."""
    assert isinstance(make_server(auth=auth).auth, Auth)


def test_an_auth_is_taken_as_it_is() -> None:
    """The very object."""
    auth = Auth.any()
    assert make_server(auth=auth).auth is auth


def test_nobody_may_log_in() -> None:
    """Though the class lets somebody in."""
    assert make_server(server=Special, auth=False).auth is None


@pytest.mark.parametrize("keywords", [{"tls": True}, {"implicit_tls": True}])
def test_tls_is_made_on_the_spot(keywords: dict[str, bool]) -> None:
    """Also where it goes without saying."""
    assert make_server(**keywords).ca_pem.startswith(b"-----BEGIN CERTIFICATE")


def test_a_tls_is_taken_as_it_is() -> None:
    """The very object."""
    tls = TLS.auto()
    assert make_server(tls=tls, require_tls=True).settings.tls is tls


def test_tls_may_come_from_two_files(tmp_path: Path) -> None:
    """The certificate and the key."""
    issued = trustme.CA().issue_cert("localhost")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    server = make_server(tls=(str(certificate), str(key)))
    assert server.ca_pem == certificate.read_bytes()


def test_there_may_be_no_tls() -> None:
    """Said in so many words."""
    assert make_server(tls=False).settings.tls is None


@pytest.mark.parametrize("hide", ["chunking", ["CHUNKING"]])
def test_extensions_are_hidden(hide: Any) -> None:
    """One, or several; the case does not matter."""
    assert make_server(hide=hide).settings.hidden == {"CHUNKING"}


def test_limits_are_taken_as_they_are() -> None:
    """In place of those of the class."""
    limits = Limits(errors=2)
    assert make_server(server=Special, limits=limits).settings.limits is limits


@pytest.mark.parametrize(
    ("keywords", "complaint"),
    [
        (
            {"colour": 1},
            "no keyword is called 'colour', use: activity, auth, faults, grace, hide",
        ),
        ({"hidden": ["DSN"]}, "no keyword is called 'hidden'"),
        (
            {"hide": ["DSN", "DNS"]},
            "no extension is called 'DNS', did you mean 'DSN'\\?",
        ),
        (
            {"requrie_tls": True},
            "'requrie_tls', did you mean 'require_tls'\\? All are:",
        ),
        ({"limits": {"recipient": 1}}, "'recipient', did you mean 'recipients'\\? All"),
        ({"port": "abc"}, "port must be an int, 0 to 65535, not 'abc'"),
        ({"port": None}, "port must be an int, 0 to 65535, not None"),
        ({"server": CaptureServer()}, "subclass, not an object of type CaptureServer"),
        ({"server": dict}, "server must be CaptureServer or a subclass, not the class"),
        ({"server": 3}, "server must be CaptureServer or a subclass, not an object of"),
        ({"limits": {"colour": 1}}, "no limit is called 'colour', use: auth_line"),
        ({"limits": 1}, "limits must be a Limits or a mapping, not 1"),
        ({"tls": "auto"}, "tls must be True, a TLS or two files, not 'auto'"),
        ({"auth": "any"}, "auth must be True, an Auth, .* not 'any'"),
    ],
)
def test_what_cannot_be_is_a_type_error(
    keywords: dict[str, Any], complaint: str
) -> None:
    """It names the value, and what there is to choose from."""
    with pytest.raises(TypeError, match=complaint):
        make_server(**keywords)


@pytest.mark.parametrize("auth", [("shop", "secret"), ["shop", "secret"]])
def test_a_user_as_a_pair_names_the_mapping(auth: Any) -> None:
    """Without the password."""
    with pytest.raises(ValueError, match=r"auth=\{'USER': 'PASSWORD'\}") as caught:
        make_server(auth=auth)
    assert "secret" not in str(caught.value)


def test_a_login_is_not_required_where_nobody_could_log_in() -> None:
    """A ValueError, before the first client is refused."""
    with pytest.raises(ValueError, match="require_auth needs auth"):
        make_server(require_auth=True)


def test_a_certificate_that_is_not_there_is_named() -> None:
    """As elsewhere."""
    with pytest.raises(TLSError, match=r"nowhere\.pem"):
        make_server(tls=("nowhere.pem", "key.pem"))


def test_its_faults_may_be_in_a_file(tmp_path: Path) -> None:
    """They are in force before anybody connects."""
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\non = "MAIL"\ndrop = true\n')
    [rule] = make_server(faults=file).faults.rules
    assert str(rule) == "on('MAIL').drop()"
