"""Sockets, endpoints and reactors: all that depends on Twisted's private parts."""
