"""`RemoteMailbox.imap_url`: where the mail can be read by IMAP."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from lazr_smtptest import RemoteMailbox
from lazr_smtptest.errors import StateError
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.stores import MemoryStore

from .conftest import Running

Serve = Callable[..., Running]


def box(serve: Serve, listeners: Mapping[str, str]) -> RemoteMailbox:
    """Return the mailbox of a server with these listeners."""
    context = ReaderContext(
        store=MemoryStore(), reactor=None, listeners=lambda: listeners
    )
    return RemoteMailbox(serve(context).url)


@pytest.mark.parametrize(
    ("listeners", "url"),
    [
        ({"imap": "127.0.0.2:1143"}, "imap://anybody@127.0.0.2:1143/INBOX"),
        ({"imap": "0.0.0.0:1143"}, "imap://anybody@127.0.0.1:1143/INBOX"),
        ({"imap": "[::1]:1143"}, "imap://anybody@[::1]:1143/INBOX"),
        ({"imaps": "127.0.0.1:1993"}, "imaps://anybody@127.0.0.1:1993/INBOX"),
        (
            {"imaps": "127.0.0.1:1993", "imap": "127.0.0.1:1143"},
            "imap://anybody@127.0.0.1:1143/INBOX",
        ),
    ],
)
def test_the_server_tells_where_it_answers_imap(
    serve: Serve, listeners: Mapping[str, str], url: str
) -> None:
    """An address of all interfaces is that of the URL."""
    with box(serve, listeners) as mailbox:
        assert mailbox.imap_url == url


@pytest.mark.parametrize("listeners", [{}, {"imap": "/run/imap.sock"}])
def test_a_server_without_imap_has_no_such_url(
    serve: Serve, listeners: Mapping[str, str]
) -> None:
    """Nor has one that listens on a path."""
    with (
        box(serve, listeners) as mailbox,
        pytest.raises(StateError, match="does not answer IMAP: start it with --imap"),
    ):
        mailbox.imap_url  # noqa: B018


def test_the_user_of_a_disposable_mailbox_is_its_address(serve: Serve) -> None:
    """With ``--accounts`` its INBOX has the mail to it."""
    with (
        box(serve, {"imap": "127.0.0.1:1143"}) as mailbox,
        mailbox.disposable("eve@example.com") as own,
    ):
        assert own.imap_url == "imap://eve%40example.com@127.0.0.1:1143/INBOX"
