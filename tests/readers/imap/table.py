"""The conformance table of IMAP: what a client sends, and what it gets."""

from __future__ import annotations

from .condstore_table import CONDSTORE
from .extensions_table import EXTENSIONS
from .folders_table import FOLDERS
from .rows import (
    EXAMINE,
    LOGIN,
    MESSAGES,
    OPEN,
    Row,
    bad,
    box,
    flags,
    inside,
    no,
    ok,
    row,
)

__all__ = ["MESSAGES", "ROWS", "Row", "row"]

_SESSION = (
    row("noop-first", "3501 6.1.2", ok("NOOP")),
    row("noop-lower-case", "3501 2.2.1", ok("noop")),
    row("noop-arguments", "3501 6.1.2", bad("NOOP x")),
    row(
        "logout",
        "3501 6.1.3",
        ok("LOGOUT", "* BYE bye"),
        closed=True,
    ),
    row(
        "after-logout",
        "3501 3.4",
        (b"a LOGOUT\r\nb NOOP\r\n", ("* BYE bye", "a OK bye")),
        closed=True,
    ),
    row("no-tag", "3501 2.2.1", ("NOOP", ("NOOP BAD *",)), ok("NOOP")),
    row("empty-line", "3501 2.2.1", ("", ("* BAD *",)), ok("NOOP")),
    row("unknown", "3501 7.1.3", bad("XYZZY", "unknown command")),
    row("id-nil", "2971 3.1", ok("ID NIL", '* ID ("name" "lazr.smtptest" "version" *')),
    row("id-list", "2971 3.1", ok('ID ("name" "x" "os" NIL)', "* ID (*")),
    row("id-odd", "2971 3.1", bad('ID ("name")')),
    row("id-word", "2971 3.1", bad("ID x")),
    row("id-nothing", "2971 3.1", bad("ID")),
    row("starttls-none", "3501 6.2.1", bad("STARTTLS", "TLS is *")),
    row("login-wrong-count", "3501 6.2.3", bad("LOGIN bob"), LOGIN),
    row("login-quoted", "3501 6.2.3", ok('LOGIN "bob" "p\\"w\\\\"')),
    row(
        "login-literals",
        "3501 4.3",
        ("a LOGIN {3}", ("+ go ahead",)),
        ("bob {6}", ("+ go ahead",)),
        ("secret", ("a OK *",)),
    ),
    row(
        "login-unasked-literals",
        "7888 4",
        ("a LOGIN {3+}\r\nbob {1+}\r\nx", ("a OK *",)),
    ),
    row("login-list", "3501 6.2.3", bad("LOGIN (a) b")),
    row("login-twice", "3501 3.2", LOGIN, bad("LOGIN a b", "only before the login")),
    row("login-control", "3501 6.2.3", bad('LOGIN "\x01" x')),
    row("select-first", "3501 3.1", bad("SELECT INBOX", "log in first")),
    row("fetch-first", "3501 3.1", bad("FETCH 1 FLAGS", "log in first")),
    row(
        "authenticate-plain",
        "3501 6.2.2",
        ("a AUTHENTICATE PLAIN", ("+ ",)),
        ("AGJvYgB4", ("a OK [CAPABILITY *",)),
    ),
    row("authenticate-initial", "4959 3", ok("AUTHENTICATE PLAIN AGJvYgB4")),
    row(
        "authenticate-cancelled",
        "3501 6.2.2",
        ("a AUTHENTICATE PLAIN", ("+ ",)),
        ("*", ("a BAD cancelled",)),
        LOGIN,
    ),
    row(
        "authenticate-no-base64",
        "3501 6.2.2",
        ("a AUTHENTICATE PLAIN", ("+ ",)),
        ("!", ("a BAD *",)),
    ),
    row(
        "authenticate-too-long",
        "3501 6.2.2",
        ("a AUTHENTICATE PLAIN", ("+ ",)),
        ("A" * 13_000, ("a BAD *",)),
        LOGIN,
    ),
    row("authenticate-unknown", "3501 6.2.2", no("AUTHENTICATE X", "[CANNOT] *")),
    row("authenticate-nothing", "3501 6.2.2", bad("AUTHENTICATE")),
    row(
        "authenticate-login",
        "3501 6.2.2",
        ("a AUTHENTICATE LOGIN", ("+ *",)),
        ("Ym9i", ("+ *",)),
        ("eA==", ("a OK *",)),
    ),
    inside("enable", "5161 3.1", ok("ENABLE X UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT")),
    inside("enable-unknown", "5161 3.1", ok("ENABLE X", "* ENABLED")),
    inside("enable-nothing", "5161 3.1", bad("ENABLE")),
    box("enable-selected", "5161 3.1", bad("ENABLE X")),
    row("enable-first", "5161 3.1", bad("ENABLE X", "log in first")),
    inside("namespace", "2342 5", ok("NAMESPACE", '* NAMESPACE (("" "/")) NIL NIL')),
    row(
        "too-many-errors",
        "3501 7.1.5",
        bad("X"),
        ("a X", ("a BAD *", "* BYE too many errors")),
        closed=True,
        settings={"max_errors": 2},
    ),
    row(
        "long-line",
        "7162 4",
        (b"a " + b"x" * 9000 + b"\r\n", ("a BAD *",)),
        (b"x" * 9000 + b"\r\n", ("* BAD *",)),
        ok("NOOP"),
    ),
    row(
        "big-literal",
        "7888 4",
        ("a LOGIN {70000}", ("a NO [TOOBIG] *",)),
        ok("NOOP"),
    ),
    row(
        "big-unasked-literal",
        "7888 5",
        ("a LOGIN {5000+}", ("a BAD *", "* BYE *")),
        closed=True,
    ),
    row("negative-literal", "3501 9", bad("LOGIN bob {-5}")),
    row("deep-lists", "3501 9", bad("ID " + "(" * 2000)),
)

