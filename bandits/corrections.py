"""Correcting what was learned early, when the rest of the reward arrives.

A round is taught in two halves. The first, when its short horizon closes, has the early reward; the second,
when the long one does, has the reward that makes the mean of both the final reward. The sum of two squared
errors (r₁ − f)² + (r₂ − f)² has its minimum over f at (r₁ + r₂) / 2, so whatever learns by squared loss,
online or in closed form, ends where it would have ended with final rewards alone, each weighing two.
"""

from __future__ import annotations


def second_reward(early: float, final: float) -> float:
    """What the second half of a round teaches after the first taught `early`: 2 · final − early, unitless.

    Every round needs its second half, those that did not change too, or the changed ones would weigh more.
    The price is more noise: the halves vary more than the final reward. While no new rounds come in, first
    halves without second ones (or the reverse) pull the values towards their own mean: the error is then at
    most the mean change, and it passes when both kinds come in turn again. Do not use it for learners whose
    confidence counts examples: they would take one round for two.
    """
    return 2.0 * final - early
