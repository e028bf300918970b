"""The checks of a server."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.checks.functions import FUNCTIONS
from lazr_smtptest.checks.service import Checks, CheckSettings
from lazr_smtptest.cli.checks import check_settings
from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options
from lazr_smtptest.errors import CheckError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.outbound.http.allowed import Allowed
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.stores.memory import MemoryStore
from tests.outbound.http.servers import result_of

HTML = b"Content-Type: text/html\r\n\r\n<p style='gap:1px'><a href='http://10.0.0.1/'>"
MAIL = Envelope(mail_from="a@x", rcpt_tos=(), content=HTML)


def checks(**settings: Any) -> Checks:
    return Checks(
        MemoryReactorClock(),
        lambda name, envelope: succeed(FUNCTIONS[name].run(envelope)),
        lambda function: succeed(function()),
        CheckSettings(**settings),
    )


def run(coroutine: Any) -> Any:
    return result_of(Deferred.fromCoroutine(coroutine))


def options(*words: str) -> Options:
    parsed = Options()
    parsed.parseOptions(["--http=tcp:0", *words])
    return parsed


def test_the_html_check_needs_no_settings():
    """It connects to nothing."""
    [warning] = run(checks().html(MAIL)).warnings
    assert warning.feature.slug == "css-gap"


def test_links_are_not_checked_by_default():
    """The error names the option."""
    with pytest.raises(CheckError, match="--link-check"):
        run(checks().links(MAIL))


def test_links_are_checked_if_that_is_allowed():
    """Those of the message."""
    [link] = run(checks(links=Allowed(["*"])).links(MAIL)).links
    assert (link.url, link.status) == ("http://10.0.0.1/", 451)


def test_spam_is_not_checked_by_default():
    """The error names the option."""
    with pytest.raises(CheckError, match="--spamassassin"):
        run(checks().spam(MAIL))


def test_the_spamd_is_asked_with_the_message():
    """As it was received."""
    service = checks(spamd="127.0.0.1:1783")
    Deferred.fromCoroutine(service.spam(MAIL))
    reactor: Any = service._spam._reactor  # type: ignore[union-attr]
    assert reactor.tcpClients[0][:2] == ("127.0.0.1", 1783)


def test_every_reader_gets_the_checks():
    """They are part of the context."""
    context = ReaderContext.of(MemoryStore(), MemoryReactorClock())
    assert context.checks.settings == CheckSettings()


def test_the_options_are_the_settings():
    """The list of hosts, the flag and the server."""
    found = check_settings(
        options("--link-check=*", "--link-check=a.example", "--link-check-private")
    )
    assert found.links == Allowed(["*", "a.example"], private=True)
    assert check_settings(options("--spamassassin=h:1")).spamd == "h:1"
    assert check_settings(options()) == CheckSettings()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--link-check=a b"], "--link-check: a host to allow is"),
        (["--link-check-private"], "--link-check-private needs --link-check *"),
        (["--spamassassin=x:y"], "--spamassassin: a spamd is"),
    ],
)
def test_a_wrong_option_is_refused(words, error):
    """One line says what is allowed."""
    with pytest.raises(OptionError) as raised:
        options(*words)
    assert error in str(raised.value)


@pytest.mark.parametrize("word", ["--link-check=*", "--spamassassin=h:1"])
def test_the_options_need_http(word):
    """Nobody else asks for checks."""
    with pytest.raises(OptionError, match="needs --http"):
        Options().parseOptions([word])


def test_a_server_that_checks_no_links_imports_no_http_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of Twisted is a fifth of all that a server imports at its start."""
    monkeypatch.setitem(sys.modules, "lazr_smtptest.outbound.http.client", None)
    monkeypatch.setitem(sys.modules, "lazr_smtptest.checks.link_check", None)
    assert "--link-check" in checks().obstacles()["links"]
    with pytest.raises(ImportError):
        checks(links=Allowed(["a.example"]))