_FOLDERS = (
    inside("select", "3501 6.3.1", OPEN),
    inside("examine", "3501 6.3.2", EXAMINE),
    inside("select-any-case", "3501 5.1", ("a SELECT inbox", OPEN[1])),
    inside("select-missing", "5530 3", no("SELECT nothing", "[NONEXISTENT] *")),
    box(
        "select-missing-deselects",
        "3501 6.3.1",
        no("SELECT nothing", "*", "* OK [CLOSED] *"),
        bad("FETCH 1 FLAGS"),
    ),
    inside("select-list", "3501 6.3.1", bad("SELECT (INBOX)")),
    inside(
        "select-empty",
        "3501 6.3.1",
        (
            "a SELECT INBOX",
            (
                *OPEN[1][:1],
                "* 0 EXISTS",
                *OPEN[1][2:5],
                "* OK [UIDNEXT 1] *",
                "* OK [HIGHESTMODSEQ 1] *",
                OPEN[1][7],
                OPEN[1][9],
            ),
        ),
        ok("FETCH 1:* FLAGS"),
        ok("UID FETCH 1:* FLAGS"),
        ok("SEARCH ALL", "* SEARCH"),
        messages=(),
    ),
    inside("create-inbox", "3501 6.3.3", no("CREATE INBOX", "[ALREADYEXISTS] *")),
    inside("delete-inbox", "3501 6.3.4", no("DELETE INBOX", "[CANNOT] *")),
    inside("delete-missing", "3501 6.3.4", no("DELETE other", "[NONEXISTENT] *")),
    inside("rename-missing", "3501 6.3.5", no("RENAME x y", "[NONEXISTENT] *")),
    inside(
        "rename-to-inbox", "3501 6.3.5", no("RENAME INBOX INBOX", "[ALREADYEXISTS] *")
    ),
    inside("subscribe", "3501 6.3.6", ok("SUBSCRIBE INBOX")),
    inside("subscribe-missing", "3501 6.3.6", no("SUBSCRIBE x", "[NONEXISTENT] *")),
    inside("unsubscribe", "3501 6.3.7", no("UNSUBSCRIBE INBOX", "[CANNOT] *")),
    inside("list", "3501 6.3.8", ok('LIST "" *', '* LIST (\\HasNoChildren) "/" INBOX')),
    inside("list-percent", "3501 6.3.8", ok('LIST "" %', "* LIST (*")),
    inside("list-none", "3501 6.3.8", ok('LIST "" x*')),
    inside("list-reference", "3501 6.3.8", ok("LIST IN BO%", "* LIST (*")),
    inside(
        "list-delimiter", "3501 6.3.8", ok('LIST "" ""', '* LIST (\\Noselect) "/" ""')
    ),
    inside("list-one-word", "3501 6.3.8", bad("LIST *")),
    inside("list-bad-name", "3501 5.1.3", bad('LIST "" "&"')),
    inside(
        "list-subscribed",
        "5258 3.1",
        ok(
            'LIST (SUBSCRIBED) "" *',
            '* LIST (\\HasNoChildren \\Subscribed) "/" INBOX',
        ),
    ),
    inside(
        "list-patterns",
        "5258 3",
        ok('LIST "" (x INBOX y) RETURN (CHILDREN)', "* LIST *"),
    ),
    inside("list-no-patterns", "5258 3", bad('LIST "" ()')),
    inside("list-nested-pattern", "5258 3", bad('LIST "" ((INBOX))')),
    inside("list-list-reference", "5258 3", bad("LIST () () INBOX")),
    inside("list-recursivematch", "5258 3.1", bad('LIST (RECURSIVEMATCH) "" *')),
    inside("list-unknown-option", "5258 3.1", bad('LIST (X) "" *')),
    inside("list-unknown-return", "5258 3.2", bad('LIST "" * RETURN (X)')),
    inside("list-no-return", "5258 3.2", bad('LIST "" * X (CHILDREN)')),
    inside("list-special-use", "6154 3", ok('LIST (SPECIAL-USE) "" *')),
    inside(
        "list-status",
        "5819 2",
        ok(
            'LIST "" * RETURN (STATUS (MESSAGES UNSEEN))',
            "* LIST *",
            "* STATUS INBOX (MESSAGES 3 UNSEEN 3)",
        ),
    ),
    inside("lsub", "3501 6.3.9", ok('LSUB "" *', '* LSUB (\\HasNoChildren) "/" INBOX')),
    inside("lsub-options", "3501 6.3.9", bad('LSUB (SUBSCRIBED) "" *')),
    inside(
        "status",
        "3501 6.3.10",
        ok(
            "STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN)",
            "* STATUS INBOX (MESSAGES 3 RECENT 0 UIDNEXT 4 UNSEEN 3)",
        ),
    ),
    inside(
        "status-size", "8438 3", ok("STATUS INBOX (SIZE)", "* STATUS INBOX (SIZE 161)")
    ),
    inside(
        "status-others",
        "9051 6.3.11",
        ok(
            "STATUS INBOX (DELETED APPENDLIMIT MAILBOXID)",
            "* STATUS INBOX (DELETED 0 APPENDLIMIT 52428800 MAILBOXID (inbox))",
        ),
    ),
    inside("status-unknown", "3501 6.3.10", bad("STATUS INBOX (X)")),
    inside("status-nothing", "3501 6.3.10", bad("STATUS INBOX ()")),
    inside(
        "status-missing", "3501 6.3.10", no("STATUS x (MESSAGES)", "[NONEXISTENT] *")
    ),
    inside("getquotaroot", "9208 4.1.2", ok("GETQUOTAROOT INBOX", "* QUOTAROOT INBOX")),
    inside("getquota", "9208 4.1.1", no("GETQUOTA x", "[NONEXISTENT] *")),
    inside("setquota", "9208 4.1.3", no('SETQUOTA "" (STORAGE 1)', "[NOPERM] *")),
    box("check", "3501 6.4.1", ok("CHECK")),
    inside("check-unselected", "3501 6.4.1", bad("CHECK")),
)

