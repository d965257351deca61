"""The assignment with rows as a CP-SAT model. The only module that imports ortools.

The model is written straight into the solver's protocol buffer: one Boolean per open cell, one per open shelf
for "is on the page", which keeps rows over all slots short. Parameters are tuned for models that a bound has
already thinned out: presolve, probing and symmetry detection cost more there than they save, the linear
relaxation with all constraints in it is what proves optimality. One worker, a fixed seed and a limit in
deterministic time make the answer the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

from layout.compiled import Compiled
from layout.errors import SolverError
from layout.types import Ints, Mask, Page

SEED = 20240229


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver said.

    `page` is None when it found none, and then `proven` says that there is none to find. Otherwise `proven`
    says that no page over the given cells is worth more. `bound` is an upper bound over them.
    `cut_by_clock` tells a wall-clock stop from the reproducible stop at the deterministic limit.
    """

    page: Page | None
    bound: int
    proven: bool
    cut_by_clock: bool


def solve_best(
    rows: Compiled,
    values: Ints,
    cells: Mask,
    hint: Page,
    *,
    floor: int,
    deterministic_time: float,
    seconds: float,
) -> Answer:
    """The page of most value over `cells` (n, K) if it is worth more than `floor`. Raises SolverError."""
    model = _Model(rows, cells)
    model.maximise(values, floor, hint)
    return model.solve(deterministic_time, seconds)


def solve_feasible(rows: Compiled, prefix: Page = (), *, deterministic_time: float = 60.0) -> Answer:
    """Any page that starts with `prefix` and obeys the rows, or the proof that there is none.

    Raises SolverError.
    """
    cells = rows.cells.copy()
    for slot, shelf in enumerate(prefix):
        only = cells[shelf, slot]
        cells[shelf, :] = False
        cells[:, slot] = False
        cells[shelf, slot] = only
    return _Model(rows, cells).solve(deterministic_time, None)


