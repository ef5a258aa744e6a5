"""Sockets: the Socket.IO server, who may join what, and the way of an event from the stream to the clients.

::

    Redis stream ─ reader ─ fanout ─ cursors ─ connections ─ Engine.IO queues
                                        │
                      the event log's rows fill every hole

An event's row is committed before it is announced, so the rows are the truth: whatever the stream loses, repeats or
brings out of order, a cursor turns into each event once, in order.
"""