_FETCH = (
    box("fetch-flags", "3501 6.4.5", ok("FETCH 1 FLAGS", flags(1))),
    box(
        "fetch-several",
        "3501 6.4.5",
        ok(
            "FETCH 1,3 (UID RFC822.SIZE)",
            "* 1 FETCH (UID 1 RFC822.SIZE 23)",
            "* 3 FETCH (UID 3 RFC822.SIZE 93)",
        ),
    ),
    box("fetch-last", "3501 9", ok("FETCH * UID", "* 3 FETCH (UID 3)")),
    box("fetch-range-reversed", "3501 9", ok("FETCH 2:1 UID", "* 1 *", "* 2 *")),
    box("fetch-beyond", "3501 9", bad("FETCH 4 UID")),
    box("fetch-zero", "3501 9", bad("FETCH 0 UID")),
    box("fetch-no-set", "3501 9", bad("FETCH x UID")),
    box("fetch-set-list", "3501 9", bad("FETCH (1) UID")),
    box("fetch-set-string", "3501 9", bad('FETCH "1" UID', "a set of messages *")),
    box("uid-fetch-set-string", "3501 9", bad('UID FETCH "1" FLAGS')),
    box("copy-set-string", "3501 9", bad('COPY "1:2" INBOX')),
    box("fetch-item-string", "3501 9", bad('FETCH 1 "FLAGS"', "an item of FETCH *")),
    box("fetch-section-string", "3501 9", bad('FETCH 1 ("BODY[]")')),
    box(
        "fetch-item-literal",
        "3501 9",
        ("a FETCH 1 {5+}\r\nFLAGS", ("a BAD an item *",)),
    ),
    box("fetch-no-items", "3501 6.4.5", bad("FETCH 1")),
    box("fetch-unknown", "3501 6.4.5", bad("FETCH 1 X")),
    box("fetch-gone-uid", "3501 6.4.8", ok("UID FETCH 7 FLAGS")),
    box(
        "uid-fetch", "3501 6.4.8", ok("UID FETCH 2 FLAGS", "* 2 FETCH (UID 2 FLAGS ())")
    ),
    box("uid-fetch-star", "3501 6.4.8", ok("UID FETCH 9:* UID", "* 3 FETCH (UID 3)")),
    box(
        "fetch-body",
        "3501 6.4.5",
        ok(
            "FETCH 1 BODY[]",
            "* 1 FETCH (FLAGS (\\Seen) BODY[] {23}",
            "Subject: hi",
            "",
            "Hello.",
            ")",
        ),
        ok("FETCH 1 FLAGS", flags(1, "\\Seen")),
        ok("FETCH 1 BODY[TEXT]", "* 1 FETCH (BODY[TEXT] {8}", "Hello.", ")"),
    ),
    box(
        "fetch-peek",
        "3501 6.4.5",
        ok("FETCH 1 BODY.PEEK[TEXT]", "* 1 FETCH (BODY[TEXT] {8}", "Hello.", ")"),
        ok("FETCH 1 FLAGS", flags(1)),
    ),
    row(
        "fetch-read-only",
        "3501 6.3.2",
        LOGIN,
        EXAMINE,
        ok("FETCH 1 BODY[TEXT]", "* 1 FETCH (BODY[TEXT] {8}", "Hello.", ")"),
        ok("FETCH 1 FLAGS", flags(1)),
    ),
    box(
        "fetch-partial",
        "3501 6.4.5",
        ok("FETCH 1 BODY.PEEK[]<1.3>", "* 1 FETCH (BODY[]<1> {3}", "ubj)"),
    ),
    box(
        "fetch-fields",
        "3501 6.4.5",
        ok(
            "FETCH 3 BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
            "* 3 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {19}",
            "Subject: Re: hi",
            "",
            ")",
        ),
    ),
    box(
        "fetch-structure",
        "3501 7.4.2",
        ok("FETCH 1 BODY", '* 1 FETCH (BODY ("TEXT" "PLAIN" *'),
    ),
    box(
        "fetch-envelope",
        "3501 7.4.2",
        ok("FETCH 1 ENVELOPE", '* 1 FETCH (ENVELOPE (NIL "hi" NIL *'),
    ),
    box(
        "fetch-fast",
        "3501 6.4.5",
        ok("FETCH 1 FAST", "* 1 FETCH (FLAGS () INTERNALDATE *"),
    ),
    box("fetch-emailid", "8474 5.1", ok("FETCH 1 EMAILID", "* 1 FETCH (EMAILID (*")),
    box(
        "fetch-threadid", "8474 5.2", ok("FETCH 1 THREADID", "* 1 FETCH (THREADID NIL)")
    ),
    box(
        "fetch-binary",
        "3516 4.2",
        ok("FETCH 1 BINARY.PEEK[1]", "* 1 FETCH (BINARY[1] {8}", "Hello.", ")"),
    ),
    box(
        "fetch-unknown-encoding",
        "3516 4.3",
        no("FETCH 1 BINARY[1]", "[UNKNOWN-CTE] *"),
        messages=(
            b"Content-Transfer-Encoding: x\r\n\r\n1",
            *MESSAGES[1:],
        ),
    ),
)

