"""The conformance table of mailboxes beside INBOX."""

from __future__ import annotations

from typing import Any

from .rows import OPEN, Step, bad, box, flags, inside, no, ok

__all__ = ["FOLDERS"]

_INBOX = '* LIST (\\HasNoChildren) "/" INBOX'
_EMPTY = '* LIST (\\HasNoChildren) "/" '


def _make(name: str = "other") -> Step:
    """Make a mailbox."""
    return ok(f"CREATE {name}", text="[MAILBOXID (folder-*")


def _count(name: str, number: int, following: int) -> Step:
    """Ask for the number of messages, and UIDNEXT."""
    return ok(
        f"STATUS {name} (MESSAGES UIDNEXT)",
        f"* STATUS {name} (MESSAGES {number} UIDNEXT {following})",
    )


def _opened(count: int, following: int, *more: str) -> tuple[str, ...]:
    return (
        "* FLAGS (*",
        f"* {count} EXISTS",
        "* 0 RECENT",
        "* OK [PERMANENTFLAGS *",
        "* OK [UIDVALIDITY *",
        f"* OK [UIDNEXT {following}] *",
        "* OK [HIGHESTMODSEQ *",
        "* OK [MAILBOXID (folder-*",
        *more,
        "a OK [READ-WRITE] *",
    )


def _reopened(*arguments: Any) -> tuple[str, ...]:
    """Return the lines of SELECT while another mailbox is selected."""
    return ("* OK [CLOSED] *", *_opened(*arguments))


