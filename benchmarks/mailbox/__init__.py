"""What a test does with a mailbox: each is the main program of a process."""
