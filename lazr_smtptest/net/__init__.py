"""Sockets, endpoints and reactors: the code that uses Twisted's private interfaces."""
