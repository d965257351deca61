"""Records say how their page was drawn; those from before were drawn from the anchored mixture."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_HEAD = struct.Struct("<2sBI")
_ANCHORED = {
    "method": "anchored", "pages": [], "probabilities": [], "size": 0, "weighting": "", "sharpness": 0.0
}  # fmt: skip

_decisions = sa.table("decisions", sa.column("id", sa.String), sa.column("record", sa.LargeBinary))


def upgrade() -> None:
    """Rewrite the records of version 2."""
    connection = op.get_bind()
    for name in connection.scalars(sa.select(_decisions.c.id)).all():
        chosen = _decisions.c.id == name
        old = bytes(connection.scalar(sa.select(_decisions.c.record).where(chosen)) or b"")
        if old[2:3] == b"\x02":
            connection.execute(_decisions.update().where(chosen).values(record=_with_draw(old)))


def _with_draw(record: bytes) -> bytes:
    magic, _, length = _HEAD.unpack_from(record)
    end = _HEAD.size + length
    header: dict[str, Any] = json.loads(zlib.decompress(record[_HEAD.size : end]))
    header["drawing"], header["schema_version"] = _ANCHORED, 3
    packed = zlib.compress(json.dumps(header).encode(), 1)
    return _HEAD.pack(magic, 3, len(packed)) + packed + record[end:]
