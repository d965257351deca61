"""The exact question behind relaxation and look-ahead: is there a page that starts like this?"""

from __future__ import annotations

from typing import Final

import numpy as np

from layout.compiled import Compiled
from layout.cpsat import solve_feasible
from layout.errors import SolverError
from layout.kernels.support import FOUND, OUT_OF_NODES, dive
from layout.types import Ints, Page

_FEW: Final = 100


def completion(
    rows: Compiled, order: Ints, prefix: Page = (), nodes: int = 2000, *, deterministic_time: float = 60.0
) -> Page | None:
    """A feasible page that starts with `prefix`, or None when there is none.

    A dive that tries options in `order` (K, n) settles nearly all cases, a short one most; when a long one
    runs out of `nodes`, CP-SAT proves the answer. Raises SolverError when even the solver cannot tell within
    `deterministic_time`.
    """
    if not rows.possible:
        return None
    ended, page = _dive(rows, order, prefix, np.arange(rows.n), _FEW)
    if ended == OUT_OF_NODES:
        ended, page = _dive(rows, order, prefix, rows.kinds, nodes)
    if ended != OUT_OF_NODES:
        return tuple(page.tolist()) if ended == FOUND else None
    answer = solve_feasible(rows, prefix, deterministic_time=deterministic_time)
    if answer.page is None and not answer.proven:
        raise SolverError("CP-SAT could not tell whether a page is feasible within its deterministic limit")
    return answer.page


def dived(rows: Compiled, order: Ints) -> Page | None:
    """The page that a short dive finds, trying options in `order` (K, n); None when it finds none."""
    ended, page = _dive(rows, order, (), np.arange(rows.n), _FEW)
    return tuple(page.tolist()) if ended == FOUND else None


def _dive(rows: Compiled, order: Ints, prefix: Page, kinds: Ints, nodes: int) -> tuple[int, Ints]:
    return dive(
        order,
        rows.cells,
        rows.ptr,
        rows.row,
        rows.coef,
        rows.floor,
        rows.ceiling,
        rows.slot_ptr,
        rows.slot_row,
        rows.group,
        kinds,
        np.array(prefix, dtype=np.int64),
        nodes,
    )


def ranked(wish: Ints) -> Ints:
    """The options in each slot in order of what is wished for there (n, K), best first: (K, n)."""
    return np.ascontiguousarray(np.argsort(-wish.T, axis=1, kind="stable"))
