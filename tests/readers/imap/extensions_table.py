"""Rows about extensions, one after the other, and about IMAP4rev2 (RFC 9051)."""

from __future__ import annotations

from typing import Any

from .rows import LOGIN, OPEN, Row, Step, bad, box, flags, inside, no, ok, row

__all__ = ["EXTENSIONS"]

_INBOX = '* LIST (\\HasNoChildren) "/" INBOX'
_ONE = (
    "a SELECT INBOX",
    (
        OPEN[1][0],
        "* 1 EXISTS",
        *OPEN[1][2:5],
        "* OK [UIDNEXT 2] *",
        "* OK [HIGHESTMODSEQ 2] *",
        *OPEN[1][7:],
    ),
)
_RENEWED = ("a SELECT INBOX", ("* OK [CLOSED] *", *OPEN[1]))
_NUL = (b"A: b\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b",)
_BASE64 = (
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=",
)
_TEXT = b"Subject: x\r\n\r\nx"
_PARTS = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n"
    b"--b\r\nContent-Transfer-Encoding: x-odd\r\n\r\nx\r\n--b--\r\n",
)

_UIDPLUS = (
    box(
        "appenduid-several",
        "4315 3",
        (
            "a APPEND INBOX {1+}\r\nx {1+}\r\ny",
            ("* 5 EXISTS", "* 0 RECENT", "a OK [A*"),
        ),
        left=(1, 2, 3, 4, 5),
    ),
    box(
        "copyuid",
        "4315 3",
        (
            "a COPY 1,3 INBOX",
            ("* 5 EXISTS", "* 0 RECENT", "a OK [COPYUID *"),
        ),
    ),
    box("uid-copy-nothing", "3501 6.4.8", ok("UID COPY 9 INBOX")),
    box("copy-beyond", "3501 9", bad("COPY 9 INBOX")),
    box(
        "uid-expunge-others-stay",
        "4315 2.1",
        ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)"),
        ok("UID EXPUNGE 2", "* 2 EXPUNGE"),
        left=(1, 3),
    ),
    box("uid-expunge-no-set", "4315 2.1", bad("UID EXPUNGE")),
    box("uid-expunge-word", "4315 2.1", bad("UID EXPUNGE x")),
    box("expunge-arguments", "3501 6.4.3", bad("EXPUNGE 1")),
    inside("uid-expunge-unselected", "4315 2.1", bad("UID EXPUNGE 1")),
)

_MOVE = (
    box(
        "uid-move",
        "6851 3.2",
        ok("CREATE x"),
        ("a UID MOVE 2 x", ("* OK [COPYUID *", "* 2 EXPUNGE", "a OK moved")),
        left=(1, 2, 3),
    ),
    box("move-beyond", "3501 9", bad("MOVE 4 INBOX")),
    box("move-arguments", "6851 3.1", bad("MOVE 1")),
    inside("move-unselected", "6851 3.1", bad("MOVE 1 x")),
    box(
        "move-keeps-flags",
        "6851 3.3",
        ok("CREATE x"),
        ok("STORE 1 +FLAGS.SILENT (\\Flagged later)"),
        ("a MOVE 1 x", ("* OK [COPYUID *", "* 1 EXPUNGE", "a OK moved")),
        (
            "a EXAMINE x",
            (
                "* OK [CLOSED] *",
                "* FLAGS *",
                "* 1 EXISTS",
                "* 0 RECENT",
                "* OK [PERMANENTFLAGS ()] *",
                "* OK [UIDVALIDITY *",
                "* OK [UIDNEXT 2] *",
                "* OK [HIGHESTMODSEQ *",
                "* OK [MAILBOXID *",
                "* OK [UNSEEN 1] *",
                "a OK [READ-ONLY] *",
            ),
        ),
        ok("FETCH 1 FLAGS", flags(1, "\\Flagged", "later")),
    ),
)

_OBJECTID = (
    box(
        "emailid-of-a-copy",
        "8474 5.1",
        ("a COPY 1 INBOX", ("* 4 EXISTS", "* 0 RECENT", "a OK *")),
        ok(
            "FETCH 1,4 EMAILID",
            "* 1 FETCH (EMAILID (M*",
            "* 4 FETCH (EMAILID (M*",
        ),
    ),
    box("search-emailid-none", "8474 6", ok("SEARCH EMAILID Mx", "* SEARCH")),
    box("search-threadid", "8474 6", ok("SEARCH THREADID T1", "* SEARCH")),
    box("search-emailid-nothing", "8474 6", bad("SEARCH EMAILID")),
    inside(
        "mailboxid-status",
        "8474 4.3",
        ok("STATUS INBOX (MAILBOXID)", "* STATUS INBOX (MAILBOXID (inbox))"),
    ),
    inside("mailboxid-create", "8474 4.1", ok("CREATE x", text="[MAILBOXID (folder-*")),
)

