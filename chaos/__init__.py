"""A soak that anyone can run: jobs through the real REST API while processes and servers are killed at random.

``python -m chaos`` prints what became of every accepted job and exits 1 where a promise of ``docs/reliability.md`` was
broken.
"""
