"""Columns brought in where they would help, and the prices that tell."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.basis import purge
from layout.kernels.simplex.dual import dual
from layout.kernels.simplex.primal import primal
from layout.kernels.simplex.program import SOLVED, STALLED, ZERO, Basis, Program
from layout.kernels.simplex.tableau import members_of
from layout.types import Floats, Ints, Mask


@kernel
def generate(
    program: Program, basis: Basis, inside: Mask, per_slot: int, rounds: int, pivots: int
) -> tuple[int, Ints]:
    """Solve over the columns `inside` (c,), bringing in `per_slot` others of each slot as long as they help.

    Returns how the last solve ended, SOLVED also when nothing more helps, and the columns now inside. Those
    that came close to helping are looked at first; only where none of them helps are all.
    """
    live = np.flatnonzero(inside)
    closed = ~inside
    members = members_of(program, basis, live)
    every = np.flatnonzero(closed)
    near = every
    for _ in range(rounds):
        status, _ = dual(program, basis, members, closed, np.inf, pivots)
        if status != SOLVED:
            return status, live
        looked_at = len(near)
        new, near = attractive(program, basis, inside, near, per_slot)
        if len(new) == 0 and looked_at < len(every):
            new, near = attractive(program, basis, inside, every, per_slot)
        if len(new) == 0:
            return SOLVED, live
        live = np.concatenate((live, new))
        closed[new] = False
        members = members_of(program, basis, live)
        status, _ = primal(program, basis, live, members, pivots)
        if status != SOLVED:
            return status, live
        purge(basis)
    return STALLED, live


@kernel
def attractive(
    program: Program, basis: Basis, inside: Mask, columns: Ints, per_slot: int
) -> tuple[Ints, Ints]:
    """Those of the `columns` that would lower the cost most, at most `per_slot` of each slot, and those near.

    The first are marked as `inside` (c,) and get their reduced costs. Near are others whose reduced cost is
    below 0, or above by no more than the least is below.
    """
    shelf_price, row_price = prices_of(program, basis)
    best = np.full((program.size, per_slot), -1, dtype=np.int64)
    cost = np.full((program.size, per_slot), -ZERO, dtype=np.float64)
    left = np.full(len(columns), np.inf, dtype=np.float64)
    first = 2 * len(basis.place)
    for i in range(len(columns)):
        j = columns[i]
        if inside[j]:
            continue
        k = program.slot[j]
        left[i] = _reduced(program, basis, j, shelf_price, row_price)
        if left[i] < cost[k, per_slot - 1]:
            at = per_slot - 1
            while at > 0 and cost[k, at - 1] > left[i]:
                cost[k, at] = cost[k, at - 1]
                best[k, at] = best[k, at - 1]
                at -= 1
            cost[k, at] = left[i]
            best[k, at] = j
    for k in range(program.size):
        for at in range(per_slot):
            if best[k, at] >= 0:
                inside[best[k, at]] = True
                basis.reduced[first + best[k, at]] = cost[k, at]
    found = best.ravel()
    return found[found >= 0], columns[(left <= -cost.min()) & ~inside[columns]]


@kernel
def reprice(program: Program, basis: Basis, columns: Ints) -> None:
    """Work out the reduced costs of `columns` from the duals."""
    shelf_price, row_price = prices_of(program, basis)
    first = 2 * len(basis.place)
    for j in columns:
        if basis.where[first + j] < 0:
            basis.reduced[first + j] = _reduced(program, basis, j, shelf_price, row_price)


@kernel
def rounded(program: Program, basis: Basis, unit: float, limit: Ints, most: int) -> tuple[Ints, Ints]:
    """The duals as whole prices of rows (R,) within ± `limit` (R,), and of shelves (G,) from 0 to `most`.

    `unit` is what a cost of 1 is worth.
    """
    shelf_price, row_price = prices_of(program, basis)
    prices = np.zeros(len(program.lo), dtype=np.int64)
    shelf_prices = np.zeros(program.groups, dtype=np.int64)
    for r in range(len(prices)):
        if row_price[r] == 0.0:
            continue
        price = np.rint(min(max(-unit * row_price[r], -float(limit[r])), float(limit[r])))
        prices[r] = min(max(np.int64(price), -limit[r]), limit[r])
        if (prices[r] > 0 and program.hi[r] == np.inf) or (prices[r] < 0 and program.lo[r] == -np.inf):
            prices[r] = 0
    for g in range(program.groups):
        if shelf_price[g] == 0.0:
            continue
        price = np.rint(min(max(-unit * shelf_price[g], 0.0), float(most)))
        shelf_prices[g] = min(max(int(price), 0), most)
    return prices, shelf_prices


@kernel
def prices_of(program: Program, basis: Basis) -> tuple[Floats, Floats]:
    """The duals of shelves (G,) and rows (R,), unscaled."""
    shelf_price = np.zeros(program.groups, dtype=np.float64)
    row_price = np.zeros(len(program.lo), dtype=np.float64)
    for p in range(program.size, basis.held[0]):
        c = basis.at[p] - program.groups
        if c < 0:
            shelf_price[basis.at[p]] = basis.y[p]
        else:
            price = basis.y[p] / program.scale[c // 2]
            row_price[c // 2] += price if c % 2 == 0 else -price
    return shelf_price, row_price


@kernel
def _reduced(program: Program, basis: Basis, j: int, shelf_price: Floats, row_price: Floats) -> float:
    """The reduced cost of column j."""
    left: float = program.cost[j] - basis.y[program.slot[j]] - shelf_price[program.shelf[j]]
    cell = program.cell[j]
    for e in range(program.ptr[cell], program.ptr[cell + 1]):
        left -= row_price[program.row[e]] * program.coef[e]
    return left