_BINARY = (
    inside(
        "binary-nul-literal8",
        "3516 4.2",
        _ONE,
        (
            "a FETCH 1 BINARY.PEEK[]",
            (
                f"* 1 FETCH (BINARY[] ~{{{len(_NUL[0])}}}",
                "A: b",
                "Content-Transfer-Encoding: binary",
                "",
                "a\0b)",
                "a OK *",
            ),
        ),
        messages=_NUL,
    ),
    inside(
        "binary-decoded",
        "3516 4.2",
        _ONE,
        ok("FETCH 1 BINARY.PEEK[1]", "* 1 FETCH (BINARY[1] {2}", "Hi)"),
        messages=_PARTS,
    ),
    inside(
        "binary-partial",
        "3516 4.2",
        _ONE,
        ok("FETCH 1 BINARY.PEEK[1]<1.9>", "* 1 FETCH (BINARY[1]<1> {1}", "i)"),
        messages=_PARTS,
    ),
    inside(
        "binary-size",
        "3516 4.2",
        _ONE,
        ok("FETCH 1 BINARY.SIZE[1]", "* 1 FETCH (BINARY.SIZE[1] 2)"),
        messages=_PARTS,
    ),
    inside(
        "binary-size-unknown-encoding",
        "3516 4.3",
        _ONE,
        no("FETCH 1 BINARY.SIZE[2]", "[UNKNOWN-CTE] *"),
        messages=_PARTS,
    ),
    box("binary-size-partial", "3516 7", bad("FETCH 1 BINARY.SIZE[1]<0.1>")),
    box("binary-header", "3516 7", bad("FETCH 1 BINARY[HEADER]")),
    box("binary-mime", "3516 7", bad("FETCH 1 BINARY[1.MIME]")),
    inside(
        "binary-sets-seen",
        "3516 4.2",
        _ONE,
        ok("FETCH 1 BINARY[1]", "* 1 FETCH (FLAGS (\\Seen) BINARY[1] {2}", "Hi)"),
        messages=_PARTS,
    ),
    inside(
        "binary-missing-part",
        "3516 4.2",
        _ONE,
        ok("FETCH 1 BINARY.PEEK[9]", "* 1 FETCH (BINARY[9] NIL)"),
        messages=_PARTS,
    ),
    inside(
        "binary-single-part",
        "3516 4.2",
        _ONE,
        ok("FETCH 1 BINARY.PEEK[1]", "* 1 FETCH (BINARY[1] {5}", "Hello)"),
        messages=_BASE64,
    ),
)

_ESEARCH = (
    box(
        "esearch-min",
        "4731 3.1",
        ok("SEARCH RETURN (MIN) ALL", '* ESEARCH (TAG "a") MIN 1'),
    ),
    box(
        "esearch-max",
        "4731 3.1",
        ok("SEARCH RETURN (MAX) ALL", '* ESEARCH (TAG "a") MAX 3'),
    ),
    box(
        "esearch-count",
        "4731 3.1",
        ok("SEARCH RETURN (COUNT) SUBJECT hi", '* ESEARCH (TAG "a") COUNT 2'),
    ),
    box(
        "esearch-empty-options",
        "4731 3.1",
        ok("SEARCH RETURN () ALL", '* ESEARCH (TAG "a") ALL 1:3'),
    ),
    box(
        "esearch-none-min",
        "4731 3.1",
        ok("SEARCH RETURN (MIN MAX) ANSWERED", '* ESEARCH (TAG "a")'),
    ),
    box(
        "esearch-none-count",
        "4731 3.1",
        ok("SEARCH RETURN (ALL COUNT) ANSWERED", '* ESEARCH (TAG "a") COUNT 0'),
    ),
    box(
        "esearch-uid-none",
        "4731 3.1",
        ok("UID SEARCH RETURN (MIN) ANSWERED", '* ESEARCH (TAG "a") UID'),
    ),
    box("esearch-unknown-option", "4731 3.1", bad("SEARCH RETURN (AVERAGE) ALL")),
    box("esearch-no-list", "4731 3.1", bad("SEARCH RETURN ALL ALL")),
    box("esearch-no-keys", "4731 3.1", bad("SEARCH RETURN (ALL)")),
    box(
        "esearch-charset",
        "4466 2.6.1",
        ok("SEARCH RETURN (COUNT) CHARSET UTF-8 ALL", '* ESEARCH (TAG "a") COUNT 3'),
    ),
)

