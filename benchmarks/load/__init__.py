"""What sends: Postfix's ``smtp-source``, or a generator of our own."""
