"""Shelves that still have something to show once repeated items are taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, islice
from typing import ClassVar, Final

import numpy as np

from layout.inputs import Inputs
from layout.kernels.dealing import crowded, numbered, too_few
from layout.kernels.overlap import exclusive_groups, most_together, overlaps
from layout.rows import Rows, none, paired
from layout.rules.base import FROM_1, BaseRule, Limits
from layout.types import Ints, Mask, Pages, Problem, Rule

_NODES: Final = 2_000
_SETS: Final = 64
"""How many sets of shelves are looked at, and listed, before the limits are drawn more narrowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOverlap(BaseRule):
    """The page's items can be dealt out so that no item shows twice and every shelf has `min_items`.

    By Hall's theorem (1935), that is so exactly when any shelves of the page have `min_items` different items
    for each of them. A shelf with fewer items than that cannot be placed.

    Where too many sets of the proposed shelves have too few items to be listed, the shelves concerned get a
    budget each of items that they may share with the others, which keeps out pages that could be dealt, but
    never lets in one that could not.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = {"min_items": FROM_1}

    MAY_BE_SOFT: ClassVar[bool] = False
    NARROWS: ClassVar[bool] = True
    """Whether budgets stand in for sets that are too many to list."""

    min_items: int

    def rows(self, inputs: Inputs) -> Rows:
        """One row per set of shelves that have too few items together: so many as can be dealt to.

        Most often there is none: when the items suffice for all proposed shelves at once, they do for any
        page. Otherwise sets are looked for among the shelves that a maximum matching leaves short, or that it
        could have left short in their place: only these can be in one (`kernels.dealing.crowded`). Options of
        one shelf with the same items count as one.
        """
        units, of = _units(inputs)
        items = _numbered(inputs, units)
        short = np.diff(items[0]) < self.min_items
        enough = np.flatnonzero(~short)
        crowd = enough[crowded(*(_numbered(inputs, units[enough]) if short.any() else items), self.min_items)]
        sets, most, narrow = self._limits(inputs, units[crowd]) if len(crowd) else (*_NOTHING, False)
        coefs = np.zeros((len(sets) + int(short.any()), len(units)), dtype=np.int64)
        coefs[: len(sets), crowd] = sets
        if not len(coefs):
            return none(inputs.n, inputs.slots)
        coefs[len(sets) :] = short
        limits = np.append(most, np.zeros(len(coefs) - len(sets), dtype=np.int64))
        rows = paired(coefs[:, of], np.ones((1, inputs.slots), dtype=np.int64), hi=limits)
        return replace(rows, narrow=narrow)

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many items the shelves of each of the pages (b, K) lack, however they are dealt out: (b,)."""
        items = {s: frozenset(inputs.shelves[s].items) for s in np.unique(pages).tolist()}
        lacking = [_lacking([items[s] for s in page], self.min_items) for page in pages.tolist()]
        return np.array(lacking, dtype=np.int64)

    def _limits(self, inputs: Inputs, units: Ints) -> tuple[Ints, Ints, bool]:
        """Coefficients (m, u) of the units, what they add up to at most (m,), and whether that is narrow."""
        few = np.argsort(np.diff(_numbered(inputs, units)[0]), kind="stable")
        sets, most, all_found = too_few(
            *_numbered(inputs, units[few]), self.min_items, inputs.slots, _NODES, _SETS
        )
        if not all_found and self.NARROWS:
            return *budget_limits(inputs, units, self.min_items), True
        found = np.zeros_like(sets)
        found[:, few] = sets
        return *_merged(found, most), False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOverlap(ItemOverlap):
    """The same rule with rows for the sets that are listed alone, which let in pages that it forbids.

    What no page of these rows reaches, no page of the rule does: they bound it from above.
    """

    NARROWS: ClassVar[bool] = False


def widened(problem: Problem) -> Problem:
    """The problem with rows that keep out no page which the rules allow, and let in some that they forbid."""
    return replace(problem, rules=tuple(_listed(rule) for rule in problem.rules))


def _listed(rule: Rule) -> Rule:
    if not isinstance(rule, ItemOverlap):
        return rule
    return ListedOverlap(**{field.name: getattr(rule, field.name) for field in fields(ItemOverlap)})