_SEARCHRES = (
    box(
        "searchres-fetch",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) SUBJECT hi"),
        ok("FETCH $ UID", "* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)"),
    ),
    box(
        "searchres-min",
        "5182 2.4",
        ok("SEARCH RETURN (SAVE MIN) ALL", '* ESEARCH (TAG "a") MIN 1'),
        ok("FETCH $ UID", "* 1 FETCH (UID 1)"),
    ),
    box(
        "searchres-min-max",
        "5182 2.4",
        ok("SEARCH RETURN (SAVE MIN MAX) ALL", '* ESEARCH (TAG "a") MIN 1 MAX 3'),
        ok("FETCH $ UID", "* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)"),
    ),
    box(
        "searchres-count",
        "5182 2.4",
        ok("SEARCH RETURN (SAVE COUNT) ALL", '* ESEARCH (TAG "a") COUNT 3'),
        ok("UID FETCH $ UID", *(f"* {n} FETCH (UID {n})" for n in (1, 2, 3))),
    ),
    box("searchres-begins-empty", "5182 2.1", ok("FETCH $ UID")),
    box(
        "searchres-select-empties",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) ALL"),
        _RENEWED,
        ok("FETCH $ UID"),
    ),
    box(
        "searchres-in-search",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) SUBJECT hi"),
        ok("SEARCH $ SMALLER 40", "* SEARCH 1"),
        ok("UID SEARCH UID $", "* SEARCH 1 3"),
    ),
    box(
        "searchres-expunged",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) ALL"),
        ok("STORE 1 +FLAGS.SILENT (\\Deleted)"),
        ok("EXPUNGE", "* 1 EXPUNGE"),
        ok("FETCH $ UID", "* 1 FETCH (UID 2)", "* 2 FETCH (UID 3)"),
    ),
    box(
        "searchres-store",
        "5182 2.1",
        ok("SEARCH RETURN (SAVE) 2"),
        ok("STORE $ +FLAGS (\\Flagged)", flags(2, "\\Flagged")),
    ),
)

_SORT = (
    box("sort-size", "5256 3", ok("SORT (SIZE) UTF-8 ALL", "* SORT 1 2 3")),
    box("sort-reverse", "5256 3", ok("SORT (REVERSE SIZE) UTF-8 ALL", "* SORT 3 2 1")),
    box(
        "sort-subject",
        "5256 2.1",
        ok("SORT (SUBJECT REVERSE SIZE) UTF-8 ALL", "* SORT 3 1 2"),
    ),
    box("sort-to", "5256 3", ok("SORT (TO) US-ASCII ALL", "* SORT 1 2 3")),
    box("sort-cc", "5256 3", ok("SORT (CC) US-ASCII ALL", "* SORT 1 2 3")),
    box("sort-from", "5256 3", ok("SORT (FROM) US-ASCII ALL", "* SORT 1 3 2")),
    box("sort-date", "5256 2.2", ok("SORT (DATE) US-ASCII 2:3", "* SORT 2 3")),
    box("sort-lower-case", "5256 3", ok("sort (size) utf-8 all", "* SORT 1 2 3")),
    box("uid-sort", "5256 3", ok("UID SORT (SIZE) UTF-8 UID 2:3", "* SORT 2 3")),
    box(
        "sort-bad-charset",
        "5256 3",
        no("SORT (SIZE) KOI8-R ALL", "[BADCHARSET (US-ASCII UTF-8)] *"),
    ),
    box("sort-no-charset", "5256 3", bad("SORT (SIZE) ALL")),
    box("sort-no-criteria", "5256 3", bad("SORT () UTF-8 ALL")),
    box("sort-reverse-alone", "5256 3", bad("SORT (REVERSE) UTF-8 ALL")),
    box("sort-reverse-twice", "5256 3", bad("SORT (REVERSE REVERSE SIZE) UTF-8 ALL")),
    box("sort-word", "5256 3", bad("SORT SIZE UTF-8 ALL")),
    inside("sort-unselected", "5256 3", bad("SORT (SIZE) UTF-8 ALL")),
    box(
        "thread-references",
        "5256 3",
        ok("THREAD REFERENCES UTF-8 ALL", "* THREAD (1 3)(2)"),
    ),
    box("thread-none", "5256 4", ok("THREAD REFERENCES UTF-8 ANSWERED", "* THREAD")),
    box(
        "uid-thread", "5256 3", ok("UID THREAD ORDEREDSUBJECT UTF-8 2", "* THREAD (2)")
    ),
    box(
        "thread-bad-charset",
        "5256 3",
        no("THREAD REFERENCES KOI8-R ALL", "[BADCHARSET (US-ASCII UTF-8)] *"),
    ),
    box("thread-no-keys", "5256 3", bad("THREAD REFERENCES UTF-8")),
    box("thread-list", "5256 3", bad("THREAD (REFERENCES) UTF-8 ALL")),
)

