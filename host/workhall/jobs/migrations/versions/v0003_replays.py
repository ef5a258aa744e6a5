"""Which job a dead letter was replayed as."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that may be empty: processes of the version before go on as they are."""
    op.add_column("dead_letters", sa.Column("replayed_as", sa.String(length=101), nullable=True))
    op.create_index("ix_dead_letters_job", "dead_letters", ["original_job_id"], unique=False)
