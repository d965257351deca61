"""The assignment with rows as a CP-SAT model. The only module that imports ortools.

The model is written straight into the solver's protocol buffer: one Boolean per open cell, one per open
option for "is on the page", which keeps rows over all slots short, one integer per limit of a soft row.
Parameters are tuned for models that a bound has already thinned out: presolve, probing and symmetry detection
cost more there than they save, the linear relaxation with all constraints in it is what proves optimality.
One worker, a fixed seed and a limit in deterministic time make the answer the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

from layout.compiled import Compiled
from layout.errors import SolverError
from layout.rows import NO_LIMIT
from layout.types import Ints, Mask, Page

_NO_BOUND = 1 << 62

SEED = 20240229
_ROW_S = 5e-5
_CELL_S = 6e-8


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
    cells: Mask,
    hint: Page,
    *,
    floor: int,
    deterministic_time: float,
    seconds: float,
) -> Answer:
    """The page of most worth over `cells` (n, K) if it is worth more than `floor`. Raises SolverError."""
    model = _Model(rows, cells, soft=True)
    model.maximise(floor, hint)
    return model.solve(deterministic_time, seconds)


def solve_feasible(
    rows: Compiled, prefix: Page = (), *, deterministic_time: float = 60.0, seconds: float | None = None
) -> Answer:
    """Any page that starts with `prefix` and obeys the hard rows, or the proof that there is none.

    Raises SolverError.
    """
    cells = rows.cells.copy()
    for slot, option in enumerate(prefix):
        only = cells[option, slot]
        cells[rows.group == rows.group[option], :] = False
        cells[:, slot] = False
        cells[option, slot] = only
    return _Model(rows, cells, soft=False).solve(deterministic_time, seconds)


def model_seconds(rows: Compiled, cells: Mask) -> float:
    """About how long it takes to write the model over `cells` (n, K), which no deadline interrupts."""
    return len(rows.lo) * (_ROW_S + _CELL_S * int(cells.sum()))


class _Model:
    def __init__(self, rows: Compiled, cells: Mask, *, soft: bool) -> None:
        self._rows, self._cells = rows, cells
        self._option, self._slot = np.nonzero(cells)
        self._proto = cp_model.CpModel().proto
        self._possible = rows.possible and bool(cells.any(axis=0).all())
        self._paid: list[tuple[int, int]] = []
        if self._possible:
            self._add_variables()
            self._add_assignment()
            self._add_rows(soft)

    def maximise(self, floor: int, hint: Page) -> None:
        """Set the objective, as the minimum of its negative and below −floor, and the hint."""
        objective = self._proto.objective
        objective.vars.extend(range(len(self._option)))
        objective.coeffs.extend((-self._rows.values[self._option, self._slot]).tolist())
        objective.vars.extend(variable for variable, _ in self._paid)
        objective.coeffs.extend(penalty for _, penalty in self._paid)
        objective.scaling_factor = -1.0
        objective.domain.extend((-(1 << 62), -floor - 1))
        on_page = np.array(hint, dtype=np.int64)[self._slot] == self._option
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
            return Answer(None, _NO_BOUND, False, early)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise SolverError(f"CP-SAT refused the model: status {status}")
        proven = status == cp_model.OPTIMAL
        bound = -response.inner_objective_lower_bound  # exact, where the bound in floats is not
        return Answer(self._page(response), bound, proven, early and not proven)

    def _page(self, response: cmh.CpSolverResponse) -> Page:
        chosen = np.flatnonzero(np.array(list(response.solution))[: len(self._option)])
        if len(chosen) != self._rows.size:
            raise SolverError(f"CP-SAT placed {len(chosen)} shelves in {self._rows.size} slots")
        page = np.empty(self._rows.size, dtype=np.int64)
        page[self._slot[chosen]] = self._option[chosen]
        return tuple(page.tolist())

    def _add_variables(self) -> None:
        self._options = np.unique(self._option)
        for _ in range(len(self._option) + len(self._options)):
            self._proto.variables.add().domain.extend((0, 1))
        self._placed = np.full(self._rows.n, -1)
        self._placed[self._options] = len(self._option) + np.arange(len(self._options))

    def _add_assignment(self) -> None:
        cells = np.arange(len(self._option))
        for of_slot in _grouped(self._slot, cells, self._rows.size):
            self._proto.constraints.add().exactly_one.literals.extend(of_slot)
        by_option = _grouped(self._option, cells, self._rows.n)
        for option in self._options.tolist():
            variables = by_option[option]
            self._linear([*variables, int(self._placed[option])], [1] * len(variables) + [-1], 0, 0)
        groups = self._rows.group[self._options]
        for of_shelf in _grouped(groups, self._placed[self._options], self._rows.groups):
            if len(of_shelf) > 1:
                self._proto.constraints.add().at_most_one.literals.extend(of_shelf)

    def _add_rows(self, soft: bool) -> None:
        rows = self._rows
        dense = _dense(rows, self._option, self._slot)
        binding = _binding(rows, dense, self._slot)
        for r in np.flatnonzero(binding & (rows.hard | soft)).tolist():
            variables, coefs = self._terms(dense[r])
            if rows.hard[r]:
                self._linear(variables, coefs, int(rows.lo[r]), int(rows.hi[r]))
            else:
                self._add_soft(variables, coefs, int(rows.lo[r]), int(rows.hi[r]), int(rows.penalty[r]))

    def _terms(self, coef: Ints) -> tuple[list[int], list[int]]:
        """A row's variables and coefficients (cells,): an option that counts alike everywhere as one."""
        first = np.searchsorted(self._option, self._options)
        uniform = np.logical_and.reduceat(coef == np.repeat(coef[first], np.diff([*first, len(coef)])), first)
        whole = np.flatnonzero(uniform & (coef[first] != 0))
        parts = np.flatnonzero(~np.repeat(uniform, np.diff([*first, len(coef)])) & (coef != 0))
        variables = np.concatenate([self._placed[self._options[whole]], parts])
        return variables.tolist(), np.concatenate([coef[first[whole]], coef[parts]]).tolist()

    def _add_soft(self, variables: list[int], coefs: list[int], lo: int, hi: int, penalty: int) -> None:
        """The row with room for what lies below and above its limits, which is paid for."""
        for sign, limit in ((1, lo), (-1, hi)):
            if abs(limit) >= NO_LIMIT:
                continue
            beyond = len(self._proto.variables)
            self._proto.variables.add().domain.extend((0, sum(map(abs, coefs)) + abs(limit)))
            self._paid.append((beyond, penalty))
            bounds = (lo, NO_LIMIT * 2) if sign > 0 else (-NO_LIMIT * 2, hi)
            self._linear([*variables, beyond], [*coefs, sign], *bounds)

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


def _dense(rows: Compiled, option: Ints, slot: Ints) -> Ints:
    """What each of the open cells adds to each row: (R, cells)."""
    dense = np.zeros((len(rows.lo), len(option)), dtype=np.int64)
    cell = option * rows.size + slot
    counts = rows.ptr[cell + 1] - rows.ptr[cell]
    column = np.repeat(np.arange(len(cell)), counts)
    within = np.arange(len(column)) - np.repeat(np.cumsum(counts) - counts, counts)
    entry = np.repeat(rows.ptr[cell], counts) + within
    dense[rows.row[entry], column] = rows.coef[entry]
    return dense


def _binding(rows: Compiled, dense: Ints, slot: Ints) -> Mask:
    """Rows that some choice of one open cell per slot could break: (R,)."""
    order = np.argsort(slot, kind="stable")
    first = np.searchsorted(slot[order], np.arange(rows.size))
    least = np.minimum.reduceat(dense[:, order], first, axis=1).sum(axis=1)
    most = np.maximum.reduceat(dense[:, order], first, axis=1).sum(axis=1)
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
