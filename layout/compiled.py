"""A problem as the arrays that every search reads: rows, cells, and what a prefix of a page says.

With T the row sums of a prefix, an option s in the next slot k is impossible as soon as one hard row can no
longer get between its limits: T + its coefficient + the most the slots below can add < lo, or with the
least, > hi. Those margins do not depend on the prefix, so they are worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from layout.errors import InvalidProblemError
from layout.inputs import Inputs
from layout.kernels.assemble import assembled
from layout.kernels.page_sums import net_worth, obeys
from layout.objective import MAX_VALUE, penalties
from layout.rows import NO_LIMIT, Numbers, Rows, none, stacked
from layout.types import Grid, Ints, LayoutShelf, Mask, Page, Problem

MAX_OPTIONS: Final = 1000
"""More candidates than this are a matter for ranking: rows about pairs of options grow with their square."""

_PRICE_BITS: Final = 60


@dataclass(frozen=True, eq=False)
class Compiled:
    """The R rows of a problem that some page could break, over its n options in order of ids and K slots.

    `order` (n,) gives the problem's option for each of them, `values` (n, K) what they are worth. `lo` and
    `hi` (R,) are the rows' limits, `penalty` (R,) what a unit beyond them costs, 0 for hard rows. `cells`
    (n, K) are the option-slot pairs that no single hard row rules out; cell (s, k) adds `coef[e]` to row
    `row[e]` for e in `ptr[sK + k]` .. `ptr[sK + k + 1]`. `floor` and `ceiling` (R, K + 1) are the sums a row
    may have before slot k for its limits to stay within reach.
    `slot_row` lists the hard rows that count slot k at `slot_ptr[k]` .. `slot_ptr[k + 1]`. `group` (n,)
    numbers the shelves that the options show. `possible` is False when no page can obey some row, `partial`
    True when the rows let in pages that the rules forbid (`layout.growing`).
    """

    order: Ints
    values: Ints
    lo: Ints
    hi: Ints
    penalty: Ints
    cells: Mask
    ptr: Ints
    row: Ints
    coef: Ints
    floor: Ints
    ceiling: Ints
    slot_ptr: Ints
    slot_row: Ints
    group: Ints
    possible: bool
    partial: bool

    @property
    def n(self) -> int:
        """Number of options."""
        return int(self.cells.shape[0])

    @property
    def size(self) -> int:
        """Number of slots, K."""
        return int(self.cells.shape[1])

    @cached_property
    def groups(self) -> int:
        """Number of shelves, G."""
        return int(self.group.max(initial=-1)) + 1

    @cached_property
    def hard(self) -> Mask:
        """The rows that a page must obey: (R,)."""
        hard: Mask = self.penalty == 0
        return hard

    @cached_property
    def price_limit(self) -> Ints:
        """The largest price of each row: (R,)."""
        return np.where(self.hard, self.cap, np.minimum(self.penalty, self.cap))

    @cached_property
    def kinds(self) -> Ints:
        """A number per option, equal only where no row and no presentation tells two options apart: (n,).

        Their shelves' other options are alike as well, so that the shelves can change places on any page.
        """
        each = [self._signature(s) for s in range(self.n)]
        shelves: list[list[bytes]] = [[] for _ in range(self.groups)]
        for s, g in enumerate(self.group.tolist()):
            shelves[g].append(each[s])
        whole = [tuple(sorted(signatures)) for signatures in shelves]
        place: dict[tuple[bytes, tuple[bytes, ...]], int] = {}
        keys = zip(each, self.group.tolist(), strict=True)
        return np.array([place.setdefault((one, whole[g]), len(place)) for one, g in keys], dtype=np.int64)

    @cached_property
    def cap(self) -> int:
        """The largest price of a row for which bounds still add up in int64."""
        counts = np.diff(self.ptr)
        per_page = 2 * self.size * int(counts.max(initial=1)) + 2 * len(self.lo) + 1
        bits = min(_PRICE_BITS - per_page.bit_length(), MAX_VALUE.bit_length())
        limits = np.abs(np.concatenate([self.lo, self.hi]))
        largest_limit = int(limits.max(where=limits < NO_LIMIT, initial=1))
        largest = max(int(np.abs(self.coef).max(initial=1)), largest_limit)
        return max(1, (1 << max(bits, 0)) // largest)

    def holds(self, page: Page) -> bool:
        """Whether a full page takes open cells, no shelf twice, and obeys every hard row."""
        if not self.possible or len(page) != self.size:
            return False
        entries = (self.ptr, self.row, self.coef, self.lo, self.hi, self.penalty)
        return bool(obeys(np.array(page, dtype=np.int64), self.cells, self.group, *entries))

    def worth(self, page: Page) -> int:
        """The value of a full page less what it pays for soft rows."""
        entries = (self.ptr, self.row, self.coef, self.lo, self.hi, self.penalty)
        return int(net_worth(np.array(page, dtype=np.int64), self.values, *entries))

    def inward(self, page: Page) -> Page:
        """A page of the problem's options as one of the options in order of ids."""
        return tuple(self._place[list(page)].tolist())

    def outward(self, page: Page) -> Page:
        """A page of the options in order of ids as one of the problem's options."""
        return tuple(self.order[list(page)].tolist())

    @cached_property
    def _place(self) -> Ints:
        return np.argsort(self.order)

    def _signature(self, s: int) -> bytes:
        start, end = self.ptr[s * self.size], self.ptr[(s + 1) * self.size]
        counts = np.diff(self.ptr[s * self.size : (s + 1) * self.size + 1])
        parts = (self.cells[s], counts, self.row[start:end], self.coef[start:end])
        return b"".join(part.tobytes() for part in parts)


