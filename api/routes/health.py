"""Whether the server is alive and can do its work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api import problems
from api.deps import HomeDep
from api.problems import problem
from api.responses import NOT_READY
from api.schemas import Readiness

router = APIRouter(tags=["operation"])


class Alive(BaseModel):
    """That the process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Liveness")
async def healthz() -> Alive:
    """Answers while the process lives; checks nothing else."""
    return Alive()


@router.get("/readyz", summary="Readiness", response_model=Readiness, responses=NOT_READY)
def readyz(request: Request, home: HomeDep) -> Readiness | Response:
    """200 when a page can be composed, 503 with the failing checks when not."""
    checks = home.readiness().checks
    failing = {check: fault for check, fault in checks.items() if fault}
    if failing:
        detail = "; ".join(f"{check}: {fault}" for check, fault in failing.items())
        return problem(request, problems.NOT_READY, detail, checks=failing)
    return Readiness(status="ready", checks=dict.fromkeys(checks, "ok"))
