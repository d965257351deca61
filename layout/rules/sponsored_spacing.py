"""Where paid shelves may stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows, none, paired, sliding, window
from layout.rules.base import FROM_0, BaseRule, Limits, beyond, crowding
from layout.types import Ints, Mask, Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class SponsoredSpacing(BaseRule):
    """Limits on sponsored shelves: those whose `attribute` is true, a non-empty text or a non-zero number.

    None of the first `clear_first` slots holds one, at least `gap` other shelves stand between two, and a
    page has at most `cap` (None is no cap).
    """

    LIMITS: ClassVar[Mapping[str, Limits]] = dict.fromkeys(("clear_first", "gap", "cap"), FROM_0)

    attribute: str = "sponsored"
    clear_first: int = 0
    gap: int = 0
    cap: int | None = None

    def rows(self, inputs: Inputs) -> Rows:
        """One row for the clear slots, one per run of gap + 1 slots, one for the cap."""
        sponsored = inputs.truthy(self.attribute)
        if not sponsored.any():
            return none(inputs.n, inputs.slots)
        return paired(sponsored[None], *_counted(inputs.slots, self.clear_first, self.gap, self.cap))

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """How many sponsored shelves too many each of the pages (b, K) has, over all limits: (b,)."""
        hits = inputs.truthy(self.attribute)[pages]
        broken: Ints = crowding(hits, self.gap) + hits[:, : self.clear_first].sum(axis=1)
        return broken if self.cap is None else broken + beyond(hits.sum(axis=1), 0, self.cap)

    def _validate(self) -> None:
        self._text("attribute", self.attribute)
        if self.cap is None and not self.clear_first and not self.gap:
            raise InvalidRuleError(self.id, "cap", self.cap, "give clear_first, gap, cap or several of them")


@lru_cache(maxsize=256)
def _counted(slots: int, clear_first: int, gap: int, cap: int | None) -> tuple[Mask, Ints, Ints]:
    """The slots that each row counts (w, K), and between which limits (w,) each."""
    clear = window(slots, 1, clear_first)[None][: bool(clear_first)]
    apart = sliding(slots, gap + 1)[: slots if gap else 0]
    whole = window(slots, 1, None)[None][: cap is not None]
    most = np.repeat([0, 1, cap or 0], [len(clear), len(apart), len(whole)])
    return np.concatenate([clear, apart, whole]), np.full(len(most), -NO_LIMIT), most