_MAKING = (
    inside("create", "3501 6.3.3", _make(), _count("other", 0, 1)),
    inside("create-twice", "5530 3", _make(), no("CREATE other", "[ALREADYEXISTS] *")),
    inside(
        "create-above",
        "9051 6.3.4",
        _make("a/b/c"),
        ok(
            'LIST "" a*',
            '* LIST (\\HasChildren) "/" a',
            '* LIST (\\HasChildren) "/" a/b',
            '* LIST (\\HasNoChildren) "/" a/b/c',
        ),
    ),
    inside("create-delimiter", "9051 6.3.4", _make("a/"), _count("a", 0, 1)),
    inside("create-empty-level", "3501 6.3.3", no("CREATE a//b", "[CANNOT] *")),
    inside("create-no-name", "3501 6.3.3", no('CREATE ""', "[CANNOT] *")),
    inside("create-wildcard", "3501 6.3.3", no('CREATE "a%"', "[CANNOT] *")),
    inside(
        "create-below-inbox",
        "9051 6.3.4",
        _make("inbox/x"),
        ok(
            'LIST "" *',
            '* LIST (\\HasChildren) "/" INBOX',
            '* LIST (\\HasNoChildren) "/" INBOX/x',
        ),
    ),
    inside(
        "list-inbox-any-case",
        "9051 5.1",
        _make("inbox/x"),
        ok(
            'LIST "" inb*',
            '* LIST (\\HasChildren) "/" INBOX',
            '* LIST (\\HasNoChildren) "/" INBOX/x',
        ),
    ),
    inside(
        "create-utf7",
        "3501 5.1.3",
        _make('"Entw&APw-rfe"'),
        ok('LIST "" E%', _EMPTY + "Entw&APw-rfe"),
    ),
    inside(
        "create-utf8",
        "6855 3",
        ok("ENABLE UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT"),
        _make('"Entwürfe"'),
        ok('LIST "" E%', _EMPTY + "{9}", "Entwürfe"),
    ),
    inside("create-list", "3501 6.3.3", bad("CREATE (a)")),
    inside(
        "create-use",
        "6154 3",
        ok("CREATE Bin (USE (\\trash))", text="[MAILBOXID *"),
        ok('LIST (SPECIAL-USE) "" *', '* LIST (\\HasNoChildren \\Trash) "/" Bin'),
    ),
    inside(
        "create-uses",
        "6154 3",
        ok("CREATE x (USE (\\Sent \\Drafts \\Sent))", text="[MAILBOXID *"),
        ok(
            'LIST "" x RETURN (SPECIAL-USE)',
            '* LIST (\\HasNoChildren \\Sent \\Drafts) "/" x',
        ),
    ),
    inside("create-other-use", "6154 3", no("CREATE x (USE (\\All))", "[USEATTR] *")),
    inside("create-use-word", "6154 3", bad("CREATE x (USE \\Sent)")),
    inside("create-parameter", "4466 2.2", bad("CREATE x (OTHER (a))")),
    inside("create-parameter-word", "4466 2.2", bad("CREATE x USE")),
    inside(
        "delete",
        "3501 6.3.4",
        _make(),
        ok("DELETE other"),
        no("SELECT other", "[NONEXISTENT] *"),
        no("DELETE other", "[NONEXISTENT] *"),
    ),
    inside(
        "delete-messages",
        "3501 6.3.4",
        _make(),
        OPEN,
        ok("MOVE 1 other", "* OK [COPYUID *", "* 1 EXPUNGE"),
        ok("DELETE other"),
        _count("INBOX", 2, 4),
        left=(2, 3),
    ),
    inside(
        "delete-above",
        "9051 6.3.5",
        _make("a/b"),
        ok("DELETE a"),
        ok(
            'LIST "" a*',
            '* LIST (\\NonExistent \\Noselect \\HasChildren) "/" a',
            '* LIST (\\HasNoChildren) "/" a/b',
        ),
        no("SELECT a", "[NONEXISTENT] *"),
        no("DELETE a", "[NONEXISTENT] *"),
        _make("a"),
    ),
    inside(
        "rename",
        "3501 6.3.5",
        _make("a/b"),
        ok("RENAME a x/y"),
        ok(
            'LIST "" *',
            _INBOX,
            '* LIST (\\HasChildren) "/" x',
            '* LIST (\\HasChildren) "/" x/y',
            '* LIST (\\HasNoChildren) "/" x/y/b',
        ),
    ),
    inside(
        "rename-taken",
        "3501 6.3.5",
        _make("a"),
        _make("b"),
        no("RENAME a b", "[ALREADYEXISTS] *"),
    ),
    inside(
        "rename-taken-below",
        "3501 6.3.5",
        _make("a/x"),
        _make("b/x"),
        ok("DELETE b"),
        no("RENAME a b", "[ALREADYEXISTS] *"),
    ),
    inside(
        "rename-below-itself",
        "9051 6.3.6",
        _make("a"),
        no("RENAME a a/b", "[CANNOT] *"),
    ),
    inside(
        "rename-similar",
        "3501 6.3.5",
        _make("a"),
        _make("ab"),
        ok("RENAME a x"),
        ok('LIST "" %', _INBOX, _EMPTY + "ab", _EMPTY + "x"),
    ),
    inside(
        "rename-inbox",
        "9051 6.3.6",
        ok("RENAME INBOX old"),
        _count("INBOX", 0, 4),
        _count("old", 3, 4),
        left=(1, 2, 3),
    ),
    inside(
        "rename-inbox-selected",
        "9051 6.3.6",
        OPEN,
        ok("RENAME INBOX old", "* 3 EXPUNGE", "* 2 EXPUNGE", "* 1 EXPUNGE"),
        _count("old", 3, 4),
    ),
)

