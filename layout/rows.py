"""Linear constraints on a page, as arrays: what rules are translated into and every solver reads.

A row limits a sum of terms, each a coefficient per option times a weight per slot:
lo ≤ Σ over terms (c, w) Σ over slots k of c[page[k]]·w[k] ≤ hi. One term suffices for counts in a window;
rules that speak of different options in different slots need several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from layout.types import Ints, Mask, Pages

NO_LIMIT: Final = 1 << 40
"""A row limit that no sum of coefficients reaches."""

_FIRST: Final[Ints] = np.zeros((1, 3), dtype=np.int64)
_FIRST.flags.writeable = False
_NO_ROW: Final[Ints] = np.array([0, 1, 1])

Array = TypeVar("Array", bound=NDArray[Any])
Numbers = NDArray[np.bool_] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one rule, over n options and K slots.

    `coefs` (c, n) and `weights` (w, K) are whole numbers, or True for 1, and shared by `terms` (t, 3) int64,
    each a row, a coefficient array and a weight array, in order of rows; every row has a term. `lo` and `hi`
    (m,) are the limits. `partial` says that they may let in pages which the rule forbids, because the rule
    itself would need too many rows, or finding them too much time.
    """

    coefs: Numbers
    weights: Numbers
    terms: Ints
    lo: Ints
    hi: Ints
    partial: bool = False

    def sums(self, pages: Pages) -> Ints:
        """What each row adds up to on each of the `pages` (b, K): (b, m)."""
        row, coef, weight = self.terms.T
        each = (self.coefs[coef][:, pages] * self.weights[weight][:, None, :]).sum(axis=2)
        sums = np.zeros((len(self.lo), len(pages)), dtype=np.int64)
        np.add.at(sums, row, each)
        return sums.T

    def excess(self, pages: Pages) -> Ints:
        """By how much each of the `pages` (b, K) lies outside the limits, over all rows: (b,)."""
        sums = self.sums(pages)
        beyond = np.maximum(sums - self.hi, 0) + np.maximum(self.lo - sums, 0)
        total: Ints = beyond.sum(axis=1)
        return total

    def most_excess(self) -> int:
        """What no page's `excess` goes beyond: as if each slot held what counts most, either way."""
        row, coef, weight = self.terms.T
        each = np.abs(self.coefs).max(axis=1, initial=0)[coef] * np.abs(self.weights).sum(axis=1)[weight]
        most = each
        if len(row) > len(self.lo):
            most = np.zeros(len(self.lo), dtype=np.int64)
            np.add.at(most, row, each)
        return int(np.maximum(np.maximum(most - self.hi, most + self.lo), 0).sum())


def none(options: int, slots: int) -> Rows:
    """No rows at all."""
    empty = np.zeros(0, dtype=np.int64)
    return Rows(empty.reshape(0, options), empty.reshape(0, slots), empty.reshape(0, 3), empty, empty)


def one(coef: Numbers, weight: Numbers, lo: int = -NO_LIMIT, hi: int = NO_LIMIT) -> Rows:
    """One row of one term: `coef` (n,) counted in the slots by `weight` (K,)."""
    return Rows(coef[None], weight[None], _FIRST, limit(lo, 1), limit(hi, 1))


def product(coefs: Numbers, weights: Numbers, lo: int = -NO_LIMIT, hi: int = NO_LIMIT) -> Rows:
    """A row of one term for each pair of `coefs` (c, n) and `weights` (w, K), with the same limits."""
    return _single(coefs, weights, _every_pair(len(coefs), len(weights)), lo, hi)


def paired(coefs: Numbers, weights: Numbers, lo: int | Ints = -NO_LIMIT, hi: int | Ints = NO_LIMIT) -> Rows:
    """Row i counts `coefs[i]` by `weights[i]`; where one of them is a single array, it serves every row."""
    return _single(coefs, weights, _pairs(len(coefs), len(weights)), lo, hi)


def summed(coefs: Numbers, weights: Numbers, lo: int = -NO_LIMIT, hi: int = NO_LIMIT) -> Rows:
    """One row with a term for each of `coefs` (t, n) and its of `weights` (t, K)."""
    table = _pairs(len(coefs), len(weights)) * _NO_ROW
    return Rows(coefs, weights, table, limit(lo, 1), limit(hi, 1))


