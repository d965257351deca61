"""What layout rules may know of a request."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np

from layout.types import Attribute, PageContext
from shelves.columns import CONTENT_TYPES
from shelves.types import Context, Floats
from shelves.view import View

FACTS: Final = MappingProxyType(
    {
        "surface": "the surface that asks, such as phone (text)",
        "market": "the listener's market (text)",
        "tier": "the listener's tier, such as free (text)",
        "hour": "hour of the request, 0 to 23, in its timezone (number)",
        "weekday": "day of the request, 0 for Monday to 6 for Sunday (number)",
    }
)
"""Fact → what it means: what the `when` of a rule can ask."""

TASTES: Final = ("content_type", "genre")
"""The attributes by which the listener's taste is known: what a calibration rule can ask."""


def facts_of(context: Context) -> dict[str, Attribute]:
    """The `FACTS` of a request."""
    return {
        "surface": context.surface,
        "market": context.market,
        "tier": context.listener.tier,
        "hour": context.now.hour,
        "weekday": context.now.weekday(),
    }


def page_context(context: Context, view: View) -> PageContext:
    """The facts of the request, the listener's last page, and how their history is made up."""
    columns, rows, weights = view.catalog.columns, view.history_rows, view.history_weights
    types = [content_type.value for content_type in CONTENT_TYPES]
    taste = {
        "content_type": _shares(types, columns.content_type[rows].astype(np.int64), weights),
        "genre": _shares(columns.genres, columns.genre[rows].astype(np.int64), weights),
    }
    return PageContext(facts_of(context), context.previous_page, taste)


def _shares(names: list[str] | tuple[str, ...], codes: np.ndarray, weights: Floats) -> dict[str, float]:
    """The share of each named value in the weight of a history; empty without one."""
    total = np.bincount(codes, weights, len(names))
    found = np.flatnonzero(total)
    return {names[code]: float(total[code] / total.sum()) for code in found.tolist() if names[code]}
