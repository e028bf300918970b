"""The page: a browser shows captured mail, sessions and faults, live."""
