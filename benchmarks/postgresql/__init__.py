"""Many servers that share a PostgreSQL database: what they keep, find and wait for."""