_LIST = (
    inside("list-children", "5258 4", ok('LIST "" % RETURN (CHILDREN)', _INBOX)),
    inside(
        "list-has-children",
        "3348 3",
        ok("CREATE a/b"),
        ok('LIST "" a', '* LIST (\\HasChildren) "/" a'),
        ok('LIST "" a/b', '* LIST (\\HasNoChildren) "/" a/b'),
    ),
    inside(
        "list-return-subscribed",
        "5258 4",
        ok(
            'LIST "" INBOX RETURN (SUBSCRIBED)',
            '* LIST (\\HasNoChildren \\Subscribed) "/" INBOX',
        ),
    ),
    inside("list-remote", "5258 3.1", ok('LIST (REMOTE) "" %', _INBOX)),
    inside("list-no-options", "5258 3.1", ok('LIST () "" %', _INBOX)),
    inside("list-no-returns", "5258 3.2", ok('LIST "" % RETURN ()', _INBOX)),
    inside("list-return-word", "5258 3.2", bad('LIST "" % RETURN CHILDREN')),
    inside("list-selection-alone", "5258 3", bad("LIST (SUBSCRIBED)")),
    inside("list-five-words", "5258 3", bad('LIST () "" % RETURN () x')),
    inside(
        "list-special-use-selection",
        "6154 5.2",
        ok("CREATE Bin (USE (\\Trash))"),
        ok(
            'LIST (SPECIAL-USE) "" *',
            '* LIST (\\HasNoChildren \\Trash) "/" Bin',
        ),
    ),
    inside(
        "list-special-use-return",
        "6154 5.2",
        ok("CREATE Post (USE (\\Sent))"),
        ok(
            'LIST "" P* RETURN (SPECIAL-USE)',
            '* LIST (\\HasNoChildren \\Sent) "/" Post',
        ),
    ),
    inside("list-special-use-none", "6154 5.2", ok('LIST (SPECIAL-USE) "" *')),
    inside("create-use-twice", "6154 3", ok("CREATE x (USE (\\Sent \\Sent))")),
    inside("create-use-list", "6154 3", no("CREATE x (USE ((\\Sent)))", "[USEATTR] *")),
    inside(
        "list-status-size",
        "5819 2",
        ok('LIST "" % RETURN (STATUS (SIZE))', _INBOX, "* STATUS INBOX (SIZE 161)"),
    ),
    inside(
        "list-status-noselect",
        "5819 2",
        ok("CREATE a/b"),
        ok("DELETE a"),
        ok(
            'LIST "" a RETURN (STATUS (MESSAGES))',
            '* LIST (\\NonExistent \\Noselect \\HasChildren) "/" a',
        ),
    ),
    inside("list-status-no-items", "5819 2", bad('LIST "" % RETURN (STATUS)')),
    inside("list-status-unknown", "5819 2", bad('LIST "" % RETURN (STATUS (X))')),
)

_STATUS = (
    inside(
        "status-deleted",
        "9051 6.3.11",
        ok("STATUS INBOX (DELETED)", "* STATUS INBOX (DELETED 0)"),
    ),
    inside(
        "status-lower-case",
        "3501 6.3.10",
        ok("status inbox (messages)", "* STATUS INBOX (MESSAGES 3)"),
    ),
    inside(
        "status-twice",
        "3501 6.3.10",
        ok("STATUS INBOX (MESSAGES MESSAGES)", "* STATUS INBOX (MESSAGES 3)"),
    ),
    inside(
        "status-recent",
        "3501 6.3.10",
        ok("STATUS INBOX (RECENT)", "* STATUS INBOX (RECENT 0)"),
    ),
    inside(
        "status-unseen",
        "3501 6.3.10",
        ok("STATUS INBOX (UNSEEN)", "* STATUS INBOX (UNSEEN 3)"),
    ),
    inside("status-word", "3501 6.3.10", bad("STATUS INBOX MESSAGES")),
    inside("status-no-list", "3501 6.3.10", bad("STATUS INBOX")),
    inside("status-string", "3501 9", bad('STATUS INBOX ("MESSAGES")')),
    inside("enable-string", "5161 4", bad('ENABLE "CONDSTORE"')),
    inside("id-string", "2971 4", bad('ID "NIL"')),
    row("authenticate-string", "3501 9", bad('AUTHENTICATE "PLAIN"', "usage: *")),
    row("authenticate-response-string", "4959 7", bad('AUTHENTICATE PLAIN "AGJvYgB4"')),
    box("sort-string", "5256 5", bad('SORT ("DATE") UTF-8 ALL')),
    box("thread-string", "5256 5", bad('THREAD "REFERENCES" UTF-8 ALL')),
    box("changedsince-string", "7162 7", bad('FETCH 1 UID ("CHANGEDSINCE" 1)')),
    box(
        "unchangedsince-string",
        "7162 7",
        bad('STORE 1 ("UNCHANGEDSINCE" 1) FLAGS (a)'),
    ),
    inside(
        "appendlimit-status",
        "7889 2",
        ok("STATUS INBOX (APPENDLIMIT)", "* STATUS INBOX (APPENDLIMIT 52428800)"),
    ),
    box(
        "status-of-selected", "3501 6.3.10", ok("STATUS INBOX (MESSAGES)", "* STATUS *")
    ),
)

