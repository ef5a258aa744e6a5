"""Alembic migrations; expand-only between versions, so that old and new processes can share a database."""