class _Model:
    def __init__(self, rows: Compiled, cells: Mask) -> None:
        self._rows = rows
        self._shelf, self._slot = np.nonzero(cells)
        self._proto = cp_model.CpModel().proto
        self._possible = rows.possible and bool(cells.any(axis=0).all())
        if self._possible:
            self._add_variables()
            self._add_assignment()
            self._add_rows(cells)

    def maximise(self, values: Ints, floor: int, hint: Page) -> None:
        """Set the objective, as the minimum of its negative and below −floor, and the hint."""
        objective = self._proto.objective
        objective.vars.extend(range(len(self._shelf)))
        objective.coeffs.extend((-values[self._shelf, self._slot]).tolist())
        objective.scaling_factor = -1.0
        objective.domain.extend((-(1 << 62), -floor - 1))
        on_page = np.array(hint, dtype=np.int64)[self._slot] == self._shelf
        self._proto.solution_hint.vars.extend(range(len(on_page)))
        self._proto.solution_hint.values.extend(on_page.astype(np.int64).tolist())

    def solve(self, deterministic_time: float, seconds: float | None) -> Answer:
        """Run the solver within both limits."""
        if not self._possible:
            return Answer(None, 0, True, False)
        wrapper = cmh.SolveWrapper()
        wrapper.set_parameters(_parameters(deterministic_time, seconds))
        try:
            response = wrapper.solve(self._proto)  # type: ignore[no-untyped-call]
        except Exception as error:  # the library's own exceptions are not documented
            raise SolverError(f"CP-SAT raised {type(error).__name__}: {error}") from error
        return self._answer(response, deterministic_time)

    def _answer(self, response: cmh.CpSolverResponse, deterministic_time: float) -> Answer:
        status = response.status
        if status == cp_model.INFEASIBLE:
            return Answer(None, 0, True, False)
        early = response.deterministic_time < deterministic_time
        if status == cp_model.UNKNOWN:
            return Answer(None, 0, False, early)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise SolverError(f"CP-SAT refused the model: status {status}")
        proven = status == cp_model.OPTIMAL
        bound = round(response.best_objective_bound)
        return Answer(self._page(response), bound, proven, early and not proven)

    def _page(self, response: cmh.CpSolverResponse) -> Page:
        chosen = np.flatnonzero(np.array(list(response.solution))[: len(self._shelf)])
        if len(chosen) != self._rows.size:
            raise SolverError(f"CP-SAT placed {len(chosen)} shelves in {self._rows.size} slots")
        page = np.empty(self._rows.size, dtype=np.int64)
        page[self._slot[chosen]] = self._shelf[chosen]
        return tuple(page.tolist())

    def _add_variables(self) -> None:
        self._shelves = np.unique(self._shelf)
        for _ in range(len(self._shelf) + len(self._shelves)):
            self._proto.variables.add().domain.extend((0, 1))
        self._placed = np.full(self._rows.n, -1)
        self._placed[self._shelves] = len(self._shelf) + np.arange(len(self._shelves))

    def _add_assignment(self) -> None:
        for cells in _grouped(self._slot, np.arange(len(self._slot)), self._rows.size):
            self._proto.constraints.add().exactly_one.literals.extend(cells)
        by_shelf = _grouped(self._shelf, np.arange(len(self._shelf)), self._rows.n)
        for shelf in self._shelves.tolist():
            cells = by_shelf[shelf]
            self._linear([*cells, int(self._placed[shelf])], [1] * len(cells) + [-1], 0, 0)

    def _add_rows(self, cells: Mask) -> None:
        rows = self._rows
        binding = _binding(rows, cells)
        everywhere = np.logical_and.reduce(rows.slots, axis=1)
        whole, partial = np.flatnonzero(binding & everywhere), np.flatnonzero(binding & ~everywhere)
        self._add(whole, rows.coef[whole][:, self._shelves], self._placed[self._shelves])
        counted = rows.coef[partial][:, self._shelf] * rows.slots[partial][:, self._slot]
        self._add(partial, counted, np.arange(len(self._shelf)))

    def _add(self, which: Ints, coef: Ints, variables: Ints) -> None:
        """The rows `which` (r,) with coefficients (r, v) over `variables` (v,)."""
        row, column = np.nonzero(coef)
        terms = _grouped(row, variables[column], len(which))
        coefs = _grouped(row, coef[row, column], len(which))
        limits = zip(self._rows.lo[which].tolist(), self._rows.hi[which].tolist(), strict=True)
        for term, values, (lo, hi) in zip(terms, coefs, limits, strict=True):
            self._linear(term, values, lo, hi)

    def _linear(self, variables: list[int], coefs: list[int], lo: int, hi: int) -> None:
        linear = self._proto.constraints.add().linear
        linear.vars.extend(variables)
        linear.coeffs.extend(coefs)
        linear.domain.extend((lo, hi))


def _grouped(group: Ints, values: Ints, groups: int) -> list[list[int]]:
    """The `values` (m,) of each group 0..groups − 1, given the `group` (m,) that each belongs to."""
    order = np.argsort(group, kind="stable")
    flat = values[order].tolist()
    ends = np.cumsum(np.bincount(group, minlength=groups)).tolist()
    return [flat[start:end] for start, end in pairwise([0, *ends])]


def _binding(rows: Compiled, cells: Mask) -> Mask:
    """Rows that some choice of one open cell per slot could break: (R,)."""
    least = np.zeros(len(rows.lo), dtype=np.int64)
    most = least.copy()
    for slot, counted in enumerate(rows.by_slot):
        coef = counted.coef[:, cells[:, slot]]
        least[counted.index] += coef.min(axis=1)
        most[counted.index] += coef.max(axis=1)
    binding: Mask = (least < rows.lo) | (most > rows.hi)
    return binding


def _parameters(deterministic_time: float, seconds: float | None) -> cmh.SatParameters:
    chosen = cmh.SatParameters()
    chosen.num_workers = 1
    chosen.random_seed = SEED
    chosen.cp_model_presolve = False
    chosen.linearization_level = 2
    chosen.cp_model_probing_level = 0
    chosen.symmetry_level = 0
    chosen.max_deterministic_time = deterministic_time
    if seconds is not None:
        chosen.max_time_in_seconds = seconds
    return chosen
