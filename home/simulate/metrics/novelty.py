"""How little known, and how surprising yet liked, a page's items are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def self_information(listeners_of_item: NDArray[np.integer], listeners: int) -> Numbers:
    """−log2 of the share of listeners who know each item, in bits.

    Items that nobody knows count as known by one. Source: Zhou, Kuscsik, Liu, Medo, Wakeling and Zhang,
    "Solving the Apparent Diversity-Accuracy Dilemma of Recommender Systems", PNAS 2010. Raises ValueError
    below one listener.
    """
    if listeners < 1:
        raise ValueError(f"listeners = {listeners}: give at least 1")
    bits: Numbers = -np.log2(np.maximum(listeners_of_item, 1) / listeners)
    return bits


def novelty(bits: Numbers, exposure: Numbers) -> float:
    """Mean self-information of the items shown (m,), weighted by how likely each is looked at.

    Source: Vargas and Castells, "Rank and Relevance in Novelty and Diversity Metrics for Recommender
    Systems", RecSys 2011 (expected free discovery with a rank discount).
    """
    return _mean(bits, exposure)


def serendipity(relevance: Numbers, expected: Numbers, known: NDArray[np.bool_], exposure: Numbers) -> float:
    """Mean of relevance × unexpectedness of the items shown (m,), weighted by how likely each is looked at.

    `relevance` is true affinity in [0, 1]; unexpectedness is 1 − `expected`, the affinity in [0, 1] to the
    taste that the history shows, and 0 for `known` items. Source: Murakami, Mori and Orihara, "Metrics for
    Evaluating the Serendipity of Recommendation Lists", JSAI 2007, with Vargas and Castells's unexpectedness.
    """
    surprise = np.where(known, 0.0, 1.0 - expected)
    return _mean(relevance * surprise, exposure)


def _mean(values: Numbers, weights: Numbers) -> float:
    total = float(weights.sum())
    return float(values @ weights) / total if total > 0.0 else float("nan")