_WITHIN = (
    box("within-younger", "5032 2", ok("SEARCH YOUNGER 1000000", "* SEARCH 1 2 3")),
    box("within-zero", "5032 2", bad("SEARCH OLDER 0")),
    box("within-word", "5032 2", bad("SEARCH YOUNGER x")),
    box("within-nothing", "5032 2", bad("SEARCH OLDER")),
    box("within-negative", "5032 2", bad("SEARCH OLDER -1")),
)

_APPEND = (
    inside(
        "multiappend-all-or-none",
        "3502 6.3.11",
        ("a APPEND INBOX {1+}\r\nx {0+}\r\n", ("a NO *",)),
        left=(1, 2, 3),
    ),
    inside(
        "multiappend-flags",
        "3502 6.3.11",
        (
            "a APPEND INBOX (\\Seen) {1+}\r\nx (later) {1+}\r\ny",
            ("a OK [APPENDUID *",),
        ),
        left=(1, 2, 3, 4, 5),
    ),
    inside(
        "append-8bit-header",
        "6855 4",
        (b"a APPEND INBOX {10+}\r\nA: \xc3\xa9\r\n\r\nx\r\n", ("a NO [CANNOT] *",)),
        left=(1, 2, 3),
    ),
    inside(
        "append-8bit-body",
        "6855 4",
        (b"a APPEND INBOX {10+}\r\nA: b\r\n\r\n\xc3\xa9\r\n", ("a OK *",)),
        left=(1, 2, 3, 4),
    ),
    inside(
        "append-8bit-header-enabled",
        "6855 4",
        ok("ENABLE UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT"),
        (b"a APPEND INBOX {10+}\r\nA: \xc3\xa9\r\n\r\nx\r\n", ("a OK *",)),
        left=(1, 2, 3, 4),
    ),
    inside(
        "append-sync-literal",
        "3501 4.3",
        ("a APPEND INBOX {15}", ("+ go ahead",)),
        (_TEXT + b"\r\n", ("a OK [APPENDUID *",)),
        left=(1, 2, 3, 4),
    ),
    inside(
        "append-unasked-4097",
        "7888 5",
        ("a APPEND INBOX {4097+}", ("a BAD *", "* BYE *")),
        closed=True,
    ),
    inside(
        "append-recent",
        "3501 2.3.2",
        ("a APPEND INBOX (\\Recent) {1+}\r\nx", ("a BAD *",)),
    ),
    inside("append-utf8-empty", "6855 4", bad("APPEND INBOX UTF8 ()")),
)

