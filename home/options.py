"""Options: each shelf in each presentation that a surface has for it. They are what is scored and placed.

A page holds one option of a shelf at most, so feedback on a page refers to shelves, and the decision knows in
which presentation each was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.feature_table import FeatureTable
from bandits.features import context_features, in_presentations, shelf_features
from bandits.responses import leaning_of
from bandits.types import Features
from home.grids import Surface
from layout.types import Grid, LayoutShelf
from shelves.aggregates import aggregates
from shelves.types import Shelf
from shelves.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """A shelf in one presentation; `index` is the shelf's position among those proposed.

    `presentation` is empty on a surface that has only one way to show a shelf.
    """

    shelf: Shelf
    index: int
    presentation: str = ""

    @property
    def id(self) -> str:
        """The option in words, unique on a page."""
        return option_id(self.shelf.id, self.presentation)


def option_id(shelf: str, presentation: str) -> str:
    """What layout calls a shelf in a presentation."""
    return f"{shelf} as {presentation}" if presentation else shelf


def options_of(shelves: Sequence[Shelf], surface: Surface) -> tuple[Option, ...]:
    """Every option of the shelves, in their order, each in the order of the surface's presentations."""
    if not surface.grid.presentations:
        return tuple([Option(shelf, index) for index, shelf in enumerate(shelves)])
    fitting = enumerate(zip(shelves, surface.fitting.of(shelves), strict=True))
    return tuple([Option(shelf, index, name) for index, (shelf, names) in fitting for name in names])


def features_of(
    shelves: Sequence[Shelf], options: Sequence[Option], view: View
) -> tuple[Features, FeatureTable]:
    """What is known of a request, and of each option of `shelves`: its shelf and its presentation."""
    context = view.context
    leaning = leaning_of(context.responses, context.crowd_responses)
    known = shelf_features(shelves, aggregates(shelves, view), context, leaning)
    rows = [option.index for option in options]
    of_options = in_presentations(known, rows, [option.presentation for option in options])
    return context_features(context, leaning), of_options


def layout_shelves(options: Sequence[Option]) -> tuple[LayoutShelf, ...]:
    """The options as layout sees them."""
    items: dict[int, tuple[int, ...]] = {}
    for option in options:
        if option.index not in items:
            items[option.index] = tuple(option.shelf.rows.tolist())
    return tuple(
        LayoutShelf(
            option.id, option.shelf.attributes, items[option.index], option.presentation, option.shelf.id
        )
        for option in options
    )


def worth(values: NDArray[np.float64], presentations: Sequence[str], grid: Grid) -> NDArray[np.float64]:
    """What options in `presentations` (n,) are worth to the page: (n,) or (n, slots).

    `values` are what each is worth if examined. The prominence of a presentation is a prior of how much more
    often, or less, a shelf in it is examined. Rewards are learned from shelves that were examined, so that it
    enters only here, and where nobody knows which were (see `bandits.position`).
    """
    if not grid.presentations:
        return values
    return (prominence_of(presentations, grid) * values.T).T


def limit_of(presentation: str, grid: Grid) -> int:
    """How many items a shelf shows at most in a presentation."""
    known = grid.presentations.get(presentation)
    return grid.items_per_shelf if known is None else known.items


def prominence_of(presentations: Sequence[str], grid: Grid) -> NDArray[np.float64]:
    """The prominence (n,) of each presentation; 1 on a grid that has none."""
    known = grid.presentations
    return np.array([known[name].prominence if name in known else 1.0 for name in presentations])