_NOTHING: Final = (np.zeros((0, 0), dtype=np.int64), np.zeros(0, dtype=np.int64))


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

    def obtains(shelf: int, asked: set[int]) -> bool:
        for item in sorted(shelves[shelf]):
            if item in asked or holder.get(item) == shelf:
                continue
            asked.add(item)
            if item not in holder or obtains(holder[item], asked):
                holder[item] = shelf
                return True
        return False

    return sum(not obtains(shelf, set()) for shelf in range(len(shelves)) for _ in range(each))


def budget_limits(inputs: Inputs, units: Ints, min_items: int) -> tuple[Ints, Ints]:
    """Limits that keep dealable all pages of the `units` (u,): coefficients (m, u) and the most (m,).

    For each placed shelf s: Σ over the other placed shelves t of |items_s ∩ items_t| ≤ `budgets`(|items_s|).

    Why that suffices: let d ≥ 1 be on how many placed shelves an item stands, and share it equally between
    them. By convexity 1/d ≥ (2m + 1 − d) / (m(m + 1)) for every whole d and m ≥ 1, so that the shares of s
    add up to at least (2m·|items_s| − Σₜ|items_s ∩ items_t|) / (m(m + 1)), which is at least `min_items` for
    the m that sets the budget. A fractional deal in which every shelf gets `min_items` exists, hence a whole
    one: the constraint matrix of a bipartite graph is totally unimodular (Hoffman and Kruskal 1956).

    Two shelves exclude each other when their overlap alone exceeds the budget of one. Every such pair is in
    some group of mutually exclusive shelves, and one row allows one of a group. A shelf s that several others
    can still exhaust together gets Σₜ overlap(s, t)·xₜ + M·xₛ ≤ budget + M over the t it does not exclude, M
    being what any K of them can exceed the budget by: without s the row holds for every page, with s it says
    Σₜ ≤ budget.
    """
    overlap, lengths = overlaps(*_flat(inputs, units), inputs.column("id").codes[units])
    budget = budgets(lengths, min_items)
    exclusive = (overlap > np.minimum(budget[:, None], budget)) & (overlap > 0)
    groups = exclusive_groups(exclusive)
    overlap[exclusive] = 0
    coefs, most = _together(overlap, exclusive, budget, inputs.slots)
    ones = np.ones(len(groups), dtype=np.int64)
    return np.concatenate([groups.astype(np.int64), coefs]), np.concatenate([ones, most])


def budgets(lengths: Ints, min_items: int) -> Ints:
    """How much shelves with `lengths` (n,) items may overlap others: maxₘ m(2·length − min_items(m + 1)).

    The maximum lies next to m = length / min_items − ½. No length may be below `min_items`.
    """
    nearest = np.maximum(lengths // min_items, 1)
    around = np.stack([np.maximum(nearest - 1, 1), nearest])
    budget: Ints = (around * (2 * lengths - min_items * (around + 1))).max(axis=0)
    return budget


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


def _together(overlap: Ints, exclusive: Mask, budget: Ints, slots: int) -> tuple[Ints, Ints]:
    """Coefficients (m, n) and limits (m,) for options that several others can exhaust together."""
    beside, alone = most_together(overlap, exclusive, slots)
    excess = alone - budget
    binding = np.flatnonzero(beside > budget)
    coef = overlap[binding]
    coef[np.arange(len(binding)), binding] = excess[binding]
    return coef, budget[binding] + excess[binding]


def _numbered(inputs: Inputs, units: Ints) -> tuple[Ints, Ints, int]:
    """The different items of some options, numbered as the kernels take them."""
    items, owner = _flat(inputs, units)
    return numbered(np.sort(items * len(units) + owner), len(units))


def _flat(inputs: Inputs, units: Ints) -> tuple[Ints, Ints]:
    """The items of some options end to end, and which of them each belongs to."""
    each = [inputs.shelves[option].items for option in units.tolist()]
    lengths = list(map(len, each))
    flat = np.fromiter(chain.from_iterable(each), np.int64, sum(lengths))
    return flat, np.repeat(np.arange(len(units)), lengths)
