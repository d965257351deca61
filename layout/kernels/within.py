"""The best of all pages that fall short of a bound by no more than a budget, by branch and bound.

A page's loss against the bound of `layout.kernels.price` adds up exactly from parts that are none below zero:
the slack of its cells, the prices of shelves it leaves out, and for each row what its price gives away plus
what its excess pays. A depth-first search over the cells within the budget therefore sees every page worth
more than the one in hand. It fills the slot with the fewest options left next, and cuts a branch when the
loss so far, the least slack of every open slot and what the rows must still lose are too much together.
"""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask

FOUND, EXHAUSTED, OUT_OF_NODES = 1, 0, -1
_FAR = 1 << 60


@kernel
def enumerate_within(
    budget: int,
    slack: Ints,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    prices: Ints,
    group: Ints,
    group_price: Ints,
    nodes: int,
) -> tuple[int, Ints, int]:
    """The page of least loss up to `budget`, given cell slacks (n, K), row prices and shelf prices.

    Returns FOUND with the page (K,) and its loss, EXHAUSTED when there is none, or OUT_OF_NODES with the best
    so far (−1 in its slots when there is none).
    """
    size = slack.shape[1]
    rows = len(lo)
    best_page = np.full(size, -1, dtype=np.int64)
    best_loss = budget + 1
    start, option = _open_cells(slack, budget)
    least, most = _reach(start, option, ptr, row, coef, rows, size)
    lower, upper = _sum_limits(budget, lo, hi, penalty, prices)
    low, high = least.sum(axis=0), most.sum(axis=0)
    matters = (prices != 0) | (low < lo) | (high > hi)
    ptr, row, coef = _restricted(matters, start, option, ptr, row, coef, size)
    row_ptr, row_at = _touched(start, option, ptr, row, rows, size)
    inevitable = np.zeros(rows, dtype=np.int64)
    for r in range(rows):
        inevitable[r] = _least_loss(low[r], high[r], lo[r], hi[r], penalty[r], prices[r])
        if low[r] > upper[r] or high[r] < lower[r]:
            return EXHAUSTED, best_page, best_loss
    row_loss = inevitable.sum()
    used = np.zeros(len(group_price), dtype=np.bool_)
    page = np.full(size, -1, dtype=np.int64)
    slots = np.full(size, -1, dtype=np.int64)
    spent = np.zeros(size + 1, dtype=np.int64)
    width = max(1, (start[1:] - start[:-1]).max())
    choice = np.empty((size, width), dtype=np.int64)
    cost = np.empty((size, width), dtype=np.int64)
    count = np.zeros(size, dtype=np.int64)
    at = np.zeros(size, dtype=np.int64)
    depth = 0
    fresh = True
    while depth >= 0:
        if fresh:
            missing = _missing_shelves(page, start, option, group, used, group_price)
            slots[depth], count[depth] = _branch(
                best_loss - spent[depth] - row_loss - missing, page, start, option, slack, ptr, row, coef,
                row_ptr, row_at, least, most, low, high, lower, upper, lo, hi, penalty, prices, inevitable,
                group, used, choice[depth], cost[depth],
            )  # fmt: skip
            at[depth] = 0
            fresh = False
        k = slots[depth]
        if count[depth] > 0 and page[k] >= 0:
            row_loss += _place(page[k], k, -1, ptr, row, coef, size, row_ptr, row_at, least, most, low, high,
                               lo, hi, penalty, prices, inevitable)  # fmt: skip
            used[group[page[k]]] = False
            page[k] = -1
        if at[depth] == count[depth]:
            depth -= 1
            continue
        s = choice[depth, at[depth]]
        at[depth] += 1
        if spent[depth] + row_loss + cost[depth, at[depth] - 1] >= best_loss:
            at[depth] = count[depth]
            continue
        if nodes == 0:
            return OUT_OF_NODES, best_page, best_loss
        nodes -= 1
        page[k] = s
        used[group[s]] = True
        row_loss += _place(s, k, 1, ptr, row, coef, size, row_ptr, row_at, least, most, low, high,
                           lo, hi, penalty, prices, inevitable)  # fmt: skip
        loss = spent[depth] + slack[s, k]
        if depth < size - 1:
            depth += 1
            spent[depth] = loss
            fresh = True
            continue
        loss += row_loss
        for g in range(len(group_price)):
            if not used[g]:
                loss += group_price[g]
        if loss < best_loss:
            best_loss = loss
            best_page[:] = page
    return (FOUND if best_page[0] >= 0 else EXHAUSTED), best_page, best_loss


