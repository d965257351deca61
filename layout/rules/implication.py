"""What must not stand alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from layout.inputs import Inputs
from layout.rows import Rows, none, window
from layout.rules.base import WINDOW, BaseRule, Limits
from layout.selector import Selector
from layout.types import Ints, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Implication(BaseRule):
    """With a shelf that matches `present` in slots `first` to `last`, one that matches `needs` is there too.

    Where none matches `needs`, nothing that matches `present` can be shown. A shelf that matches both needs
    no other.
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = WINDOW

    present: Selector
    needs: Selector
    first: int = 1
    last: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row per slot of the window: a match of `present` there is no more than the `needs` around."""
        present, needs = inputs.mask(self.present), inputs.mask(self.needs)
        slots = window(inputs.slots, self.first, self.last)
        at = np.flatnonzero(slots)
        if not (present & ~needs).any() or not len(at):
            return none(inputs.n, inputs.slots)
        coefs = np.stack([present.astype(np.int64), -needs.astype(np.int64)])
        weights = np.concatenate([np.eye(inputs.slots, dtype=np.int64)[at], slots[None].astype(np.int64)])
        row = np.arange(len(at))
        here = np.stack([row, np.zeros_like(row), row], axis=1)
        around = np.stack([row, np.ones_like(row), np.full_like(row, len(at))], axis=1)
        terms = np.stack([here, around], axis=1).reshape(-1, 3)
        return Rows(coefs, weights, terms, np.full(len(at), -inputs.slots), np.zeros(len(at), dtype=np.int64))

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many shelves in the window of each of the pages (b, K) miss what they need: (b,)."""
        shown = pages[:, self.first - 1 : self.last]
        needs = inputs.mask(self.needs)[shown].any(axis=1)
        missing: Ints = np.where(needs, 0, inputs.mask(self.present)[shown].sum(axis=1))
        return missing

    def _validate(self) -> None:
        self._ordered(self.first, self.last)
