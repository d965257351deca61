"""The rows of a problem stacked into arrays, and what a prefix of a page says about its children.

With T the row sums of a prefix, a child s in slot k is impossible as soon as one row can no longer get
between its limits: T + coef[s] + (the most the slots below can add) < lo, or with the least, > hi. A row
that does not count slot k says the same about every child, and said so before; only the others are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from layout.errors import InvalidProblemError
from layout.types import Ints, LayoutShelf, Mask, Page, Problem, Row

_Memo = WeakKeyDictionary[Problem, "Compiled"]


@dataclass(frozen=True, slots=True, eq=False)
class SlotRows:
    """The rows that count one slot: `index` (r,), their coefficients (r, n), and the room to leave for below.

    `floor` (r,) = lo − the most the slots below can add; `ceiling` (r,) = hi − the least they can add.
    """

    index: Ints
    coef: Ints
    lo: Ints
    hi: Ints
    floor: Ints
    ceiling: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """The R rows of a problem that some page could break, over n shelves and K slots.

    `coef` (R, n), `slots` (R, K), `lo` and `hi` (R,) are the rows, `by_slot` the same by slot. `owner` (R,)
    is the index of the row's rule. The first `partial` rows leave some slot out, the others count every slot.
    `cells` (n, K) are the shelf-slot pairs that no single row rules out on a page. `kinds` (n,) numbers
    shelves so that two with the same number have the same coefficient in every row: rules cannot tell them
    apart. `possible` is False when some row can be met by no page.
    """

    coef: Ints
    slots: Mask
    lo: Ints
    hi: Ints
    owner: Ints
    partial: int
    by_slot: tuple[SlotRows, ...]
    cells: Mask
    kinds: Ints
    possible: bool

    @property
    def n(self) -> int:
        """Number of shelves."""
        return int(self.coef.shape[1])

    @property
    def size(self) -> int:
        """Number of slots, K."""
        return int(self.slots.shape[1])

    def permuted(self, order: Ints) -> Compiled:
        """The same rows over the shelves in another order: shelf i is the former shelf `order[i]`."""
        by_slot = tuple(replace(rows, coef=rows.coef[:, order]) for rows in self.by_slot)
        return replace(
            self, coef=self.coef[:, order], by_slot=by_slot, cells=self.cells[order], kinds=self.kinds[order]
        )

    def sums(self, page: Page) -> Ints:
        """Row sums of a page or prefix: (R,)."""
        chosen = self.coef.take(page, axis=1) if page else self.coef[:, :0]
        sums: Ints = (chosen * self.slots[:, : len(page)]).sum(axis=1)
        return sums

    def holds(self, page: Page) -> bool:
        """Whether a full page obeys every row."""
        sums = self.sums(page)
        return self.possible and bool(((sums >= self.lo) & (sums <= self.hi)).all())

    def children(self, sums: Ints, slot: int) -> Mask:
        """Which shelves the rows alone do not rule out in `slot` below a prefix with these row sums: (n,)."""
        rows = self.by_slot[slot]
        so_far = sums[rows.index]
        fits = rows.coef >= (rows.floor - so_far)[:, None]
        fits &= rows.coef <= (rows.ceiling - so_far)[:, None]
        fitting: Mask = np.logical_and.reduce(fits, axis=0)
        return fitting

    def exchange(self, sums: Ints, slot: int, old: int, new: int) -> Ints:
        """Row sums after `new` takes the place of `old` in `slot`: (R,)."""
        rows = self.by_slot[slot]
        changed = sums.copy()
        changed[rows.index] += rows.coef[:, new] - rows.coef[:, old]
        return changed

    def extend(self, sums: Ints, slot: int, shelf: int) -> Ints:
        """Row sums after placing `shelf` in `slot`: (R,)."""
        rows = self.by_slot[slot]
        extended = sums.copy()
        extended[rows.index] += rows.coef[:, shelf]
        return extended


def compiled(problem: Problem) -> Compiled:
    """The rows of all rules as arrays, made once per problem.

    They are the rows of the shelves in order of their ids, so that they do not depend on the input order.
    Raises InvalidProblemError when shelves, grid, rules and values do not fit together.
    """
    known = _MEMO.get(problem)
    if known is None:
        _check(problem)
        known = _MEMO[problem] = _compile(problem)
    return known


_MEMO: Final[_Memo] = WeakKeyDictionary()


def id_order(problem: Problem) -> Ints:
    """Shelf indices in order of shelf id: (n,)."""
    ids = [shelf.id for shelf in problem.shelves]
    return np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)


def in_id_order(problem: Problem) -> Problem:
    """The same problem with its shelves in order of their ids; its rows are not made anew."""
    order = id_order(problem)
    if (order[1:] > order[:-1]).all():
        return problem
    shelves = tuple(problem.shelves[s] for s in order.tolist())
    ordered = replace(problem, shelves=shelves, values=problem.values[order])
    _MEMO[ordered] = compiled(problem).permuted(order)
    return ordered


def _compile(problem: Problem) -> Compiled:
    order = id_order(problem)
    shelves = tuple(problem.shelves[s] for s in order.tolist())
    made = _stack(shelves, problem)
    return made if (order[1:] > order[:-1]).all() else made.permuted(np.argsort(order))


def _stack(shelves: tuple[LayoutShelf, ...], problem: Problem) -> Compiled:
    n, size = len(shelves), len(problem.grid.slots)
    owned = [(i, row) for i, rule in enumerate(problem.rules) for row in rule.rows(shelves, problem.grid)]
    coefs, use = _distinct([row for _, row in owned], n)
    slots = np.array([row.slots for _, row in owned], dtype=np.bool_).reshape(-1, size)
    lo = np.array([row.lo for _, row in owned], dtype=np.int64)
    hi = np.array([row.hi for _, row in owned], dtype=np.int64)
    owner = np.array([i for i, _ in owned], dtype=np.int64)
    counted = np.minimum(slots[:, ::-1].cumsum(axis=1)[:, ::-1], n)
    left = np.concatenate([counted, np.zeros((len(slots), 1), np.int64)], axis=1)
    least, most = _reach(coefs, use[:, None], left)
    binding = (least[:, 0] < lo) | (most[:, 0] > hi)
    possible = bool(((most[:, 0] >= lo) & (least[:, 0] <= hi)).all())
    everywhere = slots.all(axis=1)
    kept = np.concatenate([np.flatnonzero(binding & ~everywhere), np.flatnonzero(binding & everywhere)])
    use, lo, hi, slots, owner = use[kept], lo[kept], hi[kept], slots[kept], owner[kept]
    coef, partial = coefs[use], int((binding & ~everywhere).sum())
    by_slot = _by_slot(coef, slots, lo, hi, lo[:, None] - most[kept], hi[:, None] - least[kept])
    others_least, others_most = _reach(coefs, use, np.maximum(left[kept, 0] - 1, 0))
    cells = _cells(coef, slots, lo - others_most, hi - others_least)
    kinds = _kinds(coefs[np.unique(use)])
    return Compiled(coef, slots, lo, hi, owner, partial, by_slot, cells, kinds, possible)


def _by_slot(coef: Ints, slots: Mask, lo: Ints, hi: Ints, floor: Ints, ceiling: Ints) -> tuple[SlotRows, ...]:
    made = []
    for k, counted in enumerate(slots.T):
        at = np.flatnonzero(counted)
        made.append(SlotRows(at, coef[at], lo[at], hi[at], floor[at, k + 1], ceiling[at, k + 1]))
    return tuple(made)


def _cells(coef: Ints, slots: Mask, floor: Ints, ceiling: Ints) -> Mask:
    """Shelf-slot pairs that every row allows: with the shelf there, the other slots can keep the limits."""
    fails = (coef > ceiling[:, None]) | (coef < floor[:, None])
    cells: Mask = fails.astype(np.float32).T @ slots.astype(np.float32) == 0.0
    return cells


def _distinct(rows: list[Row], n: int) -> tuple[Ints, Ints]:
    """Coefficient arrays without repeats (u, n), and which of them each row uses (R,)."""
    place: dict[int, int] = {}
    use = np.array([place.setdefault(id(row.coef), len(place)) for row in rows], dtype=np.int64)
    coefs = list({id(row.coef): row.coef for row in rows}.values())
    return np.array(coefs, dtype=np.int64).reshape(len(coefs), n), use


def _reach(coefs: Ints, use: Ints, count: Ints) -> tuple[Ints, Ints]:
    """The least and the most that `count` different shelves can add up to with coefficients `coefs[use]`."""
    ranked = np.sort(coefs, axis=1)
    least = np.zeros((ranked.shape[0], ranked.shape[1] + 1), dtype=np.int64)
    most = least.copy()
    np.cumsum(ranked, axis=1, out=least[:, 1:])
    np.cumsum(ranked[:, ::-1], axis=1, out=most[:, 1:])
    return least[use, count], most[use, count]


def _kinds(coefs: Ints) -> Ints:
    """A number per shelf, equal exactly where all coefficients are: (n,)."""
    columns = np.ascontiguousarray(coefs.T)
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(column.tobytes(), len(seen)) for column in columns], dtype=np.int64)


def _check(problem: Problem) -> None:
    n, size = len(problem.shelves), len(problem.grid.slots)
    if not size:
        raise InvalidProblemError(f"grid {problem.grid.surface!r} has no slots: give it at least one")
    ids = [shelf.id for shelf in problem.shelves]
    if len(set(ids)) < n:
        twice = next(one for one in ids if ids.count(one) > 1)
        raise InvalidProblemError(
            f"shelf id {twice!r} occurs more than once: give every shelf an id of its own"
        )
    names = [rule.id for rule in problem.rules]
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise InvalidProblemError(
            f"rule id {twice!r} occurs more than once: give every rule an id of its own"
        )
    _check_values(problem.values, n, size)


def _check_values(values: Ints, n: int, size: int) -> None:
    if values.shape != (n, size):
        raise InvalidProblemError(
            f"values have shape {values.shape}: give ({n}, {size}), one per shelf and slot"
        )
    if not np.issubdtype(values.dtype, np.integer):
        raise InvalidProblemError(
            f"values are {values.dtype}: give integers, as layout.objective.page_values makes"
        )
    if int(np.abs(values).max(initial=0)) >= MAX_VALUE:
        raise InvalidProblemError(
            f"values reach {np.abs(values).max()}: keep them below 2^47 so that sums stay exact"
        )


MAX_VALUE: Final = 1 << 47
"""Values are below this, so that a page of 50 slots sums exactly in float64 and int64."""
