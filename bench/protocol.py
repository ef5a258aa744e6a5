"""What the harness says to a subject (its command line) and what a subject answers (one JSON line)."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt


class Mode(StrEnum):
    """What is measured: draining a full queue, pickup by an idle worker, or adding jobs."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    ENQUEUE = "enqueue"


@dataclass(frozen=True)
class Load:
    """How much work one run puts on a subject.

    `jobs` are measured; `warmup` more come before them and are not (compiled code, open connections, loaded
    scripts).  `concurrency` is the worker's, and the number of adds in flight at once; `rate` is the pace of
    the latency mode in jobs per second.
    """

    jobs: int
    warmup: int = 100
    concurrency: int = 50
    rate: int = 100

    @property
    def total(self) -> int:
        """Measured and warm-up jobs together."""
        return self.jobs + self.warmup

    def arguments(self, mode: str, redis_url: str) -> list[str]:
        """The arguments a subject's command is given, as every subject's own command line reads them."""
        options = {
            "--redis": redis_url,
            "--jobs": self.jobs,
            "--warmup": self.warmup,
            "--concurrency": self.concurrency,
            "--rate": self.rate,
        }
        return [mode, *(str(word) for pair in options.items() for word in pair)]


class Figures(BaseModel):
    """One run of one subject: the JSON line it prints.

    `seconds` is the measured window; `cpu_us_per_job` the subject's own processor time (user and system,
    all threads) in that window, in microseconds per measured job.  `p50_ms` and `p99_ms` are milliseconds
    from add to handler start in latency mode, and of one add call in enqueue mode.  `all_jobs` counts every
    job put into Redis in the whole run, warm-up included; the harness divides Redis' processor time by it.
    `extra_starts` counts handlers started for a job that had been started before: 0 unless jobs ran twice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    mode: Mode
    jobs: PositiveInt
    seconds: PositiveFloat
    jobs_per_s: PositiveFloat
    cpu_us_per_job: NonNegativeFloat
    p50_ms: NonNegativeFloat | None = None
    p99_ms: NonNegativeFloat | None = None
    all_jobs: PositiveInt | None = None
    extra_starts: NonNegativeInt = 0
