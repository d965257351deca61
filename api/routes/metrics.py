"""Metrics for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from api.deps import MetricsDep

router = APIRouter(tags=["operation"])


@router.get("/metrics", summary="Metrics", response_class=PlainTextResponse)
def metrics(metrics: MetricsDep) -> Response:
    """Latency, pages, dropped sources, rule violations, events and the live model, as Prometheus text."""
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
