"""A basis with other room than it has: for more constraints, or for the columns of a part of the program."""

from __future__ import annotations

import numpy as np

from layout.kernels.jit import kernel
from layout.kernels.simplex.columns import reprice
from layout.kernels.simplex.program import Basis, Program
from layout.types import Ints


@kernel
def room_for(columns: int, constraints: int, most: int) -> Basis:
    """A basis with nothing in it yet, with room for `most` constraints out of so many."""
    variables = 2 * constraints + columns
    return Basis(
        np.zeros(1, dtype=np.int64),
        np.empty((most, most), dtype=np.float64),
        np.empty(most, dtype=np.int64),
        np.empty(variables, dtype=np.int64),
        np.empty(most, dtype=np.float64),
        np.empty(most, dtype=np.float64),
        np.empty(most, dtype=np.float64),
        np.empty(most, dtype=np.int64),
        np.empty(constraints, dtype=np.int64),
        np.empty(variables, dtype=np.float64),
    )


@kernel
def copied(basis: Basis, more: int) -> Basis:
    """The same basis with room for so many `more` constraints."""
    constraints = len(basis.place)
    into = room_for(len(basis.where) - 2 * constraints, constraints, basis.held[0] + more)
    _copy_places(basis, into)
    into.where[:] = basis.where
    into.reduced[:] = basis.reduced
    return into


@kernel
def restricted(program: Program, basis: Basis, columns: Ints, more: int) -> tuple[Program, Basis, Ints]:
    """The program on these `columns` (i,) and the basic ones alone, from the same basis.

    Returns it, the basis with room for so many `more` constraints, and the numbers that `columns`, which must
    ascend, have in it. Only these have reduced costs.
    """
    first = 2 * len(basis.place)
    inside = np.zeros(len(program.slot), dtype=np.bool_)
    inside[columns] = True
    for v in basis.basic[: basis.held[0]]:
        if v >= first:
            inside[v - first] = True
    kept = np.flatnonzero(inside)
    number = np.empty(len(inside), dtype=np.int64)
    number[kept] = np.arange(len(kept))
    part = Program(
        program.size, program.groups, program.slot[kept], program.shelf[kept], program.cell[kept],
        program.cost[kept], program.ptr, program.row, program.coef, program.lo, program.hi, program.scale,
        program.excess,
    )  # fmt: skip
    into = room_for(len(kept), len(basis.place), basis.held[0] + more)
    _copy_places(basis, into)
    into.where[:first] = basis.where[:first]
    into.reduced[:first] = basis.reduced[:first]
    into.where[first:] = basis.where[first + kept]
    into.reduced[first:] = basis.reduced[first + kept]
    for i in range(basis.held[0]):
        if basis.basic[i] >= first:
            into.basic[i] = first + number[basis.basic[i] - first]
    live = number[columns]
    reprice(part, into, live)
    return part, into, live


@kernel
def _copy_places(basis: Basis, into: Basis) -> None:
    """Copy all that is by place or by constraint."""
    m = basis.held[0]
    into.held[0] = m
    into.inverse[:m, :m] = basis.inverse[:m, :m]
    into.basic[:m] = basis.basic[:m]
    into.x[:m] = basis.x[:m]
    into.y[:m] = basis.y[:m]
    into.norm[:m] = basis.norm[:m]
    into.at[:m] = basis.at[:m]
    into.place[:] = basis.place
