"""Settings of frameworks."""

from __future__ import annotations

import ast

import pytest

from lazr_smtptest.model.mail_url import mail_url

HERE = {"host": "127.0.0.1", "port": 1025}
LOGIN = {**HERE, "user": "an na", "password": 'p"w$'}


def settings(module, name, to):
    return module("connect.js").call("settingsOf", name, to)


def frameworks(module):
    return module("connect.js").run("m.FRAMEWORKS")


def test_every_framework_names_host_and_port(module):
    """There are seven, and each has the file where its settings belong."""
    names = frameworks(module)
    assert names == ["url", "django", "rails", "laravel", "node", "spring", "go"]
    for name in names:
        found = settings(module, name, HERE)
        assert "127.0.0.1" in found["text"]
        assert "1025" in found["text"]
        assert found["file"]


def test_a_login_is_in_the_settings(module):
    """Whoever needs a login gets user and password, in the quotes of the language."""
    for name in frameworks(module):
        text = settings(module, name, LOGIN)["text"]
        assert "an na" in text or "an%20na" in text


def test_the_settings_of_django_are_python(module):
    """They are read back as they were."""
    tree = ast.parse(settings(module, "django", LOGIN)["text"])
    found = {each.targets[0].id: ast.literal_eval(each.value) for each in tree.body}
    assert found == {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": 1025,
        "EMAIL_HOST_USER": "an na",
        "EMAIL_HOST_PASSWORD": 'p"w$',
    }


@pytest.mark.parametrize("name", ["url", "go"])
def test_an_address_of_ipv6_is_in_brackets(module, name):
    """Where host and port are one text, its colons must not be mistaken."""
    assert "[::1]:1025" in settings(module, name, {"host": "::1", "port": 1025})["text"]


@pytest.mark.parametrize("host", ["mail.test", "::1"])
@pytest.mark.parametrize("protocol", ["imap", "imaps", "pop3"])
def test_the_url_of_an_account_is_that_of_the_server(module, protocol, host):
    """What the page shows is what programs get."""
    user = "anna+x@box.test"
    to = {"host": host, "port": 1143, "user": user}
    found = module("connect.js").call("accountURL", protocol, to)
    assert found == mail_url(protocol, user, host, 1143)


@pytest.mark.parametrize(
    ("listener", "name"),
    [("imap", "imap"), ("imaps2", "imaps"), ("pop32", "pop3"), ("smtp", None)],
)
def test_a_listener_that_mail_is_read_from_has_the_name_of_its_protocol(
    module, listener, name
):
    """A second one has a number; others have none."""
    assert module("connect.js").call("readerOf", listener) == name
