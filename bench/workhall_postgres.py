"""The whole path on PostgreSQL."""

import uvloop

from bench.command_line import run_subject
from bench.workhall_path import WholePath

if __name__ == "__main__":
    run_subject(WholePath("postgres"), uvloop.new_event_loop)
