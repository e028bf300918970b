"""The options of mail that is sent on, and of MailHog's API."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from lazr_smtptest import CaptureServer, Controller
from lazr_smtptest.auth.login import Auth
from lazr_smtptest.cli.options import OptionError, Options
from lazr_smtptest.cli.outgoing import outgoing_of
from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS

from ..commands import PATIENCE, Start
from .test_readers import HTTP, get

HOG = "--mailhog=tcp:0:interface=127.0.0.1"


def read(*arguments: str) -> Outgoing:
    """Return what a command may send to."""
    options = Options()
    options.parseOptions([HTTP, *arguments])
    return outgoing_of(options)


def test_nothing_may_be_sent_by_default() -> None:
    assert read() == Outgoing()


def test_a_relay_by_its_host_alone() -> None:
    assert read("--relay-host=mail.example") == Outgoing(
        relay=Relay(server=Server(host="mail.example", port=25))
    )


def test_a_relay_with_all_options(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(b"PEM")
    assert read(
        "--relay-host=mail.example",
        "--relay-port=587",
        "--relay-security=starttls",
        f"--relay-ca={tmp_path}/ca.pem",
        "--relay-insecure",
        "--relay-auth=ann:se:cret",
        "--relay-mechanism=cram-md5",
        "--relay-return-path=bounce@example.com",
        "--relay-override-from=team@example.com",
        "--relay-allowed=@example",
        "--relay-blocked=^root",
        "--relay-keep-ids",
        "--release-to=other.example:25",
    ) == Outgoing(
        relay=Relay(
            server=Server(
                host="mail.example",
                port=587,
                security="starttls",
                ca=b"PEM",
                verifies=False,
                login=Login(user="ann", password="se:cret", mechanism="cram-md5"),
            ),
            return_path="bounce@example.com",
            override_from="team@example.com",
            allowed="@example",
            blocked="^root",
            preserves_message_ids=True,
        ),
        hosts=["other.example:25"],
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--relay-auth=a:b"], "--relay-auth needs --relay-host"),
        (["--relay-allowed=a"], "--relay-allowed needs --relay-host"),
        (["--relay-host=a b"], "--relay-host: the host must be a host name"),
        (["--relay-host=a", "--relay-auth=b"], "--relay-host: a login must have"),
        (["--relay-host=a", "--relay-auth=b:c"], "--relay-host: a password is not"),
        (["--relay-host=a", "--relay-allowed=("], "--relay-host: the allowed recip"),
        (["--relay-host=a", "--relay-ca=/none"], "--relay-ca '/none' cannot be read"),
        (["--release-to=a"], "--release-to is HOST:PORT, not 'a'"),
        ([HOG, "--workers=2"], "--mailhog with --workers needs a store on a disk"),
    ],
)
def test_options_that_cannot_be_are_one_line(arguments: list[str], error: str) -> None:
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(error)


def test_mailhog_has_a_port_of_its_own(start: Start) -> None:
    process = start("smtptest", "--port=0", HTTP, HOG)
    ready = process.wait_for(r"^ready smtp=\d+ http=(\d+) mailhog=(\d+)$")
    for port, path in (
        (ready[1], "/mailhog/api/v2/messages"),
        (ready[2], "/api/v2/messages"),
    ):
        assert get(port, path) == (
            200,
            {"total": 0, "count": 0, "start": 0, "items": []},
        )


@pytest.mark.slow
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_released_by_tls_after_a_login(
    start: Start, tmp_path: Path, security: str
) -> None:
    """RFC 3207, RFC 8314: the certificate is that of the file."""

    class Target(CaptureServer):
        auth = Auth.users({"anna": "secret"})
        settings = Settings(tls=TLS.auto(), implicit_tls=security == "tls")

    with Controller(Target()) as target:
        (tmp_path / "ca.pem").write_bytes(target.server.ca_pem)
        process = start(
            "smtptest",
            "--port=0",
            HTTP,
            "--relay-host=localhost",
            f"--relay-port={target.port}",
            f"--relay-security={security}",
            f"--relay-ca={tmp_path}/ca.pem",
            "--relay-auth=anna:secret",
        )
        port = int(process.wait_for(r"^ready smtp=\d+ http=(\d+)$")[1])
        sender, recipient = {"Email": "a@example.com"}, {"Email": "b@example.com"}
        post(port, "/api/v1/send", {"From": sender, "To": [recipient], "Text": ".\nx"})
        path = "/api/v1/message/latest/release"
        assert post(port, path, {"To": ["c@example.com"]}) == (200, b"ok")
        envelope = target.server.mailbox.wait_for(timeout=PATIENCE)
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "a@example.com",
        ("c@example.com",),
    )
    assert (envelope.tls, envelope.user) == (True, "anna")
    assert envelope.content.endswith(b"\r\n\r\n.\r\nx\r\n")


def post(port: int, path: str, body: object) -> tuple[int, bytes]:
    """Make a POST request; return the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
