"""Published policy snapshots and the artifacts that sources are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from home.db import ArtifactRow, ModelRow, TransitionRow
from home.store.statements import insert_new, replace


class State(StrEnum):
    """Where a model is in its life.

    CANDIDATE: published, serves nobody. SHADOW: scores the requests that the live model serves. CANARY:
    serves a share of the listeners. LIVE: serves the others; there is one. RETIRED: served or was given up.
    """

    CANDIDATE = "candidate"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model without its data.

    `parent` is the version it learned on from, with the decisions made from `data_from` to `data_to`, None
    where it learned from none. `code` is the version of the software and `feature_schema` that of the
    features that made it. `share` is that of a canary. `sha256` is of the data, `stored` whether it is there.
    """

    version: int
    parent: int | None
    created_at: datetime
    state: State
    share: float
    arguments: str
    code: str
    feature_schema: str
    data_from: datetime | None
    data_to: datetime | None
    sha256: str
    metrics: Mapping[str, Any]
    stored: bool


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model with its data, as `bandits.policy.Policy.snapshot` gave it."""

    summary: ModelSummary
    data: bytes

    @property
    def version(self) -> int:
        """Its version."""
        return self.summary.version


@dataclass(frozen=True, slots=True)
class Transition:
    """One step in the life of a model."""

    version: int
    at: datetime
    before: str
    after: State
    share: float
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A derived binary with what describes it."""

    name: str
    created_at: datetime
    info: Mapping[str, Any]
    data: bytes


_SUMMARY: tuple[Any, ...] = (
    ModelRow.version, ModelRow.parent, ModelRow.created_at, ModelRow.state, ModelRow.share,
    ModelRow.arguments, ModelRow.code, ModelRow.feature_schema, ModelRow.data_from, ModelRow.data_to,
    ModelRow.sha256, ModelRow.metrics, ModelRow.data.is_not(None),
)  # fmt: skip
_TRANSITION: tuple[Any, ...] = (
    TransitionRow.version, TransitionRow.at, TransitionRow.before, TransitionRow.after, TransitionRow.share,
    TransitionRow.actor, TransitionRow.reason,
)  # fmt: skip


_WRITTEN = tuple(f.name for f in fields(ModelSummary) if f.name not in ("metrics", "stored"))


def newest_version(session: Session) -> int | None:
    """The highest version, or None before the first."""
    return session.scalar(select(func.max(ModelRow.version)))


def add(session: Session, model: StoredModel) -> bool:
    """Store a model; False when its version is taken, and then nothing is written."""
    values = {name: getattr(model.summary, name) for name in _WRITTEN}
    values |= {"metrics": dict(model.summary.metrics), "data": model.data}
    return bool(insert_new(session, ModelRow, [values], ModelRow.version))


def get(session: Session, version: int) -> StoredModel | None:
    """A model by version; None for an unknown one, and for one whose data is gone."""
    return _first(session, ModelRow.version == version)


def summary(session: Session, version: int) -> ModelSummary | None:
    """A model by version, without its data."""
    row = session.execute(select(*_SUMMARY).where(ModelRow.version == version)).one_or_none()
    return None if row is None else _summary(row)


def live(session: Session) -> StoredModel | None:
    """The live model, or None before the first."""
    return _first(session, ModelRow.state == State.LIVE)


def serving(session: Session) -> tuple[tuple[int, State, float], ...]:
    """Version, state and share of the models that take part in serving: live, canary and shadow."""
    states = (State.LIVE, State.CANARY, State.SHADOW)
    query = select(ModelRow.version, ModelRow.state, ModelRow.share).where(ModelRow.state.in_(states))
    return tuple((v, State(state), share) for v, state, share in session.execute(query))


def in_state(session: Session, state: State) -> tuple[int, ...]:
    """The versions in a state, newest first."""
    query = select(ModelRow.version).where(ModelRow.state == state).order_by(ModelRow.version.desc())
    return tuple(session.scalars(query))


