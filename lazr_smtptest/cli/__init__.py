"""The command line: options, the application, its log and its worker processes."""
