"""The options of mail that is sent on, and of MailHog's API."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path

import pytest

from lazr_smtptest import CaptureServer, Controller
from lazr_smtptest.auth.login import Auth
from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.outgoing import outgoing_of, routes_of
from lazr_smtptest.outbound.releases.route import Route
from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores import check_spec
from lazr_smtptest.tls.context import TLS

from ..commands import PATIENCE, Start
from .test_readers import HTTP, get

CA = b"-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"
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
    (tmp_path / "ca.pem").write_bytes(CA)
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
                ca=CA,
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
        (["--relay-query=a"], "--relay-query needs --relay-host"),
        (["--relay-all"], "--relay-all needs --relay-host"),
        (["--forward-to=a@b"], "--forward-to needs --forward-host"),
        (["--forward-host=a"], "--forward-host needs --forward-to"),
        (
            ["--relay-host=a", "--relay-matching=("],
            "--relay-matching: relay-matching must",
        ),
        (["--relay-host=a", "--relay-query=subject:"], "--relay-query: "),
        (["--relay-host=a", "--relay-to=a b"], "--relay-to: cannot send to"),
        (["--relay-host=a", "--relay-to="], "--relay-to: a recipient is an address"),
        (["--relay-host=a", "--relay-all", "--workers=2"], "--relay-host with --work"),
        (["--relay-auth=a:b"], "--relay-auth needs --relay-host"),
        (["--relay-allowed=a"], "--relay-allowed needs --relay-host"),
        (["--relay-host=a b"], "--relay-host: the host must be a host name"),
        (["--relay-host=a", "--relay-auth=b"], "--relay-auth: a login must have"),
        (["--relay-host=a", "--relay-auth=b:c"], "--relay-host: a password is not"),
        (["--relay-host=a", "--relay-allowed=("], "--relay-allowed: the allowed"),
        (["--relay-security=starttls"], "--relay-security needs --relay-host"),
        (["--forward-port=26"], "--forward-port needs --forward-host"),
        (["--relay-host=a", "--relay-ca=/none"], "--relay-ca '/none' cannot be read"),
        (["--release-to=a"], "--release-to is HOST:PORT, not 'a'"),
        ([HOG, "--workers=2"], "--mailhog with --workers needs a store on a disk"),
    ],
)
def test_options_that_cannot_be_are_one_line(arguments: list[str], error: str) -> None:
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(error)


def test_a_file_without_a_certificate_is_no_ca(tmp_path: Path) -> None:
    """Or the first release would fail."""
    file = tmp_path / "env.sh"
    file.write_text("A=1\n")
    with pytest.raises(OptionError, match=r"--relay-ca: '.*' has no certificate"):
        Options().parseOptions(["--relay-host=a", f"--relay-ca={file}"])


POSTGRESQL = "--store=postgresql://anna@127.0.0.1:1/mail"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--relay-host=a", "--relay-all"],
        ["--relay-host=a", "--relay-query=bill"],
        ["--relay-host=a", "--relay-matching=@b$"],
        ["--forward-host=a", "--forward-to=c@d"],
    ],
)
def test_servers_that_share_a_database_send_by_rule(arguments: list[str]) -> None:
    [route] = routes(POSTGRESQL, *arguments)
    assert route.is_automatic


def routes(*arguments: str) -> list[Route]:
    """Return the routes of a command."""
    options = Options()
    options.parseOptions([HTTP, *arguments])
    return list(routes_of(options))


@pytest.mark.parametrize("store", [POSTGRESQL, f"{POSTGRESQL}?max-age=1d"])
def test_a_spool_is_a_setting_of_the_store(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its whole path: a daemon changes its directory."""
    monkeypatch.chdir(tmp_path)
    options = Options()
    options.parseOptions([store, "--spool=waiting"])
    settings = check_spec(options["store"]).settings
    assert settings["spool"] == str(tmp_path / "waiting")


RELAY = Relay(server=Server(host="a"))


@pytest.mark.parametrize(
    ("arguments", "route"),
    [
        (["--relay-host=a"], Route(name="relay", relay=RELAY)),
        (
            ["--relay-host=a", "--relay-all", "--relay-rate=9"],
            Route(name="relay", relay=RELAY, is_automatic=True, rate=9),
        ),
        (
            ["--relay-host=a", "--relay-query=bill", "--relay-to=c@d"],
            Route(
                name="relay", relay=RELAY, is_automatic=True, query="bill", to=["c@d"]
            ),
        ),
        (
            ["--relay-host=a", "--relay-matching=@b$"],
            Route(name="relay", relay=RELAY, is_automatic=True, matching="@b$"),
        ),
        (
            ["--forward-host=a", "--forward-to=c@d", "--forward-to=e@f"],
            Route(name="forward", relay=RELAY, is_automatic=True, to=["c@d", "e@f"]),
        ),
    ],
)
def test_options_make_a_route(arguments: list[str], route: Route) -> None:
    assert routes(*arguments) == [route]


def test_mailpits_file_names_a_relay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "relay.yaml").write_text(
        "host: mail.example\nport: 587\nstarttls: true\nallow-insecure: false\n"
        "auth: cram-md5\nusername: anna\nsecret: word\n"
        "return-path: bounce@example.com\noverride-from: team@example.com\n"
        "allowed-recipients: '@example'\nblocked-recipients: ^root\n"
        "preserve-message-ids: true\nforward-smtp-errors:\n"
    )
    monkeypatch.setenv("MP_SMTP_RELAY_CONFIG", f"{tmp_path}/relay.yaml")
    monkeypatch.setenv("MP_SMTP_RELAY_MATCHING", "@example")
    assert routes() == [
        Route(
            name="relay",
            relay=Relay(
                server=Server(
                    host="mail.example",
                    port=587,
                    security="starttls",
                    login=Login(user="anna", password="word", mechanism="cram-md5"),
                ),
                return_path="bounce@example.com",
                override_from="team@example.com",
                allowed="@example",
                blocked="^root",
                preserves_message_ids=True,
            ),
            is_automatic=True,
            matching="@example",
        )
    ]


def test_mailpits_file_names_a_server_for_copies(tmp_path: Path) -> None:
    (tmp_path / "forward.yaml").write_text("host: a\nto: c@d,e@f\n")
    assert routes(f"--smtp-forward-config={tmp_path}/forward.yaml") == [
        Route(name="forward", relay=RELAY, is_automatic=True, to=["c@d", "e@f"])
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("hots: a", "has an unknown key 'hots'; did you mean 'host'?"),
        ("host: [a]", "host must be one value"),
        ("host", "must have lines KEY: VALUE"),
        ("host: [", "is no YAML: "),
        (None, "cannot read "),
    ],
)
def test_a_file_of_mailpit_that_is_wrong_is_one_line(
    tmp_path: Path, content: str | None, error: str
) -> None:
    if content is not None:
        (tmp_path / "relay.yaml").write_text(content)
    with pytest.raises(OptionError) as caught:
        Options().parseOptions([f"--smtp-relay-config={tmp_path}/relay.yaml"])
    assert str(caught.value).startswith("--smtp-relay-config: ")
    assert error in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_yaml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(OptionError, match=r"needs pip install 'lazr.smtptest\[yaml\]'"):
        Options().parseOptions(["--smtp-relay-config=relay.yaml"])


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
