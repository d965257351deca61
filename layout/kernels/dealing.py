"""Whether items can be dealt out so that each shelf gets enough, and which shelves cannot stand together.

Items are in rows end to end: those of shelf s are `numbers[starts[s]:starts[s + 1]]`, numbered from 0.
"""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.types import Ints, Mask

_NOISE = 1e-6


@kernel
def numbered(keys: Ints, n: int) -> tuple[Ints, Ints, int]:
    """The different items of each of `n` shelves as `starts` (n + 1,) and `numbers`, and how many there are.

    Given item · n + shelf for each item of each shelf, ascending.
    """
    starts = np.zeros(n + 1, dtype=np.int64)
    shelf = np.empty(len(keys), dtype=np.int64)
    of = np.empty(len(keys), dtype=np.int64)
    count, item, total = 0, -1, 0
    for i in range(len(keys)):
        if i > 0 and keys[i] == keys[i - 1]:
            continue
        if i == 0 or keys[i] >= (item + 1) * n:
            item = keys[i] // n
            count += 1
        shelf[total] = keys[i] - item * n
        of[total] = count - 1
        starts[shelf[total] + 1] += 1
        total += 1
    starts = np.cumsum(starts)
    free = starts[:-1].copy()
    numbers = np.empty(total, dtype=np.int64)
    for i in range(total):
        numbers[free[shelf[i]]] = of[i]
        free[shelf[i]] += 1
    return starts, numbers, count


@kernel
def part(starts: Ints, numbers: Ints, count: int, shelves: Ints) -> tuple[Ints, Ints, int]:
    """The items of some of the `shelves` (i,) alone, numbered anew in the same order."""
    place = np.full(count, -1, dtype=np.int64)
    some = np.zeros(len(shelves) + 1, dtype=np.int64)
    for i in range(len(shelves)):
        s = shelves[i]
        some[i + 1] = some[i] + starts[s + 1] - starts[s]
        place[numbers[starts[s] : starts[s + 1]]] = 0
    left = 0
    for x in range(count):
        if place[x] == 0:
            place[x] = left
            left += 1
    into = np.empty(some[-1], dtype=np.int64)
    for i in range(len(shelves)):
        s = shelves[i]
        into[some[i] : some[i + 1]] = place[numbers[starts[s] : starts[s + 1]]]
    return some, into, left


@kernel
def crowded(starts: Ints, numbers: Ints, count: int, each: int) -> Mask:
    """The shelves (n,) among which `each` items for every shelf cannot be found; none when they can.

    Every set of shelves with fewer than `each` different items per shelf lies in the answer, because the
    number of items that a set lacks is supermodular.
    """
    _, short = matched(starts, numbers, count, np.full(len(starts) - 1, each))
    return short


