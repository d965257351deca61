"""An upper bound on every page, by Lagrangian relaxation of the rows, and the cells it rules out.

With a price λ ≥ 0 on each limit A x ≤ b, max{v·x : x a page, A x ≤ b} ≤ λ·b + max{(v − λA)·x : x a page},
and the right-hand maximum is an assignment problem. Prices come from Polyak's subgradient steps towards the
value of a known page (Held, Wolfe and Crowder 1974) in floating point; whatever they are, the bound is then
evaluated in integers, so that rounding can weaken it but never make it wrong.

An optimal assignment has dual prices too: w for slots and u = max(0, maxₖ(v' − w)) for shelves. A page with
shelf s in slot k is worth at most bound − slack[s, k], with slack[s, k] = u[s] + w[k] − v'[s, k] ≥ 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from layout.compiled import Compiled
from layout.rules.base import NO_LIMIT
from layout.types import Ints, Mask, Page

_Floats = NDArray[np.float64]
_PATIENCE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """No page is worth more than `total`, and none with shelf s in slot k more than `total` − `slack[s, k]`.

    `slack` is (n, K), in units of the values, and enormous where a row forbids the cell. `priced` is False
    when the assignment alone, without any price on a row, gave the bound. `page` is the best page met on the
    way that obeys every row, if it is worth more than the target.
    """

    total: int
    slack: Ints
    priced: bool
    page: Page | None


@dataclass(frozen=True, slots=True, eq=False)
class _Limits:
    """All one-sided limits A x ≤ b: coefficients (m, n), counted slots (m, K), right-hand sides (m,)."""

    coef: _Floats
    slots: _Floats
    right: _Floats

    def charge(self, prices: _Floats) -> _Floats:
        """λA by shelf and slot: (n, K)."""
        used = np.flatnonzero(prices)
        charge: _Floats = (self.coef[used] * prices[used, None]).T @ self.slots[used]
        return charge

    def excess(self, page: Ints) -> _Floats:
        """A x − b for a page (K,): (m,)."""
        used: _Floats = np.einsum("mk,mk->m", self.coef[:, page], self.slots)
        return used - self.right


def upper_bound(rows: Compiled, values: Ints, target: int, steps: int) -> Bound:
    """The best bound found in `steps` price updates, aiming at `target`, the value of a known feasible page.

    `values` (n, K) and `target` are in the same units.
    """
    limits = _limits(rows)
    blocked, slots, found = ~rows.cells, np.arange(rows.size), None
    prices = np.zeros(len(limits.right))
    best, best_prices, stale, pace = np.inf, prices, 0, 1.0
    for _ in range(steps):
        cost = limits.charge(prices) - values
        cost[blocked] = _BLOCKED
        page = linear_sum_assignment(cost.T)[1]
        total = float(prices @ limits.right) - float(cost[page, slots].sum())
        stale = 0 if total < best - 1e-7 * abs(best - target) else stale + 1
        if total < best:
            best, best_prices = total, prices
        excess = limits.excess(page)
        worth = int(values[page, slots].sum())
        if worth > target and excess.max(initial=0.0) <= 0.0:
            target, found = worth, tuple(page.tolist())
        excess[(prices == 0.0) & (excess < 0.0)] = 0.0
        norm = float(excess @ excess)
        if norm == 0.0 or best - target < 0.5:
            break
        if stale >= _PATIENCE:
            pace, stale = pace / 2, 0
        prices = np.maximum(0.0, prices + pace * (total - target) / norm * excess)
    return _exact(limits, rows, values, np.minimum(np.rint(best_prices), _DEAREST), found)


_BLOCKED = float(1 << 52)
_DEAREST = float(1 << 40)


def _limits(rows: Compiled) -> _Limits:
    upper, lower = rows.hi < NO_LIMIT, rows.lo > -NO_LIMIT
    coef = np.concatenate([rows.coef[upper], -rows.coef[lower]])
    slots = np.concatenate([rows.slots[upper], rows.slots[lower]])
    right = np.concatenate([rows.hi[upper], -rows.lo[lower]])
    return _Limits(coef.astype(np.float64), slots.astype(np.float64), right.astype(np.float64))


def _exact(limits: _Limits, rows: Compiled, values: Ints, prices: _Floats, page: Page | None) -> Bound:
    """The bound at whole prices, in integers. Floats that are whole and below 2⁵³ convert exactly."""
    worth = values - limits.charge(prices).astype(np.int64)
    slot_price = _slot_prices(worth, rows.cells)
    margin = np.where(rows.cells, worth - slot_price, np.iinfo(np.int64).min // 4)
    shelf_price = np.maximum(margin.max(axis=1), 0)
    total = int(shelf_price.sum() + slot_price.sum() + int(prices @ limits.right))
    return Bound(total, shelf_price[:, None] - margin, bool(prices.any()), page)


def _slot_prices(worth: Ints, cells: Mask) -> Ints:
    """Dual prices w (K,) of the best assignment: the least that no shelf prefers another slot to its own.

    They are the longest paths over slots, with an edge from slot k to j as long as what the shelf assigned
    to k would gain by moving to j, started from what unassigned shelves offer.
    """
    low = worth.min() - (worth.max() - worth.min() + 1) * worth.shape[1]
    open_worth = np.where(cells, worth, low)
    page = linear_sum_assignment(-open_worth.T)[1]
    here = open_worth[page]
    gain = here - here.diagonal()[:, None]
    rest = np.ones(len(worth), dtype=np.bool_)
    rest[page] = False
    price: Ints = open_worth[rest].max(axis=0, initial=low)
    for _ in range(len(page)):
        raised = np.maximum(price, (price[:, None] + gain).max(axis=0))
        if (raised == price).all():
            break
        price = raised
    return price
