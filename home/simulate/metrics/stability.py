"""How much of a page is where it was on the visit before."""

from __future__ import annotations

from collections.abc import Sequence


def rank_biased_overlap(before: Sequence[str], now: Sequence[str], p: float = 0.9) -> float:
    """Extrapolated rank-biased overlap of two rankings in [0, 1]: 1 when they are the same.

    With X_d the overlap of the first d of both, RBO = X_k/k · pᵏ + (1 − p)/p · Σ_{d ≤ k} X_d/d · pᵈ, k being
    the length of the shorter one. Source: Webber, Moffat and Zobel, "A Similarity Measure for Indefinite
    Rankings", ACM TOIS 28(4), 2010 (RBO_EXT). NaN when either is empty.
    """
    k = min(len(before), len(now))
    if k == 0:
        return float("nan")
    agreements = [len({*before[:d]} & {*now[:d]}) / d for d in range(1, k + 1)]
    weighted = sum(agreement * p**d for d, agreement in enumerate(agreements, 1))
    return agreements[-1] * p**k + (1.0 - p) / p * weighted
