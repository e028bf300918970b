"""The thumbnail of a part: always blank, as Mailpit's of what it cannot draw.

No picture of a mail is decoded: decoders are where such servers were attacked, and a
client asks for the part itself to see it.
"""

from __future__ import annotations

import base64

__all__ = ["BLANK"]

# A white JPEG of 180 x 120.
BLANK = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAoHBwgHBgoICAgLCgoLDhgQDg0NDh0VFhEYIx8lJCIfIiEm"
    "KzcvJik0KSEiMEExNDk7Pj4+JS5ESUM8SDc9Pjv/wAALCAB4ALQBAREA/8QAFQABAQAAAAAAAAAAAAAA"
    "AAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/ALMAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAD//2Q=="
)
