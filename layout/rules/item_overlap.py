"""Shelves that still have something to show once repeated items are taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import ClassVar, Final

import numpy as np

from layout.inputs import Inputs
from layout.kernels.dealing import crowded, numbered, part, too_few
from layout.kernels.overlap import exclusive_groups, overlaps
from layout.rows import Rows, none, paired
from layout.rules.base import FROM_1, BaseRule, Limits
from layout.types import Ints, Mask, Pages

NODES: Final = 2_000
SETS: Final = 64
"""How many sets of shelves are looked at, and listed, before the rest is left to pages that break them."""

_LOOKS: Final = 8_400_000
"""How many steps looking may take: for each set all shelves' items are counted, and the shelves sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOverlap(BaseRule):
    """The page's items can be dealt out so that no item shows twice and every shelf has `min_items`.

    By Hall's theorem (1935), that is so exactly when any shelves of the page have `min_items` different items
    for each of them. A shelf with fewer items than that cannot be placed.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"min_items": FROM_1}

    MAY_BE_SOFT: ClassVar[bool] = False

    min_items: int

    def rows(self, inputs: Inputs) -> Rows:
        """One row per set of shelves that have too few items together: so many as can be dealt to.

        Most often there is none: when the items suffice for all proposed shelves at once, they do for any
        page. Otherwise sets are looked for among the shelves that a maximum matching leaves short, or that it
        could have left short in their place: only these can be in one (`kernels.dealing.crowded`). Options of
        one shelf with the same items count as one. Where the sets are too many to list, or looking for them
        would take too long, the rows are those of all pairs, and `partial`: `layout.dealing.Dealing` makes
        further ones, against pages that break them.
        """
        units, of = _units(inputs)
        items = numbered_items(inputs, units)
        short = np.diff(items[0]) < self.min_items
        crowd = np.flatnonzero(~short)
        crowd = crowd[crowded(*(part(*items, crowd) if short.any() else items), self.min_items)]
        sets, most, partial = (*_NOTHING, False)
        if len(crowd):
            sets, most, partial = self._limits(inputs, units[crowd], part(*items, crowd))
        coefs = np.zeros((len(sets) + int(short.any()), len(units)), dtype=np.int64)
        coefs[: len(sets), crowd] = sets
        if not len(coefs):
            return replace(none(inputs.n, inputs.slots), partial=partial)
        coefs[len(sets) :] = short
        limits = np.append(most, np.zeros(len(coefs) - len(sets), dtype=np.int64))
        rows = paired(coefs[:, of], np.ones((1, inputs.slots), dtype=np.int64), hi=limits)
        return replace(rows, partial=partial)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many items the shelves of each of the pages (b, K) lack, however they are dealt out: (b,)."""
        items = {s: frozenset(inputs.shelves[s].items) for s in np.unique(pages).tolist()}
        lacking = [_lacking([items[s] for s in page], self.min_items) for page in pages.tolist()]
        return np.array(lacking, dtype=np.int64)

    def _limits(self, inputs: Inputs, units: Ints, items: tuple[Ints, Ints, int]) -> tuple[Ints, Ints, bool]:
        """Sets of the units (m, u), how many of each fit on a page (m,), and whether others are left out."""
        few = np.argsort(np.diff(items[0]), kind="stable")
        nodes = min(NODES, _LOOKS // (len(items[1]) + len(few) * len(few).bit_length()))
        sets, most, all_found = too_few(*part(*items, few), self.min_items, inputs.slots, nodes, SETS)
        if not all_found:
            return *all_pairs(inputs, units, self.min_items), True
        found = np.zeros_like(sets)
        found[:, few] = sets
        return *_merged(found, most), False


_NOTHING: Final = (np.zeros((0, 0), dtype=np.int64), np.zeros(0, dtype=np.int64))


def all_pairs(inputs: Inputs, units: Ints, min_items: int) -> tuple[Ints, Ints]:
    """Groups of units (m, u) of which any two have too few items together, and the 1 of each that fits."""
    common, lengths = overlaps(*_flat(inputs, units), inputs.column("id").codes[units])
    exclusive = lengths[:, None] + lengths - common < 2 * min_items
    np.fill_diagonal(exclusive, False)
    groups = exclusive_groups(exclusive)
    return groups.astype(np.int64), np.ones(len(groups), dtype=np.int64)


def _merged(sets: Mask, most: Ints) -> tuple[Ints, Ints]:
    """Each set (m, u) once, and sets of which one shelf can be placed joined into larger ones."""
    alone = most == 1
    exclusive = np.zeros((sets.shape[1], sets.shape[1]), dtype=np.bool_)
    for pair in sets[alone]:
        exclusive |= pair[:, None] & pair
    np.fill_diagonal(exclusive, False)
    groups = exclusive_groups(exclusive)
    others = np.unique(np.column_stack([sets[~alone], most[~alone]]), axis=0)
    coefs = np.concatenate([groups.astype(np.int64), others[:, :-1]])
    return coefs, np.append(np.ones(len(groups), dtype=np.int64), others[:, -1])


def _lacking(shelves: Sequence[frozenset[int]], each: int) -> int:
    """How many items a dealing of `each` to every shelf lacks at least."""
    taken: set[int] = set()
    for items in shelves:
        own = list(islice(items - taken, each))
        if len(own) < each:
            return _lacking_at_best(shelves, each)
        taken.update(own)
    return 0


def _lacking_at_best(shelves: Sequence[frozenset[int]], each: int) -> int:
    """The same by augmenting paths (Berge 1957), one wanted item after the other."""
    holder: dict[int, int] = {}
    ordered = [sorted(items) for items in shelves]
    return sum(not _obtains(ordered, shelf, holder) for shelf in range(len(shelves)) for _ in range(each))


def _obtains(shelves: Sequence[Sequence[int]], shelf: int, holder: dict[int, int]) -> bool:
    """Give a shelf one more item, of which others may give one up for another; whether it can be done."""
    asked: dict[int, int] = {}
    gives: dict[int, int] = {}
    queue = [shelf]
    for asking in queue:
        for item in shelves[asking]:
            if item in asked or holder.get(item) == asking:
                continue
            asked[item] = asking
            if item not in holder:
                _pass_on(item, shelf, asked, gives, holder)
                return True
            other = holder[item]
            if other != shelf and other not in gives:
                gives[other] = item
                queue.append(other)
    return False


def _pass_on(
    item: int, shelf: int, asked: Mapping[int, int], gives: Mapping[int, int], holder: dict[int, int]
) -> None:
    """Give a free item to the shelf that asked for it, what that one gives up to the next, up to `shelf`."""
    while True:
        taker = holder[item] = asked[item]
        if taker == shelf:
            return
        item = gives[taker]


def _units(inputs: Inputs) -> tuple[Ints, Ints]:
    """The first of the options that share a shelf and its items, and each option's place among those."""
    if inputs.single:
        return np.arange(inputs.n), np.arange(inputs.n)
    known: dict[str, list[int]] = {}
    first: list[int] = []
    of = np.empty(inputs.n, dtype=np.int64)
    for option, shelf in enumerate(inputs.shelves):
        alike = known.setdefault(shelf.group, [])
        unit = next((u for u in alike if inputs.shelves[first[u]].items == shelf.items), len(first))
        if unit == len(first):
            alike.append(unit)
            first.append(option)
        of[option] = unit
    return np.array(first, dtype=np.int64), of


def numbered_items(inputs: Inputs, units: Ints) -> tuple[Ints, Ints, int]:
    """The different items of some options, numbered as the kernels take them."""
    items, owner = _flat(inputs, units)
    return numbered(np.sort(items * len(units) + owner), len(units))


def _flat(inputs: Inputs, units: Ints) -> tuple[Ints, Ints]:
    """The items of some options end to end, and which of them each belongs to."""
    each = [inputs.shelves[option].items for option in units.tolist()]
    lengths = list(map(len, each))
    flat = np.fromiter(chain.from_iterable(each), np.int64, sum(lengths))
    return flat, np.repeat(np.arange(len(units)), lengths)
