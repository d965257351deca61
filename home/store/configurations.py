"""The configuration documents that decisions refer to."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from home.configuration import digest
from home.db import ConfigurationRow
from home.store.statements import insert_new


def keep(session: Session, documents: Mapping[str, str]) -> int:
    """Store documents, kind → text, that are not stored yet; returns how many were new. Safe to repeat."""
    rows = [{"sha256": digest(text), "kind": kind, "text": text} for kind, text in documents.items()]
    rows.sort(key=lambda row: row["sha256"])
    return len(insert_new(session, ConfigurationRow, rows, ConfigurationRow.sha256))


def find(session: Session, sha256: str) -> str | None:
    """The text of a document, or None when it was never stored."""
    return session.scalar(select(ConfigurationRow.text).where(ConfigurationRow.sha256 == sha256))
