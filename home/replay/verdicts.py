"""From diagnostics of weights to a verdict: what checks, support and rewards have to say on top."""

from __future__ import annotations

from dataclasses import replace

from bandits.ope.diagnostics import Diagnostics, Verdict
from home.replay.checks import Checks
from home.replay.report import Support
from home.replay.tally import Tally

NEGLIGIBLE = 0.01
"""A share outside the log up to which the rest may still be believed."""


def verdict_with(
    diagnostics: Diagnostics, tally: Tally, checks: Checks | None, support: Support | None
) -> Diagnostics:
    """The diagnostics with the verdict, and its reason, that everything together gives."""
    found = _too_alike(_too_rare(diagnostics, tally), tally)
    return _with_support(_with_checks(found, checks), support)


def _with_checks(diagnostics: Diagnostics, checks: Checks | None) -> Diagnostics:
    """Wrong propensities make every estimate wrong, however well its weights behave."""
    if checks is None or not checks.broken:
        return diagnostics
    return replace(diagnostics, verdict=Verdict.DO_NOT_TRUST, reason=checks.broken)


def _too_rare(diagnostics: Diagnostics, tally: Tally) -> Diagnostics:
    """A mean weight below 1 where all of the target is known to be within the log's reach.

    Nothing is wrong then but luck: pages that the log showed so seldom that it has hardly met them would have
    had the largest weights.
    """
    reachable = tally.outside is not None and not tally.cut
    if (
        not reachable
        or diagnostics.verdict is not Verdict.DO_NOT_TRUST
        or diagnostics.mean_weight_high >= 1.0
    ):
        return diagnostics
    low, high = max(0.0, diagnostics.mean_weight_low), diagnostics.mean_weight_high
    return replace(
        diagnostics,
        reason=f"the log has met only {low:.0%} to {high:.0%} of what the target shows: the rest could have"
        " been shown, but so seldom that it hardly was",
    )


def _too_alike(diagnostics: Diagnostics, tally: Tally) -> Diagnostics:
    """Rewards that were all the same leave intervals without width, however rare another reward is."""
    low, high = tally.rewards
    if low < high or diagnostics.verdict is not Verdict.TRUST:
        return diagnostics
    said = f"every reward was {low:g}: intervals cannot know how rare others are"
    return replace(diagnostics, verdict=Verdict.THIN_SUPPORT, reason=said)


def _with_support(diagnostics: Diagnostics, support: Support | None) -> Diagnostics:
    """What the log could not hold comes before what weights look like: they look fine without it."""
    if support is None:
        return diagnostics
    share = support.outside
    if not support.decisions:
        return _with_unseen(diagnostics, support)
    said = (
        f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}] of what the target shows could not have been"
        f" logged, at {support.decisions} of {diagnostics.rounds} decisions: the log cannot tell what that"
        " earns"
    )
    if share.high > NEGLIGIBLE:
        return replace(diagnostics, verdict=Verdict.DO_NOT_TRUST, reason=said)
    if diagnostics.verdict is Verdict.TRUST:
        return replace(diagnostics, verdict=Verdict.THIN_SUPPORT, reason=said)
    return replace(diagnostics, reason=f"{diagnostics.reason}; {said}")


def _with_unseen(diagnostics: Diagnostics, support: Support) -> Diagnostics:
    """None of the pages that were drawn to look for it was outside, which does not prove that none is."""
    if support.outside.high <= NEGLIGIBLE or diagnostics.verdict is not Verdict.TRUST:
        return diagnostics
    said = (
        f"none of {support.drawn} drawn pages lies outside what could be logged, but up to"
        f" {support.outside.high:.1%} of the target may: draw more (--draws)"
    )
    return replace(diagnostics, verdict=Verdict.THIN_SUPPORT, reason=said)
