"""Processes: api, workers and the embedded Valkey; started in order, restarted when they die, drained in order.

`workhall.supervisor.up.run_up` is the door. `workhall.supervisor.child.ChildLink` is the other side: what a supervised
process uses to learn that it shall end and to say that it is ready.
"""
