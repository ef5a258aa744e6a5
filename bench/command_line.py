"""The command line of a Python subject: `python -m bench.NAME MODE --redis URL --jobs N`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from redis import RedisError

from bench import modes
from bench.measure import BenchmarkError
from bench.protocol import Figures, Load
from bench.python_subject import PythonSubject

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
Count = typer.Option(min=1)


def run_subject(subject: PythonSubject, loop_factory: LoopFactory | None = None) -> None:
    """Be the command line of `subject`: run one mode and print its figures as one JSON line.

    `loop_factory` picks another event loop than asyncio's own, for example `uvloop.new_event_loop`.
    """

    def command(
        mode: modes.Name,
        redis: Annotated[str, typer.Option(help="URL of a Redis that holds nothing of value.")],
        jobs: Annotated[int, Count],
        warmup: Annotated[int, Count] = Load.warmup,
        concurrency: Annotated[int, Count] = Load.concurrency,
        rate: Annotated[int, Count] = Load.rate,
    ) -> None:
        load = Load(jobs=jobs, warmup=warmup, concurrency=concurrency, rate=rate)
        if figures := _measure(subject, mode, redis, load, loop_factory):
            typer.echo(figures.model_dump_json())

    typer.run(command)


def _measure(
    subject: PythonSubject, mode: modes.Name, redis_url: str, load: Load, loop_factory: LoopFactory | None
) -> Figures | None:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            return runner.run(modes.BY_NAME[mode](subject, redis_url, load))
        except* (BenchmarkError, OSError, RedisError) as group:
            reasons = "; ".join(str(error) for error in _leaves(group))
            typer.echo(f"{subject.name}, {mode}: {reasons}", err=True)
            raise typer.Exit(1) from None


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors inside an exception group, however deep task groups have nested them."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
