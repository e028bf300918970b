"""Reading the mail of a server that runs elsewhere, over HTTP."""