@kernel
def _open_cells(slack: Ints, budget: int) -> tuple[Ints, Ints]:
    """The options open in each slot, least slack first: `option` from `start[k]` to `start[k + 1]`."""
    n, size = slack.shape
    start = np.zeros(size + 1, dtype=np.int64)
    for s in range(n):
        for k in range(size):
            start[k + 1] += slack[s, k] <= budget
    for k in range(size):
        start[k + 1] += start[k]
    option = np.empty(start[size], dtype=np.int64)
    for k in range(size):
        end = start[k]
        for s in range(n):
            if slack[s, k] <= budget:
                at = end
                while at > start[k] and slack[option[at - 1], k] > slack[s, k]:
                    option[at] = option[at - 1]
                    at -= 1
                option[at] = s
                end += 1
    return start, option


@kernel
def _reach(
    start: Ints, option: Ints, ptr: Ints, row: Ints, coef: Ints, rows: int, size: int
) -> tuple[Ints, Ints]:
    """What the open cells of each slot can add to each row at least and at most, (K, R) both."""
    least = np.zeros((size, rows), dtype=np.int64)
    most = np.zeros((size, rows), dtype=np.int64)
    seen = np.zeros(rows, dtype=np.int64)
    for k in range(size):
        seen[:] = 0
        for i in range(start[k], start[k + 1]):
            cell = option[i] * size + k
            for e in range(ptr[cell], ptr[cell + 1]):
                r = row[e]
                if seen[r] == 0:
                    least[k, r] = coef[e]
                    most[k, r] = coef[e]
                else:
                    least[k, r] = min(least[k, r], coef[e])
                    most[k, r] = max(most[k, r], coef[e])
                seen[r] += 1
        for r in range(rows):
            if 0 < seen[r] < start[k + 1] - start[k]:
                least[k, r] = min(least[k, r], 0)
                most[k, r] = max(most[k, r], 0)
    return least, most


@kernel
def _restricted(
    matters: Mask, start: Ints, option: Ints, ptr: Ints, row: Ints, coef: Ints, size: int
) -> tuple[Ints, Ints, Ints]:
    """The entries of the open cells in the rows that matter, others have none: as `ptr`, `row`, `coef`."""
    kept = np.zeros(len(ptr), dtype=np.int64)
    open_cell = np.zeros(len(ptr), dtype=np.bool_)
    for k in range(size):
        for i in range(start[k], start[k + 1]):
            open_cell[option[i] * size + k] = True
    total = 0
    for cell in range(len(ptr) - 1):
        if open_cell[cell]:
            for e in range(ptr[cell], ptr[cell + 1]):
                total += matters[row[e]]
        kept[cell + 1] = total
    new_row = np.empty(total, dtype=np.int64)
    new_coef = np.empty(total, dtype=np.int64)
    at = 0
    for cell in range(len(ptr) - 1):
        if open_cell[cell]:
            for e in range(ptr[cell], ptr[cell + 1]):
                if matters[row[e]]:
                    new_row[at] = row[e]
                    new_coef[at] = coef[e]
                    at += 1
    return kept, new_row, new_coef


@kernel
def _touched(start: Ints, option: Ints, ptr: Ints, row: Ints, rows: int, size: int) -> tuple[Ints, Ints]:
    """The rows that open cells of each slot add to, ascending: `row_at` from `row_ptr[k]` to the next."""
    row_ptr = np.zeros(size + 1, dtype=np.int64)
    row_at = np.empty(size * rows, dtype=np.int64)
    seen = np.zeros(rows, dtype=np.bool_)
    end = 0
    for k in range(size):
        seen[:] = False
        for i in range(start[k], start[k + 1]):
            cell = option[i] * size + k
            for e in range(ptr[cell], ptr[cell + 1]):
                seen[row[e]] = True
        for r in range(rows):
            if seen[r]:
                row_at[end] = r
                end += 1
        row_ptr[k + 1] = end
    return row_ptr, row_at


@kernel
def _missing_shelves(
    page: Ints, start: Ints, option: Ints, group: Ints, used: Mask, group_price: Ints
) -> int:
    """What the shelves with a price that no open slot can take any more cost together."""
    total = 0
    for g in range(len(group_price)):
        if group_price[g] == 0 or used[g]:
            continue
        there = False
        for k in range(len(page)):
            if page[k] >= 0:
                continue
            for i in range(start[k], start[k + 1]):
                if group[option[i]] == g:
                    there = True
                    break
            if there:
                break
        if not there:
            total += group_price[g]
    return total


