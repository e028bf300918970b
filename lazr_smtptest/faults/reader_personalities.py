"""Ready-made personalities of IMAP servers: rules that imitate well-known ones.

Rules about a user match the local part of its name: a test logs in as
``wrong@example.com`` to get the server's reply to a wrong password. The capabilities
that those servers lack are hidden; none is announced that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lazr_smtptest.faults.base import Scripted

__all__ = ["dovecot", "exchange_imap", "gmail_imap"]

_LISTS = ("IMAP GREETING", "IMAP CAPABILITY", "IMAP LOGIN")


def gmail_imap(faults: Scripted, connections: int = 15) -> None:
    """Limit connections, refuse logins and lack extensions like Gmail.

    Sources: "Add Gmail to another email client" (the number of connections),
    https://support.google.com/mail/answer/7126229, and "IMAP extensions",
    https://developers.google.com/workspace/gmail/imap/imap-extensions

    Args:
        faults: the collection that the rules are added to.
        connections: connections at the listener; logins beyond it are refused.
    """
    faults.on("IMAP GREETING", optional=True).reply("OK Gimap ready for requests")
    faults.on("IMAP LOGIN", open_sessions=f">{connections}", optional=True).reply(
        "NO [ALERT] Too many simultaneous connections. (Failure)"
    )
    for local, text in (
        ("wrong", "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"),
        ("twostep", "[ALERT] Application-specific password required (Failure)"),
    ):
        faults.on("IMAP LOGIN", user=f"{local}@*", optional=True).reply(f"NO {text}")
    faults.on(*_LISTS, optional=True).hide(
        *("IMAP4rev2", "CREATE-SPECIAL-USE", "SORT", "THREAD", "SEARCHRES", "WITHIN"),
        *("BINARY", "OBJECTID", "MULTIAPPEND", "STATUS"),
    )


def exchange_imap(faults: Scripted) -> None:
    """Refuse and lack extensions like Exchange.

    Source: "POP3 and IMAP4 in Exchange Server",
    https://learn.microsoft.com/exchange/clients/pop3-and-imap4/pop3-and-imap4

    Args:
        faults: the collection that the rules are added to.
    """
    faults.on("IMAP GREETING", optional=True).reply(
        "OK The Microsoft Exchange IMAP4 service is ready."
    )
    faults.on("IMAP LOGIN", user="wrong@*", optional=True).reply("NO LOGIN failed.")
    faults.on("IMAP SELECT", user="notconnected@*", optional=True).reply(
        "BAD User is authenticated but not connected."
    )
    faults.on("IMAP FETCH", user="throttled@*", optional=True).reply(
        "BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds"
    )
    faults.on(*_LISTS, optional=True).hide(
        *("IMAP4rev2", "CREATE-SPECIAL-USE"),
        *("SORT", "THREAD", "ESEARCH", "SEARCHRES", "WITHIN", "CONDSTORE", "ENABLE"),
        *("UTF8", "LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "QUOTA", "BINARY"),
        *("OBJECTID", "MULTIAPPEND", "STATUS", "APPENDLIMIT"),
    )


def dovecot(faults: Scripted, connections: int = 10, delay: float = 2.0) -> None:
    """Limit connections, and refuse logins and messages like Dovecot.

    Source: the settings mail_max_userip_connections, auth_failure_delay and
    quota_exceeded_message, https://doc.dovecot.org/

    Args:
        faults: the collection that the rules are added to.
        connections: connections at the listener; logins beyond it are refused.
        delay: seconds before a wrong password is refused.
    """
    faults.on("IMAP LOGIN", open_sessions=f">{connections}", optional=True).reply(
        "NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded "
        f"(mail_max_userip_connections={connections})"
    )
    faults.on("IMAP LOGIN", user="wrong@*", optional=True).delay(delay).then.reply(
        "NO [AUTHENTICATIONFAILED] Authentication failed."
    )
    faults.on("IMAP LOGIN", user="unavailable@*", optional=True).reply(
        "NO [UNAVAILABLE] Temporary authentication failure."
    )
    faults.on("IMAP APPEND", "IMAP COPY", user="full@*", optional=True).reply(
        "NO [OVERQUOTA] Quota exceeded (mailbox for user is full)"
    )
    # What version 2.3 announces has none of these.
    faults.on(*_LISTS, optional=True).hide(
        *("IMAP4rev2", "CREATE-SPECIAL-USE", "OBJECTID", "UTF8", "APPENDLIMIT")
    )
