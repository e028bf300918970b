"""Our own HTTP API, under ``/api/v2``."""
