"""Webhooks: the server tells others of each message that it keeps, by HTTP.

- `webhook` says where, of what, and how; `signature` signs a request;
- `sender` delivers to one of them, in order, and tries again;
- `positions` is a file with what was delivered, so that a restart goes on, and
  `shared_positions` the same in a database, of which one node delivers at a time;
- `service` has them all.
"""
