"""Dealing out items that several shelves have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np

from layout.inputs import Inputs
from layout.kernels.dealing import go_short, matched, numbered, too_few
from layout.rules.item_overlap import NODES, SETS, ItemOverlap, numbered_items
from layout.types import Ints, Mask, Page, Pages

_RARITY: Final = 1_000_000


def reserved(shelves: Sequence[Sequence[int]], wanted: Sequence[int]) -> list[frozenset[int]] | None:
    """As many of its items for each shelf as are `wanted`, all different, or None when there are too few.

    `shelves` hold different items each, the best first, which are preferred where nothing is lost by it.
    """
    flat = np.fromiter(chain.from_iterable(shelves), np.int64)
    items, numbers = np.unique(flat, return_inverse=True)
    starts = np.concatenate([[0], np.cumsum([len(shelf) for shelf in shelves])]).astype(np.int64)
    holder, short = matched(starts, numbers.astype(np.int64), len(items), np.array(wanted, dtype=np.int64))
    if short.any():
        return None
    return [frozenset(items[holder == shelf].tolist()) for shelf in range(len(shelves))]


class Dealing:
    """What a rule's `partial` rows leave out: whether pages can be dealt out, and rows against those not."""

    def __init__(self, rule: ItemOverlap, inputs: Inputs) -> None:
        self._each = rule.min_items
        self._starts, self._numbers, self._count = numbered_items(inputs, np.arange(inputs.n))

    @property
    def rarity(self) -> Ints:
        """How much of each option's items no other option has, an item of d options as a d-th: (n,)."""
        shared = np.bincount(self._numbers, minlength=self._count)
        share = np.append(0.0, np.cumsum(1.0 / shared[self._numbers]))
        rare: Ints = np.rint(_RARITY * (share[self._starts[1:]] - share[self._starts[:-1]])).astype(np.int64)
        return rare

    def breaks(self, pages: Pages) -> Mask:
        """Which of the pages (b, K) cannot be dealt out: (b,)."""
        broken: Mask = np.logical_or.reduce(self._short(pages), axis=1)
        return broken

    def against(self, page: Page) -> tuple[Mask, Ints]:
        """Sets of options (m, n) of which the page has more than fit on any (m,); none if it can be dealt.

        Of the page's shelves that can go short together, sets that have too few items, as long as these are
        few, or all of them. Each grows by the options that have no other items.
        """
        shelves = np.array(page, dtype=np.int64)[self._short(np.array([page], dtype=np.int64))[0]]
        if not len(shelves):
            return np.zeros((0, len(self._starts) - 1), dtype=np.bool_), np.zeros(0, dtype=np.int64)
        parts = [self._numbers[self._starts[s] : self._starts[s + 1]] for s in shelves.tolist()]
        owner = np.repeat(np.arange(len(parts)), list(map(len, parts)))
        items = numbered(np.sort(np.concatenate(parts) * len(parts) + owner), len(parts))
        sets, _, _ = too_few(*items, self._each, len(parts), NODES, SETS)
        chosen = sets if len(sets) else np.ones((1, len(parts)), dtype=np.bool_)
        covers = [self._closed(np.concatenate([parts[i] for i in np.flatnonzero(one)])) for one in chosen]
        inside, most = map(np.array, zip(*covers, strict=True))
        found = np.unique(np.column_stack([inside, most]), axis=0)
        return found[:, :-1].astype(np.bool_), found[:, -1]

    def _short(self, pages: Pages) -> Mask:
        """Which of the pages' (b, K) shelves can go short: (b, K)."""
        return go_short(pages, self._starts, self._numbers, self._count, self._each)

    def _closed(self, items: Ints) -> tuple[Mask, int]:
        """The options (n,) that have none but these `items`, and how many of them fit on a page."""
        covered = np.zeros(self._count, dtype=np.bool_)
        covered[items] = True
        own = np.append(0, np.cumsum(covered[self._numbers]))
        inside: Mask = own[self._starts[1:]] - own[self._starts[:-1]] == np.diff(self._starts)
        return inside, int(covered.sum()) // self._each
