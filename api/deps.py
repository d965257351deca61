"""What routes are given: the composer and the metrics of their app."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from api.metrics import Metrics
from home.service import Home


async def _home(request: Request) -> Home:
    return cast("Home", request.app.state.home)


async def _metrics(request: Request) -> Metrics:
    return cast("Metrics", request.app.state.metrics)


# Both are coroutines: FastAPI sends plain functions through the thread pool, which costs more than they do.
HomeDep = Annotated[Home, Depends(_home)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]
