"""Messages kept in a PostgreSQL database, which many nodes may use."""

from __future__ import annotations

from lazr_smtptest.stores.postgresql.store import PostgreSQLStore

__all__ = ["PostgreSQLStore"]
