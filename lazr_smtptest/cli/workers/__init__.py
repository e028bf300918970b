"""Several processes that serve the same ports, and one that looks after them.

- `supervisor` runs in the process that was started. It binds the ports, starts the
  workers, and starts one anew that ends;
- `child` is a worker, as the supervisor sees it;
- `worker` runs in the processes that it starts;
- `assignment` is what a worker is told when it is started, `reports` is what it
  tells;
- `ports` are the sockets that they share.
"""
