"""Everything that the server sends by itself: off unless it is configured."""
