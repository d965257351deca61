"""Published policy snapshots and the artifacts that sources are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from home.db import ArtifactRow, ModelRow
from home.store.statements import insert_new, replace


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One published snapshot. `parent` is the version it learned on from; `sha256` is of `data`."""

    version: int
    parent: int | None
    created_at: datetime
    arguments: str
    sha256: str
    metrics: Mapping[str, Any]
    data: bytes


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model as it appears in a list."""

    version: int
    parent: int | None
    created_at: datetime
    arguments: str
    sha256: str
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A derived binary with what describes it."""

    name: str
    created_at: datetime
    info: Mapping[str, Any]
    data: bytes


_SUMMARY: tuple[Any, ...] = (
    ModelRow.version, ModelRow.parent, ModelRow.created_at, ModelRow.arguments, ModelRow.sha256,
    ModelRow.metrics,
)  # fmt: skip
_MODEL: tuple[Any, ...] = (*_SUMMARY, ModelRow.data)


def newest_version(session: Session) -> int | None:
    """The live version, or None before the first."""
    return session.scalar(select(func.max(ModelRow.version)))


def add(session: Session, model: StoredModel) -> bool:
    """Publish a model; False when its version is taken, and then nothing is written."""
    values = {
        "version": model.version,
        "parent": model.parent,
        "created_at": model.created_at,
        "arguments": model.arguments,
        "sha256": model.sha256,
        "metrics": dict(model.metrics),
        "data": model.data,
    }
    return bool(insert_new(session, ModelRow, [values], ModelRow.version))


def get(session: Session, version: int) -> StoredModel | None:
    """A model by version."""
    row = session.execute(select(*_MODEL).where(ModelRow.version == version)).one_or_none()
    return None if row is None else StoredModel(*row)


def newest(session: Session) -> StoredModel | None:
    """The live model, or None before the first."""
    query = select(*_MODEL).order_by(ModelRow.version.desc()).limit(1)
    row = session.execute(query).one_or_none()
    return None if row is None else StoredModel(*row)


def summaries(session: Session, limit: int = 50) -> tuple[ModelSummary, ...]:
    """The newest models without their data, newest first."""
    query = select(*_SUMMARY).order_by(ModelRow.version.desc()).limit(limit)
    return tuple(ModelSummary(*row) for row in session.execute(query))


def put_artifact(session: Session, artifact: Artifact) -> None:
    """Store an artifact in place of the one of the same name."""
    values = {
        "name": artifact.name,
        "created_at": artifact.created_at,
        "info": dict(artifact.info),
        "data": artifact.data,
    }
    replace(session, ArtifactRow, values)


def artifact(session: Session, name: str) -> Artifact | None:
    """An artifact by name."""
    query = select(ArtifactRow.name, ArtifactRow.created_at, ArtifactRow.info, ArtifactRow.data)
    row = session.execute(query.where(ArtifactRow.name == name)).one_or_none()
    return None if row is None else Artifact(*row)
