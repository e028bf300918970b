"""A store in PostgreSQL that cannot be used is refused at its start, in one line."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import psycopg
import pytest

from lazr_smtptest.cli.main import main
from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import check_spec, open_store
from lazr_smtptest.stores.postgresql._place import Place
from lazr_smtptest.stores.postgresql._schema import MIGRATIONS

from ...postgresql import Server


@pytest.fixture
def connection(postgresql: str) -> Iterator[psycopg.Connection]:
    """A connection to the database of the test."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        yield connection


def refusal(spec: str) -> str:
    """Return why a store is refused."""
    with pytest.raises(StoreError) as caught:
        open_store(spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def as_user(url: str, user: str) -> str:
    return url.replace("//smtptest@", f"//{user}@")


def test_a_server_that_is_not_there_is_named() -> None:
    """With its address."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        said = refusal(f"postgresql://anna:swordfish@127.0.0.1:{port}/mail")
    assert said.startswith(f"cannot use postgresql://anna@127.0.0.1:{port}/mail: ")
    assert "Connection refused" in said
    assert "swordfish" not in said


def test_a_database_that_is_not_there_is_named(postgresql: str) -> None:
    """As the server names it."""
    assert 'database "nowhere" does not exist' in refusal(
        postgresql.replace("/test_", "/nowhere?x=", 1).split("?")[0]
        + "?"
        + postgresql.partition("?")[2]
    )


def test_a_wrong_password_is_one_line(postgresql_server: Server) -> None:
    """Without the password; nothing is asked for."""
    url = postgresql_server.url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE anna LOGIN PASSWORD 'right'")
    postgresql_server.stop("fast")
    rules = "local all anna scram-sha-256\nlocal all all trust\n"
    (postgresql_server.folder / "data/pg_hba.conf").write_text(rules)
    postgresql_server.start()
    said = refusal(as_user(url, "anna:swordfish"))
    assert 'password authentication failed for user "anna"' in said
    assert said.startswith("cannot use postgresql://anna@")
    assert "swordfish" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:lemon@host:port/mail",
        "postgres://:lemon@[x/",
        # The characters that a password may have.
        "postgresql://anna:lemon%zzgrape@host/mail",
        "postgresql://anna:lemon grape@host/mail",
        "postgresql://anna:lemon\tgrape@host/mail",
        "postgresql://anna:lemon%00grape@host/mail",
        "postgresql://anna:lemon/grape@host/mail",
        "postgresql://anna:lemon@grape:x@host:2x/mail",
        "postgresql://anna:lemon?grape@host/mail",
    ],
)
@pytest.mark.parametrize("command", ["list", "nodes"])
def test_a_wrong_url_is_one_line_without_the_password(
    command: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor a part of it, wherever it ends."""
    status = main([command, url])
    [line] = capsys.readouterr().err.splitlines()
    assert status == 2
    assert "no URL of PostgreSQL" in line or "has no setting '********'" in line
    assert "lemon" not in line
    assert "grape" not in line


def test_an_unknown_setting_is_an_error() -> None:
    """Which lists those of a store; libpq has others."""
    with pytest.raises(ValueError, match="has no setting 'colour', use: max-count, "):
        open_store("postgresql://host/mail?colour=red")


@pytest.mark.parametrize("name", ["", "A", "a-b", "pg_x", "a;b", "x" * 64])
def test_a_schema_has_a_simple_name(name: str) -> None:
    """One that needs no quotes."""
    with pytest.raises(ValueError, match="schema is a name of a-z, 0-9 and _"):
        open_store(f"postgresql://host/mail?schema={name}")


def test_the_password_is_not_in_the_repr_of_a_description() -> None:
    """Which may be logged."""
    spec = check_spec("postgresql://anna:swordfish@host/mail?password=swordfish")
    assert "swordfish" not in repr(spec)


def test_a_user_without_rights_is_told_which(
    postgresql: str, connection: psycopg.Connection
) -> None:
    """Nothing is made."""
    connection.execute("DROP ROLE IF EXISTS poor")
    connection.execute("CREATE ROLE poor LOGIN")
    said = refusal(as_user(postgresql, "poor") + "&schema=poor")
    connection.execute("DROP ROLE poor")
    assert "permission denied for database" in said
    assert said.endswith(
        "the user needs the right to create schemas there, or has to own the schema "
        "'poor'"
    )


@pytest.fixture
def guest(postgresql: str, connection: psycopg.Connection) -> Iterator[str]:
    """The URL of a store that another user owns."""
    open_store(postgresql).close()
    connection.execute("DROP ROLE IF EXISTS guest")
    connection.execute("CREATE ROLE guest LOGIN")
    yield as_user(postgresql, "guest")
    connection.execute("DROP OWNED BY guest")
    connection.execute("DROP ROLE guest")


def test_a_missing_right_to_use_the_schema_is_said(guest: str) -> None:
    assert "the right to use the schema 'smtptest' is missing" in refusal(guest)


@pytest.fixture
def reading_guest(guest: str, connection: psycopg.Connection) -> str:
    """The same, which the user may read."""
    connection.execute("GRANT USAGE ON SCHEMA smtptest TO guest")
    connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA smtptest TO guest")
    return guest


def test_a_missing_right_to_a_table_is_said(reading_guest: str) -> None:
    """At the start, not with the first message."""
    said = refusal(reading_guest)
    assert "the right to DELETE is missing for the table 'body'" in said


def test_who_only_reads_needs_no_right_to_change(reading_guest: str) -> None:
    store = open_store(reading_guest, make=False)
    try:
        assert len(store.page("")) == 0  # type: ignore[attr-defined]
    finally:
        store.close()


def test_a_database_that_is_only_read_is_refused(
    guest: str, connection: psycopg.Connection
) -> None:
    """With all rights."""
    connection.execute("GRANT USAGE ON SCHEMA smtptest TO guest")
    connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA smtptest TO guest")
    connection.execute("ALTER ROLE guest SET default_transaction_read_only = on")
    assert "it is read-only: it is a replica, or" in refusal(guest)


# What an operator may set for all programs of a database.
ODD_SETTINGS = {
    "default_transaction_isolation": ("serializable", "read committed"),
    "default_transaction_deferrable": ("on", "off"),
    "DateStyle": ("German", "ISO, DMY"),
    "bytea_output": ("escape", "hex"),
}


@pytest.mark.parametrize("name", ODD_SETTINGS)
def test_settings_of_the_database_are_not_those_of_a_store(
    postgresql: str, connection: psycopg.Connection, name: str
) -> None:
    odd, needed = ODD_SETTINGS[name]
    database = connection.info.dbname
    connection.execute(f"ALTER DATABASE {database} SET {name} = '{odd}'".encode())
    try:
        with contextlib.closing(Place(postgresql, "smtptest").connect()) as own:
            assert own.execute(f"SHOW {name}".encode()).fetchone() == (needed,)
    finally:
        connection.execute(f"ALTER DATABASE {database} RESET {name}".encode())


def test_a_schema_of_another_program_is_left_alone(
    postgresql: str, connection: psycopg.Connection
) -> None:
    """And another one can be used."""
    connection.execute("DROP SCHEMA IF EXISTS theirs CASCADE")
    connection.execute("CREATE SCHEMA theirs CREATE TABLE theirs (x INTEGER)")
    said = refusal(postgresql + "&schema=theirs")
    assert "belongs to another program: use schema=NAME" in said
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'theirs'"
    ).fetchall()
    connection.execute("DROP SCHEMA theirs CASCADE")
    assert tables == [("theirs",)]


