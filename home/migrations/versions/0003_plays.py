"""Live plays in a table of their own, beside the data sets' interactions that they used to change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COUNT_PLAYS = """
    INSERT INTO plays (listener_id, item_id, count, last_at)
    SELECT d.listener_id, e.item_id, COUNT(*), MAX(e.at)
    FROM events e JOIN decisions d ON d.id = e.decision_id
    WHERE e.kind = 'play_30s' AND e.item_id IS NOT NULL
    GROUP BY d.listener_id, e.item_id
"""
_TAKE_THEM_BACK = """
    UPDATE interactions SET weight = weight - (
        SELECT p.count FROM plays p
        WHERE p.listener_id = interactions.listener_id AND p.item_id = interactions.item_id
    )
    WHERE EXISTS (
        SELECT 1 FROM plays p
        WHERE p.listener_id = interactions.listener_id AND p.item_id = interactions.item_id
    )
"""


def upgrade() -> None:
    """Count the plays anew from the events, and take them out of the interactions.

    The date of an interaction that a play overwrote is gone; loading the data set again restores it.
    """
    op.create_table(
        "plays",
        sa.Column("listener_id", sa.String, primary_key=True),
        sa.Column("item_id", sa.String, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(_COUNT_PLAYS)
    op.execute("DELETE FROM interactions WHERE dataset = 'events'")
    op.execute(_TAKE_THEM_BACK)
