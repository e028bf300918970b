"""A controller whose mail others read over IMAP."""

from __future__ import annotations

import imaplib
import json
import poplib
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.request import urlopen

import pytest

from lazr_smtptest import CaptureController, Controller, QueueServer, StateError
from lazr_smtptest.testing.servers import make_controller
from tests.leaks import Opened

PATIENCE = 60


@contextmanager
def logged_in(controller: Any) -> Iterator[imaplib.IMAP4]:
    """Log in, and leave."""
    port = controller.imap_port
    client = imaplib.IMAP4(controller.host, port, timeout=PATIENCE)
    try:
        client.login("bob@example.com", "secret")
        client.select()
        yield client
    finally:
        client.shutdown()


def send(controller: Any) -> None:
    """Send a message."""
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client.sendmail("ann@example.com", ["bob@example.com"], "Subject: hi\n\n.x\n")


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A running server with IMAP."""
    with CaptureController("127.0.0.1", imap=True) as controller:
        yield controller


def test_what_was_sent_is_read(controller: CaptureController) -> None:
    """As it came."""
    send(controller)
    with logged_in(controller) as client:
        assert client.fetch("1", "(RFC822)")[1][0][1] == b"Subject: hi\r\n\r\n.x\r\n"


@pytest.mark.parametrize(("key", "found"), [("YOUNGER", b"1"), ("OLDER", b"")])
def test_a_message_of_now_is_young(
    controller: CaptureController, key: str, found: bytes
) -> None:
    """RFC 5032: by the time of day, which the clock of the reactor need not have."""
    send(controller)
    with logged_in(controller) as client:
        assert client.search(None, key, "3600") == ("OK", [found])


def test_a_session_of_a_reader_began_now() -> None:
    """As those of SMTP did."""
    with CaptureController("127.0.0.1", imap=True, http=True) as controller:
        with logged_in(controller):
            pass
        send(controller)
        url = f"{controller.url}api/v2/sessions"
        began = []
        for query in ("", "?protocol=imap"):
            with urlopen(f"{url}{query}", timeout=PATIENCE) as answer:
                [session] = json.load(answer)["sessions"]
            began.append(datetime.fromisoformat(session["started_at"][:19]))
    smtp, imap = began
    assert abs(smtp - imap) < timedelta(hours=1)


def test_imaplib_may_enable_utf_8(controller: CaptureController) -> None:
    """It looks for ENABLE in what was announced before the login."""
    with logged_in(controller) as client:
        client.unselect()
        assert client.enable("UTF8=ACCEPT")[0] == "OK"


def test_what_a_client_deletes_is_gone(controller: CaptureController) -> None:
    """When it has expunged it."""
    send(controller)
    with logged_in(controller) as client:
        client.store("1", "+FLAGS", "\\Deleted")
        assert client.expunge() == ("OK", [b"1"])
    assert len(controller) == 0


def test_what_a_client_appends_is_captured(controller: CaptureController) -> None:
    """A test waits for it as for mail."""
    with logged_in(controller) as client:
        client.append("INBOX", None, None, b"Subject: seed\r\n\r\nx\r\n")
    assert controller.wait_for(subject="seed").mail_from == ""


def test_a_client_searches_and_copies(controller: CaptureController) -> None:
    """By UIDs."""
    send(controller)
    with logged_in(controller) as client:
        assert client.uid("SEARCH", "SUBJECT", "hi") == ("OK", [b"1"])
        assert client.uid("COPY", "1", "INBOX")[0] == "OK"
        assert client.sort("ARRIVAL", "UTF-8", "ALL") == ("OK", [b"1 2"])


def test_the_url_names_the_port(controller: CaptureController) -> None:
    """As RFC 5092 writes it."""
    assert controller.imap_url == f"imap://127.0.0.1:{controller.imap_port}/"


def test_a_client_logs_in_by_the_settings(controller: CaptureController) -> None:
    """Without TLS, if the server has none."""
    settings = controller.imap_settings()
    assert settings.ssl_context is None
    with imaplib.IMAP4(settings.host, settings.port, timeout=PATIENCE) as client:
        assert client.login(settings.user, settings.password)[0] == "OK"


def test_the_settings_have_a_url_with_the_user(controller: CaptureController) -> None:
    """RFC 5092 section 3.2: what has a meaning in a URL is encoded."""
    url = controller.imap_settings("anna+x@example.com").url
    port = controller.imap_port
    assert url == f"imap://anna%2Bx%40example.com@127.0.0.1:{port}/INBOX"


def test_the_context_of_the_settings_trusts_the_server() -> None:
    """Also for its address."""
    with make_controller(host="127.0.0.1", tls=True, imap=True) as controller:
        settings = controller.imap_settings("anna@example.com", "x")
        with imaplib.IMAP4(settings.host, settings.port, timeout=PATIENCE) as client:
            client.starttls(settings.ssl_context)
            assert client.login(settings.user, settings.password)[0] == "OK"


def test_the_settings_of_pop3_are_those_of_its_port() -> None:
    """With the same certificate."""
    with make_controller(host="127.0.0.1", tls=True, pop3=True) as controller:
        settings = controller.pop3_settings()
        assert settings.port == controller.pop3_port
        assert settings.url == f"pop://anybody@127.0.0.1:{settings.port}/"
        client = poplib.POP3(settings.host, settings.port, timeout=PATIENCE)
        client.stls(settings.ssl_context)
        client.user(settings.user)
        assert client.pass_(settings.password).startswith(b"+OK")
        client.quit()


def test_the_settings_show_no_password(controller: CaptureController) -> None:
    """Logs of tests are read by many."""
    assert "geheim" not in repr(controller.imap_settings(password="geheim"))


def test_http_and_imap_have_ports_of_their_own() -> None:
    """Beside that of SMTP."""
    with CaptureController(http=True, imap=True) as controller:
        ports = {controller.port, controller.imap_port}
        assert len(ports) == 2
        assert f":{controller.imap_port}/" not in controller.url


def test_the_status_has_all_addresses() -> None:
    """The page tells where mail is read."""
    with CaptureController(http=True, imap=True) as controller:
        with urlopen(controller.url + "api/v2/status") as answer:
            listeners = json.load(answer)["listeners"]
        ports = {each["protocol"]: each["port"] for each in listeners}
        assert ports["smtp"] == controller.port
        assert ports["imap"] == controller.imap_port
        assert f":{ports['http']}/" in controller.url


def test_the_port_stays_over_a_restart(controller: CaptureController) -> None:
    """As that of SMTP."""
    port = controller.imap_port
    controller.stop()
    controller.start()
    assert controller.imap_port == port


def test_a_server_without_imap_says_how_to_have_it() -> None:
    """In the error of the attribute."""
    with pytest.raises(StateError, match=r"no IMAP: CaptureController\(..., imap=True"):
        CaptureController().imap_port  # noqa: B018


def test_there_is_no_port_before_the_start() -> None:
    """It is not known yet."""
    with pytest.raises(StateError, match="start it first"):
        CaptureController(imap=True).imap_port  # noqa: B018


def test_a_server_that_keeps_no_mail_is_refused() -> None:
    """Before the start."""
    with pytest.raises(TypeError, match="keeps no messages that can be read"):
        Controller(QueueServer(), imap=True)


def test_stop_ends_the_sessions(controller: CaptureController) -> None:
    """And leaves no thread and no descriptor."""
    opened = Opened()
    with logged_in(controller) as client:
        controller.stop()
        with pytest.raises((imaplib.IMAP4.error, OSError)):
            client.noop()
    assert opened.left() == []
