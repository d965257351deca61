"""The web page, its files, and what each kind of problem means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from api import problems
from api.problems import problem
from api.responses import INVALID, UNKNOWN_PROBLEM

_STATIC = Path(__file__).parents[1] / "static"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

router = APIRouter()


class StaticAssets(StaticFiles):
    """The page's files, revalidated on each visit so that an upgrade shows at once."""

    def __init__(self) -> None:
        super().__init__(directory=_STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file. Raises HTTPException 404 when there is none."""
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The web page."""
    return FileResponse(_STATIC / "index.html", headers=_HEADERS)


@router.get(
    "/problems/{slug}",
    tags=["problems"],
    summary="A kind of problem",
    response_model=dict[str, Any],
    responses={**UNKNOWN_PROBLEM, **INVALID},
)
async def problem_kind(slug: str, request: Request) -> dict[str, Any] | Response:
    """What the `type` of a problem means."""
    kind = problems.KINDS.get(slug)
    if kind is None:
        known = ", ".join(problems.KINDS)
        return problem(
            request, problems.NOT_FOUND, f"no kind of problem is called {slug!r}; there are: {known}"
        )
    return {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}
