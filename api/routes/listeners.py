"""For whom, and where, a page can be composed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api import present
from api.deps import HomeDep
from api.responses import INVALID
from api.schemas import ListenersPage, Surfaces

_MAX_OFFSET = 2**31 - 1

router = APIRouter(prefix="/v1", tags=["listeners"])


@router.get("/listeners", summary="Listeners", responses=INVALID)
def listeners(
    home: HomeDep,
    search: Annotated[
        str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Start of an id or a name.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=_MAX_OFFSET)] = 0,
) -> ListenersPage:
    """Listeners by id, optionally those whose id or name starts with `search`."""
    found = home.listeners(search, limit + 1, offset)
    return ListenersPage(
        listeners=[present.listener(one) for one in found[:limit]],
        next_offset=offset + limit if len(found) > limit else None,
    )


@router.get("/surfaces", summary="Surfaces")
def surfaces(home: HomeDep) -> Surfaces:
    """Every surface with its grid."""
    return Surfaces(surfaces=[present.surface(one.grid) for one in home.tools.surfaces.values()])
