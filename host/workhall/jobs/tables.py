"""The tables (contract §6), as SQLAlchemy Core; `workhall.jobs.migrations` creates them.

All times are epoch milliseconds. No column that changes while a job runs stands in an index, nor in an index's
condition, so that PostgreSQL can update rows in place (its documentation, "Heap-Only Tuples").
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

__all__ = [
    "METADATA",
    "brand_assets",
    "brands",
    "credit_entries",
    "dead_letters",
    "generation_credits",
    "generation_jobs",
    "idempotency_keys",
    "job_attempts",
    "job_data",
    "job_events",
    "job_steps",
    "queues",
]

METADATA: Final = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})
_JOB = String(101)  # a queue's name (64), a hyphen and a UUID (36)
_UUID = String(36)

queues = Table(
    "queues",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("plugin", Text, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("seen_at", BigInteger, nullable=False),
    Column("isolated", Boolean, nullable=False, server_default=text("false")),
)

generation_jobs = Table(
    "generation_jobs",
    METADATA,
    Column("job_id", _JOB, primary_key=True),
    Column("id", _UUID, nullable=False),
    Column("queue_name", String(64), nullable=False),
    Column("job_type", Text, nullable=False),
    Column("user_id", _UUID),
    Column("brand_id", _UUID),
    Column("parent_job_id", _JOB),
    Column("replay_of", _JOB),
    Column("plugin_version", Text, nullable=False),
    Column("schema_hash", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts_allowed", Integer, nullable=False),
    Column("timeout_s", Float, nullable=False),
    Column("credits", Integer, nullable=False),
    Column("credits_settled", Integer),
    Column("cost_usd", Float, nullable=False, server_default=text("0")),
    Column("status", String(16), nullable=False),
    Column("stage", Text),
    Column("progress", Integer, nullable=False, server_default=text("0")),
    Column("message", Text),
    Column("error", Text),
    Column("claim_no", Integer, nullable=False, server_default=text("0")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    Column("last_seq", Integer, nullable=False),
    Column("worker_id", Text),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("run_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("completed_at", BigInteger),
    Index("ix_generation_jobs_user", "user_id", "created_at"),
    Index("ix_generation_jobs_brand", "brand_id", "created_at"),
    Index("ix_generation_jobs_queue", "queue_name", "created_at"),
    Index("ix_generation_jobs_parent", "parent_job_id", postgresql_where=text("parent_job_id IS NOT NULL")),
    Index(
        "ix_generation_jobs_live",
        "created_at",
        postgresql_where=text("completed_at IS NULL"),
        sqlite_where=text("completed_at IS NULL"),
    ),
)

# Payload and result stand apart: they are large, written once and read seldom.
job_data = Table(
    "job_data",
    METADATA,
    Column("job_id", _JOB, primary_key=True),
    Column("payload", Text),
    Column("result", Text),
)

job_attempts = Table(
    "job_attempts",
    METADATA,
    Column("job_id", _JOB, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("error", Text),
    Column("worker_id", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)

job_events = Table(
    "job_events",
    METADATA,
    Column("job_id", _JOB, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("event", String(64), nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

job_steps = Table(
    "job_steps",
    METADATA,
    Column("job_id", _JOB, primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("paid", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("result", Text),
    Column("created_at", BigInteger, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    METADATA,
    Column("id", _UUID, primary_key=True),
    Column("original_queue", String(64), nullable=False),
    Column("original_job_id", _JOB, nullable=False),
    Column("original_data", Text),
    Column("user_id", _UUID),
    Column("error", Text, nullable=False),
    Column("stack", Text),
    Column("fingerprint", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_at", BigInteger, nullable=False),
    Column("replayed_as", _JOB),
    Index("ix_dead_letters_failed", "failed_at"),
    Index("ix_dead_letters_job", "original_job_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    Column("user_id", _UUID, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("job_ids", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

brands = Table(
    "brands",
    METADATA,
    Column("id", _UUID, primary_key=True),
    Column("user_id", _UUID, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", String(32), nullable=False, server_default=text("'draft'")),
    Column("details", Text, nullable=False, server_default=text("'{}'")),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_brands_user", "user_id", "created_at"),
)

brand_assets = Table(
    "brand_assets",
    METADATA,
    Column("id", _UUID, primary_key=True),
    Column("brand_id", _UUID, ForeignKey("brands.id"), nullable=False),
    Column("asset_type", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("thumbnail_url", Text),
    Column("metadata", Text, nullable=False, server_default=text("'{}'")),
    Column("is_selected", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_brand_assets_brand", "brand_id", "created_at"),
)

generation_credits = Table(
    "generation_credits",
    METADATA,
    Column("user_id", _UUID, primary_key=True),
    Column("credits_remaining", BigInteger, nullable=False),
    Column("credits_used", BigInteger, nullable=False, server_default=text("0")),
    Column("credits_reserved", BigInteger, nullable=False, server_default=text("0")),
)

# The ledger behind the balances: every change of the three figures, with what caused it.
credit_entries = Table(
    "credit_entries",
    METADATA,
    Column("id", _UUID, primary_key=True),
    Column("user_id", _UUID, nullable=False),
    Column("job_id", _JOB),
    Column("kind", String(16), nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_credit_entries_user", "user_id", "created_at"),
)
