"""A thin async client of the REST API and the socket; the command line and the demo use it, and so can you.

::

    async with WorkhallClient("http://127.0.0.1:3000", token) as client:
        job = await client.submit("shout", {"text": "hello"})
        async for event in client.watch(job["jobId"]):
            print(event.seq, event.name, event.data)
"""

from workhall.client.client import WorkhallClient
from workhall.client.errors import ApiError, Unreachable
from workhall.client.events import Event

__all__ = ["ApiError", "Event", "Unreachable", "WorkhallClient"]
