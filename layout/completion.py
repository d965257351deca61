"""The exact question behind relaxation and look-ahead: is there a page that starts like this?"""

from __future__ import annotations

from layout.compiled import Compiled
from layout.cpsat import solve_feasible
from layout.errors import SolverError
from layout.greedy import dive
from layout.types import Ints, Page


def completion(rows: Compiled, wish: Ints, prefix: Page = (), nodes: int = 150) -> Page | None:
    """A feasible page that starts with `prefix`, or None when there is none.

    A dive that prefers shelves by `wish` (n, K) settles nearly all cases; when it runs out of `nodes`, CP-SAT
    proves the answer. Raises SolverError when even the solver cannot tell.
    """
    found = dive(rows, wish, prefix, nodes)
    if found.page is not None or found.exhausted:
        return found.page
    answer = solve_feasible(rows, prefix)
    if answer.page is None and not answer.proven:
        raise SolverError("CP-SAT could not tell whether a page is feasible within its deterministic limit")
    return answer.page
