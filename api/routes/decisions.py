"""Looking a decision up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api import present
from api.deps import HomeDep
from api.feedback_schemas import DecisionOut
from api.responses import INVALID, UNKNOWN_DECISION

router = APIRouter(prefix="/v1/decisions", tags=["decisions"], responses={**UNKNOWN_DECISION, **INVALID})


@router.get("/{decision_id}", summary="A logged decision")
def decision(decision_id: Annotated[str, Path(max_length=200)], home: HomeDep) -> DecisionOut:
    """Everything that led to a page: candidates with features and probabilities, anchor, draw, feedback."""
    return present.decision(home.decision(decision_id), home.events_of(decision_id))
