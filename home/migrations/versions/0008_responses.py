"""How each listener responds to shelves: faded looks and clicks, as features know them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table. It starts empty: responses are remembered from the next decision learned on."""
    op.create_table(
        "responses",
        sa.Column("listener_id", sa.String, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("shelves", sa.JSON, nullable=False),
    )