def lock(session: Session) -> None:
    """Hold every model that is not retired until the transaction ends, so that its state cannot change."""
    query = select(ModelRow.version).where(ModelRow.state != State.RETIRED).order_by(ModelRow.version)
    session.execute(query.with_for_update())


def move(session: Session, step: Transition) -> bool:
    """Change a model's state and record the step; False when it is not in the state before."""
    moved = replace_state(session, step.version, step.before, step.after, step.share)
    if moved:
        record(session, step)
    return moved


def replace_state(session: Session, version: int, before: str, after: State, share: float = 0.0) -> bool:
    """Change a model's state without a record; False when it is not in the state before.

    For where the record of the model that takes its place says it all; else `move`.
    """
    moved = session.scalars(
        update(ModelRow)
        .where(ModelRow.version == version, ModelRow.state == before)
        .values(state=after.value, share=share)
        .returning(ModelRow.version),
        execution_options={"synchronize_session": False},
    ).all()
    return bool(moved)


def record(session: Session, step: Transition) -> None:
    """Record a step."""
    session.execute(
        insert(TransitionRow).values({field.name: getattr(step, field.name) for field in fields(step)})
    )


def transitions(session: Session, version: int | None = None, limit: int = 50) -> tuple[Transition, ...]:
    """The newest steps, newest first: one model's, or all."""
    query = select(*_TRANSITION).order_by(TransitionRow.id.desc()).limit(limit)
    if version is not None:
        query = query.where(TransitionRow.version == version)
    return tuple(
        Transition(v, at, before, State(after), share, actor, reason)
        for v, at, before, after, share, actor, reason in session.execute(query)
    )


def taken_by(session: Session, actor: str) -> bool:
    """Whether this actor ever took a step."""
    query = select(TransitionRow.id).where(TransitionRow.actor == actor).limit(1)
    return session.scalar(query) is not None


def last_live(session: Session, before: int | None) -> int | None:
    """The highest version below `before` that is retired, has been live, and whose data is kept."""
    was_live = select(TransitionRow.version).where(TransitionRow.after == State.LIVE)
    kept = (ModelRow.state == State.RETIRED, ModelRow.data.is_not(None), ModelRow.version.in_(was_live))
    query = select(func.max(ModelRow.version)).where(*kept)
    return session.scalar(query if before is None else query.where(ModelRow.version < before))


def drop_data(session: Session, keep: int) -> int:
    """Drop the data of all retired models but the newest `keep`; returns how many lost it."""
    kept = (
        select(ModelRow.version)
        .where(ModelRow.state == State.RETIRED, ModelRow.data.is_not(None))
        .order_by(ModelRow.version.desc())
        .limit(keep)
    )
    old = (ModelRow.state == State.RETIRED, ModelRow.data.is_not(None), ModelRow.version.not_in(kept))
    dropped = update(ModelRow).where(*old).values(data=None).returning(ModelRow.version)
    return len(session.scalars(dropped, execution_options={"synchronize_session": False}).all())


def summaries(session: Session, limit: int = 50) -> tuple[ModelSummary, ...]:
    """The newest models without their data, newest first."""
    query = select(*_SUMMARY).order_by(ModelRow.version.desc()).limit(limit)
    return tuple(map(_summary, session.execute(query)))


def _first(session: Session, condition: ColumnElement[bool]) -> StoredModel | None:
    query = select(*_SUMMARY, ModelRow.data).where(condition, ModelRow.data.is_not(None))
    row = session.execute(query.order_by(ModelRow.version.desc()).limit(1)).one_or_none()
    return None if row is None else StoredModel(_summary(row[:-1]), row[-1])


def _summary(row: Sequence[Any]) -> ModelSummary:
    version, parent, created_at, state, *rest = row
    return ModelSummary(version, parent, created_at, State(state), *rest)


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