_SUBSCRIBING = (
    inside(
        "subscribe-folder",
        "3501 6.3.6",
        _make(),
        ok("SUBSCRIBE other"),
        ok("SUBSCRIBE other"),
        ok(
            'LSUB "" *',
            '* LSUB (\\HasNoChildren) "/" INBOX',
            '* LSUB (\\HasNoChildren) "/" other',
        ),
    ),
    inside(
        "unsubscribe-folder",
        "3501 6.3.7",
        _make(),
        ok("SUBSCRIBE other"),
        ok("UNSUBSCRIBE other"),
        ok('LSUB "" *', '* LSUB (\\HasNoChildren) "/" INBOX'),
        no("UNSUBSCRIBE other", "[NONEXISTENT] *"),
    ),
    inside(
        "subscribed-deleted",
        "3501 6.3.6",
        _make(),
        ok("SUBSCRIBE other"),
        ok("DELETE other"),
        ok(
            'LIST (SUBSCRIBED) "" o*',
            '* LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) "/" other',
        ),
        ok('LIST "" o*'),
        ok("UNSUBSCRIBE other"),
        ok('LIST (SUBSCRIBED) "" o*'),
    ),
    inside(
        "lsub-percent",
        "3501 6.3.9",
        _make("a/b"),
        ok("SUBSCRIBE a/b"),
        ok(
            'LSUB "" %',
            '* LSUB (\\HasNoChildren) "/" INBOX',
            '* LSUB (\\Noselect \\HasChildren) "/" a',
        ),
        ok('LSUB "" a*', '* LSUB (\\HasNoChildren) "/" a/b'),
    ),
    inside(
        "list-not-subscribed",
        "5258 3.1",
        _make(),
        ok('LIST (SUBSCRIBED) "" o*'),
        ok('LIST "" o* RETURN (SUBSCRIBED)', _EMPTY + "other"),
    ),
    inside(
        "list-recursive",
        "5258 3.5",
        _make("a/b"),
        ok("SUBSCRIBE a/b"),
        ok(
            'LIST (RECURSIVEMATCH SUBSCRIBED) "" a%',
            '* LIST (\\HasChildren) "/" a ("CHILDINFO" ("SUBSCRIBED"))',
        ),
    ),
    inside(
        "list-status-folders",
        "5819 2",
        _make(),
        ok(
            'LIST "" * RETURN (STATUS (MESSAGES))',
            _INBOX,
            "* STATUS INBOX (MESSAGES 3)",
            _EMPTY + "other",
            "* STATUS other (MESSAGES 0)",
        ),
    ),
    inside(
        "list-percent-levels",
        "3501 6.3.8",
        _make("a/b"),
        ok('LIST a/ "%"', _EMPTY + "a/b"),
        ok('LIST "" %/%', _EMPTY + "a/b"),
    ),
)

_APPEND = "a APPEND other (\\Seen) {6+}\r\nA: b\r\n"