def compiled(problem: Problem) -> Compiled:
    """The problem's arrays, made once per problem.

    Raises InvalidProblemError when shelves, grid, rules and values do not fit together.
    """
    known = _MEMO.get(problem)
    if known is None:
        _check(problem)
        known = _MEMO[problem] = _compile(problem)
    return known


_MEMO: Final[WeakKeyDictionary[Problem, Compiled]] = WeakKeyDictionary()


def _compile(problem: Problem) -> Compiled:
    ids = [shelf.id for shelf in problem.shelves]
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    inputs = Inputs.of(problem).ordered(order)
    return _assemble(problem, inputs, order, *_rows_of(problem, inputs))


def _rows_of(problem: Problem, inputs: Inputs) -> tuple[Rows, Ints]:
    """All rows, and what a unit beyond the limits of each costs (m,)."""
    blocks = [rule.rows(inputs) if inputs.n else none(0, inputs.slots) for rule in problem.rules]
    counts = [len(block.lo) for block in blocks]
    return (
        stacked(blocks, inputs.n, inputs.slots),
        np.repeat(np.array(penalties(problem, blocks), dtype=np.int64), counts),
    )


def _assemble(problem: Problem, inputs: Inputs, order: Ints, rows: Rows, penalty: Ints) -> Compiled:
    allowed = _allowed(inputs.shelves, problem.grid)
    kept, cells, *entries, floor, ceiling, slot_ptr, slot_row, met = assembled(
        _in_order(rows.coefs), _in_order(rows.weights), rows.terms, rows.lo, rows.hi, penalty, allowed
    )
    ptr, row, coef = entries
    return Compiled(
        order,
        np.ascontiguousarray(problem.values[order], dtype=np.int64),
        rows.lo[kept],
        rows.hi[kept],
        penalty[kept],
        cells,
        ptr,
        row,
        coef,
        floor,
        ceiling,
        slot_ptr,
        slot_row,
        _numbered(inputs.groups),
        met and bool(cells.any(axis=0).all()),
        rows.partial,
    )


def _allowed(shelves: tuple[LayoutShelf, ...], grid: Grid) -> Mask:
    """Which slots can hold each option's presentation: (n, K)."""
    if not any(slot.presentations for slot in grid.slots):
        return np.ones((len(shelves), len(grid.slots)), dtype=np.bool_)
    names = {shelf.presentation for shelf in shelves}
    open_to = {
        name: [not slot.presentations or name in slot.presentations for slot in grid.slots] for name in names
    }
    allowed = np.array([open_to[shelf.presentation] for shelf in shelves], dtype=np.bool_)
    return allowed.reshape(len(shelves), len(grid.slots))


def _in_order(numbers: Numbers) -> Ints:
    """The numbers row by row, the one order that kernels are compiled for: a rule may give another."""
    return np.ascontiguousarray(numbers, dtype=np.int64)


def _numbered(names: list[str]) -> Ints:
    place: dict[str, int] = {}
    return np.array([place.setdefault(name, len(place)) for name in names], dtype=np.int64)


def _check(problem: Problem) -> None:
    grid = problem.grid
    if len(problem.shelves) > MAX_OPTIONS:
        raise InvalidProblemError(
            f"{len(problem.shelves)} options are too many: rank them first and give at most {MAX_OPTIONS}"
        )
    if not grid.slots:
        raise InvalidProblemError(f"grid {grid.surface!r} has no slots: give it at least one")
    _distinct("shelf", [shelf.id for shelf in problem.shelves])
    _distinct("rule", [rule.id for rule in problem.rules])
    _check_presentations(problem)
    _check_values(problem.values, len(problem.shelves), len(grid.slots))


def _distinct(what: str, ids: list[str]) -> None:
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise InvalidProblemError(
            f"{what} id {twice!r} occurs more than once: give every {what} an id of its own"
        )


def _check_presentations(problem: Problem) -> None:
    known = problem.grid.presentations
    used = {name: f"shelf {shelf.id!r}" for shelf in problem.shelves if (name := shelf.presentation)}
    used |= {name: "a slot" for slot in problem.grid.slots for name in slot.presentations}
    for name, where in used.items():
        if name not in known:
            raise InvalidProblemError(
                f"presentation {name!r} of {where} is unknown: "
                f"grid {problem.grid.surface!r} has {', '.join(sorted(known)) or 'none'}"
            )


def _check_values(values: Ints, n: int, size: int) -> None:
    if values.shape != (n, size):
        raise InvalidProblemError(
            f"values have shape {values.shape}: give ({n}, {size}), one per shelf and slot"
        )
    if not np.issubdtype(values.dtype, np.integer):
        raise InvalidProblemError(
            f"values are {values.dtype}: give integers, as layout.objective.page_values makes"
        )
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if low <= -MAX_VALUE or high >= MAX_VALUE:
        raise InvalidProblemError(
            f"values reach from {low} to {high}: keep them within 2^47 so that sums stay exact"
        )
