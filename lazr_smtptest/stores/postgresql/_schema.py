"""The schema of the database, as the statements that migrate it from each version.

The tables are those of `lazr_smtptest.stores._migrations`, but for the texts: one table
has the words and the header fields of a message, an index of its words, and indexes of
every three adjacent characters, if the extension ``pg_trgm`` may be used. Numbers have
no gaps, and are in the order of the commits: each transaction that writes locks the row
of ``state``.
"""

from __future__ import annotations

__all__ = ["MIGRATIONS", "PARTITIONED", "REST", "TEXTS", "TRIGRAMS"]

# The columns of texts: the words, with a space around each, and the header fields.
TEXTS = (
    *("subject", "addresses", "text", "attachments"),
    *("h_from", "h_to", "h_cc", "h_bcc", "h_reply_to", "h_subject", "h_message_id"),
)

# The tables that are divided by ranges of numbers, see `_partitions`; and for each the
# partition of what is in none of the others.
PARTITIONED = ("body", "texts")
REST = tuple(f"{table}_rest" for table in PARTITIONED)

# The statement for the indexes of three characters, with the schema of the extension.
TRIGRAMS = (
    "CREATE INDEX texts_trigrams ON texts USING gin ("
    + ", ".join(f"{column} {{0}}.gin_trgm_ops" for column in TEXTS)
    + ")"
)

# Compared by their code points, whatever the locale of the database.
_TEXT = 'TEXT COLLATE "C" NOT NULL'

# The statements that make a table the first partition of a new one, with its indexes.
_DIVIDE = """DO $$
    DECLARE
        last BIGINT := (SELECT until FROM part);
        one TEXT := '{0}_' || last;
        made RECORD;
    BEGIN
        EXECUTE format('ALTER TABLE {0} RENAME TO %I', one);
        EXECUTE format(
            'CREATE TABLE {0} (LIKE %I INCLUDING STORAGE) PARTITION BY RANGE (number)',
            one
        );
        CREATE TABLE {0}_rest PARTITION OF {0} DEFAULT;
        FOR made IN
            SELECT relname AS name, indisprimary, pg_get_indexdef(indexrelid) AS said
            FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
            WHERE indrelid = one::regclass
        LOOP
            EXECUTE format('ALTER INDEX %I RENAME TO %I', made.name,
                           made.name || '_' || last);
            IF made.indisprimary THEN
                ALTER TABLE {0} ADD PRIMARY KEY (number);
            ELSE
                EXECUTE format('CREATE INDEX %I ON {0} ', made.name)
                    || substring(made.said FROM 'USING .*');
            END IF;
        END LOOP;
        EXECUTE format(
            'ALTER TABLE {0} ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)',
            one, last
        );
    END $$"""

