"""Dealing out the page's items: each to one shelf, the best to the highest, and enough to every shelf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from bandits.types import Page
from layout.types import Grid
from shelves.types import Shelf


def deal_page(shelves: Sequence[Shelf], page: Page, grid: Grid, least: int) -> tuple[tuple[int, ...], ...]:
    """The catalogue rows that each slot of a page shows, as `deal` gives them out."""
    return deal([shelves[index].rows.tolist() for index in page], grid.items_per_shelf, least)


def deal(shelves: Sequence[Sequence[int]], limit: int, least: int) -> tuple[tuple[int, ...], ...]:
    """What each shelf shows of its `rows`, best first: at most `limit`, and no row on two shelves.

    Shelves choose from the top of the page down. Where that would leave one below it with fewer than `least`
    rows, a matching first reserves `least` rows for every shelf, which exists for every page that obeys the
    item overlap rule (see `layout.rules.item_overlap`).
    """
    dealt = _in_turn(shelves, limit, [frozenset()] * len(shelves))
    if all(len(rows) >= least for rows in dealt):
        return dealt
    reserved = _reserve(shelves, min(least, limit))
    return dealt if reserved is None else _in_turn(shelves, limit, reserved)


def _in_turn(
    shelves: Sequence[Sequence[int]], limit: int, reserved: Sequence[frozenset[int]]
) -> tuple[tuple[int, ...], ...]:
    taken = set().union(*reserved)
    dealt = []
    for rows, own in zip(shelves, reserved, strict=True):
        free = [row for row in rows if row not in taken][: limit - len(own)]
        taken.update(free)
        shown = own.union(free)
        dealt.append(tuple(row for row in rows if row in shown))
    return tuple(dealt)


def _reserve(shelves: Sequence[Sequence[int]], least: int) -> list[frozenset[int]] | None:
    """`least` rows for each shelf, all different, or None when there are not enough."""
    flat = np.concatenate([np.asarray(rows, dtype=np.int64) for rows in shelves])
    names, column = np.unique(flat, return_inverse=True)
    owner = np.repeat(np.arange(len(shelves)), [len(rows) for rows in shelves])
    claims = np.concatenate([owner * least + claim for claim in range(least)])
    edges = np.ones(len(claims), dtype=np.int8), (claims, np.tile(column, least))
    graph = csr_array(coo_array(edges, shape=(len(shelves) * least, len(names))))
    matched = maximum_bipartite_matching(graph, perm_type="column")
    if (matched < 0).any():
        return None
    return [frozenset(names[part].tolist()) for part in np.split(matched, len(shelves))]