@kernel
def matched(starts: Ints, numbers: Ints, count: int, wanted: Ints) -> tuple[Ints, Mask]:
    """The shelf that gets each item (count,), −1 for none, in a dealing of as many of those `wanted` (n,) as
    can be, and the shelves (n,) that go short in some such dealing.

    A maximum matching by augmenting paths (Berge 1957). Shelves take items that nobody else has first, then
    free ones in their own order. Those that can go short are what alternating paths reach from those that do
    (Dulmage and Mendelsohn 1958).
    """
    n = len(starts) - 1
    holder = np.full(count, -1, dtype=np.int64)
    held = np.zeros(n, dtype=np.int64)
    shelves_of = np.zeros(count, dtype=np.int64)
    for x in numbers:
        shelves_of[x] += 1
    for shared in (False, True):
        for s in range(n):
            for x in numbers[starts[s] : starts[s + 1]]:
                if holder[x] < 0 and held[s] < wanted[s] and (shared or shelves_of[x] == 1):
                    holder[x] = s
                    held[s] += 1
    short = np.zeros(n, dtype=np.bool_)
    asker = np.empty(count, dtype=np.int64)
    gives = np.empty(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    for s in range(n):
        while held[s] < wanted[s] and not short[s]:
            asker[:] = -1
            seen = np.zeros(n, dtype=np.bool_)
            seen[s] = True
            queue[0] = s
            first, last, found = 0, 1, -1
            while first < last and found < 0:
                t = queue[first]
                first += 1
                for x in numbers[starts[t] : starts[t + 1]]:
                    if asker[x] >= 0 or holder[x] == t:
                        continue
                    asker[x] = t
                    if holder[x] < 0:
                        found = x
                        break
                    if not seen[holder[x]]:
                        seen[holder[x]] = True
                        gives[holder[x]] = x
                        queue[last] = holder[x]
                        last += 1
            if found < 0:
                short |= seen
                break
            held[s] += 1
            while True:
                t = asker[found]
                holder[found] = t
                if t == s:
                    break
                found = gives[t]
    return holder, short


@kernel
def go_short(pages: Ints, starts: Ints, numbers: Ints, count: int, each: int) -> Mask:
    """Which shelves of each of the `pages` (b, K) go short of `each` items in some best dealing: (b, K)."""
    size = pages.shape[1]
    short = np.zeros(pages.shape, dtype=np.bool_)
    wanted = np.full(size, each)
    for b in range(len(pages)):
        own = np.zeros(size + 1, dtype=np.int64)
        for k in range(size):
            own[k + 1] = own[k] + starts[pages[b, k] + 1] - starts[pages[b, k]]
        items = np.empty(own[size], dtype=np.int64)
        for k in range(size):
            items[own[k] : own[k + 1]] = numbers[starts[pages[b, k]] : starts[pages[b, k] + 1]]
        short[b] = matched(own, items, count, wanted)[1]
    return short


@kernel
def too_few(
    starts: Ints, numbers: Ints, count: int, each: int, most: int, nodes: int, sets: int
) -> tuple[Mask, Ints, bool]:
    """Which of the shelves have fewer than `each` different items per shelf together, `most` of them at most.

    Gives closed sets of shelves (c, n), each all shelves with no other items than those of one such set, how
    many of each can be dealt to (c,), and whether these are all there are: the search ends after `nodes` sets
    looked at, or `sets` found.

    A set is given up when even the shelves that add fewest items to it cannot make it one. Every shelf counts
    an item that it shares with others as a part of one, so that no union has fewer items than its parts:
    `later` says by depth how many of the shelves that may still follow have it.
    """
    n = len(starts) - 1
    later = np.empty((most, count))
    later[0] = 0.0
    for x in numbers:
        later[0, x] += 1.0
    inside = np.zeros((sets, n), dtype=np.bool_)
    limit = np.zeros(sets, dtype=np.int64)
    found, looked = 0, 0
    cover = np.zeros(count, dtype=np.int64)
    chosen = np.zeros(most + 1, dtype=np.int64)
    following = np.zeros(most + 1, dtype=np.int64)
    spare = np.empty(n)
    items, depth = 0, 0
    while depth >= 0:
        s = following[depth]
        if s == n:
            depth -= 1
            if depth >= 0:
                items -= _uncover(starts, numbers, cover, chosen[depth])
            continue
        following[depth] += 1
        looked += 1
        if looked > nodes or found == sets:
            return inside[:found], limit[:found], False
        for x in numbers[starts[s] : starts[s + 1]]:
            later[depth, x] -= 1.0
        items += _cover(starts, numbers, cover, s)
        lacking = items - each * (depth + 1) + 1
        if lacking <= 0:
            limit[found] = items // each
            for t in range(n):
                closed = True
                for x in numbers[starts[t] : starts[t + 1]]:
                    closed = closed and cover[x] > 0
                inside[found, t] = closed
            found += 1
        elif depth + 1 < most:
            for t in range(s + 1, n):
                new = 0.0
                for x in numbers[starts[t] : starts[t + 1]]:
                    if cover[x] == 0:
                        new += 1.0 / later[depth, x]
                spare[t] = max(each - new, 0.0)
            best = np.sort(spare[s + 1 :])[::-1][: most - depth - 1].sum()
            if best + _NOISE >= lacking:
                chosen[depth] = s
                depth += 1
                later[depth] = later[depth - 1]
                following[depth] = s + 1
                continue
        items -= _uncover(starts, numbers, cover, s)
    return inside[:found], limit[:found], True


@kernel
def _cover(starts: Ints, numbers: Ints, cover: Ints, s: int) -> int:
    """Add a shelf's items to the cover; how many are new to it."""
    new = 0
    for x in numbers[starts[s] : starts[s + 1]]:
        new += cover[x] == 0
        cover[x] += 1
    return new


@kernel
def _uncover(starts: Ints, numbers: Ints, cover: Ints, s: int) -> int:
    """Take a shelf's items from the cover; how many are gone from it."""
    gone = 0
    for x in numbers[starts[s] : starts[s + 1]]:
        cover[x] -= 1
        gone += cover[x] == 0
    return gone