_GENERAL = (
    row("tag-plus", "3501 9", ("a+b NOOP", ("* BAD *",))),
    row("tag-percent", "3501 9", ("a%b NOOP", ("* BAD *",))),
    row("tag-8bit", "3501 9", (b"\xe9 NOOP\r\n", ("* BAD *",))),
    row("space-first", "3501 2.2.1", (" a NOOP", ("* BAD *",))),
    row("two-spaces", "3501 2.2.1", ("a  NOOP", ("a BAD *",))),
    row("space-last", "3501 2.2.1", ("a NOOP ", ("a BAD *",))),
    row("tag-alone", "3501 2.2.1", ("a", ("a BAD *",))),
    row("bare-lf", "3501 2.2", (b"a NOOP\n", ("a OK *",))),
    row("pipelined", "3501 5.5", (b"a NOOP\r\nb NOOP\r\n", ("a OK *", "b OK *"))),
    row("capability", "3501 6.1.1", ok("CAPABILITY", "* CAPABILITY IMAP4rev1 *")),
    row(
        "capability-before-the-login",
        "5161 3.1",
        ok(
            "CAPABILITY",
            "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL- ID SASL-IR ENABLE IDLE AUTH=*",
        ),
    ),
    row("capability-arguments", "3501 6.1.1", bad("CAPABILITY x")),
    row("logout-arguments", "3501 6.1.3", bad("LOGOUT x")),
    row("starttls-arguments", "3501 6.2.1", bad("STARTTLS x")),
    row("id-many", "2971 3.3", bad("ID (" + " ".join(['"a" "b"'] * 31) + ")")),
    row(
        "id-thirty",
        "2971 3.3",
        ok("ID (" + " ".join(['"a" "b"'] * 30) + ")", "* ID (*"),
    ),
    row("id-nested", "2971 3.3", bad('ID ("a" ("b"))')),
    inside("id-inside", "2971 3", ok("ID NIL", "* ID (*")),
    row("login-empty-password", "3501 6.2.3", ok('LOGIN bob ""')),
    inside("starttls-late", "3501 6.2.1", bad("STARTTLS", "only before the login")),
    inside(
        "authenticate-late", "3501 6.2.2", bad("AUTHENTICATE PLAIN", "only before *")
    ),
    row(
        "authenticate-empty-response",
        "4959 3",
        bad("AUTHENTICATE PLAIN ="),
        LOGIN,
    ),
    row("unquoted-quote", "3501 9", bad('LOGIN bob "x')),
    row("quoted-backslash", "3501 9", bad('LOGIN bob "\\x"')),
    row("unbalanced-list", "3501 9", bad("ID (")),
    row("closed-too-much", "3501 9", bad("ID NIL)")),
    inside("namespace-arguments", "2342 5", bad("NAMESPACE x")),
    row("namespace-first", "2342 5", bad("NAMESPACE", "log in first")),
    inside("idle-arguments", "2177 3", bad("IDLE x")),
    box("idle-selected", "2177 3", ("a IDLE", ("+ idling",)), ("DONE", ("a OK *",))),
    inside(
        "idle-twice",
        "2177 3",
        ("a IDLE", ("+ idling",)),
        ("DONE", ("a OK *",)),
        ("b IDLE", ("+ idling",)),
        ("DONE", ("b OK *",)),
    ),
    inside(
        "enable-twice",
        "5161 3.1",
        ok("ENABLE CONDSTORE", "* ENABLED CONDSTORE"),
        ok("ENABLE CONDSTORE", "* ENABLED CONDSTORE"),
    ),
    inside("enable-list", "5161 3.1", bad("ENABLE (CONDSTORE)")),
    inside("unselect-unselected", "3691 2", bad("UNSELECT")),
    box("unselect-arguments", "3691 2", bad("UNSELECT x")),
    box(
        "unselect-keeps-deleted",
        "3691 2",
        ok("STORE 1 +FLAGS.SILENT (\\Deleted)"),
        ok("UNSELECT"),
        left=(1, 2, 3),
    ),
    box("close-arguments", "3501 6.4.2", bad("CLOSE x")),
    inside("close-unselected", "3501 6.4.2", bad("CLOSE")),
    box("check-arguments", "3501 6.4.1", bad("CHECK x")),
    inside("select-nothing", "3501 6.3.1", bad("SELECT")),
    inside("select-two", "3501 6.3.1", bad("SELECT INBOX x")),
    inside(
        "select-literal",
        "3501 4.3",
        ("a SELECT {5}", ("+ go ahead",)),
        ("INBOX", OPEN[1]),
    ),
    inside("examine-missing", "3501 6.3.2", no("EXAMINE x", "[NONEXISTENT] *")),
    box("select-again", "7162 3.2.11", _RENEWED),
    box(
        "select-missing-closes",
        "7162 3.2.11",
        ("a SELECT x", ("* OK [CLOSED] *", "a NO [NONEXISTENT] *")),
        bad("CHECK"),
    ),
    inside("create-nothing", "3501 6.3.3", bad("CREATE")),
    inside("create-trailing-delimiter", "3501 6.3.3", ok("CREATE x/")),
    inside("delete-nothing", "3501 6.3.4", bad("DELETE")),
    inside("rename-nothing", "3501 6.3.5", bad("RENAME x")),
    inside("subscribe-nothing", "3501 6.3.6", bad("SUBSCRIBE")),
    inside("unsubscribe-nothing", "3501 6.3.7", bad("UNSUBSCRIBE")),
    inside("unsubscribe-missing", "3501 6.3.7", no("UNSUBSCRIBE x", "[NONEXISTENT] *")),
    inside("lsub-nothing", "3501 6.3.9", bad("LSUB")),
    inside("getquota-nothing", "9208 4.1.1", bad("GETQUOTA")),
    inside("getquotaroot-nothing", "9208 4.1.2", bad("GETQUOTAROOT")),
    inside(
        "getquotaroot-missing", "9208 4.1.2", no("GETQUOTAROOT x", "[NONEXISTENT] *")
    ),
    inside("setquota-nothing", "9208 4.1.3", bad("SETQUOTA")),
    box("store-unknown-flag", "3501 2.3.2", bad("STORE 1 FLAGS (\\Odd)")),
    box("store-beyond", "3501 9", bad("STORE 4 FLAGS ()")),
    box("uid-store-missing", "3501 6.4.8", ok("UID STORE 9 FLAGS (\\Seen)")),
    box("store-clears", "3501 6.4.6", ok("STORE 1 FLAGS ()", flags(1))),
    box(
        "fetch-all",
        "3501 6.4.5",
        ok("FETCH 1 ALL", "* 1 FETCH (FLAGS () INTERNALDATE *"),
    ),
    box(
        "fetch-full",
        "3501 6.4.5",
        ok("FETCH 1 FULL", "* 1 FETCH (FLAGS () INTERNALDATE *"),
    ),
    box("fetch-macro-in-list", "3501 6.4.5", bad("FETCH 1 (ALL)")),
    box(
        "fetch-rfc822-size",
        "3501 6.4.5",
        ok("FETCH 1 RFC822.SIZE", "* 1 FETCH (RFC822.SIZE 23)"),
    ),
    box(
        "fetch-rfc822-header",
        "3501 6.4.5",
        ok(
            "FETCH 1 RFC822.HEADER",
            "* 1 FETCH (RFC822.HEADER {15}",
            "Subject: hi",
            "",
            ")",
        ),
    ),
    box(
        "fetch-rfc822-text",
        "3501 6.4.5",
        ok(
            "FETCH 1 RFC822.TEXT",
            "* 1 FETCH (FLAGS (\\Seen) RFC822.TEXT {8}",
            "Hello.",
            ")",
        ),
    ),
    box(
        "fetch-missing-part",
        "3501 6.4.5",
        ok("FETCH 1 BODY.PEEK[7]", "* 1 FETCH (BODY[7] NIL)"),
    ),
    box(
        "fetch-partial-beyond",
        "3501 6.4.5",
        ok("FETCH 1 BODY.PEEK[]<99.5>", "* 1 FETCH (BODY[]<99> {0}", ")"),
    ),
    box("fetch-partial-nothing", "3501 9", bad("FETCH 1 BODY[]<0.0>")),
    box("fetch-unclosed", "3501 9", bad("FETCH 1 BODY[")),
    box("fetch-mime-of-message", "3501 6.4.5", bad("FETCH 1 BODY[MIME]")),
    box("search-uid-none", "3501 6.4.4", ok("SEARCH UID 9", "* SEARCH")),
    box("search-answered", "3501 6.4.4", ok("SEARCH ANSWERED", "* SEARCH")),
    box("search-unseen", "3501 6.4.4", ok("SEARCH UNSEEN", "* SEARCH 1 2 3")),
    box("search-recent", "3501 6.4.4", ok("SEARCH RECENT", "* SEARCH")),
    box("search-old", "3501 6.4.4", ok("SEARCH OLD", "* SEARCH 1 2 3")),
    box("search-list", "3501 6.4.4", ok("SEARCH (SMALLER 50 LARGER 30)", "* SEARCH 2")),
    box("search-two-keys", "3501 6.4.4", ok("SEARCH 1:2 SUBJECT two", "* SEARCH 2")),
    box(
        "search-header-there", "3501 6.4.4", ok('SEARCH HEADER X-Tag ""', "* SEARCH 3")
    ),
    box("search-to", "3501 6.4.4", ok("SEARCH TO bob", "* SEARCH 3")),
    box("search-cc", "3501 6.4.4", ok("SEARCH CC c@x.com", "* SEARCH 3")),
    box("search-bcc", "3501 6.4.4", ok("SEARCH BCC x", "* SEARCH")),
    box("search-unknown", "3501 6.4.4", bad("SEARCH COLOUR red")),
    box("search-cut-off", "3501 6.4.4", bad("SEARCH OR ALL")),
    box("search-bad-date", "3501 6.4.4", bad("SEARCH SINCE 31-Feb-2026")),
    box("search-beyond", "3501 6.4.4", ok("SEARCH 9", "* SEARCH")),
)

