"""Alembic's door: runs the migrations on the connection that `workhall.jobs.migrate` hands over."""

from alembic import context

from workhall.jobs.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
