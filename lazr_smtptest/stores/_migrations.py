"""The schema of the database, as the statements that migrate it from each version.

The tables, and who fills them:

- with a message, in one transaction: ``message``, ``body``, ``recipient``, ``change``;
- by the indexer, after that: ``facts``, ``summary``, ``words``, ``heads``,
  ``shortened``. All of them can be made again from the content;
- by readers: the flags of ``message``, ``tag``, ``message_tag``;
- by readers that have folders: those of `_folder_rows`;
- with a session: ``session``.

``message``, ``facts`` and ``summary`` are apart for speed: a message is kept before it
is parsed, a list reads summaries without contents, and a search that no index can
answer reads the narrow rows of ``facts``.
"""

from __future__ import annotations

from lazr_smtptest.stores import _folder_rows

__all__ = ["HEADS", "MERGE_LATER", "MIGRATIONS", "TABLES_OF_TEXT", "WORDS"]

# The words of the texts, see `lazr_smtptest.query.words`, which has folded them. The
# index has the texts of words, too, so that a text can be looked for in them.
WORDS = (
    "CREATE VIRTUAL TABLE words USING fts5 (subject, addresses, text, attachments, "
    "tokenize = 'unicode61 remove_diacritics 0')"
)

# The fields of headers, folded: every three adjacent characters are indexed, so a text
# of three or more is found wherever it is in a field.
HEADS = (
    'CREATE VIRTUAL TABLE heads USING fts5 ("from", "to", cc, bcc, reply_to, subject, '
    "message_id, tokenize = 'trigram case_sensitive 1')"
)

# Each commit adds a segment to an index of text, and segments are merged: by default at
# four of a level, which takes a third more time than at eight.
MERGE_LATER = "INSERT INTO {0} ({0}, rank) VALUES ('automerge', 8)"

# The statements that make the tables of text, which are dropped to empty them.
TABLES_OF_TEXT = {"words": WORDS, "heads": HEADS}

# The statements that migrate from each version of the schema to the next.
MIGRATIONS: list[tuple[str, ...]] = [
    (
        # In the order of arrival; a number is never used again.
        """CREATE TABLE message (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            kept_at INTEGER NOT NULL,  -- microseconds since 1970
            size INTEGER NOT NULL,     -- bytes of the content
            fields TEXT NOT NULL       -- the envelope, JSON
        )""",
        "CREATE INDEX message_by_id ON message (id)",
        """CREATE TABLE body (
            number INTEGER PRIMARY KEY,
            coding INTEGER NOT NULL,
            octets BLOB NOT NULL
        )""",
        """CREATE TABLE recipient (
            address BLOB NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (address, number)
        ) WITHOUT ROWID""",
        # One row: the totals, and the last indexed number.
        """CREATE TABLE state (
            messages INTEGER NOT NULL,
            octets INTEGER NOT NULL,
            indexed INTEGER NOT NULL
        )""",
        "INSERT INTO state VALUES (0, 0, 0)",
        """CREATE VIRTUAL TABLE words USING fts5 (
            subject, addresses, text, attachments
        )""",
    ),
    (
        # The occurrences of every word, in order.
        "CREATE VIRTUAL TABLE place USING fts5vocab (words, instance)",
    ),
    (
        # The messages of which only the beginning is indexed.
        "CREATE TABLE shortened (number INTEGER PRIMARY KEY)",
        """INSERT INTO shortened SELECT number FROM message
            JOIN words ON words.rowid = number
            WHERE size >= 65536 AND length(text) >= 65536""",
        MERGE_LATER.format("words"),
    ),
    (
        # A bit for each flag, see `_flags`; the few messages that have one, and the
        # unread ones, are found by it.
        "ALTER TABLE message ADD COLUMN flags INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX unread ON message (number) WHERE flags & 1 = 0",
        *(
            f"CREATE INDEX flag_{bit} ON message (number) WHERE flags & {bit} != 0"
            for bit in (1, 2, 4, 8, 16)
        ),
        "ALTER TABLE state ADD COLUMN unread INTEGER NOT NULL DEFAULT 0",
        # The number of the latest change, and how many messages all changes named.
        "ALTER TABLE state ADD COLUMN changes INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE state ADD COLUMN named INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE state ADD COLUMN validity INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE facts (
            number INTEGER PRIMARY KEY,
            received_at INTEGER,  -- microseconds since 1970
            size INTEGER NOT NULL,
            attachments INTEGER NOT NULL,
            inlines INTEGER NOT NULL,
            warnings INTEGER NOT NULL,
            user TEXT,
            session TEXT
        )""",
        "CREATE INDEX facts_by_time ON facts (received_at)",
        "CREATE INDEX facts_by_size ON facts (size)",
        *(
            f"CREATE INDEX facts_by_{name} ON facts ({name}) WHERE {name} IS NOT NULL"
            for name in ("user", "session")
        ),
        *(
            f"CREATE INDEX facts_with_{name} ON facts (number) WHERE {name} > 0"
            for name in ("attachments", "inlines", "warnings")
        ),
        # What a list shows besides, JSON.
        """CREATE TABLE summary (
            number INTEGER PRIMARY KEY,
            shown TEXT NOT NULL
        )""",
        # `key` is what tags are compared by, `messages` the number of messages with it.
        """CREATE TABLE tag (
            tag INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            messages INTEGER NOT NULL
        )""",
        """CREATE TABLE message_tag (
            tag INTEGER NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (tag, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX message_tag_by_number ON message_tag (number)",
        # The latest changes. `named` is the number of messages that all changes up to
        # this one named, by which the oldest are dropped.
        """CREATE TABLE change (
            number INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            messages TEXT NOT NULL,  -- numbers and ids, JSON
            named INTEGER NOT NULL
        )""",
        """CREATE TABLE session (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            failed INTEGER NOT NULL,
            size INTEGER NOT NULL,
            packed BLOB NOT NULL
        )""",
        "CREATE INDEX session_by_id ON session (id)",
        # The words are stored in another form now: all messages are indexed anew.
        "DROP TABLE words",
        WORDS,
        MERGE_LATER.format("words"),
        HEADS,
        MERGE_LATER.format("heads"),
        "DELETE FROM shortened",
        "UPDATE state SET indexed = 0, unread = messages",
    ),
    (
        # The text of HTML is indexed beside the other text, with its links: all
        # messages are indexed anew.
        "DROP TABLE words",
        WORDS,
        MERGE_LATER.format("words"),
        "DROP TABLE heads",
        HEADS,
        MERGE_LATER.format("heads"),
        "DELETE FROM facts",
        "DELETE FROM summary",
        "DELETE FROM shortened",
        # The last message that was tagged by rule: tags are not added once more.
        "ALTER TABLE state ADD COLUMN tagged INTEGER NOT NULL DEFAULT 0",
        "UPDATE state SET tagged = indexed, indexed = 0",
    ),
    (
        # See `Summary.change`.
        "ALTER TABLE message ADD COLUMN change INTEGER NOT NULL DEFAULT 0",
    ),
    _folder_rows.SCHEMA,
]
