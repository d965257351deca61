"""When the long horizon of a decision closes, what it taught early, and by which reward formula."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns, empty: decisions from before have no long horizon."""
    op.add_column("decisions", sa.Column("formula", sa.String))
    op.add_column("decisions", sa.Column("settles_at", sa.DateTime(timezone=True)))
    op.add_column("decisions", sa.Column("settled_in", sa.Integer))
    op.add_column("decisions", sa.Column("taught", sa.JSON))
    op.create_index("ix_decisions_settleable", "decisions", ["settled_in", "settles_at", "id"])
