"""No key, password or token is in an error, a `repr`, a log line or a traceback."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest import TLS, Auth, Server, open_store
from lazr_smtptest._secrets import safe_repr, without_secrets
from lazr_smtptest.auth.mechanisms import CramMD5, Login, Plain
from lazr_smtptest.auth.oauth import OAuthBearer, XOAuth2
from lazr_smtptest.cli.endpoints import LoggedEndpoint
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.workers.assignment import Assignment
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session
from lazr_smtptest.testing.pytest_options import keywords_of_marker
from lazr_smtptest.testing.servers import make_server

from ..harness import Peer

SECRET = "hunter2Hunter2"
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
PLAIN = base64.b64encode(f"\0anna\0{SECRET}".encode()).decode()


def options(*arguments: str) -> Options:
    parsed = Options()
    parsed.parseOptions(arguments)
    return parsed


@pytest.mark.parametrize(
    "call",
    [
        lambda: TLS.from_files(PEM.encode(), PEM.encode()),  # type: ignore[arg-type]
        lambda: TLS.from_files(PEM, PEM),
        lambda: TLS.from_files(__file__, PEM),
        lambda: TLS.from_files(__file__, __file__, PEM),
        lambda: TLS.from_files(bytearray(PEM.encode()), "key.pem"),  # type: ignore[arg-type]
        lambda: make_server(tls=PEM),
        lambda: make_server(tls=[PEM, PEM]),
        lambda: make_server(tls=(PEM, PEM)),
        lambda: make_server(tls={"key": PEM}),
        lambda: make_server(auth=f"memory:anna:{SECRET}"),
        lambda: make_server(auth=SECRET.encode()[0]),  # type: ignore[arg-type]
        lambda: make_server(auth=[f"nothing:anna:{SECRET}"]),
        lambda: make_server(auth=[f"memory:{SECRET}"]),
        lambda: Auth.from_specs(f"memory:anna:{SECRET}"),
        lambda: Auth.from_specs([f"memry:anna:{SECRET}"]),
        lambda: Auth.from_specs(["any", f"memory:anna:{SECRET}"]),
        lambda: Auth.users({"anna": SECRET}, mechanisms=["NONE"]),
        lambda: open_store(f"postgresql://anna:{SECRET}@host/mail"),
        lambda: open_store(f"nothing://host/?password={SECRET}"),
        lambda: LoggedEndpoint(MemoryReactorClock(), f"onion:25:privateKey={SECRET}"),
        lambda: LoggedEndpoint(MemoryReactorClock(), f"tcp:25:password={SECRET}"),
        lambda: LoggedEndpoint(MemoryReactorClock(), f"http://a:{SECRET}@host"),
        lambda: options("--tls", PEM),
        lambda: options("--store", f"postgresql://anna:{SECRET}@host/mail?shema=x"),
        lambda: keywords_of_marker(
            [pytest.mark.smtptest({"anna": SECRET}).mark], Path()
        ),
        lambda: keywords_of_marker([pytest.mark.smtptest(PEM).mark], Path()),
    ],
)
def test_an_error_has_no_secret(call: Callable[[], object]) -> None:
    """Nor has what caused it, which a traceback shows too."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        call()
    # Without the lines of this file, in which it stands.
    error: BaseException | None = caught.value
    while error is not None:
        shown = "".join(traceback.format_exception_only(type(error), error))
        assert SECRET not in shown + repr(error)
        error = error.__cause__ or error.__context__


def exchange(mechanism: Any, *responses: bytes) -> Any:
    for response in responses:
        mechanism.setResponse(response)
    return mechanism


@pytest.mark.parametrize(
    "make",
    [
        lambda: Auth.users({"anna": SECRET}),
        lambda: Auth.from_specs([f"memory:anna:{SECRET}"]),
        lambda: make_server(auth={"anna": SECRET}),
        lambda: options("--auth", f"memory:anna:{SECRET}"),
        lambda: options("--store", f"postgresql://anna:{SECRET}@host/mail"),
        lambda: Assignment(reactor="", options={"auth": [SECRET]}, tls={"key": SECRET}),
        lambda: exchange(Plain(), f"\0anna\0{SECRET}".encode()),
        lambda: exchange(Login(), b"anna", SECRET.encode()),
        lambda: exchange(CramMD5(), b"anna " + b"0" * 32),
        lambda: exchange(XOAuth2(), f"user=a\1auth=Bearer {SECRET}\1\1".encode()),
        lambda: exchange(OAuthBearer(), f"n,,\1auth=Bearer {SECRET}\1\1".encode()),
        lambda: FaultContext(
            phase="AUTH",
            session=Session(),
            now=0.0,
            line=f"AUTH PLAIN {PLAIN}".encode(),
        ),
    ],
)
def test_a_repr_has_no_secret(make: Callable[[], object]) -> None:
    """A debugger and a failed assertion show it."""
    shown = repr(make())
    assert SECRET not in shown
    assert PLAIN not in shown


