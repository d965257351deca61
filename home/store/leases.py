"""Leases: who may act as the single writer of something, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from home.db import LeaseRow
from home.store.statements import insert_new


@dataclass(frozen=True, slots=True)
class Lease:
    """`holder` alone may act under `name` until `expires_at`."""

    name: str
    holder: str
    expires_at: datetime


def get(session: Session, name: str) -> Lease | None:
    """The lease on `name`, expired or not."""
    row = session.execute(
        select(LeaseRow.name, LeaseRow.holder, LeaseRow.expires_at).where(LeaseRow.name == name)
    ).one_or_none()
    return None if row is None else Lease(*row)


def take(session: Session, lease: Lease, now: datetime) -> bool:
    """Take or renew a lease; False while someone else holds it at `now`."""
    free = or_(LeaseRow.holder == lease.holder, LeaseRow.expires_at <= now)
    values = {"name": lease.name, "holder": lease.holder, "expires_at": lease.expires_at}
    taken = session.scalars(
        update(LeaseRow).where(LeaseRow.name == lease.name, free).values(values).returning(LeaseRow.name),
        execution_options={"synchronize_session": False},
    ).all()
    return bool(taken) or bool(insert_new(session, LeaseRow, [values], LeaseRow.name))


def release(session: Session, name: str, holder: str) -> None:
    """Give a lease back, if `holder` still has it."""
    session.execute(
        delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder),
        execution_options={"synchronize_session": False},
    )
