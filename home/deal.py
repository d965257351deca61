"""Dealing out the page's items: each to one shelf, the best to the highest, and enough to every shelf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from bandits.types import Page
from home.options import Option, limit_of
from layout.types import Grid


def deal_page(options: Sequence[Option], page: Page, grid: Grid, least: int) -> tuple[tuple[int, ...], ...]:
    """The catalogue rows that each slot of a page shows, as `deal` gives them out."""
    shown = [options[index] for index in page]
    limits = [limit_of(option.presentation, grid) for option in shown]
    return deal([option.shelf.rows.tolist() for option in shown], limits, least)


def deal(shelves: Sequence[Sequence[int]], limits: Sequence[int], least: int) -> tuple[tuple[int, ...], ...]:
    """What each shelf shows of its `rows`, best first: at most its limit, and no row on two shelves.

    Shelves choose from the top of the page down. Where that would leave one below it with fewer than `least`
    rows, or its limit where that is less, a matching first reserves as many for every shelf, which exist for
    every page that obeys the item overlap rule and for no other (see `layout.rules.item_overlap`).
    """
    dealt = _in_turn(shelves, limits, [frozenset()] * len(shelves))
    enough = [min(least, limit) for limit in limits]
    if all(len(rows) >= few for rows, few in zip(dealt, enough, strict=True)):
        return dealt
    reserved = _reserve(shelves, enough)
    return dealt if reserved is None else _in_turn(shelves, limits, reserved)


def _in_turn(
    shelves: Sequence[Sequence[int]], limits: Sequence[int], reserved: Sequence[frozenset[int]]
) -> tuple[tuple[int, ...], ...]:
    taken = set().union(*reserved)
    dealt = []
    for rows, limit, own in zip(shelves, limits, reserved, strict=True):
        free = [row for row in rows if row not in taken][: limit - len(own)]
        taken.update(free)
        shown = own.union(free)
        dealt.append(tuple(row for row in rows if row in shown))
    return tuple(dealt)


def _reserve(shelves: Sequence[Sequence[int]], enough: Sequence[int]) -> list[frozenset[int]] | None:
    """As many rows as are `enough` for each shelf, all different, or None when there are too few."""
    names, column = np.unique(
        np.concatenate([np.asarray(r, dtype=np.int64) for r in shelves]), return_inverse=True
    )
    ends = np.cumsum([len(rows) for rows in shelves])[:-1]
    wanted = [np.tile(part, (few, 1)) for part, few in zip(np.split(column, ends), enough, strict=True)]
    lengths = np.repeat([len(rows) for rows in shelves], enough)
    claims = np.repeat(np.arange(len(lengths)), lengths)
    edges = np.ones(len(claims), dtype=np.int8), (claims, np.concatenate([part.ravel() for part in wanted]))
    graph = csr_array(coo_array(edges, shape=(len(lengths), len(names))))
    matched = maximum_bipartite_matching(graph, perm_type="column")
    if (matched < 0).any():
        return None
    return [frozenset(names[part].tolist()) for part in np.split(matched, np.cumsum(enough)[:-1])]
