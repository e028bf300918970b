"""The servers that are written for this: each is the main program of a process."""
