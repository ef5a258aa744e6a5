import asyncio
import contextvars
import threading

import pytest
from pydantic import BaseModel
from workhall import Processor
from workhall.plugins.handlers import HandlerError, resolve_handler

CODE = """
    import contextvars, functools, threading

    async def asynchronous(job): return ("async", job, threading.get_ident())
    def plain(job): return ("plain", job, threading.get_ident())
    def awaitable(job): return asynchronous(job)
    async def with_default(job, factor=2): return job * factor
    def stops(job): return next(iter(()))
    async def nothing(): ...
    async def two(job, more): ...
    async def by_name(*, job): ...
    async def generates(job): yield 1
    def yields(job): yield 1
    class Klass:
        def __init__(self, job): ...
    class Callable:
        async def __call__(self, job): return ("callable", job)
    instance = Callable()
    part = functools.partial(with_default, factor=3)
    number = 7
    def read(job): return job.get()
"""


class Payload(BaseModel):
    text: str = ""


def processor(handler):
    return Processor(queue="shout", payload=Payload, handler=handler)


@pytest.fixture
def resolve(site):
    site.add("shout", {"__init__.py": "", "handler.py": CODE})
    return lambda function: resolve_handler(processor(f"workhall_shout.handler:{function}"))


async def test_async_handler_runs_on_the_loop(resolve):
    assert await resolve("asynchronous")(1) == ("async", 1, threading.get_ident())


async def test_plain_handler_runs_in_a_thread(resolve):
    name, job, thread = await resolve("plain")(1)
    assert (name, job) == ("plain", 1)
    assert thread != threading.get_ident()


async def test_context_variables_reach_the_thread(resolve):
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    assert await resolve("read")(variable) == "set"


async def test_other_things_that_can_be_called(resolve):
    assert await resolve("awaitable")(1) == ("async", 1, threading.get_ident())
    assert await resolve("with_default")(4) == 8
    assert await resolve("part")(4) == 12
    assert await resolve("instance")(1) == ("callable", 1)


async def test_stop_iteration_does_not_hang(resolve):
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(resolve("stops")(1), timeout=5)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("gone", "no such function"),
        ("number", "must be a function, not int"),
        ("Klass", "not a class"),
        ("nothing", "its parameters are ()"),
        ("two", "its parameters are (job, more)"),
        ("by_name", "its parameters are (*, job)"),
        ("generates", "is a generator"),
        ("yields", "is a generator"),
    ],
)
def test_what_cannot_be_a_handler(resolve, function, words):
    with pytest.raises(HandlerError) as caught:
        resolve(function)
    sentence = str(caught.value)
    assert sentence.startswith(f"The queue shout cannot be served by workhall_shout.handler:{function}: ")
    assert words in sentence
    assert sentence.endswith(".")
    assert (caught.value.queue, caught.value.handler) == ("shout", f"workhall_shout.handler:{function}")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import absent_engine", "needs the module 'absent_engine'"),
        ("raise OSError('no device')", "OSError: no device (workhall_shout/handler.py:1)"),
        ("import sys; sys.exit()", "sys.exit("),
    ],
)
def test_module_that_cannot_be_imported(site, code, words):
    site.add("shout", {"__init__.py": "", "handler.py": code})
    with pytest.raises(HandlerError) as caught:
        resolve_handler(processor("workhall_shout.handler:run"))
    assert words in str(caught.value)


def test_module_that_is_not_there(site):
    with pytest.raises(HandlerError, match=r"The module workhall_nowhere\.handler does not exist"):
        resolve_handler(processor("workhall_nowhere.handler:run"))