def test_a_repr_of_tls_has_no_key() -> None:
    """Only what a client has to trust."""
    tls = TLS.auto()
    key = tls.as_fields()["key"].splitlines()[1]
    assert key not in repr(tls)


@pytest.mark.parametrize(
    "line",
    [
        f"AUTH PLAIN {PLAIN}",
        f"auth plain {PLAIN}",
        f"AUTH  PLAIN  {PLAIN}",
        f"AUTH PLAIN {PLAIN} more",
        f"AUTH NONE {PLAIN}",
        f"AUTH XOAUTH2 {PLAIN}",
        f"AUTH\tPLAIN\t{PLAIN}",
    ],
)
@pytest.mark.parametrize("auth", [None, Auth.users({"anna": "other"})])
def test_what_was_sent_to_log_in_is_nowhere(
    line: str, auth: Auth | None, caplog: pytest.LogCaptureFixture
) -> None:
    """In no log, transcript, reply or journal, whatever became of it."""
    caplog.set_level(logging.DEBUG, "lazr.smtptest")
    server = Server()
    server.auth = auth
    server.faults.on("ANY").go_on()
    peer = Peer(server.factory(Clock()))
    said = peer.say("EHLO client", line, "NOOP")
    shown = [
        caplog.text,
        str(peer.protocol.session.transcript),
        said.decode(),
        repr(server.faults.journal),
        repr(server.sessions[0]),
    ]
    assert PLAIN not in "".join(shown)


def test_an_error_of_a_judge_has_no_password(caplog: pytest.LogCaptureFixture) -> None:
    """The log line does not repeat the response of the client."""
    server = Server()
    server.auth = Auth.users({"anna": SECRET})
    server.faults.on("LOGIN", where=lambda context: 1 / 0).reply(535)
    Peer(server.factory(Clock())).say("EHLO client", f"AUTH PLAIN {PLAIN}")
    with pytest.raises(ZeroDivisionError):
        server.check()
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text
    assert PLAIN not in caplog.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:mail.db", "sqlite:mail.db"),
        ("tcp:25:interface=127.0.0.1", "tcp:25:interface=127.0.0.1"),
        ("postgresql://host/mail", "postgresql://host/mail"),
        ("postgresql://anna@host/mail", "postgresql://anna@host/mail"),
        (f"x://anna:{SECRET}@host", "x://anna:********@host"),
        (f"x://anna:a/{SECRET}@b@host", "x://anna:********@host"),
        (f"ssl:1:password={SECRET}:x=1", "ssl:1:password=********:x=1"),
        (f"ssl:1:passphrase=a\\:{SECRET}", "ssl:1:passphrase=********"),
        (
            f"x?user=anna&access-token={SECRET}&y=1",
            "x?user=anna&access-token=********&y=1",
        ),
        (f"onion:1:privateKey={SECRET}", "onion:1:privateKey=********"),
        ("ssl:1:privateKey=server.pem", "ssl:1:privateKey=server.pem"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ********"),
        (f"cert.pem,{PEM}", "cert.pem,********"),
    ],
)
def test_only_the_secret_of_a_text_is_masked(text: str, shown: str) -> None:
    """The rest is what a user has to see to mend it."""
    assert without_secrets(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        ("auto", "'auto'"),
        (PEM * 2, "an object of type str"),
        ({"anna": SECRET}, "an object of type dict"),
        (SECRET.encode(), "an object of type bytes"),
    ],
)
def test_a_wrong_value_is_shown_if_it_can_be_no_secret(value: Any, shown: str) -> None:
    """Otherwise its type is."""
    assert safe_repr(value) == shown


def test_the_name_of_a_file_is_shown(tmp_path: Path) -> None:
    """A user needs it to mend the mistake."""
    with pytest.raises(Exception, match=r"missing\.pem"):
        TLS.from_files(tmp_path / "missing.pem", tmp_path / "missing.pem")
