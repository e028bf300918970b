"""Paths with empty segments or dots, and the paths that they mean."""

from __future__ import annotations

__all__ = ["clean_path"]


def clean_path(path: str) -> str:
    """Return a path without empty segments, ``.`` and ``..``; see RFC 3986 5.2.4.

    Args:
        path: the percent-decoded path.

    Returns:
        the path, with one slash at its beginning, so that it names no other host.
    """
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    is_folder = bool(kept) and segments[-1] in ("", ".", "..")
    return "/" + "/".join(kept) + ("/" if is_folder else "")
