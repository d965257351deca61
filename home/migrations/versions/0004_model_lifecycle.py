"""Models get a state, what made them, and a history of transitions; old ones may lose their data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the table; of the models there are, the newest is live and the others retired."""
    with op.batch_alter_table("models") as table:
        table.add_column(sa.Column("state", sa.String, nullable=False, server_default="retired"))
        table.add_column(sa.Column("share", sa.Float, nullable=False, server_default="0"))
        table.add_column(sa.Column("code", sa.String, nullable=False, server_default=""))
        table.add_column(sa.Column("feature_schema", sa.String, nullable=False, server_default=""))
        table.add_column(sa.Column("data_from", _INSTANT))
        table.add_column(sa.Column("data_to", _INSTANT))
        table.alter_column("data", existing_type=sa.LargeBinary(), nullable=True)
    op.execute("UPDATE models SET state = 'live' WHERE version = (SELECT max(version) FROM models)")
    with op.batch_alter_table("models") as table:
        for name in ("state", "share", "code", "feature_schema"):
            table.alter_column(name, server_default=None)
    op.create_index("ix_models_state", "models", ["state"])
    op.create_table(
        "model_transitions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("before", sa.String, nullable=False),
        sa.Column("after", sa.String, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_index("ix_model_transitions_version", "model_transitions", ["version"])
