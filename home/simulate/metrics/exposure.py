"""How exposure is shared out among items, providers, genres and types."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def gini(amounts: Numbers) -> float:
    """The Gini coefficient of amounts (n,) ≥ 0: 0 when all are equal, towards 1 when one has everything.

    G = Σᵢ (2i − n − 1)·xᵢ / (n·Σ x) with x ascending. Source: Gini, "Variabilità e mutabilità", 1912, in the
    form of Fleder and Hosanagar, "Blockbuster Culture's Next Rise or Fall", Management Science 2009. NaN when
    nothing is shared out. Amounts of 0 count: give all who could have had a share.
    """
    total = float(amounts.sum())
    if total <= 0.0:
        return float("nan")
    n = len(amounts)
    ranks = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(ranks @ np.sort(amounts)) / (n * total)


def coverage(amounts: Numbers) -> float:
    """The share of those who could have had exposure (n,) that had any.

    Source: catalogue coverage in Ge, Delgado-Battenfeld and Jannach, "Beyond Accuracy", RecSys 2010.
    """
    return float(np.mean(amounts > 0.0)) if len(amounts) else float("nan")


def effective_catalogue(amounts: Numbers) -> float:
    """How many items share exposure, effectively: between 1, one has all, and n, all have the same.

    ECS = 2·Σᵢ i·pᵢ − 1 with shares p descending. Source: Gomez-Uribe and Hunt, "The Netflix Recommender
    System", ACM TMIS 6(4), 2015. NaN when nothing is shared out.
    """
    total = float(amounts.sum())
    if total <= 0.0:
        return float("nan")
    shares = np.sort(amounts)[::-1] / total
    return 2.0 * float(np.arange(1, len(shares) + 1) @ shares) - 1.0
