"""Other ways to solve a layout problem, each from the rules to a page, for `bench_layout` to compare with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time
from unittest.mock import patch

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

import layout.solve
from layout.compiled import compiled
from layout.completion import completion, ranked
from layout.objective import penalties
from layout.rows import NO_LIMIT, stacked
from layout.types import Floats, Ints, Mask, Page, Problem
from layout.validate import inputs_of, objective_of


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's page, what it is worth, whether the peer proved it best, and the seconds from rules to page.

    `page` is empty when the peer found none in time.
    """

    page: Page
    objective: int
    proven: bool
    seconds: float


_clocks = [perf_counter]


def clock() -> float:
    """Seconds from some moment on, by the clock in use."""
    return _clocks[-1]()


def count_cpu() -> None:
    """Count this process's CPU seconds from now on, here and in our own phases and deadlines."""
    _clocks.append(process_time)
    patch.object(layout.solve, "perf_counter", process_time).start()


Peer = Callable[[Problem, float], Answer]
"""Solves a problem within a number of seconds."""


def textbook(given: Problem, cap: float) -> Answer:
    """CP-SAT as its tutorials show it: the Python API and default parameters."""
    return _with_cpsat(given, cap, cp_model.CpSolver())


def tuned(given: Problem, cap: float) -> Answer:
    """The same model with parameters for small assignments, but without any reduction."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.cp_model_presolve = False
    solver.parameters.linearization_level = 2
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    return _with_cpsat(given, cap, solver)


def highs(given: Problem, cap: float) -> Answer:
    """SciPy's `milp`, which is HiGHS, on the same constraints as sparse matrices."""
    started = clock()
    model = _Linear.of(given)
    cells = len(model.option)
    cost = np.concatenate([-given.values[model.option, model.slot], np.repeat(model.penalty, 2)])
    scale = float(np.abs(cost).max(initial=1.0))
    constraints = [
        LinearConstraint(_indicator(model.slot, cost.size), 1, 1),
        LinearConstraint(_indicator(model.shelf, cost.size), 0, 1),
        *model.limits(cost.size),
    ]
    upper = np.concatenate([np.ones(cells), np.full(2 * len(model.penalty), np.inf)])
    integral = np.concatenate([np.ones(cells), np.zeros(2 * len(model.penalty))])
    found = milp(
        cost / scale,
        constraints=constraints,
        bounds=Bounds(0, upper),
        integrality=integral,
        options={"time_limit": cap, "mip_rel_gap": 0.0},
    )
    seconds = clock() - started
    if found.x is None:
        return Answer((), 0, False, seconds)
    page = _page(np.flatnonzero(found.x[:cells] > 0.5), model, given)
    return Answer(page, objective_of(given, page), found.status == 0, seconds)


