"""The outgoing HTTP client: the only one of the program, within an allow list.

- `allowed` tells which hosts and addresses may be connected to;
- `client` makes one request, and follows redirects as far as it may.
"""
