"""The first schema: catalogue, decision log, feedback, models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table."""
    _create_catalogue()
    _create_decision_log()
    _create_models()


def _create_catalogue() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("creator", sa.String, nullable=False),
        sa.Column("genre", sa.String, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("released", sa.Date),
        sa.Column("markets", sa.JSON, nullable=False),
        sa.Column("explicit", sa.Boolean, nullable=False),
        sa.Column("sponsor", sa.String),
        sa.Column("popularity", sa.Float, nullable=False),
        sa.Column("artist_id", sa.String),
        sa.Column("dataset", sa.String, nullable=False),
    )
    op.create_table(
        "listeners",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("market", sa.String, nullable=False),
        sa.Column("allows_explicit", sa.Boolean, nullable=False),
        sa.Column("tier", sa.String, nullable=False),
        sa.Column("dataset", sa.String, nullable=False),
    )
    op.create_table(
        "interactions",
        sa.Column("listener_id", sa.String, primary_key=True),
        sa.Column("item_id", sa.String, primary_key=True),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("last_at", _INSTANT),
        sa.Column("dataset", sa.String, nullable=False),
    )
    op.create_table(
        "follows",
        sa.Column("listener_id", sa.String, primary_key=True),
        sa.Column("item_id", sa.String, primary_key=True),
    )
    op.create_table(
        "friendships",
        sa.Column("listener_id", sa.String, primary_key=True),
        sa.Column("friend_id", sa.String, primary_key=True),
    )
    op.create_table(
        "artifacts",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("info", sa.JSON, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def _create_decision_log() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("listener_id", sa.String, nullable=False),
        sa.Column("surface", sa.String, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("closes_at", _INSTANT, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("rules_version", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("explored", sa.Boolean, nullable=False),
        sa.Column("propensity", sa.Float),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("learned_in", sa.Integer),
    )
    op.create_index("ix_decisions_learnable", "decisions", ["learned_in", "closes_at", "id"])
    op.create_index("ix_decisions_listener", "decisions", ["listener_id", "at"])
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.create_table(
        "events",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("decision_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("shelf_id", sa.String, nullable=False),
        sa.Column("item_id", sa.String),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
    )
    op.create_index("ix_events_decision_id", "events", ["decision_id"])
    op.create_table(
        "dismissals",
        sa.Column("listener_id", sa.String, primary_key=True),
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("target_id", sa.String, primary_key=True),
        sa.Column("at", _INSTANT, nullable=False),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("parent", sa.Integer),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("arguments", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )
