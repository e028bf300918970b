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