_SEARCH = (
    box("search-all", "3501 6.4.4", ok("SEARCH ALL", "* SEARCH 1 2 3")),
    box("search-none", "3501 7.2.5", ok("SEARCH SEEN", "* SEARCH")),
    box("search-subject", "3501 6.4.4", ok("SEARCH SUBJECT hi", "* SEARCH 1 3")),
    box("search-body", "3501 6.4.4", ok("SEARCH BODY two", "* SEARCH 2")),
    box("search-text-header", "3501 6.4.4", ok("SEARCH TEXT x-tag", "* SEARCH 3")),
    box("search-header", "3501 6.4.4", ok('SEARCH HEADER X-Tag ""', "* SEARCH 3")),
    box("search-from", "3501 6.4.4", ok("SEARCH FROM a@x", "* SEARCH 2")),
    box("search-or", "3501 6.4.4", ok("SEARCH OR FROM a@x CC c@x", "* SEARCH 2 3")),
    box("search-not", "3501 6.4.4", ok("SEARCH NOT SUBJECT hi", "* SEARCH 2")),
    box("search-uid-range", "3501 6.4.4", ok("SEARCH UID 2:*", "* SEARCH 2 3")),
    box("search-since", "3501 6.4.4", ok("SEARCH SINCE 1-Jan-2026", "* SEARCH 1 2 3")),
    box("search-larger", "3501 6.4.4", ok("SEARCH LARGER 40", "* SEARCH 2 3")),
    box("search-within", "5032 2", ok("SEARCH YOUNGER 3600", "* SEARCH 1 2 3")),
    box(
        "search-keyword",
        "3501 6.4.4",
        ok("STORE 2 +FLAGS ($Junk)", flags(2, "$Junk")),
        ok("SEARCH KEYWORD $Junk", "* SEARCH 2"),
        ok("SEARCH UNKEYWORD $Junk", "* SEARCH 1 3"),
    ),
    box(
        "search-charset", "3501 6.4.4", ok("SEARCH CHARSET UTF-8 ALL", "* SEARCH 1 2 3")
    ),
    box(
        "search-bad-charset", "3501 6.4.4", no("SEARCH CHARSET X ALL", "[BADCHARSET (*")
    ),
    box("search-nothing", "3501 6.4.4", bad("SEARCH")),
    box(
        "search-return",
        "4731 3.1",
        ok(
            "SEARCH RETURN (MIN MAX COUNT ALL) ALL",
            '* ESEARCH (TAG "a") MIN 1 MAX 3 ALL 1:3 COUNT 3',
        ),
    ),
    box(
        "search-return-uid",
        "4731 3.1",
        ok("UID SEARCH RETURN () SUBJECT two", '* ESEARCH (TAG "a") UID ALL 2'),
    ),
    box(
        "search-save",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) SUBJECT hi"),
        ok("FETCH $ UID", "* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)"),
        ok("SEARCH $ FROM x", "* SEARCH"),
        ok("UID SEARCH UID $", "* SEARCH 1 3"),
    ),
    box(
        "search-save-failing",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE COUNT) ALL", '* ESEARCH (TAG "a") COUNT 3'),
        no("SEARCH RETURN (SAVE) CHARSET X ALL", "[BADCHARSET *"),
        ok("FETCH $ UID"),
    ),
    box(
        "search-save-malformed",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) 2"),
        bad("SEARCH RETURN (SAVE) X"),
        ok("FETCH $ UID", "* 2 FETCH (UID 2)"),
    ),
    inside(
        "search-utf8",
        "6855 3",
        ok("ENABLE UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT"),
        OPEN,
        bad("SEARCH CHARSET UTF-8 ALL"),
    ),
    box("sort", "5256 3", ok("SORT (REVERSE SUBJECT SIZE) UTF-8 ALL", "* SORT 2 1 3")),
    box("sort-arrival", "5256 3", ok("UID SORT (ARRIVAL) UTF-8 2:3", "* SORT 2 3")),
    box("sort-none", "5256 4", ok("SORT (DATE) UTF-8 SEEN", "* SORT")),
    box("sort-unknown", "5256 3", bad("SORT (X) UTF-8 ALL")),
    box("thread", "5256 3", ok("THREAD REFERENCES UTF-8 ALL", "* THREAD (*")),
    box(
        "thread-subject",
        "5256 3",
        ok("UID THREAD ORDEREDSUBJECT UTF-8 ALL", "* THREAD (1 3)(2)"),
    ),
    box("thread-unknown", "5256 3", bad("THREAD X UTF-8 ALL")),
)