_MESSAGES = (
    inside("select-folder", "3501 6.3.1", _make(), ("a SELECT other", _opened(0, 1))),
    inside(
        "append-folder",
        "4315 3",
        _make(),
        (_APPEND, ("a OK [APPENDUID *",)),
        _count("other", 1, 2),
        _count("INBOX", 3, 5),
        ("a SELECT other", _opened(1, 2)),
        ok(
            "FETCH 1 (UID FLAGS RFC822.SIZE)",
            "* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 6)",
        ),
        left=(1, 2, 3, 4),
    ),
    inside(
        "append-folder-selected",
        "3501 6.3.11",
        _make(),
        ("a SELECT other", _opened(0, 1)),
        (_APPEND, ("* 1 EXISTS", "* 0 RECENT", "a OK *")),
    ),
    inside(
        "append-elsewhere",
        "3501 7.3.1",
        _make(),
        OPEN,
        (_APPEND, ("a OK *",)),
        ok("NOOP"),
    ),
    inside(
        "copy-folder",
        "4315 3",
        _make(),
        OPEN,
        ok("STORE 2 +FLAGS.SILENT (x)"),
        ok("COPY 2:3 other", text="[COPYUID *"),
        _count("INBOX", 3, 6),
        (
            "a SELECT other",
            (
                "* OK [CLOSED] *",
                "* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen x)",
                *_opened(2, 3, "* OK [UNSEEN 1] *")[1:],
            ),
        ),
        ok("FETCH 1:2 FLAGS", flags(1, "x"), flags(2)),
        left=(1, 2, 3, 4, 5),
    ),
    inside(
        "copy-from-folder",
        "3501 6.4.7",
        _make(),
        (_APPEND, ("a OK *",)),
        ("a SELECT other", _opened(1, 2)),
        ok("COPY 1 INBOX", text="[COPYUID *"),
        _count("INBOX", 4, 6),
        ok("NOOP"),
    ),
    inside(
        "move-folder",
        "6851 3.3",
        _make(),
        OPEN,
        ok("UID MOVE 2 other", "* OK [COPYUID *", "* 2 EXPUNGE"),
        _count("INBOX", 2, 4),
        ("a SELECT other", _reopened(1, 2, "* OK [UNSEEN 1] *")),
        ok("FETCH 1 (UID RFC822.SIZE)", "* 1 FETCH (UID 1 RFC822.SIZE 45)"),
        left=(1, 2, 3),
    ),
    inside(
        "move-order",
        "3501 2.3.1.1",
        _make(),
        OPEN,
        ok("MOVE 3 other", "* OK [COPYUID *", "* 3 EXPUNGE"),
        ok("MOVE 1 other", "* OK [COPYUID *", "* 1 EXPUNGE"),
        ("a SELECT other", _reopened(2, 3, "* OK [UNSEEN 1] *")),
        ok(
            "FETCH 1:2 (UID RFC822.SIZE)",
            "* 1 FETCH (UID 1 RFC822.SIZE 93)",
            "* 2 FETCH (UID 2 RFC822.SIZE 23)",
        ),
        ok("SEARCH FROM a@x.com", "* SEARCH"),
        ok("UID SEARCH SUBJECT Re", "* SEARCH 1"),
        ok("SORT (ARRIVAL) UTF-8 ALL", "* SORT 1 2"),
    ),
    inside(
        "move-back",
        "3501 2.3.1.1",
        _make(),
        OPEN,
        ok("MOVE 1 other", "* OK [COPYUID *", "* 1 EXPUNGE"),
        ("a SELECT other", _reopened(1, 2, "* OK [UNSEEN 1] *")),
        ok("MOVE 1 INBOX", "* OK [COPYUID *", "* 1 EXPUNGE"),
        _count("INBOX", 3, 5),
        _count("other", 0, 2),
        left=(2, 3, 4),
    ),
    inside(
        "move-between-folders",
        "6851 3.1",
        _make(),
        _make("more"),
        (_APPEND, ("a OK *",)),
        ("a SELECT other", _opened(1, 2)),
        ok("MOVE 1 more", "* OK [COPYUID *", "* 1 EXPUNGE"),
        _count("more", 1, 2),
        left=(1, 2, 3, 4),
    ),
    inside(
        "expunge-folder",
        "3501 6.4.3",
        _make(),
        OPEN,
        ok("MOVE 1:3 other", "* OK [COPYUID *", *[f"* {n} EXPUNGE" for n in (3, 2, 1)]),
        ("a SELECT other", _reopened(3, 4, "* OK [UNSEEN 1] *")),
        ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)"),
        ok("UID EXPUNGE 3", "* 3 EXPUNGE"),
        ok("EXPUNGE", "* 1 EXPUNGE"),
        _count("other", 1, 4),
        left=(2,),
    ),
    inside(
        "folder-size",
        "8438 3",
        _make(),
        (_APPEND, ("a OK *",)),
        ok(
            "STATUS other (SIZE UNSEEN DELETED)",
            "* STATUS other (SIZE 6 UNSEEN 0 DELETED 0)",
        ),
        ok("STATUS INBOX (SIZE)", "* STATUS INBOX (SIZE 161)"),
    ),
    inside(
        "quota-folder",
        "9208 4.1.2",
        _make(),
        ok("GETQUOTAROOT other", "* QUOTAROOT other"),
    ),
    inside(
        "folder-unchangedsince",
        "7162 3.1.3",
        _make(),
        (_APPEND, ("a OK *",)),
        ("a SELECT other", _opened(1, 2)),
        ok("STORE 1 (UNCHANGEDSINCE 2) FLAGS (a)", text="[MODIFIED 1] *"),
        ok("FETCH 1 FLAGS (CHANGEDSINCE 5)", "* 1 FETCH (FLAGS (\\Seen) MODSEQ (6))"),
    ),
    box("move-read-write-missing", "3501 6.4.7", no("MOVE 1 x", "[TRYCREATE] *")),
)

FOLDERS = (*_MAKING, *_SUBSCRIBING, *_MESSAGES)