@kernel
def _branch(
    room: int,
    page: Ints,
    start: Ints,
    option: Ints,
    slack: Ints,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    row_ptr: Ints,
    row_at: Ints,
    least: Ints,
    most: Ints,
    low: Ints,
    high: Ints,
    lower: Ints,
    upper: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    prices: Ints,
    inevitable: Ints,
    group: Ints,
    used: Mask,
    choice: Ints,
    cost: Ints,
) -> tuple[int, int]:
    """The slot to fill next, with its options in `choice` and what each costs at least in `cost`.

    `room` is the loss that is left. Returns the slot and the number of its options, 0 to go back.
    """
    size = len(page)
    fewest, chosen = 1 << 30, 0
    total = 0
    for k in range(size):
        if page[k] >= 0:
            continue
        viable, nearest = 0, _FAR
        for i in range(start[k], start[k + 1]):
            s = option[i]
            if slack[s, k] >= room:
                break
            if used[group[s]]:
                continue
            added = _added_loss(
                s, k, room - slack[s, k], ptr, row, coef, size, row_ptr, row_at, least, most, low, high,
                lower, upper, lo, hi, penalty, prices, inevitable,
            )  # fmt: skip
            if added < 0:
                continue
            nearest = min(nearest, slack[s, k])
            viable += 1
        if viable == 0:
            return k, 0
        total += nearest
        if total >= room:
            return k, 0
        if viable < fewest:
            fewest, chosen = viable, k
    k = chosen
    count = 0
    for i in range(start[k], start[k + 1]):
        s = option[i]
        if slack[s, k] >= room:
            break
        if used[group[s]]:
            continue
        added = _added_loss(
            s, k, room - slack[s, k], ptr, row, coef, size, row_ptr, row_at, least, most, low, high,
            lower, upper, lo, hi, penalty, prices, inevitable,
        )  # fmt: skip
        if added < 0:
            continue
        here = slack[s, k] + added
        at = count
        while at > 0 and cost[at - 1] > here:
            cost[at] = cost[at - 1]
            choice[at] = choice[at - 1]
            at -= 1
        cost[at] = here
        choice[at] = s
        count += 1
    return k, count


@kernel
def _added_loss(
    s: int,
    k: int,
    room: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    size: int,
    row_ptr: Ints,
    row_at: Ints,
    least: Ints,
    most: Ints,
    low: Ints,
    high: Ints,
    lower: Ints,
    upper: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    prices: Ints,
    inevitable: Ints,
) -> int:
    """How much more the rows lose for certain with the option in the slot, −1 if it cannot be there."""
    cell = s * size + k
    e, end = ptr[cell], ptr[cell + 1]
    added = 0
    for i in range(row_ptr[k], row_ptr[k + 1]):
        r = row_at[i]
        here = 0
        if e < end and row[e] == r:
            here = coef[e]
            e += 1
        lowest = low[r] - least[k, r] + here
        highest = high[r] - most[k, r] + here
        if lowest > upper[r] or highest < lower[r]:
            return -1
        if lowest != low[r] or highest != high[r]:
            added += _least_loss(lowest, highest, lo[r], hi[r], penalty[r], prices[r]) - inevitable[r]
            if added >= room:
                return -1
    return added


@kernel
def _place(
    s: int,
    k: int,
    sign: int,
    ptr: Ints,
    row: Ints,
    coef: Ints,
    size: int,
    row_ptr: Ints,
    row_at: Ints,
    least: Ints,
    most: Ints,
    low: Ints,
    high: Ints,
    lo: Ints,
    hi: Ints,
    penalty: Ints,
    prices: Ints,
    inevitable: Ints,
) -> int:
    """Put the option in its slot, or with `sign` −1 take it out; returns by how much the rows lose more."""
    cell = s * size + k
    e, end = ptr[cell], ptr[cell + 1]
    more = 0
    for i in range(row_ptr[k], row_ptr[k + 1]):
        r = row_at[i]
        here = 0
        if e < end and row[e] == r:
            here = coef[e]
            e += 1
        low[r] += sign * (here - least[k, r])
        high[r] += sign * (here - most[k, r])
        loss = _least_loss(low[r], high[r], lo[r], hi[r], penalty[r], prices[r])
        more += loss - inevitable[r]
        inevitable[r] = loss
    return more


@kernel
def _least_loss(low: int, high: int, lo: int, hi: int, penalty: int, price: int) -> int:
    """The least that a row loses if it ends between `low` and `high`: price given away and excess paid."""
    if price > 0:
        total = max(min(hi, high), low)
    elif price < 0:
        total = min(max(lo, low), high)
    else:
        total = min(max(low, lo), high) if low < lo else max(min(low, hi), low)
    loss = penalty * max(0, max(total - hi, lo - total))
    if price > 0:
        loss += price * (hi - total)
    elif price < 0:
        loss += price * (lo - total)
    return loss


@kernel
def _sum_limits(budget: int, lo: Ints, hi: Ints, penalty: Ints, prices: Ints) -> tuple[Ints, Ints]:
    """Between which sums each row must end for its own loss to stay within the budget: (R,) both."""
    lower, upper = lo.copy(), hi.copy()
    for r in range(len(lo)):
        price = prices[r]
        if penalty[r] > 0:
            above = penalty[r] - max(price, 0)
            below = penalty[r] + min(price, 0)
            upper[r] = hi[r] + budget // above if above > 0 else _FAR
            lower[r] = lo[r] - budget // below if below > 0 else -_FAR
        if price > 0:
            lower[r] = max(lower[r], hi[r] - budget // price)
        elif price < 0:
            upper[r] = min(upper[r], lo[r] + budget // -price)
    return lower, upper
