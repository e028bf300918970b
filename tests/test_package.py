"""What `lazr_smtptest` lends its name to."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lazr_smtptest


def test_all_names_are_there_and_sorted() -> None:
    """``__all__`` is the public interface."""
    assert lazr_smtptest.__all__ == sorted(lazr_smtptest.__all__)
    for name in lazr_smtptest.__all__:
        assert getattr(lazr_smtptest, name) is not None


def test_the_public_names_are_these() -> None:
    """A name that goes away breaks somebody's tests."""
    assert set(lazr_smtptest.__all__) == {
        "AsyncDisposableMailbox",
        "AsyncRemoteMailbox",
        "Attachment",
        "Auth",
        "BusyError",
        "CaptureController",
        "CaptureServer",
        "CheckError",
        "ClientError",
        "Controller",
        "Counters",
        "DKIMError",
        "DKIMResult",
        "DKIMSignature",
        "DisposableMailbox",
        "Envelope",
        "Error",
        "FaultContext",
        "FaultFileError",
        "Faults",
        "Fired",
        "HandlerError",
        "LMTPServerProtocol",
        "LimitedFaults",
        "Limits",
        "Line",
        "ListenError",
        "Listener",
        "Mailbox",
        "MailboxView",
        "Moment",
        "NotReceived",
        "PolicyError",
        "QueryError",
        "QueueController",
        "QueueServer",
        "RemoteError",
        "RemoteMailbox",
        "Reply",
        "ReplyError",
        "Rule",
        "SMTPServerFactory",
        "SMTPServerProtocol",
        "SMTPService",
        "SearchTimeoutError",
        "Server",
        "ServerError",
        "Session",
        "SessionLog",
        "Settings",
        "StateError",
        "StoreError",
        "StoreFullError",
        "StoreServer",
        "SubscriberError",
        "TLS",
        "TLSError",
        "Transaction",
        "Transcript",
        "__version__",
        "open_store",
    }


def test_dir_lists_what_was_not_imported_yet() -> None:
    """For people at a prompt."""
    assert set(lazr_smtptest.__all__) <= set(dir(lazr_smtptest))


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = lazr_smtptest.nonsense


def test_the_old_names_are_the_same_classes() -> None:
    """``lazr.smtptest`` is the old import path."""
    from lazr.smtptest.controller import Controller, QueueController
    from lazr.smtptest.server import QueueServer, Server

    assert Controller is lazr_smtptest.Controller
    assert QueueController is lazr_smtptest.QueueController
    assert QueueServer is lazr_smtptest.QueueServer
    assert Server is lazr_smtptest.Server


def test_the_import_installs_no_reactor() -> None:
    """A program may look for this package and still choose its own."""
    program = """
import sys, lazr_smtptest
assert 'twisted.internet.reactor' not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


# What a server of a test does without, until it is used.
_UNUSED = (
    *("auth.credentials", "auth.login", "auth.mechanisms", "auth.scram"),
    *("tls.context", "tls.layer", "tls.pem", "tls.transport"),
    *("faults.keywords", "faults.files", "faults.rule", "faults.steps"),
    *("faults.personalities", "faults.journal", "smtp.fault_runner", "smtp.xclient"),
    *("mailbox.attempt", "mailbox.evidence", "mailbox.report", "mailbox.reader"),
    *("mailbox.difference", "query.difference"),
    *("mime.charsets", "mime.fields", "mime.parts", "mime.codes", "mime.transfer"),
    *("query.parser", "model.fault_context", "model.found", "model.summary"),
    *("stores.memory", "stores.sqlite", "stores.maildir", "stores.mbox"),
    *("readers", "cli", "checks", "client", "outbound", "parsing", "providers"),
)
# The same of other packages, if `twisted.mail.smtp` does without them, too.
_UNUSED_ELSEWHERE = (
    *("twisted.mail.imap4", "twisted.mail.pop3", "twisted.web", "sqlite3", "tomllib"),
    *("difflib", "secrets"),
    *("smtplib", "regex", "msgspec", "wsproto", "prometheus_client", "sysconfig"),
)


@pytest.mark.parametrize("name", _UNUSED)
def test_a_server_of_a_test_does_not_import(name: str, imported: set[str]) -> None:
    """No TLS, login, fault rule, store, parser or failure text before its use."""
    assert f"lazr_smtptest.{name}" not in imported


@pytest.mark.parametrize("name", _UNUSED_ELSEWHERE)
def test_a_server_of_a_test_does_not_import_package(
    name: str, imported: set[str], imported_by_twisted: set[str]
) -> None:
    """Nothing of others for what is not used, either."""
    assert name not in imported - imported_by_twisted


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Return the modules of a process with a `CaptureController` that has run."""
    return _modules_after(
        "from lazr_smtptest import CaptureController\nwith CaptureController(): pass"
    )


@pytest.fixture(scope="module")
def imported_by_twisted() -> set[str]:
    """Return the modules of a process that has imported `twisted.mail.smtp`."""
    return _modules_after("import twisted.mail.smtp")


def _modules_after(program: str) -> set[str]:
    """Return the names of the modules that a process has after a program."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        check=True,
        timeout=300,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.split())


def test_the_names_of_stores_are_listed_before_their_import() -> None:
    """``dir`` of the package shows what it has, and any other name is an error."""
    program = """
import lazr_smtptest.faults, lazr_smtptest.stores as stores
assert {*stores.__all__} <= {*dir(stores)}
for package in (stores, lazr_smtptest.faults):
    try:
        package.missing
    except AttributeError as error:
        assert "'missing'" in str(error)
    else:
        raise AssertionError(package)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


def test_the_exception_of_a_mechanism_is_the_public_one() -> None:
    """It is taken from the module in which Twisted defines it."""
    from twisted.mail.imap4 import IllegalClientResponse as Public

    from lazr_smtptest.auth.errors import IllegalClientResponse

    assert IllegalClientResponse is Public
