"""The ways in which others than Python tests read the captured mail."""
