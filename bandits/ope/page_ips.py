"""Standard importance sampling: a page is one action."""

from __future__ import annotations

from dataclasses import replace

from bandits.ope.estimators import Estimate, ips, snips
from bandits.ope.slates import SlateRounds


def page_ips(rounds: SlateRounds) -> Estimate:
    """Inverse propensity scoring of whole pages: (1/m) Σ_i w_i Σ_k r_ik, with w = π(page) / μ(page).

    Source: Horvitz and Thompson, "A Generalization of Sampling Without Replacement from a Finite Universe",
    JASA 1952, on pages. Assumes exact page propensities and support of all pages that the target shows, and
    nothing about listeners: unbiased whatever slots do to each other. Fails by variance: the number of pages
    grows exponentially with slots, so unlike policies leave a handful of pages with all the weight.
    """
    return replace(ips(rounds.as_rounds()), estimator="page_ips")


def page_snips(rounds: SlateRounds) -> Estimate:
    """Self-normalised page IPS: Σ w r / Σ w.

    Source: Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual Learning", NeurIPS
    2015, on pages. Assumes and fails as `page_ips`, with less variance for a bias of order 1/m; where support
    is missing it silently answers for the target renormalised to what was shown. Raises ValueError when every
    weight is 0.
    """
    return replace(snips(rounds.as_rounds()), estimator="page_snips")
