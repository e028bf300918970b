"""The conformance table of CONDSTORE (RFC 7162)."""

from __future__ import annotations

from .rows import OPEN, Row, Step, bad, box, flags, inside, no, ok

__all__ = ["CONDSTORE"]

# The client knows CONDSTORE. The messages have the changes 1, 2 and 3.
_ENABLE = ok("ENABLE CONDSTORE", "* ENABLED CONDSTORE")
_SEEN = flags(1, "\\Seen")


def _knowing(id: str, rfc: str, *steps: Step) -> Row:
    """Make a row of a client that has enabled CONDSTORE, and selected INBOX."""
    return inside(id, rfc, _ENABLE, OPEN, *steps)


CONDSTORE = (
    inside("condstore-enable", "7162 3.1", _ENABLE),
    inside(
        "condstore-enable-both",
        "5161 3.1",
        ok("ENABLE CONDSTORE UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT CONDSTORE"),
    ),
    inside("condstore-highest", "7162 3.1.2.1", OPEN),
    inside("condstore-select", "7162 3.1.8", ("a SELECT INBOX (CONDSTORE)", OPEN[1])),
    inside(
        "condstore-examine",
        "7162 3.1.8",
        ok("EXAMINE INBOX (condstore)", *OPEN[1][:3], "* OK [PERM*", *OPEN[1][4:9]),
    ),
    inside("condstore-select-other", "7162 3.1.8", bad("SELECT INBOX (QRESYNC)")),
    inside("condstore-select-nothing", "7162 3.1.8", bad("SELECT INBOX ()")),
    inside("condstore-select-word", "7162 3.1.8", bad("SELECT INBOX CONDSTORE")),
    inside("condstore-select-twice", "7162 3.1.8", bad("SELECT INBOX (CONDSTORE) x")),
    inside(
        "condstore-status",
        "7162 3.1.7",
        ok("STATUS INBOX (HIGHESTMODSEQ)", "* STATUS INBOX (HIGHESTMODSEQ 4)"),
    ),
    inside(
        "condstore-status-empty",
        "7162 3.1.2.1",
        ok("STATUS INBOX (HIGHESTMODSEQ)", "* STATUS INBOX (HIGHESTMODSEQ 1)"),
        messages=(),
    ),
    inside(
        "condstore-list-status",
        "7162 3.1.7",
        ok(
            'LIST "" INBOX RETURN (STATUS (HIGHESTMODSEQ))',
            "* LIST *",
            "* STATUS INBOX (HIGHESTMODSEQ 4)",
        ),
    ),
    box(
        "condstore-fetch",
        "7162 3.1.4.2",
        ok(
            "FETCH 1:2 (MODSEQ)",
            "* 1 FETCH (MODSEQ (2))",
            "* 2 FETCH (MODSEQ (3))",
        ),
    ),
    box(
        "condstore-fetch-changed",
        "7162 3.1.4.2",
        ok("STORE 1 +FLAGS (\\Seen)", _SEEN),
        ok("FETCH 1 MODSEQ", "* 1 FETCH (MODSEQ (5))"),
    ),
    box(
        "condstore-changedsince",
        "7162 3.1.4.1",
        ok(
            "FETCH 1:* (FLAGS) (CHANGEDSINCE 3)",
            "* 3 FETCH (FLAGS () MODSEQ (4))",
        ),
    ),
    box(
        "condstore-changedsince-none",
        "7162 3.1.4.1",
        ok("FETCH 1:* (FLAGS) (CHANGEDSINCE 4)"),
    ),
    box(
        "condstore-changedsince-uid",
        "7162 3.1.4.1",
        ok(
            "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3)",
            "* 3 FETCH (UID 3 FLAGS () MODSEQ (4))",
        ),
    ),
    box(
        "condstore-changedsince-word",
        "7162 3.1.4.1",
        bad("FETCH 1 FLAGS (CHANGEDSINCE x)"),
    ),
    box(
        "condstore-changedsince-huge",
        "7162 7",
        bad(f"FETCH 1 FLAGS (CHANGEDSINCE {1 << 63})"),
    ),
    box(
        "condstore-changedsince-seen",
        "7162 3.1.4.1",
        ok("FETCH 1:2 BODY[TEXT] (CHANGEDSINCE 3)"),
        ok("FETCH 1:2 FLAGS", flags(1), flags(2)),
    ),
    box("condstore-vanished", "7162 3.2.6", bad("FETCH 1 FLAGS (VANISHED)")),
    _knowing(
        "condstore-fetch-seen",
        "7162 3.1",
        ok(
            "FETCH 1 BODY[HEADER.FIELDS (X)]",
            "* 1 FETCH (FLAGS (\\Seen) MODSEQ (5) BODY[HEADER.FIELDS (X)] {2}",
            "",
            ")",
        ),
    ),
    _knowing(
        "condstore-store",
        "7162 3.1.3",
        ok("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (MODSEQ (5) FLAGS (\\Seen))"),
    ),
    _knowing(
        "condstore-store-silent",
        "7162 3.1.3",
        ok("STORE 1 +FLAGS.SILENT (\\Seen)", "* 1 FETCH (MODSEQ (5))"),
    ),
    _knowing(
        "condstore-store-uid",
        "7162 3.1.3",
        ok("UID STORE 1 FLAGS.SILENT ()", "* 1 FETCH (UID 1 MODSEQ (2))"),
    ),
    box(
        "unchangedsince",
        "7162 3.1.3",
        ok(
            "STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Seen)",
            "* 1 FETCH (MODSEQ (5))",
            "* 2 FETCH (MODSEQ (5))",
            "* 3 FETCH (MODSEQ (5))",
        ),
    ),
    box(
        "unchangedsince-changed",
        "7162 3.1.3",
        ok(
            "STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS (\\Seen)",
            "* 1 FETCH (MODSEQ (5) FLAGS (\\Seen))",
            "* 2 FETCH (MODSEQ (5) FLAGS (\\Seen))",
            text="[MODIFIED 3] *",
        ),
        ok("FETCH 3 FLAGS", flags(3)),
    ),
    box(
        "unchangedsince-uid",
        "7162 3.1.3",
        ok("STORE 1 +FLAGS (\\Deleted)", flags(1, "\\Deleted")),
        ok("EXPUNGE", "* 1 EXPUNGE"),
        ok(
            "UID STORE 1:3 (UNCHANGEDSINCE 3) FLAGS (\\Seen)",
            "* 1 FETCH (UID 2 MODSEQ (7) FLAGS (\\Seen))",
            text="[MODIFIED 3] *",
        ),
    ),
    box(
        "unchangedsince-remove",
        "7162 3.1.3",
        ok("STORE 1 FLAGS.SILENT (\\Seen x)"),
        ok(
            "STORE 1 (UNCHANGEDSINCE 5) -FLAGS (x)",
            "* 1 FETCH (MODSEQ (6) FLAGS (\\Seen))",
        ),
    ),
    box(
        "unchangedsince-zero",
        "7162 3.1.3",
        ok(
            "STORE 1:3 (UNCHANGEDSINCE 0) +FLAGS.SILENT (\\Seen)",
            text="[MODIFIED 1:3] *",
        ),
    ),
    box(
        "unchangedsince-again",
        "7162 3.1.3",
        ok("STORE 1 (UNCHANGEDSINCE 4) +FLAGS.SILENT (a)", "* 1 FETCH (MODSEQ (5))"),
        ok("STORE 1 (UNCHANGEDSINCE 4) +FLAGS.SILENT (b)", text="[MODIFIED 1] *"),
        ok("STORE 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT (b)", "* 1 FETCH (MODSEQ (6))"),
    ),
    box("unchangedsince-word", "7162 3.1.3", bad("STORE 1 (UNCHANGEDSINCE x) FLAGS a")),
    box(
        "unchangedsince-huge",
        "7162 7",
        bad(f"STORE 1 (UNCHANGEDSINCE {1 << 63}) FLAGS (a)"),
    ),
    box("unchangedsince-other", "4466 2.5", bad("STORE 1 (X 1) FLAGS (a)")),
    box("unchangedsince-only", "7162 3.1.3", bad("STORE 1 (UNCHANGEDSINCE 2)")),
    inside(
        "unchangedsince-read-only",
        "3501 6.3.2",
        ok("EXAMINE INBOX", *OPEN[1][:3], "* OK [PERM*", *OPEN[1][4:9]),
        no("STORE 1 (UNCHANGEDSINCE 10) FLAGS (a)"),
    ),
    box(
        "search-modseq",
        "7162 3.1.5",
        ok("SEARCH MODSEQ 3", "* SEARCH 2 3 (MODSEQ 4)"),
        ok("SEARCH MODSEQ 5", "* SEARCH"),
    ),
    box(
        "search-modseq-entry",
        "7162 3.1.5",
        ok('SEARCH MODSEQ "/flags/\\\\draft" all 4', "* SEARCH 3 (MODSEQ 4)"),
    ),
    box(
        "search-modseq-uid",
        "7162 3.1.5",
        ok("UID SEARCH OR MODSEQ 4 1", "* SEARCH 1 3 (MODSEQ 4)"),
    ),
    box(
        "search-modseq-esearch",
        "7162 3.1.10",
        ok(
            "SEARCH RETURN (MIN) MODSEQ 2",
            '* ESEARCH (TAG "a") MIN 1 MODSEQ 2',
        ),
        ok(
            "SEARCH RETURN (COUNT) MODSEQ 2",
            '* ESEARCH (TAG "a") COUNT 3 MODSEQ 4',
        ),
    ),
    box(
        "sort-modseq",
        "7162 3.1.9",
        ok(
            "SORT (REVERSE SIZE) UTF-8 MODSEQ 3",
            "* SORT 3 2 (MODSEQ 4)",
        ),
    ),
    box(
        "thread-modseq",
        "5256 4",
        ok("THREAD REFERENCES UTF-8 MODSEQ 4", "* THREAD (3)"),
    ),
)
