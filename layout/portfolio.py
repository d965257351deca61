"""A few good pages that differ: a portfolio to draw one from."""

from __future__ import annotations

from typing import Final

import numpy as np

from layout.compiled import compiled
from layout.errors import InvalidProblemError
from layout.lookahead import LookAhead
from layout.types import Mask, Page, Problem

_STEPS: Final = 6


def portfolio(
    problem: Problem, page: Page, size: int, least_value: int | None = None
) -> tuple[tuple[Page, ...], tuple[int, ...]]:
    """At most `size` feasible pages that differ, `page` first, and what each is worth less what it pays.

    Each further page has an option in a slot where no page before has it, slots in turn and spread over the
    page: the most valuable such option that can come below the first page's beginning, completed and then
    improved by local search as long as that slot stays new. The pages are good, not the best ones there are:
    which pages are second best is the same kind of problem as the best page, `size` times over, and near
    copies of it teach little. Deterministic; fewer pages come back where no other differs so. With
    `least_value` every page is worth that much (see `LookAhead`).

    Raises InvalidProblemError for a `page` that is not feasible, or a `size` below 1.
    """
    if size < 1:
        raise InvalidProblemError(f"size = {size}: a portfolio has at least the page itself")
    look = LookAhead(problem, page, least_value)
    look.along(page)
    taken = np.zeros((len(problem.shelves), len(page)), dtype=np.bool_)
    pages = [page]
    for number in range(size - 1):
        _take(taken, pages[-1])
        other = _other(problem, look, page, taken, number * len(page) // (size - 1))
        if other is None:
            break
        pages.append(other)
    rows = compiled(problem)
    return tuple(pages), tuple(rows.worth(rows.inward(one)) for one in pages)


def _take(taken: Mask, page: Page) -> None:
    taken[list(page), np.arange(len(page))] = True


def _other(problem: Problem, look: LookAhead, page: Page, taken: Mask, first: int) -> Page | None:
    """A page with a cell that is not `taken` (n, K), in the `first` slot or the next where there is one."""
    for step in range(len(page)):
        slot = (first + step) % len(page)
        fresh = np.flatnonzero(look.supported(page[:slot]) & ~taken[:, slot])
        if len(fresh):
            option = int(fresh[_best(problem, fresh.tolist(), slot)])
            closed = np.zeros_like(taken)
            closed[:, slot] = taken[:, slot]
            return look.improved(look.completion((*page[:slot], option)), _STEPS, closed)
    return None


def _best(problem: Problem, options: list[int], slot: int) -> int:
    """Which of the options is worth most in the slot; of equals the one with the smallest id."""
    return min(
        range(len(options)),
        key=lambda at: (-int(problem.values[options[at], slot]), problem.shelves[options[at]].id),
    )
