"""What was found in pages, for those that could be looked into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column

Seen = TypeVar("Seen")
_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Found(Generic[Seen]):
    """What was found in those of m pages that could be looked into.

    `rows` (m,) marks these; `value` has a row for each of them. `left_out`: reason → ids of decisions that
    could not be looked into, and are left out of the estimators that need it.
    """

    value: Seen
    rows: NDArray[np.bool_]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """How many pages were left out, and why; "" for none."""
        said = (
            f"{len(ids)} ({', '.join(ids[:_NAMED])}{', …' if len(ids) > _NAMED else ''}) because {why}"
            for why, ids in self.left_out.items()
        )
        missing = int((~self.rows).sum())
        return f"{missing} of {len(self.rows)} decisions left out: {'; '.join(said)}" if missing else ""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Of listed pages: `slot_propensity` and `slot_target` (m, K), pseudo-inverse `weights` (m,)."""

    slot_propensity: Column
    slot_target: Column
    weights: Column
