"""Several processes that serve the same ports, and their supervisor.

- `supervisor` runs in the process of the command. It binds the ports, starts the
  workers, and restarts a worker that ends;
- `child` is the supervisor's view of a worker;
- `worker` runs in the processes that the supervisor starts;
- `assignment` is sent to a worker at its start, `reports` are sent by it;
- `ports` are the sockets that they share.
"""
