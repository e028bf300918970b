"""The options of mail that is sent on, and of MailHog's API."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazr_smtptest.cli.options import OptionError, Options
from lazr_smtptest.cli.outgoing import outgoing_of
from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server

from ..commands import Start
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
