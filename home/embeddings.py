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
_FINGERPRINT = "trained_on"


def load_embeddings(session: Session) -> Embeddings | None:
    """The stored embeddings, or None when none have been trained."""
    stored = models.artifact(session, ARTIFACT)
    if stored is None:
        return None
    with np.load(io.BytesIO(stored.data), allow_pickle=False) as arrays:
        return Embeddings(tuple(arrays["item_ids"].tolist()), arrays["vectors"])


def trained_on(session: Session) -> str | None:
    """The fingerprint of the histories that the stored embeddings were trained on; None without any."""
    stored = models.artifact(session, ARTIFACT)
    return None if stored is None else stored.info.get(_FINGERPRINT)


def store_embeddings(session: Session, embeddings: Embeddings, fingerprint: str, now: datetime) -> None:
    """Store embeddings in place of the former ones, with what they were trained on; the caller commits."""
    buffer = io.BytesIO()
    np.savez(buffer, item_ids=np.array(embeddings.item_ids), vectors=embeddings.vectors)
    items, dim = embeddings.vectors.shape
    info = {"items": items, "dimensions": dim, _FINGERPRINT: fingerprint}
    models.put_artifact(session, Artifact(ARTIFACT, now, info, buffer.getvalue()))
