"""Webhooks: the server tells others of each message that it keeps, by HTTP.

- `webhook` says where, of what, and how; `signature` signs a request;
- `sender` delivers to one of them, in order, and tries again;
- `positions` is a file with what was delivered, so that a restart goes on;
- `service` has them all.
"""
