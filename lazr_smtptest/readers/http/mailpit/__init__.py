"""The HTTP API, version 1, that clients of Mailpit speak, under ``/api/v1``.

Paths, JSON and texts are those of Mailpit 1.30, so that its clients work unchanged.
Where it sends ``null`` for an empty list this server sends ``[]``, as its typed clients
expect.
"""
