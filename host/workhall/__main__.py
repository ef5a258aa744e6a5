"""``python -m workhall``: the same as the command ``workhall``."""

from workhall.cli.main import run

if __name__ == "__main__":
    run()