_REV2 = ok("ENABLE IMAP4rev2", "* ENABLED IMAP4rev2")
_OPEN_REV2 = (
    "a SELECT INBOX",
    (
        "* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen)",
        "* 3 EXISTS",
        "* OK [PERMANENTFLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen \\*)] *",
        "* OK [UIDVALIDITY *",
        "* OK [UIDNEXT 4] *",
        "* OK [HIGHESTMODSEQ 4] *",
        "* OK [MAILBOXID (inbox)] *",
        _INBOX,
        "a OK [READ-WRITE] *",
    ),
)


def _rev2(id: str, rfc: str, *steps: Step, **fields: Any) -> Row:
    """Make a row of a client that has enabled IMAP4rev2."""
    return row(id, rfc, LOGIN, _REV2, *steps, **fields)


_IMAP4REV2 = (
    row(
        "rev2-announced",
        "9051 6.1.1",
        ok("CAPABILITY", "* CAPABILITY IMAP4rev1 IMAP4rev2 *"),
    ),
    _rev2("rev2-select", "9051 6.3.2", _OPEN_REV2),
    _rev2(
        "rev2-examine",
        "9051 6.3.3",
        (
            "a EXAMINE INBOX",
            (
                _OPEN_REV2[1][0],
                _OPEN_REV2[1][1],
                "* OK [PERMANENTFLAGS ()] *",
                *_OPEN_REV2[1][3:-1],
                "a OK [READ-ONLY] *",
            ),
        ),
    ),
    _rev2(
        "rev2-select-again",
        "9051 6.3.2",
        _OPEN_REV2,
        ("a SELECT INBOX", ("* OK [CLOSED] *", *_OPEN_REV2[1])),
    ),
    _rev2(
        "rev2-search",
        "9051 6.4.4",
        _OPEN_REV2,
        ok("SEARCH SUBJECT hi", '* ESEARCH (TAG "a") ALL 1,3'),
    ),
    _rev2(
        "rev2-search-none",
        "9051 6.4.4",
        _OPEN_REV2,
        ok("SEARCH ANSWERED", '* ESEARCH (TAG "a")'),
    ),
    _rev2(
        "rev2-uid-search",
        "9051 6.4.9",
        _OPEN_REV2,
        ok("UID SEARCH ALL", '* ESEARCH (TAG "a") UID ALL 1:3'),
    ),
    _rev2(
        "rev2-search-charset",
        "9051 6.4.4",
        _OPEN_REV2,
        ok("SEARCH CHARSET UTF-8 2", '* ESEARCH (TAG "a") ALL 2'),
    ),
    _rev2(
        "rev2-search-save",
        "9051 6.4.4.1",
        _OPEN_REV2,
        ok("SEARCH RETURN (SAVE) 2"),
        ok("FETCH $ UID", "* 2 FETCH (UID 2)"),
    ),
    _rev2(
        "rev2-no-recent",
        "9051 7.4.1",
        _OPEN_REV2,
        ("a APPEND INBOX {1+}\r\nx", ("* 4 EXISTS", "a OK [APPENDUID *")),
    ),
    _rev2(
        "rev2-rename-oldname",
        "9051 6.3.6",
        ok("CREATE one"),
        ok(
            "RENAME one two",
            '* LIST (\\HasNoChildren) "/" two ("OLDNAME" (one))',
        ),
    ),
    _rev2(
        "rev2-utf8-name",
        "9051 5.1",
        ('a CREATE "Entwürfe"', ("a OK *",)),
        ('a LIST "" "E*"', ('* LIST (\\HasNoChildren) "/" {9}', "Entwürfe", "a OK *")),
    ),
    _rev2(
        "rev2-status",
        "9051 6.3.11",
        ok("STATUS INBOX (SIZE DELETED)", "* STATUS INBOX (SIZE 161 DELETED 0)"),
    ),
    _rev2(
        "rev2-fetch-binary",
        "9051 6.4.5",
        _OPEN_REV2,
        ok("FETCH 1 BINARY.SIZE[1]", "* 1 FETCH (BINARY.SIZE[1] 8)"),
    ),
    _rev2(
        "rev2-append-literal8",
        "9051 6.3.12",
        (b"a APPEND INBOX ~{3+}\r\na\0b\r\n", ("a OK [APPENDUID *",)),
    ),
    _rev2(
        "rev2-append-utf8-header",
        "9051 6.3.12",
        (b"a APPEND INBOX {10+}\r\nA: \xc3\xa9\r\n\r\nx\r\n", ("a OK *",)),
    ),
    _rev2(
        "rev2-move",
        "9051 6.4.8",
        ok("CREATE x"),
        _OPEN_REV2,
        ("a MOVE 1 x", ("* OK [COPYUID *", "* 1 EXPUNGE", "a OK moved")),
    ),
    _rev2(
        "rev2-namespace",
        "9051 6.3.10",
        ok("NAMESPACE", '* NAMESPACE (("" "/")) NIL NIL'),
    ),
    _rev2(
        "rev2-list-status",
        "9051 6.3.9.8",
        ok(
            'LIST "" % RETURN (STATUS (MESSAGES))',
            _INBOX,
            "* STATUS INBOX (MESSAGES 3)",
        ),
    ),
    _rev2("rev2-unselect", "9051 6.4.2", _OPEN_REV2, ok("UNSELECT")),
    _rev2("rev2-idle", "9051 6.3.13", ("a IDLE", ("+ idling",)), ("DONE", ("a OK *",))),
    _rev2(
        "rev2-esearch-count",
        "9051 7.3.4",
        _OPEN_REV2,
        ok("SEARCH RETURN (COUNT) ALL", '* ESEARCH (TAG "a") COUNT 3'),
    ),
    _rev2("rev2-uid-expunge", "9051 6.4.9", _OPEN_REV2, ok("UID EXPUNGE 1")),
    box("rev1-search", "3501 7.2.5", ok("SEARCH ALL", "* SEARCH 1 2 3")),
    inside("rev1-rename", "3501 6.3.5", ok("CREATE one"), ok("RENAME one two")),
)

EXTENSIONS = (
    *_UIDPLUS,
    *_MOVE,
    *_OBJECTID,
    *_BINARY,
    *_ESEARCH,
    *_SEARCHRES,
    *_SORT,
    *_LIST,
    *_STATUS,
    *_WITHIN,
    *_APPEND,
    *_GENERAL,
    *_IMAP4REV2,
)
