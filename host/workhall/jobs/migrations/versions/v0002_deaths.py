"""Deaths that a job brought upon its worker, and queues that run in a process of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns with defaults: processes of the version before go on as they are."""
    op.add_column("generation_jobs", sa.Column("deaths", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("queues", sa.Column("isolated", sa.Boolean(), server_default=sa.text("false"), nullable=False))
