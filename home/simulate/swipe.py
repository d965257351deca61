"""How far along a shelf a listener looks, and what they choose of what they see."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from home.simulate.parameters import Swipe

Numbers = NDArray[np.float64]


def visible_items(swipe: Swipe, surface: str, presentation: str, items: int) -> int:
    """How many items are seen without swiping; on a surface that is not named, as many as on the least."""
    if presentation in swipe.whole:
        return items
    return min(items, swipe.visible.get(surface, min(swipe.visible.values())))


@lru_cache(maxsize=1024)
def examined(items: int, visible: int, continuation: float) -> Numbers:
    """Probability (items,) that each item of a shelf is looked at, given that the shelf is; read-only.

    1 for the `visible` ones, then one factor of `continuation` for each swipe.
    """
    swipes = np.maximum(np.arange(items) - visible + 1, 0)
    probabilities: Numbers = np.power(continuation, swipes, dtype=np.float64)
    probabilities.setflags(write=False)
    return probabilities


def choice(affinity: Numbers, looked_at: Numbers, sharpness: float) -> Numbers:
    """Probability (n,) that each item of a shelf is the one chosen, over how far the listener looks.

    A listener who looks at the first d items chooses among them in proportion to exp(sharpness × affinity);
    they look at exactly d with probability h_d − h_{d+1}, h being `looked_at`.
    """
    weights = np.exp(sharpness * affinity)
    stops = looked_at.copy()
    stops[:-1] -= looked_at[1:]
    per_weight = (stops / weights.cumsum())[::-1].cumsum()[::-1]
    chosen: Numbers = weights * per_weight
    return chosen
