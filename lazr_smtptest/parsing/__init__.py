"""Reads messages in child processes, with bounds of time and memory for each.

A message that somebody else wrote must not stop the process that keeps it. A
`ParsingPool` sends it to a child process, which runs a function of `FUNCTIONS` and
returns the result; a child that exceeds a bound ends, and another one takes its place.

- `pool` is the interface: it has the children, and keeps results;
- `deferred` is the same for code that runs on a reactor;
- `worker` is the pool's view of a child, `child` runs in it;
- `functions` are what a child can run, `frames` what is sent over its pipes.
"""
