"""Captured messages on their way to real servers: by hand and by rule, with a queue.

A `Route` says where to and under which rules; the `ReleaseService` has the queue, which
is a file beside the store, and one `Sender` for each route.
"""
