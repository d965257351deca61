"""Dealing out the page's items: each to one shelf, the best to the highest, and enough to every shelf."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from bandits.types import Page
from home.options import Option, limit_of
from layout.dealing import reserved
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
    kept = reserved(shelves, enough)
    return dealt if kept is None else _in_turn(shelves, limits, kept)


def _in_turn(
    shelves: Sequence[Sequence[int]], limits: Sequence[int], reserved: Sequence[frozenset[int]]
) -> tuple[tuple[int, ...], ...]:
    taken = set().union(*reserved)
    dealt = []
    for rows, limit, own in zip(shelves, limits, reserved, strict=True):
        free = tuple(islice((row for row in rows if row not in taken), limit - len(own)))
        taken.update(free)
        dealt.append(tuple(row for row in rows if row in own or row in free) if own else free)
    return tuple(dealt)