_CHANGES = (
    box(
        "store",
        "3501 6.4.6",
        ok("STORE 1 FLAGS (\\Seen \\Flagged)", flags(1, "\\Flagged", "\\Seen")),
        ok("STORE 1 +FLAGS \\Deleted", flags(1, "\\Deleted", "\\Flagged", "\\Seen")),
        ok("STORE 1 -FLAGS (\\flagged)", flags(1, "\\Deleted", "\\Seen")),
        ok("STORE 1 FLAGS ()", flags(1)),
        ok("NOOP"),
    ),
    box(
        "store-silent", "3501 6.4.6", ok("STORE 1:2 +FLAGS.SILENT (\\Seen)"), ok("NOOP")
    ),
    box(
        "store-keywords",
        "3501 2.3.2",
        ok("STORE 1 +FLAGS (a b)", flags(1, "a", "b")),
        ok("STORE 1 FLAGS (b c)", flags(1, "b", "c")),
        ok("STORE 1 -FLAGS (B)", flags(1, "c")),
    ),
    box(
        "uid-store",
        "3501 6.4.8",
        ok("UID STORE 2 +FLAGS (\\Seen)", "* 2 FETCH (UID 2 FLAGS (\\Seen))"),
    ),
    box("store-recent", "3501 2.3.2", bad("STORE 1 FLAGS (\\Recent)")),
    box("store-nested", "3501 6.4.6", bad("STORE 1 FLAGS ((a))")),
    box(
        "store-long-keyword", "5530 3", no(f"STORE 1 FLAGS ({'x' * 101})", "[LIMIT] *")
    ),
    box("store-operation", "3501 6.4.6", bad("STORE 1 X (a)")),
    box("store-operation-string", "3501 9", bad('STORE 1 "FLAGS" (a)')),
    box("store-flag-string", "3501 9", bad('STORE 1 FLAGS ("a")', "a flag is *")),
    box("store-system-flag-string", "3501 9", bad('STORE 1 FLAGS "\\\\Seen"')),
    box("store-short", "3501 6.4.6", bad("STORE 1 FLAGS")),
    box("store-two-lists", "3501 6.4.6", bad("STORE 1 FLAGS (a) (b)")),
    row("store-read-only", "3501 6.3.2", LOGIN, EXAMINE, no("STORE 1 FLAGS (a)")),
    box(
        "expunge",
        "3501 6.4.3",
        ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)"),
        ok("EXPUNGE", "* 2 EXPUNGE", "* 1 EXPUNGE"),
        ok("FETCH 1 UID", "* 1 FETCH (UID 3)"),
        left=(3,),
    ),
    box("expunge-none", "3501 6.4.3", ok("EXPUNGE"), left=(1, 2, 3)),
    box(
        "uid-expunge",
        "4315 2.1",
        ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)"),
        ok("UID EXPUNGE 2", "* 2 EXPUNGE"),
        left=(1, 3),
    ),
    box("uid-expunge-nothing", "4315 2.1", bad("UID EXPUNGE")),
    row("expunge-read-only", "3501 6.3.2", LOGIN, EXAMINE, no("EXPUNGE")),
    box(
        "uidnext-after-expunge",
        "3501 2.3.1.1",
        ok("STORE 3 +FLAGS.SILENT (\\Deleted)"),
        ok("EXPUNGE", "* 3 EXPUNGE"),
        ok("STATUS INBOX (UIDNEXT)", "* STATUS INBOX (UIDNEXT 4)"),
    ),
    box(
        "close",
        "3501 6.4.2",
        ok("STORE 1 +FLAGS.SILENT (\\Deleted)"),
        ok("CLOSE"),
        bad("FETCH 1 UID"),
        left=(2, 3),
    ),
    row("close-read-only", "3501 6.4.2", LOGIN, EXAMINE, ok("CLOSE"), left=(1, 2, 3)),
    box(
        "unselect",
        "3691 2",
        ok("STORE 1 +FLAGS.SILENT (\\Deleted)"),
        ok("UNSELECT"),
        bad("UNSELECT"),
        left=(1, 2, 3),
    ),
    box(
        "copy",
        "4315 3",
        (
            "a COPY 1:2 INBOX",
            ("* 5 EXISTS", "* 0 RECENT", "a OK [COPYUID *"),
        ),
        left=(1, 2, 3, 4, 5),
    ),
    box(
        "copy-flags",
        "3501 6.4.7",
        ok("STORE 1 +FLAGS.SILENT (\\Seen a)"),
        ok("UID COPY 1 INBOX", "* 4 EXISTS", "* 0 RECENT"),
        ok("FETCH 4 FLAGS", flags(4, "\\Seen", "a")),
    ),
    box("copy-missing", "3501 6.4.7", no("COPY 1 other", "[TRYCREATE] *")),
    box("copy-nothing", "3501 6.4.7", ok("UID COPY 9 INBOX", text="copied")),
    box(
        "move",
        "6851 3.3",
        ok(
            "MOVE 1 INBOX",
            "* OK [COPYUID *",
            "* 4 EXISTS",
            "* 0 RECENT",
            "* 1 EXPUNGE",
        ),
        left=(2, 3, 4),
    ),
    box("move-nothing", "6851 3", ok("UID MOVE 9 INBOX")),
    box("move-missing", "6851 3", no("MOVE 1 other", "[TRYCREATE] *")),
    row("move-read-only", "6851 3", LOGIN, EXAMINE, no("MOVE 1 INBOX")),
    box("uid-unknown", "3501 6.4.8", bad("UID NOOP", "unknown command")),
    box("uid-nothing", "3501 6.4.8", bad("UID")),
)

