"""Alembic's entry point: run the migrations on the connection that `home.db.migrate` passes in."""

from alembic import context

from home.db import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