def test_a_newer_version_is_refused(
    postgresql: str, connection: psycopg.Connection
) -> None:
    """It is not known what its tables mean."""
    open_store(postgresql).close()
    connection.execute("UPDATE smtptest.smtptest_version SET number = 999")
    try:
        said = refusal(postgresql)
    finally:
        connection.execute(
            "UPDATE smtptest.smtptest_version SET number = %s", (len(MIGRATIONS),)
        )
    assert "was written by a newer lazr.smtptest: its version is 999" in said


def test_an_old_server_is_refused(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose support has ended."""
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", 130012)
    assert "a store needs PostgreSQL 14 or newer, and it is 13" in refusal(postgresql)


def test_a_database_of_another_encoding_is_refused(
    postgresql: str, connection: psycopg.Connection
) -> None:
    """It could not hold every text."""
    connection.execute("DROP DATABASE IF EXISTS latin")
    connection.execute(
        "CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0 LOCALE 'C'"
    )
    name = postgresql.partition("@/")[2].partition("?")[0]
    said = refusal(postgresql.replace(f"/{name}?", "/latin?"))
    connection.execute("DROP DATABASE latin WITH (FORCE)")
    assert "the encoding of the database must be UTF8, not LATIN1" in said


def test_a_store_that_is_only_read_is_not_made(postgresql: str) -> None:
    """A typing error makes no tables."""
    with pytest.raises(StoreError, match="there is no store in the schema 'other' of"):
        open_store(postgresql + "&schema=other", make=False)
