"""Help for test suites, one module a framework."""
