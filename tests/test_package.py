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


def test_a_server_of_a_test_imports_only_what_it_uses() -> None:
    """No store, parser of messages, fault rule or failure text before its first use."""
    program = """
import sys
from lazr_smtptest import CaptureController
with CaptureController():
    pass
unused = ('faults.rule', 'faults.files', 'mailbox.report', 'mime.parts', 'mime.codes',
          'query.parser', 'stores.memory', 'stores.sqlite', 'stores.maildir')
found = [name for name in unused if f'lazr_smtptest.{name}' in sys.modules]
found += [name for name in ('twisted.mail.imap4', 'sqlite3') if name in sys.modules]
assert not found, found
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


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
