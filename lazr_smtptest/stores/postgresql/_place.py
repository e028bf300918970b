"""Where a database is: how to connect to it, and how to name it in errors."""

from __future__ import annotations

import re
from typing import Any

import attrs
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lazr_smtptest.errors import StoreError, StoreFullError

__all__ = ["AwayError", "Place"]

_OLDEST_SERVER = 140000

# Any part of a malformed URL may be a part of the password, so none is shown.
_NO_URL = (
    "that is no URL of PostgreSQL: postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with "
    "other characters than letters and digits of a password as %40 for @"
)

# A URL with a blank or a control character (RFC 3986, section 2): of libpq only newer
# versions refuse it. `Place.at` makes no URL, but words with blanks between them.
_BLANK = re.compile(r"postgres(ql)?://.*[\0- \x7f]", re.DOTALL)


class AwayError(StoreError):
    """The database does not answer, or not in time: nothing was changed."""


# A node that dies or loses its network must not keep its locks, and nobody waits for
# ever. Times are in seconds, but `tcp_user_timeout` is in milliseconds.
_DEFAULTS = {
    "application_name": "smtptest",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
# The server has to notice it, too: by itself it waits for hours, and a node that was
# cut off would keep the lock of the one that indexes. Times are as above. The rest is
# what an operator may have set otherwise for the user or the database.
_SETTINGS = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; "
    "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 15000; "
    "SET search_path = {schema}; SET lock_timeout = '10s'; "
    "SET idle_in_transaction_session_timeout = '30s'; "
    "SET standard_conforming_strings = on; "
    "SET default_transaction_isolation = 'read committed'; "
    "SET default_transaction_deferrable = off; SET datestyle = 'ISO'; "
    "SET bytea_output = 'hex'; SET extra_float_digits = 1"
)

# The error codes of a full disk, and of a quota.
_FULL = ("53100", "53400")


@attrs.frozen
class Place:
    """A schema of a database.

    Attributes:
        url: the URL, as libpq takes it.
        schema: the name of the schema.

    Raises:
        ValueError: `url` is none.
    """

    url: str = attrs.field(repr=False)
    schema: str

    def __attrs_post_init__(self) -> None:
        if _BLANK.match(self.url):
            raise ValueError(_NO_URL)
        try:
            known = conninfo_to_dict(self.url)
        except psycopg.Error:
            raise ValueError(_NO_URL) from None
        # Several servers have a comma between them; a resolver would be asked.
        for port in filter(None, str(known.get("port", "")).split(",")):
            if not re.fullmatch("[0-9]{1,5}", port):
                raise ValueError(_NO_URL)

    def __str__(self) -> str:
        """Return the URL, without a password and without options."""
        known = conninfo_to_dict(self.url)
        user = f"{known['user']}@" if "user" in known else ""
        host, port = str(known.get("host", "")), known.get("port", "")
        name = f"postgresql://{user}{'' if '/' in host else host}"
        return f"{name}{f':{port}' if port else ''}/{known.get('dbname', '')}"

    def at(self, host: str) -> Place:
        """Return the same schema of another server.

        Args:
            host: the name of its host or the folder of its sockets; a port may follow
                after a colon.
        """
        name, _, port = host.partition(":")
        known: dict[str, Any] = dict(conninfo_to_dict(self.url))
        # They are about the other host.
        for each in ("hostaddr", "port", "target_session_attrs"):
            known.pop(each, None)
        known["host"] = name
        if port:
            known["port"] = port
        return Place(make_conninfo(**known), self.schema)

    @property
    def conninfo(self) -> str:
        """The URL with the values that it leaves to us."""
        text: str = make_conninfo(
            self.url,
            client_encoding="utf8",
            **{
                name: value
                for name, value in _DEFAULTS.items()
                if name not in conninfo_to_dict(self.url)
            },
        )
        return text

    def connect(self) -> psycopg.Connection[Any]:
        """Connect; one thread at a time may use the connection.

        Raises:
            psycopg.Error: it is not possible now.
            StoreError: it never is.
        """
        connection = psycopg.connect(self.conninfo, autocommit=True)
        try:
            self.configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def configure(self, connection: psycopg.Connection[Any]) -> None:
        """Check and set up a new connection."""
        version = connection.info.server_version
        if version < _OLDEST_SERVER:
            raise StoreError(
                f"cannot use {self}: a store needs PostgreSQL "
                f"{_OLDEST_SERVER // 10000} or newer, and it is {version // 10000}"
            )
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreError(
                f"cannot use {self}: the encoding of the database must be UTF8, not "
                f"{encoding}"
            )
        connection.execute(
            sql.SQL(_SETTINGS).format(schema=sql.Identifier(self.schema)),
            prepare=False,
        )

    def error(self, doing: str, error: psycopg.Error) -> StoreError:
        """Return the error of a failed operation on the database."""
        kind = StoreError
        if error.sqlstate in _FULL:
            kind = StoreFullError
        elif isinstance(error, psycopg.OperationalError):
            kind = AwayError
        said = reason(error)
        if isinstance(error, psycopg.errors.UndefinedTable):
            said += f"; the tables in the schema {self.schema!r} were removed: restore "
            said += "them, or start again to make them anew"
        return kind(f"cannot {doing} {self}: {said}")


def reason(error: psycopg.Error) -> str:
    """Return what the server says, in one line."""
    said = error.diag.message_primary or str(error)
    lines = said.strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("connection failed: ")