# The statements that migrate from each version of the schema to the next.
MIGRATIONS: list[tuple[str, ...]] = [
    (
        # One row, which every writer locks: the totals.
        """CREATE TABLE state (
            messages BIGINT NOT NULL,
            octets BIGINT NOT NULL,
            indexed BIGINT NOT NULL,
            unread BIGINT NOT NULL,
            changes BIGINT NOT NULL,
            named BIGINT NOT NULL,
            validity BIGINT NOT NULL,
            tagged BIGINT NOT NULL,
            newest BIGINT NOT NULL,
            folders BIGINT NOT NULL,
            trigrams BOOLEAN NOT NULL
        ) WITH (fillfactor = 10)""",
        "INSERT INTO state VALUES (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, FALSE)",
        f"""CREATE TABLE message (
            number BIGINT PRIMARY KEY,
            id {_TEXT},
            kept_at BIGINT NOT NULL,
            size BIGINT NOT NULL,
            fields TEXT NOT NULL,
            flags INTEGER NOT NULL DEFAULT 0,
            change BIGINT NOT NULL
        )""",
        "CREATE INDEX message_by_id ON message (id)",
        "CREATE INDEX unread ON message (number) WHERE flags & 1 = 0",
        *(
            f"CREATE INDEX flag_{bit} ON message (number) WHERE flags & {bit} != 0"
            for bit in (1, 2, 4, 8, 16)
        ),
        """CREATE TABLE body (
            number BIGINT PRIMARY KEY,
            coding INTEGER NOT NULL,
            octets BYTEA NOT NULL
        )""",
        # They are compressed already, and parts of them are read.
        "ALTER TABLE body ALTER octets SET STORAGE EXTERNAL",
        """CREATE TABLE recipient (
            address BYTEA NOT NULL,
            number BIGINT NOT NULL,
            PRIMARY KEY (address, number)
        )""",
        """CREATE TABLE facts (
            number BIGINT PRIMARY KEY,
            received_at BIGINT,
            size BIGINT NOT NULL,
            attachments INTEGER NOT NULL,
            inlines INTEGER NOT NULL,
            warnings INTEGER NOT NULL,
            "user" TEXT COLLATE "C",
            session TEXT COLLATE "C"
        )""",
        "CREATE INDEX facts_by_time ON facts (received_at)",
        "CREATE INDEX facts_by_size ON facts (size)",
        # A tree has no room for long keys.
        'CREATE INDEX facts_by_user ON facts USING hash ("user")',
        "CREATE INDEX facts_by_session ON facts USING hash (session)",
        *(
            f"CREATE INDEX facts_with_{name} ON facts (number) WHERE {name} > 0"
            for name in ("attachments", "inlines", "warnings")
        ),
        """CREATE TABLE summary (
            number BIGINT PRIMARY KEY,
            shown TEXT NOT NULL
        )""",
        "CREATE TABLE shortened (number BIGINT PRIMARY KEY)",
        # `is_cut`: the message has more words than `words` may have.
        f"""CREATE TABLE texts (
            number BIGINT PRIMARY KEY,
            words TSVECTOR NOT NULL,
            is_cut BOOLEAN NOT NULL,
            {", ".join(f"{column} {_TEXT}" for column in TEXTS)}
        )""",
        "CREATE INDEX texts_by_word ON texts USING gin (words)",
        "CREATE INDEX texts_cut ON texts (number) WHERE is_cut",
        f"""CREATE TABLE tag (
            tag BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            key {_TEXT} UNIQUE,
            name {_TEXT},
            messages BIGINT NOT NULL
        )""",
        """CREATE TABLE message_tag (
            tag BIGINT NOT NULL,
            number BIGINT NOT NULL,
            PRIMARY KEY (tag, number)
        )""",
        "CREATE INDEX message_tag_by_number ON message_tag (number)",
        f"""CREATE TABLE change (
            number BIGINT PRIMARY KEY,
            kind {_TEXT},
            messages TEXT NOT NULL,
            named BIGINT NOT NULL
        )""",
        f"""CREATE TABLE session (
            number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id {_TEXT},
            failed INTEGER NOT NULL,
            size BIGINT NOT NULL,
            packed BYTEA NOT NULL
        )""",
        "CREATE INDEX session_by_id ON session (id)",
        f"""CREATE TABLE folder (
            number BIGINT PRIMARY KEY,
            owner {_TEXT},
            name {_TEXT},
            use {_TEXT},
            following BIGINT NOT NULL,
            UNIQUE (owner, name)
        )""",
        f"""CREATE TABLE filed (
            folder BIGINT NOT NULL,
            uid BIGINT NOT NULL,
            owner {_TEXT},
            id {_TEXT},
            PRIMARY KEY (folder, uid),
            UNIQUE (owner, id)
        )""",
        "CREATE INDEX filed_by_id ON filed (id)",
        f"""CREATE TABLE subscription (
            owner {_TEXT},
            name {_TEXT},
            PRIMARY KEY (owner, name)
        )""",
    ),
    (
        # A row is written every few seconds by its node.
        f"""CREATE TABLE node (
            id {_TEXT} PRIMARY KEY,
            name {_TEXT},
            process BIGINT NOT NULL,
            version {_TEXT},
            started TIMESTAMPTZ NOT NULL,
            seen TIMESTAMPTZ NOT NULL,
            messages BIGINT NOT NULL,
            rate DOUBLE PRECISION NOT NULL,
            lag DOUBLE PRECISION NOT NULL
        ) WITH (fillfactor = 20)""",
    ),
    (
        # How far each file of a spool has been replayed.
        f"""CREATE TABLE spool (
            segment {_TEXT} PRIMARY KEY,
            position BIGINT NOT NULL
        )""",
    ),
    (
        # The queue of messages that are sent on. `leased`: until when, in seconds since
        # 1970, it is the holder's alone.
        f"""CREATE TABLE release (
            number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            message {_TEXT},
            route {_TEXT},
            by_rule INTEGER NOT NULL,
            sender {_TEXT},
            recipients {_TEXT},
            state {_TEXT},
            created DOUBLE PRECISION NOT NULL,
            changed DOUBLE PRECISION NOT NULL,
            attempts INTEGER NOT NULL,
            next_try DOUBLE PRECISION,
            code INTEGER NOT NULL,
            reply {_TEXT},
            transcript {_TEXT},
            holder {_TEXT} DEFAULT '',
            leased DOUBLE PRECISION NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX release_message ON release (message)",
        "CREATE INDEX release_due ON release (state, route, next_try)",
        "CREATE UNIQUE INDEX release_by_rule ON release (route, message) "
        "WHERE by_rule = 1",
        # One row.
        f"""CREATE TABLE release_about (
            number INTEGER PRIMARY KEY,
            marker {_TEXT},
            validity BIGINT NOT NULL
        )""",
        # How far each rule has seen the store, and when a node had it last.
        f"""CREATE TABLE release_rule (
            rule {_TEXT} PRIMARY KEY,
            number BIGINT NOT NULL,
            used DOUBLE PRECISION NOT NULL
        )""",
        f"""CREATE TABLE release_pace (
            route {_TEXT} PRIMARY KEY,
            earliest DOUBLE PRECISION NOT NULL
        )""",
    ),
    (
        # What was delivered to each webhook, and which node delivers until when.
        f"""CREATE TABLE webhook (
            name {_TEXT} PRIMARY KEY,
            number BIGINT NOT NULL,
            validity BIGINT NOT NULL,
            used DOUBLE PRECISION NOT NULL,
            holder {_TEXT} DEFAULT '',
            leased DOUBLE PRECISION NOT NULL DEFAULT 0
        )""",
    ),
    (
        # Whether somebody waits for messages at a node.
        "ALTER TABLE node ADD COLUMN waits BOOLEAN NOT NULL DEFAULT FALSE",
    ),
    (
        # The disposable mailboxes. `ends`: in seconds since 1970.
        f"""CREATE TABLE mailbox (
            number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name {_TEXT} UNIQUE,
            record {_TEXT},
            since BIGINT NOT NULL,
            ends DOUBLE PRECISION NOT NULL
        )""",
    ),
    (
        # The fault rules of all nodes. `record`: the table that a rule is from, which
        # may be a personality with several; `place`: which of them it is.
        f"""CREATE TABLE fault (
            number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            record {_TEXT},
            place INTEGER NOT NULL,
            fired BIGINT NOT NULL DEFAULT 0
        )""",
        # The settings of all nodes that were changed: a value in JSON, by the name of
        # its table and its own.
        f"""CREATE TABLE setting (
            name {_TEXT} PRIMARY KEY,
            value {_TEXT}
        )""",
    ),
    (
        # The ranges of numbers that have partitions of their own.
        "CREATE TABLE part (since BIGINT NOT NULL, until BIGINT PRIMARY KEY)",
        # What is there already becomes the first one.
        "INSERT INTO part SELECT coalesce((SELECT min(number) FROM message), newest), "
        "newest + 100000 FROM state",
        *map(_DIVIDE.format, PARTITIONED),
    ),
]
