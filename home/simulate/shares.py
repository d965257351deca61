"""How a policy shared exposure out over the catalogue, its providers, genres and content types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from home.simulate.metrics.exposure import coverage, effective_catalogue, gini
from home.simulate.tally import Tally, exposure_by
from shelves.catalog import Catalog
from shelves.columns import CONTENT_TYPES
from shelves.types import Rows

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly exposure falls on n members of the catalogue: see `home.simulate.metrics.exposure`."""

    members: int
    gini: float
    coverage: float
    effective: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Exposure, the expected number of looks, by what it fell on.

    `content_types` and `genres` give shares of all exposure, greatest first; `items`, `providers` (creators
    of items) and `of_genres` say how evenly it is spread over all that the catalogue has. `sources` are
    shares as well.
    """

    content_types: Mapping[str, float]
    genres: Mapping[str, float]
    sources: Mapping[str, float]
    items: Spread
    providers: Spread
    of_genres: Spread


def shares(tally: Tally, catalog: Catalog) -> Shares:
    """The shares of exposure in a tally of pages over `catalog`."""
    amounts, cols = tally.exposure(len(catalog)), catalog.columns
    types = exposure_by(amounts, cols.content_type.astype(np.int32), len(CONTENT_TYPES))
    genres = exposure_by(amounts, cols.genre, len(cols.genres))
    creators, names = _codes(catalog)
    return Shares(
        content_types=_shares([kind.value for kind in CONTENT_TYPES], types),
        genres=_shares(cols.genres, genres),
        sources=_shares(list(tally.sources), np.array(list(tally.sources.values()))),
        items=_spread(amounts),
        providers=_spread(exposure_by(amounts, creators, len(names))[1:]),
        of_genres=_spread(genres[1:]),
    )


def _codes(catalog: Catalog) -> tuple[Rows, list[str]]:
    code: dict[str, int] = {"": 0}
    codes = [code.setdefault(item.creator, len(code)) for item in catalog.items]
    return np.array(codes, dtype=np.int32), list(code)


def _shares(names: tuple[str, ...] | list[str], amounts: Numbers) -> Mapping[str, float]:
    total = float(amounts.sum()) if len(amounts) else 0.0
    if total <= 0.0:
        return {}
    order = np.argsort(-amounts, kind="stable")
    return {names[i]: float(amounts[i]) / total for i in order if amounts[i] > 0.0}


def _spread(amounts: Numbers) -> Spread:
    return Spread(len(amounts), gini(amounts), coverage(amounts), effective_catalogue(amounts))
