"""How well the mix of a page follows the mix of what its listener plays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_ALPHA = 0.01


def miscalibration(played: Numbers, shown: Numbers) -> float:
    """Kullback-Leibler divergence in nats of a page's mix (g,) from the listener's (g,); 0 is perfect.

    C = Σ_g p(g) · ln(p(g) / q̃(g)) with q̃ = (1 − α)·q + α·p, α = 0.01, p the shares of `played` and q those of
    `shown`. Source: Steck, "Calibrated Recommendations", RecSys 2018. NaN when either is nothing at all.
    """
    if played.sum() <= 0.0 or shown.sum() <= 0.0:
        return float("nan")
    p, q = played / played.sum(), shown / shown.sum()
    heard = p > 0.0
    return float(p[heard] @ np.log(p[heard] / ((1.0 - _ALPHA) * q[heard] + _ALPHA * p[heard])))
