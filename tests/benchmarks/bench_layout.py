"""Layout against the same model written the textbook way: `python -m tests.benchmarks.bench_layout`.

Both sides solve the same seeded problems of 60 shelves on 12 slots with a rulebook of thirteen rules, from
the rules to a page. The textbook side builds a CP-SAT model with the Python API, a Boolean per shelf and slot
and a constraint per row, and solves it with default parameters; it is cut off after `--cap` seconds. Wherever
both prove their page best, the values must be equal; no textbook page may be worth more than a proven one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from ortools.sat.python import cp_model
from rich.console import Console
from rich.table import Table

from layout.lookahead import LookAhead
from layout.solve import solve
from layout.types import Page, Problem, Result, Status
from layout.validate import violations
from tests.layout.instances import problem

_Sample = list[float]


@dataclass(frozen=True, slots=True)
class Textbook:
    """What the textbook model gave: its page's value, whether proven best, and seconds."""

    objective: int
    proven: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Ours:
    """What `layout` gave on one problem, and the seconds that it and its look-ahead took."""

    result: Result
    seconds: float
    anchor: float
    sampled: float


def textbook(given: Problem, cap: float) -> Textbook:
    """Solve with the CP-SAT Python API and default parameters."""
    started = perf_counter()
    model = cp_model.CpModel()
    shelves, slots = range(len(given.shelves)), range(len(given.grid.slots))
    x = {(s, k): model.new_bool_var(f"x_{s}_{k}") for s in shelves for k in slots}
    for k in slots:
        model.add_exactly_one(x[s, k] for s in shelves)
    for s in shelves:
        model.add_at_most_one(x[s, k] for k in slots)
    for rule in given.rules:
        for row in rule.rows(given.shelves, given.grid):
            counted = [k for k in slots if row.slots[k]]
            total = sum(int(row.coef[s]) * x[s, k] for s in shelves if row.coef[s] for k in counted)
            model.add_linear_constraint(total, row.lo, row.hi)
    model.maximize(sum(int(given.values[s, k]) * x[s, k] for s in shelves for k in slots))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = cap
    status = solver.solve(model)
    return Textbook(round(solver.objective_value), status == cp_model.OPTIMAL, perf_counter() - started)


def ours(make: Callable[[], Problem], rng: np.random.Generator) -> Ours:
    """Solve, and look ahead along the page and a sampled path, on a problem that nothing has seen yet."""
    given = make()
    started = perf_counter()
    result = solve(given, deadline_s=10.0)
    seconds = perf_counter() - started
    if violations(given, result.page):
        raise AssertionError(f"invalid page: {violations(given, result.page)}")
    return Ours(result, seconds, _anchor(given, result.page), _sampled(given, result.page, rng))


def _anchor(given: Problem, page: Page) -> float:
    started = perf_counter()
    look = LookAhead(given, page)
    for k in range(len(page)):
        look.supported(page[:k])
    return perf_counter() - started


def _sampled(given: Problem, page: Page, rng: np.random.Generator) -> float:
    """Masks along a uniformly drawn path and nothing else."""
    started = perf_counter()
    look, prefix = LookAhead(given, page), tuple[int, ...]()
    for _ in range(len(page)):
        prefix = (*prefix, int(rng.choice(np.flatnonzero(look.supported(prefix)))))
    return perf_counter() - started


def _check(mine: Ours, theirs: Textbook) -> None:
    if mine.result.status is Status.OPTIMAL and theirs.objective > mine.result.objective:
        raise AssertionError(f"the textbook page is worth {theirs.objective}, ours {mine.result.objective}")
    if mine.result.status is Status.OPTIMAL and theirs.proven and theirs.objective != mine.result.objective:
        raise AssertionError(f"proven optima differ: {theirs.objective} and {mine.result.objective}")


def _times(table: Table, name: str, seconds: _Sample, reference: _Sample | None = None) -> None:
    median, tail = (float(np.percentile(seconds, q)) * 1e3 for q in (50, 99))
    ratio = "" if reference is None else f"{float(np.percentile(reference, 50)) * 1e3 / median:,.0f} ×"
    table.add_row(name, f"{median:,.2f}", f"{tail:,.2f}", ratio)


def _print(mine: list[Ours], theirs: list[Textbook]) -> None:
    table = Table("60 shelves × 12 slots", "p50 ms", "p99 ms", "ratio of p50", title="Layout")
    reference = [one.seconds for one in theirs]
    if theirs:
        _times(table, "CP-SAT, textbook model, default parameters", reference)
    _times(table, "layout.solve", [one.seconds for one in mine], reference or None)
    for phase in ("compile", "greedy", "bound", "improve", "cpsat"):
        _times(table, f"  of which {phase}", [one.result.seconds.get(phase, 0.0) for one in mine])
    _times(table, "look-ahead, every mask along the page", [one.anchor for one in mine])
    _times(table, "look-ahead, every mask along a drawn path", [one.sampled for one in mine])
    proofs = Table("answer", "share", title="What proves our pages")
    counts = Counter(f"{one.result.status}: {one.result.proof}" for one in mine)
    for name, count in counts.most_common():
        proofs.add_row(name, f"{count / len(mine):.0%}")
    console = Console()
    console.print(table, proofs)
    if theirs:
        console.print(f"textbook proven within its cap: {np.mean([one.proven for one in theirs]):.0%}")
        console.print(
            "values equal wherever both are proven; no textbook page is worth more than a proven one"
        )


def main() -> None:
    """Run the benchmark and print its tables. Raises AssertionError when the two sides disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=200, help="how many problems we solve")
    parser.add_argument(
        "--textbook", type=int, default=10, help="how many of them the textbook model solves too"
    )
    parser.add_argument(
        "--cap", type=float, default=20.0, help="seconds after which the textbook model is cut off"
    )
    parser.add_argument("--crowding", type=float, default=1.0, help="above 1, shelves share more items")
    chosen = parser.parse_args()

    def make(seed: int) -> Problem:
        return problem(seed, per_slot=seed % 2 == 1, crowding=chosen.crowding)

    rng = np.random.default_rng(0)
    ours(lambda: make(0), rng)
    mine = [ours(lambda seed=seed: make(seed), rng) for seed in range(chosen.problems)]  # type: ignore[misc]
    theirs = [textbook(make(seed), chosen.cap) for seed in range(min(chosen.textbook, chosen.problems))]
    for one, other in zip(mine, theirs, strict=False):
        _check(one, other)
    _print(mine, theirs)


if __name__ == "__main__":
    main()
