"""Looking a decision up."""

from __future__ import annotations

from fastapi import APIRouter

from api import explanations, present
from api.deps import HomeDep
from api.explanations import ExplanationOut
from api.feedback_schemas import DecisionOut
from api.responses import INVALID, NOT_EXPLAINABLE, UNKNOWN_DECISION
from api.text import PathId

router = APIRouter(prefix="/v1/decisions", tags=["decisions"], responses={**UNKNOWN_DECISION, **INVALID})


@router.get("/{decision_id}", summary="A logged decision")
def decision(decision_id: PathId, home: HomeDep) -> DecisionOut:
    """Everything that led to a page: candidates with features and probabilities, anchor, draw, feedback."""
    return present.decision(home.decision(decision_id), home.events_of(decision_id))


@router.get("/{decision_id}/explanation", summary="Why a page is as it is", responses={**NOT_EXPLAINABLE})
def explanation(decision_id: PathId, home: HomeDep) -> ExplanationOut:
    """What each shelf brings, what each absent one would cost, and what each rule costs.

    Every figure is the difference between two pages proven optimal, so this takes a while: about as many
    layouts as there are shelves and rules.
    """
    record = home.decision(decision_id)
    return explanations.explanation(record, home.explain(record), home.setup_of(record).rules)
