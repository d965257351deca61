"""The linear relaxation and branch and bound on it, against enumeration and against HiGHS."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

import layout.branch
from layout.branch import BranchAndBound
from layout.compiled import Compiled, compiled
from layout.completion import completion, ranked
from layout.cpsat import solve_best
from layout.kernels.simplex.basis import dual_cost, purge
from layout.kernels.simplex.basis import start as slots_alone
from layout.kernels.simplex.dual import dual
from layout.kernels.simplex.program import SOLVED, Basis, Program, program_of
from layout.kernels.simplex.room import room_for
from layout.kernels.simplex.tableau import members_of
from layout.linear import Relaxation
from layout.rows import NO_LIMIT
from layout.solve import effective, solve
from layout.types import Floats, Mask, Page
from tests.layout.instances import presented, problem
from tests.layout.random_rows import feasible_pages, random_problem

LAW = settings(max_examples=150, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10**6)
SLACK = 1e-6
"""Prices are rounded to whole units; this share of the optimum is far above what that can cost."""


def pages_of(seed: int) -> tuple[Compiled, dict[Page, int]]:
    """The rows that a random problem's result solves, and its feasible pages in their terms, if any."""
    made = random_problem(seed)
    result = solve(made, deadline_s=60.0)
    kept = effective(made, result) if result.page else made
    rows = compiled(kept)
    return rows, {rows.inward(page): worth for page, worth in feasible_pages(kept).items()}


@LAW
@given(SEEDS, st.randoms(use_true_random=False))
def test_certificates_hold_for_every_page_at_every_step(seed: int, random: object) -> None:
    rows, pages = pages_of(seed)
    if not pages:
        return
    rng = np.random.default_rng(random.randrange(10**6))  # type: ignore[attr-defined]
    first = rows.cells & (rng.random(rows.cells.shape) < 0.5)
    first[list(next(iter(pages))), np.arange(rows.size)] = True
    node = Relaxation.of(rows, rows.cells, first)
    bound = node.bound()
    slots = np.arange(rows.size)
    assert all(worth + bound.slack[list(page), slots].sum() <= bound.total for page, worth in pages.items())
    node = node.only(np.arange(len(node.slot)))
    for _ in range(4):
        node.solve(int(rng.choice(list(pages.values()))) if rng.random() < 0.5 else None)
        found = node.certificate()
        for page, worth in pages.items():
            chosen = _places(node, page)
            assert (chosen < 0).any() or worth + found.slack[chosen].sum() <= found.total
        if len(node.live) < 2:
            return
        columns = rng.choice(node.live, 1)
        node = node.copy()
        (node.choose if rng.random() < 0.5 else node.drop)(columns)


def _places(node: Relaxation, page: Page) -> np.ndarray:
    """Where the page's cells are among the node's live columns, −1 for those that are not."""
    at = {(node.option[c], node.slot[c]): i for i, c in enumerate(node.live.tolist())}
    return np.array([at.get((option, slot), -1) for slot, option in enumerate(page)])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("few", [False, True])
def test_the_bound_is_the_optimum_of_the_linear_program(seed: int, few: bool) -> None:
    made = presented(seed, 24, 9) if seed % 2 else problem(seed, 40, 12, per_slot=seed % 4 == 0)
    rows = compiled(made)
    page = completion(rows, ranked(rows.values))
    assert page is not None
    first = np.zeros_like(rows.cells)
    first[list(page), np.arange(rows.size)] = True
    bound = Relaxation.of(rows, rows.cells, first if few else None).bound()
    assert bound.total == pytest.approx(_by_highs(rows), rel=SLACK)


@pytest.mark.parametrize("seed", range(4))
def test_constraints_that_do_not_bind_leave_the_basis_and_nothing_else_changes(seed: int) -> None:
    rows = compiled(presented(seed, 24, 9) if seed % 2 else problem(seed, 40, 12))
    program, _ = program_of(
        rows.values, rows.cells, rows.group, rows.groups, rows.ptr, rows.row, rows.coef, rows.lo, rows.hi,
        rows.penalty, NO_LIMIT,
    )  # fmt: skip
    constraints, every = rows.groups + 2 * len(rows.lo), np.arange(len(program.cell))
    basis = room_for(len(every), constraints, 400)
    slots_alone(program, basis, every)
    members, closed = members_of(program, basis, every), np.zeros(len(every), dtype=np.bool_)
    assert dual(program, basis, members, closed, np.inf, 2000)[0] == SOLVED
    held, cost, solution = int(basis.held[0]), dual_cost(program, basis), _solution(basis)
    assert (basis.basic[:held] < constraints).any()
    purge(basis)
    left = int(basis.held[0])
    assert left < held
    assert (basis.basic[:left] >= constraints).all()
    assert dual_cost(program, basis) == pytest.approx(cost)
    assert _solution(basis) == solution
    inverse = basis.inverse[:left, :left].T
    assert np.allclose(inverse @ _matrix(program, basis, rows), np.eye(left))
    assert np.allclose(basis.norm[:left], (inverse**2).sum(axis=1))
    assert dual(program, basis, members, closed, np.inf, 2000) == (SOLVED, 0)


def _solution(basis: Basis) -> dict[int, float]:
    """The columns in the basis with their values."""
    first, held = 2 * len(basis.place), int(basis.held[0])
    pairs = zip(basis.basic[:held].tolist(), basis.x[:held].tolist(), strict=True)
    return {v - first: x for v, x in pairs if v >= first}


