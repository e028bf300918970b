"""Parse messages: on demand, in bounded time, whatever bytes they consist of.

Nothing here does I/O, raises for what a message contains, or runs at reception.
"""
