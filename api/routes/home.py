"""Composing a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api import present
from api.deps import HomeDep, MetricsDep
from api.metrics import Metrics
from api.responses import INVALID, NO_PAGE, NOTHING_ELIGIBLE, UNKNOWN_FOR_PAGE
from api.schemas import MAX_SEED, HomePage, HomeRequest
from api.text import PathId
from home.compose import ComposedPage

router = APIRouter(
    prefix="/v1/home",
    tags=["home"],
    responses={**UNKNOWN_FOR_PAGE, **NOTHING_ELIGIBLE, **INVALID, **NO_PAGE},
)


@router.post("", summary="Compose a Home")
def compose(request: HomeRequest, home: HomeDep, metrics: MetricsDep) -> HomePage:
    """Compose a page for a listener and log the decision before answering."""
    page = home.compose(
        request.listener_id, request.surface, seed=request.seed, timezone=request.timezone or ""
    )
    return _composed(page, metrics)


@router.get("/{listener_id}", summary="Compose a Home, by URL")
def compose_for(
    listener_id: PathId,
    home: HomeDep,
    metrics: MetricsDep,
    surface: Annotated[str, Query(min_length=1, max_length=100, examples=["phone"])] = "phone",
    seed: Annotated[int | None, Query(ge=0, le=MAX_SEED)] = None,
    timezone: Annotated[
        str, Query(max_length=100, description="An IANA name; that of the listener's market by default.")
    ] = "",
) -> HomePage:
    """The same as POST /v1/home, for a browser's address bar: this logs a decision as well."""
    return _composed(home.compose(listener_id, surface, seed=seed, timezone=timezone), metrics)


def _composed(page: ComposedPage, metrics: Metrics) -> HomePage:
    metrics.composed(page)
    return present.home_page(page)
