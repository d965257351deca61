"""Learning from surfaces that do not report what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bandits.rewards import RewardFormula, ShelfOutcome, unanswered

LEAST_EXAMINATION = 0.1
"""Examinations count as this much at least, so that no reward counts more than tenfold."""


def looks_at(examination: Iterable[float], prominence: Iterable[float]) -> tuple[float, ...]:
    """How likely shelves are looked at, by the examination of their slots and their own prominence."""
    return tuple(min(1.0, one * more) for one, more in zip(examination, prominence, strict=True))


def as_taught(
    outcomes: Sequence[ShelfOutcome],
    surface: str,
    looks: Sequence[float],
    content_types: Sequence[str],
    formula: RewardFormula,
) -> tuple[ShelfOutcome, ...]:
    """The outcomes of a page, top slot first, as they teach: as they are where it is reported what was seen.

    On other surfaces every shelf counts as examined, with the reward d + (r − d) / θ: r is what it earned, d
    what it earns when it is examined without any answer, and θ, of `looks`, how likely it is
    examined there. As r = d for shelves that were not examined, its expectation is that of the reward if
    examined. The `clip` of rewards bounds what is earned, not what is taught.

    Source: Joachims, Swaminathan and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017,
    equation 4, for any reward. Assumes the position-based model, and looks that hold: an estimate of slots by
    `pbm` needs no impressions. Where θ is small it multiplies the noise; below `LEAST_EXAMINATION` it is
    clipped, and rewards of such slots count for less than they should.
    """
    if surface not in formula.without_impressions:
        return tuple(outcomes)
    return tuple(
        _corrected(outcome, max(theta, LEAST_EXAMINATION), unanswered(formula, content_type))
        for outcome, theta, content_type in zip(outcomes, looks, content_types, strict=True)
    )


def _corrected(outcome: ShelfOutcome, theta: float, default: float) -> ShelfOutcome:
    earned = outcome.reward if outcome.examined else default
    return replace(outcome, examined=True, reward=default + (earned - default) / theta)
