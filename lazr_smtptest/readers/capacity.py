"""How many connections a process can serve readers on."""

from __future__ import annotations

__all__ = ["most_connections"]

# The descriptors that are left for SMTP, for the files of the store, and for whatever
# else the process opens: so many, or this part of them if that is more.
_OTHERS, _PART = 64, 8

# No more than these, and no fewer.
_MOST, _LEAST = 20_000, 8


def most_connections() -> int:
    """Return the number of connections that leaves descriptors for the rest."""
    try:
        import resource
    except ImportError:
        # On Windows the number of sockets is not limited so.
        return _MOST
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return _MOST
    free = limit - max(_OTHERS, limit // _PART)
    return min(max(free, _LEAST), _MOST)
