"""Local search: make a feasible page better one replacement or swap at a time."""

from __future__ import annotations

import numpy as np

from layout.compiled import Compiled
from layout.moves import replacements, swaps
from layout.types import Ints, Page

_NEVER = -(1 << 62)


def improve(rows: Compiled, values: Ints, page: Page, steps: int = 60) -> Page:
    """The page after up to `steps` best improving moves; feasible when `page` is.

    A move puts an unplaced shelf in a slot or lets two slots change places. The best move is taken each
    time, the first in slot and shelf order among equals, until none gains.
    """
    current = np.array(page, dtype=np.int64)
    for _ in range(steps):
        sums = rows.sums(tuple(current.tolist()))
        new, gain = _best_replacement(rows, values, current, sums)
        swapped, swap_gain = _best_swap(rows, values, current, sums)
        if max(gain, swap_gain) <= 0:
            break
        current = new if gain >= swap_gain else swapped
    return tuple(current.tolist())


def _best_replacement(rows: Compiled, values: Ints, page: Ints, sums: Ints) -> tuple[Ints, int]:
    gains = values.T - values[page, np.arange(rows.size)][:, None]
    allowed = replacements(rows, page, sums)
    allowed[:, page] = False
    gains = np.where(allowed, gains, _NEVER)
    slot, shelf = np.unravel_index(int(np.argmax(gains)), gains.shape)
    better = page.copy()
    better[slot] = shelf
    return better, int(gains[slot, shelf])


def _best_swap(rows: Compiled, values: Ints, page: Ints, sums: Ints) -> tuple[Ints, int]:
    here = values[page]
    own = here.diagonal()
    gains = np.where(swaps(rows, page, sums), here + here.T - own[:, None] - own, _NEVER)
    first, second = np.unravel_index(int(np.argmax(gains)), gains.shape)
    better = page.copy()
    better[[first, second]] = page[[second, first]]
    return better, int(gains[first, second])