_APPEND = (
    inside(
        "append",
        "3501 6.3.11",
        ("a APPEND INBOX {6}", ("+ go ahead",)),
        ("A: b\r\n", ("a OK [APPENDUID *",)),
        left=(1, 2, 3, 4),
    ),
    inside(
        "append-flags-date",
        "3501 6.3.11",
        (
            'a APPEND INBOX (\\Seen x) " 7-Feb-1994 21:52:25 -0800" {6+}\r\nA: b\r\n',
            ("a OK *",),
        ),
        (
            "a EXAMINE INBOX",
            (
                "* FLAGS (*",
                "* 4 EXISTS",
                *EXAMINE[1][2:5],
                "* OK [UIDNEXT 5] *",
                "* OK [HIGHESTMODSEQ 6] *",
                *EXAMINE[1][7:],
            ),
        ),
        ok(
            "FETCH 4 (FLAGS INTERNALDATE)",
            '* 4 FETCH (FLAGS (\\Seen x) INTERNALDATE " 8-Feb-1994 05:52:25 +0000")',
        ),
    ),
    box(
        "append-selected",
        "3501 6.3.11",
        ("a APPEND INBOX {6+}\r\nA: b\r\n", ("* 4 EXISTS", "* 0 RECENT", "a OK *")),
    ),
    inside(
        "multiappend",
        "3502 6.3.11",
        (
            "a APPEND INBOX {6+}\r\nA: b\r\n (\\Seen) {6+}\r\nC: d\r\n",
            ("a OK [APPENDUID *",),
        ),
        left=(1, 2, 3, 4, 5),
    ),
    inside(
        "append-literal8", "3516 4.4", ("a APPEND INBOX ~{6+}\r\nA: b\r\n", ("a OK *",))
    ),
    inside(
        "append-nul-literal8",
        "3516 4.4",
        ("a APPEND INBOX ~{6+}\r\nA: \0\r\n", ("a OK *",)),
    ),
    inside(
        "append-nul",
        "3501 9",
        (
            "a APPEND INBOX {6+}\r\nA: \0\r\n",
            ("a BAD a literal has NUL in it: send a literal8, ~{size} (RFC 3516)",),
        ),
        ok("NOOP"),
        left=(1, 2, 3),
    ),
    box(
        "search-nul",
        "3501 9",
        ("a SEARCH SUBJECT {1+}\r\n\0", ("a BAD a literal has NUL in it*",)),
    ),
    inside(
        "append-utf8",
        "6855 4",
        ok("ENABLE UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT"),
        ("a APPEND INBOX UTF8 (~{6+}\r\nA: b\r\n)", ("a OK *",)),
    ),
    inside("append-utf8-word", "6855 4", bad("APPEND INBOX UTF8 x")),
    inside("append-utf8-string", "6855 4", bad("APPEND INBOX UTF8 (x)")),
    inside(
        "append-missing",
        "3501 6.3.11",
        ("a APPEND other {1+}\r\nx", ("a NO [TRYCREATE] *",)),
        left=(1, 2, 3),
    ),
    inside(
        "append-too-big", "7889 4", ("a APPEND INBOX {99999999}", ("a NO [TOOBIG] *",))
    ),
    inside("append-empty", "3501 6.3.11", ("a APPEND INBOX {0+}\r\n", ("a NO *",))),
    inside("append-no-message", "3501 6.3.11", bad("APPEND INBOX")),
    inside("append-nothing", "3501 6.3.11", bad("APPEND")),
    inside("append-flags-only", "3501 6.3.11", bad("APPEND INBOX (\\Seen)")),
    inside(
        "append-bad-date",
        "3501 6.3.11",
        ('a APPEND INBOX "31-Feb-1994 21:52:25 -0800" {1+}\r\nx', ("a BAD *",)),
    ),
)

_IDLE = (
    inside("idle", "2177 3", ("a IDLE", ("+ idling",)), ("DONE", ("a OK *",))),
    inside(
        "idle-lower-case", "2177 3", ("a IDLE", ("+ idling",)), ("done", ("a OK *",))
    ),
    inside("idle-other-line", "2177 3", ("a IDLE", ("+ idling",)), ("x", ("a BAD *",))),
    inside(
        "idle-long-line",
        "2177 3",
        ("a IDLE", ("+ idling",)),
        ("x" * 1001, ("a BAD *",)),
    ),
    row("idle-first", "2177 3", bad("IDLE", "log in first")),
)

ROWS = (
    *CONDSTORE,
    *EXTENSIONS,
    *FOLDERS,
    *_SESSION,
    *_FOLDERS,
    *_FETCH,
    *_SEARCH,
    *_CHANGES,
    *_APPEND,
    *_IDLE,
)
