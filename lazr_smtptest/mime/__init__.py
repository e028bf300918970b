"""What is in a message: read on demand, in bounded time, from any octets at all.

Nothing here does I/O, raises for what a message contains, or runs at reception.
"""
