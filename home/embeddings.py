"""Item embeddings as a stored artifact: trained from the histories once, read when the catalogue loads."""

from __future__ import annotations

import io
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from home.store import models
from home.store.models import Artifact
from shelves.embeddings import Embeddings

ARTIFACT = "item-embeddings"


def load_embeddings(session: Session) -> Embeddings | None:
    """The stored embeddings, or None when none have been trained."""
    stored = models.artifact(session, ARTIFACT)
    if stored is None:
        return None
    with np.load(io.BytesIO(stored.data), allow_pickle=False) as arrays:
        return Embeddings(tuple(arrays["item_ids"].tolist()), arrays["vectors"])


def store_embeddings(session: Session, embeddings: Embeddings, now: datetime) -> None:
    """Store embeddings in place of the former ones; the caller commits."""
    buffer = io.BytesIO()
    np.savez(buffer, item_ids=np.array(embeddings.item_ids), vectors=embeddings.vectors)
    items, dim = embeddings.vectors.shape
    models.put_artifact(
        session, Artifact(ARTIFACT, now, {"items": items, "dimensions": dim}, buffer.getvalue())
    )