def greedy(given: Problem, cap: float) -> Answer:
    """Slot by slot the most valuable option that leaves the page completable; no proof."""
    started = clock()
    rows = compiled(given)
    page = completion(rows, ranked(rows.values))
    seconds = clock() - started
    if page is None:
        return Answer((), 0, False, seconds)
    return Answer(rows.outward(page), rows.worth(page), False, seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Linear:
    """A problem as a plain integer program: a variable per option and allowed slot.

    `entry` (e,) are the coefficients of `row` (e,) on variable `column` (e,); `soft` (s,) are the rows with
    a `penalty` (s,).
    """

    option: Ints
    slot: Ints
    shelf: Ints
    row: Ints
    column: Ints
    entry: Ints
    lo: Ints
    hi: Ints
    soft: Ints
    penalty: Ints

    @classmethod
    def of(cls, given: Problem) -> _Linear:
        inputs = inputs_of(given)
        blocks = [rule.rows(inputs) for rule in given.rules]
        rows = stacked(blocks, inputs.n, inputs.slots)
        price = np.repeat(np.array(penalties(given), np.int64), [len(block.lo) for block in blocks])
        option, slot = np.nonzero(_allowed(given))
        dense = np.zeros((len(rows.lo), len(option)), dtype=np.int64)
        for r, c, w in rows.terms.tolist():
            dense[r] += rows.coefs[c, option] * rows.weights[w, slot]
        row, column = np.nonzero(dense)
        names = sorted({shelf.group for shelf in given.shelves})
        shelf = np.array([names.index(one.group) for one in given.shelves], dtype=np.int64)[option]
        soft = np.flatnonzero(price)
        return cls(option, slot, shelf, row, column, dense[row, column], rows.lo, rows.hi, soft, price[soft])

    def limits(self, variables: int) -> list[LinearConstraint]:
        """The rows, where soft ones with a variable for what lies below and one for what lies above."""
        if not len(self.lo):
            return []
        below = len(self.option) + 2 * np.arange(len(self.soft))
        row = np.concatenate([self.row, self.soft, self.soft])
        column = np.concatenate([self.column, below, below + 1])
        entry = np.concatenate([self.entry, np.ones(len(below)), -np.ones(len(below))])
        matrix = coo_array((entry, (row, column)), shape=(len(self.lo), variables))
        return [LinearConstraint(csr_array(matrix), _open(self.lo), _open(self.hi))]


def _with_cpsat(given: Problem, cap: float, solver: cp_model.CpSolver) -> Answer:
    started = clock()
    model, at = cp_model.CpModel(), _Linear.of(given)
    x = [model.new_bool_var(f"x{i}") for i in range(len(at.option))]
    for k in range(len(given.grid.slots)):
        model.add_exactly_one(x[i] for i in np.flatnonzero(at.slot == k).tolist())
    for shelf in np.unique(at.shelf).tolist():
        model.add_at_most_one(x[i] for i in np.flatnonzero(at.shelf == shelf).tolist())
    worth = [int(given.values[s, k]) * x[i] for i, (s, k) in enumerate(zip(at.option, at.slot, strict=True))]
    price = dict(zip(at.soft.tolist(), at.penalty.tolist(), strict=True))
    for r in range(len(at.lo)):
        mine = at.row == r
        terms = [
            int(c) * x[i] for i, c in zip(at.column[mine].tolist(), at.entry[mine].tolist(), strict=True)
        ]
        if r in price:
            furthest = int(np.abs(at.entry[mine]).sum()) + _limits(at.lo[r], at.hi[r])
            below, above = (model.new_int_var(0, furthest, f"{side}{r}") for side in ("below", "above"))
            worth += [-price[r] * below, -price[r] * above]
            terms += [below, -1 * above]
        model.add_linear_constraint(sum(terms), int(at.lo[r]), int(at.hi[r]))
    model.maximize(sum(worth))
    solver.parameters.max_time_in_seconds = cap
    status = solver.solve(model)
    seconds = clock() - started
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.UNKNOWN):
        raise AssertionError(f"CP-SAT calls the model {solver.status_name(status)}: {model.validate()}")
    if status == cp_model.UNKNOWN:
        return Answer((), 0, False, seconds)
    chosen = np.flatnonzero([solver.boolean_value(one) for one in x])
    page = _page(chosen, at, given)
    return Answer(page, objective_of(given, page), status == cp_model.OPTIMAL, seconds)


def _limits(*limits: np.int64) -> int:
    """The limits of a row added up, of those that it has."""
    return sum(abs(int(one)) for one in limits if abs(one) < NO_LIMIT)


def _page(chosen: Ints, at: _Linear, given: Problem) -> Page:
    page = np.empty(len(given.grid.slots), dtype=np.int64)
    page[at.slot[chosen]] = at.option[chosen]
    return tuple(page.tolist())


def _allowed(given: Problem) -> Mask:
    shown = [shelf.presentation for shelf in given.shelves]
    fits = [
        [not slot.presentations or one in slot.presentations for slot in given.grid.slots] for one in shown
    ]
    return np.array(fits, dtype=np.bool_)


def _indicator(group: Ints, variables: int) -> csr_array:
    shape = (int(group.max()) + 1, variables)
    return csr_array(coo_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=shape))


def _open(limits: Ints) -> Floats:
    open_: Floats = limits.astype(np.float64)
    open_[limits >= NO_LIMIT] = np.inf
    open_[limits <= -NO_LIMIT] = -np.inf
    return open_
