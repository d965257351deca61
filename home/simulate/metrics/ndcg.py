"""How well a page puts what is liked where it is seen first: discounted cumulative gain in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shelves.types import Rows

Numbers = NDArray[np.float64]


def ndcg_2d(
    shown: Sequence[Rows],
    relevance: Sequence[Numbers],
    candidates: Numbers,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
) -> float:
    """NDCG2D of a page in [0, 1]: the page's gain as a share of the best page of the same shape.

    With cells in row i and column j, both from 1, DCG2D = Σᵢⱼ (2^relᵢⱼ − 1) / log2(α·i + β·j), where an item
    that is shown twice counts once, in its best cell. The best page fills the cells in order of α·i + β·j
    with the most relevant of all candidates. Source: Felicioni, Ferrari Dacrema and Cremonesi, "A Methodology
    for the Offline Evaluation of Recommender Systems in a User Interface with Multiple Carousels", UMAP 2021.

    Args:
        shown: item rows of each shelf, top shelf first, as shown from left to right.
        relevance: relevance (≥ 0) of each of them.
        candidates: relevance (m,) of every item that could have been shown, each item once.
        alpha: weight of the row.
        beta: weight of the column.

    Returns NaN when no candidate is relevant.
    """
    discounts = [1.0 / np.log2(alpha * i + beta * np.arange(1, len(r) + 1)) for i, r in enumerate(shown, 1)]
    if not discounts:
        return float("nan")
    flat = np.concatenate(discounts)
    gains = np.exp2(np.concatenate(relevance)) - 1.0
    best_cells = np.sort(flat)[::-1]
    best_items = (np.exp2(np.sort(candidates)[::-1]) - 1.0)[: len(best_cells)]
    ideal = float(best_items @ best_cells[: len(best_items)])
    if ideal <= 0.0:
        return float("nan")
    return float(_once(np.concatenate(shown), gains * flat).sum()) / ideal


def _once(items: Rows, gains: Numbers) -> Numbers:
    """The greatest gain of each item."""
    order = np.argsort(-gains, kind="stable")
    first = np.unique(items[order], return_index=True)[1]
    kept: Numbers = gains[order][first]
    return kept
