"""Which options share items, and which of them exclude each other."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask


@kernel
def overlaps(items: Ints, owner: Ints, shelf: Ints) -> tuple[Ints, Ints]:
    """How many items each two options have in common (n, n), and how many different ones each has (n,).

    Given all `items` (i,) with the option each belongs to, `owner` (i,), and each option's `shelf` (n,).
    Options of one shelf, and an option with itself, have none in common.
    """
    n = len(shelf)
    common = np.zeros((n, n), dtype=np.int64)
    lengths = np.zeros(n, dtype=np.int64)
    keys = np.sort(items * n + owner)
    start = 0
    for end in range(1, len(keys) + 1):
        if end < len(keys) and keys[end] // n == keys[start] // n:
            continue
        for i in range(start, end):
            if i > start and keys[i] == keys[i - 1]:
                continue
            a = keys[i] % n
            lengths[a] += 1
            for j in range(start, i):
                if j > start and keys[j] == keys[j - 1]:
                    continue
                b = keys[j] % n
                if shelf[a] != shelf[b]:
                    common[a, b] += 1
                    common[b, a] += 1
        start = end
    return common, lengths


@kernel
def exclusive_groups(exclusive: Mask) -> Mask:
    """Sets of mutually exclusive options (g, n), grown greedily until every exclusive pair is in one."""
    n = len(exclusive)
    todo = exclusive.copy()
    members = np.zeros((n + 1, n), dtype=np.bool_)
    joint = np.empty(n, dtype=np.bool_)
    count = 0
    for a in range(n):
        for b in range(a + 1, n):
            if not todo[a, b]:
                continue
            if count == len(members):
                members = np.concatenate((members, np.zeros_like(members)))
            group = members[count]
            count += 1
            group[a] = True
            group[b] = True
            joint[:] = exclusive[a] & exclusive[b]
            for c in range(n):
                if joint[c]:
                    group[c] = True
                    joint &= exclusive[c]
            for c in range(n):
                if group[c]:
                    for d in range(n):
                        if group[d]:
                            todo[c, d] = False
    return members[:count].copy()