def stacked(blocks: Sequence[Rows], options: int, slots: int) -> Rows:
    """All rows of the `blocks`, in their order."""
    partial = any(block.partial for block in blocks)
    blocks = [block for block in blocks if len(block.lo)]
    if not blocks:
        return replace(none(options, slots), partial=partial)
    counts = np.array([(len(block.lo), len(block.coefs), len(block.weights)) for block in blocks])
    offset = counts.cumsum(axis=0) - counts
    return Rows(
        np.concatenate([block.coefs for block in blocks], dtype=np.int64),
        np.concatenate([block.weights for block in blocks], dtype=np.int64),
        np.concatenate([block.terms for block in blocks])
        + offset.repeat([len(block.terms) for block in blocks], axis=0),
        np.concatenate([block.lo for block in blocks]),
        np.concatenate([block.hi for block in blocks]),
        partial,
    )


@lru_cache(maxsize=1024)
def window(slots: int, first: int, last: int | None) -> Mask:
    """Which of `slots` slots are from `first` to `last`, counted from 1 and both included: (K,) bool."""
    inside = np.zeros(slots, dtype=np.bool_)
    inside[first - 1 : last] = True
    return _shared(inside)


@lru_cache(maxsize=1024)
def sliding(slots: int, width: int) -> Mask:
    """Every run of `width` neighbouring slots (all slots where there are fewer): (w, K) bool."""
    width = min(width, slots)
    away = np.arange(slots) - np.arange(slots - width + 1)[:, None]
    return _shared((away >= 0) & (away < width))


@lru_cache(maxsize=1024)
def _every_pair(coefs: int, weights: int) -> Ints:
    """The terms of a row for each coefficient and weight array."""
    terms = np.empty((coefs * weights, 3), dtype=np.int64)
    terms[:, 0] = np.arange(coefs * weights)
    terms[:, 1] = np.repeat(np.arange(coefs), weights)
    terms[:, 2] = np.tile(np.arange(weights), coefs)
    return _shared(terms)


@lru_cache(maxsize=1024)
def _pairs(coefs: int, weights: int) -> Ints:
    """The terms of a row for each coefficient array with its weight array, or with the only one."""
    at = np.arange(max(coefs, weights))
    return _shared(np.stack([at, at if coefs > 1 else 0 * at, at if weights > 1 else 0 * at], axis=1))


@lru_cache(maxsize=1024)
def extent(slots: int, first: int, last: int | None, width: int | None) -> tuple[int, int]:
    """How many slots the `stretches` cover together, and how many each of them."""
    runs = stretches(slots, first, last, width)
    return int(np.count_nonzero(runs.any(axis=0))), int(np.count_nonzero(runs[0]))


def _shared(array: Array) -> Array:
    """An array that many have and none may write to."""
    array.flags.writeable = False
    return array


@lru_cache(maxsize=1024)
def stretches(slots: int, first: int, last: int | None, width: int | None) -> Mask:
    """Every run of `width` neighbouring slots between `first` and `last` (counted from 1): (w, K) bool.

    Where there are fewer slots in between, and without a `width`, these are the only run.
    """
    inside = window(slots, first, last)
    size = int(inside.sum())
    runs = np.zeros((1, slots), dtype=np.bool_)
    if size:
        each = sliding(size, size if width is None else width)
        runs = np.zeros((len(each), slots), dtype=np.bool_)
        runs[:, inside] = each
    return _shared(runs)


def _single(coefs: Numbers, weights: Numbers, terms: Ints, lo: int | Ints, hi: int | Ints) -> Rows:
    """Rows of one term each."""
    return Rows(coefs, weights, terms, limit(lo, len(terms)), limit(hi, len(terms)))


def limit(of: int | Ints, rows: int) -> Ints:
    """The limit of each of so many rows (m,), which is the same for all if it is a number."""
    return _same(of, rows) if isinstance(of, int) else of


@lru_cache(maxsize=1024)
def _same(value: int, count: int) -> Ints:
    """The value so many times."""
    return _shared(np.full(count, value, dtype=np.int64))
