"""The shelves of each page beside its record, so that the next page may keep them; records of options."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_HEAD = struct.Struct("<2sBI")

_decisions = sa.table(
    "decisions",
    sa.column("id", sa.String),
    sa.column("record", sa.LargeBinary),
    sa.column("shelves", sa.JSON),
)


def upgrade() -> None:
    """Add the column, read from the records, and the index that finds a listener's last visit."""
    op.add_column("decisions", sa.Column("shelves", sa.JSON))
    connection = op.get_bind()
    for name in connection.scalars(sa.select(_decisions.c.id)).all():
        chosen = _decisions.c.id == name
        old = connection.scalar(sa.select(_decisions.c.record).where(chosen))
        record, shelves = _with_options(bytes(old or b""))
        connection.execute(_decisions.update().where(chosen).values(record=record, shelves=shelves))
    with op.batch_alter_table("decisions") as table:
        table.alter_column("shelves", existing_type=sa.JSON(), nullable=False)
    op.create_index("ix_decisions_visit", "decisions", ["listener_id", "surface", "at"])


def _with_options(record: bytes) -> tuple[bytes, list[str]]:
    """A record of version 1 as one of version 2, where every shelf has one option, and the page's shelves."""
    magic, _, length = _HEAD.unpack_from(record)
    end = _HEAD.size + length
    header: dict[str, Any] = json.loads(zlib.decompress(record[_HEAD.size : end]))
    header["options"] = [
        {"shelf": index, "presentation": "", "features": shelf.pop("features")}
        for index, shelf in enumerate(header["shelves"])
    ]
    header["solver"].pop("settings", None)
    header["about"] = {"facts": {}, "previous": [], "taste": {}}
    header["schema_version"] = 2
    packed = zlib.compress(json.dumps(header).encode(), 1)
    shelves = [header["shelves"][index]["id"] for index in header["page"]]
    return _HEAD.pack(magic, 2, len(packed)) + packed + record[end:], shelves
