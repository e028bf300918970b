"""How long a test server takes to come and go, in the process of the test."""