def _matrix(program: Program, basis: Basis, rows: Compiled) -> Floats:
    """The basis matrix (M, M), constraints by variables, put together from what these are."""
    constraints, held = len(basis.place), int(basis.held[0])
    columns = np.zeros((rows.size + constraints, held))
    for i, v in enumerate(basis.basic[:held].tolist()):
        if v < 2 * constraints:
            columns[rows.size + v % constraints, i] = 1.0 if v < constraints else -1.0
            continue
        cell = program.cell[v - 2 * constraints]
        columns[program.slot[v - 2 * constraints], i] = 1.0
        columns[rows.size + program.shelf[v - 2 * constraints], i] = 1.0
        for e in range(rows.ptr[cell], rows.ptr[cell + 1]):
            upper = rows.size + rows.groups + 2 * rows.row[e]
            columns[upper, i] = rows.coef[e] / program.scale[rows.row[e]]
            columns[upper + 1, i] = -columns[upper, i]
    at = basis.at[:held]
    matrix: Floats = columns[np.where(at < 0, np.arange(held), rows.size + at)]
    return matrix


@LAW
@given(SEEDS)
def test_a_solution_that_is_not_whole_is_split_within_a_slot(seed: int) -> None:
    made = problem(seed % 1000, 20, 6, per_slot=True)
    rows = compiled(made)
    if not rows.possible:
        return
    node = Relaxation.of(rows, rows.cells)
    columns = node.split()
    column, share = node.shares()
    whole = bool((share > 1.0 - SLACK).all())
    assert (len(columns) == 0) == whole
    if not whole:
        assert set(columns.tolist()) <= set(node.live.tolist())
        assert len(set(node.slot[columns].tolist())) == 1
        assert 0.0 < share[np.isin(column, columns)].sum() < 1.0


def _by_highs(rows: Compiled) -> float:
    """The optimum of the linear program that `Relaxation` describes, by HiGHS on all of it."""
    option, slot = np.nonzero(rows.cells)
    cells, hard = len(option), rows.hard
    dense = np.zeros((len(rows.lo), cells))
    for c, (start, end) in enumerate(pairwise(rows.ptr)):
        at = np.flatnonzero(option * rows.size + slot == c)
        if len(at):
            dense[rows.row[start:end], at[0]] = rows.coef[start:end]
    soft = np.eye(len(rows.lo))[:, ~hard]
    matrix = np.hstack([dense, soft, -soft])
    cost = np.concatenate([-rows.values[option, slot], np.tile(rows.penalty[~hard], 2)]).astype(float)
    shelf = rows.group[option]
    wide = np.zeros((rows.size + rows.groups, len(cost)))
    wide[slot, np.arange(cells)] = 1
    wide[rows.size + shelf, np.arange(cells)] = 1
    floor = np.repeat([1.0, 0.0], [rows.size, rows.groups])
    lo = np.where(rows.lo <= -NO_LIMIT, -np.inf, rows.lo)
    hi = np.where(rows.hi >= NO_LIMIT, np.inf, rows.hi)
    scale = np.abs(cost).max()
    found = milp(
        cost / scale, constraints=[LinearConstraint(wide, floor, 1), LinearConstraint(matrix, lo, hi)]
    )
    assert found.fun is not None
    return float(-found.fun * scale)


@pytest.mark.parametrize("cells", [1, 6])
@LAW
@given(seed=SEEDS)
def test_branch_and_bound_finds_the_best_page_without_enumeration(cells: int, seed: int) -> None:
    rows, pages = pages_of(seed)
    if not pages:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout.branch, "CELLS_TO_ENUMERATE", 0)
        patch.setattr(layout.branch, "_CELLS_PER_SLOT", cells)
        worst = min(pages, key=pages.__getitem__)
        first = np.zeros_like(rows.cells)
        first[list(worst), np.arange(rows.size)] = True
        root = Relaxation.of(rows, rows.cells, first)
        with_root = BranchAndBound(rows, worst, pages[worst], 10_000, 0, lambda: 1.0)
        assert with_root.proves(root.bound(), rows.cells, root)
        alone = BranchAndBound(rows, worst, pages[worst], 10_000, 0, lambda: 1.0)
        assert alone.proves(root.bound(), rows.cells)
    assert with_root.worth == alone.worth == max(pages.values())
    assert pages[with_root.page] == with_root.worth


def test_branching_is_needed_and_agrees_with_the_unreduced_model() -> None:
    nodes = 0
    for seed in (7, 71, 77):
        rows = compiled(problem(seed, per_slot=True))
        page = completion(rows, ranked(rows.values))
        assert page is not None
        first = np.zeros_like(rows.cells)
        first[list(page), np.arange(rows.size)] = True
        root = Relaxation.of(rows, rows.cells, first)
        search = BranchAndBound(rows, page, rows.worth(page), 1_000, 400, lambda: 1.0)
        assert search.proves(root.bound(), rows.cells, root)
        answer = solve_best(rows, rows.cells, page, floor=-(1 << 40), deterministic_time=60.0, seconds=60.0)
        assert answer.proven
        assert search.worth == answer.bound
        nodes += search.nodes
    assert nodes > 3


def test_a_slot_without_a_cell_has_no_page() -> None:
    rows = compiled(problem(0, 20, 5))
    root = Relaxation.of(rows, rows.cells)
    cells: Mask = rows.cells.copy()
    cells[:, 2] = False
    search = BranchAndBound(rows, (), 0, 100, 100, lambda: 1.0)
    assert search.proves(root.bound(), cells)
    assert search.page == ()
