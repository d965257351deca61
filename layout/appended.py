"""Rows added to those of a problem that is compiled already."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from layout.compiled import Compiled
from layout.types import Ints

_FAR: Final = np.iinfo(np.int64).max


def with_rows(rows: Compiled, added: Ints, lo: Ints, hi: Ints) -> Compiled:
    """The rows with m hard ones more: cell (s, k) adds `added[s, k]` (n, K, m) within `lo` and `hi` (m,).

    Cells are left as they are, also those that a new row alone rules out. Every slot has an open one.
    """
    m = len(lo)
    most = np.where(rows.cells[:, :, None], added, -_FAR).max(axis=0)
    least = np.where(rows.cells[:, :, None], added, _FAR).min(axis=0)
    slot, counted = np.nonzero((most != 0) | (least != 0))
    ptr, row, coef = _entries(rows, added)
    return replace(
        rows,
        lo=np.append(rows.lo, lo),
        hi=np.append(rows.hi, hi),
        penalty=np.append(rows.penalty, np.zeros(m, dtype=np.int64)),
        ptr=ptr,
        row=row,
        coef=coef,
        floor=np.concatenate([rows.floor, lo[:, None] - _from(most)]),
        ceiling=np.concatenate([rows.ceiling, hi[:, None] - _from(least)]),
        slot_ptr=rows.slot_ptr + np.append(0, np.cumsum(np.bincount(slot, minlength=rows.size))),
        slot_row=np.insert(rows.slot_row, rows.slot_ptr[1:][slot], len(rows.lo) + counted),
    )


def _entries(rows: Compiled, added: Ints) -> tuple[Ints, Ints, Ints]:
    """The cells' entries with those of new last rows, `added` (n, K, m), where these are not 0."""
    flat = added.reshape(-1, added.shape[2])
    cell, number = np.nonzero(flat)
    at = rows.ptr[cell + 1]
    ptr = rows.ptr + np.append(0, np.cumsum(np.bincount(cell, minlength=len(flat))))
    return ptr, np.insert(rows.row, at, len(rows.lo) + number), np.insert(rows.coef, at, flat[cell, number])


def _from(each: Ints) -> Ints:
    """What slots k.. add together, given what each of them adds (K, m): (m, K + 1)."""
    from_bottom = np.zeros((each.shape[1], len(each) + 1), dtype=np.int64)
    from_bottom[:, :-1] = np.cumsum(each[::-1], axis=0)[::-1].T
    return from_bottom
