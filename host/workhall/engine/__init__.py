"""The engine: SAQ's interface over our own transitions.

Redis orders, wakes, leases and announces. Every change of Redis is one of the operations in ``lua/``; they leave
together, one script per event-loop turn.
"""
