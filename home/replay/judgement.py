"""From sums, and rounds where they are in memory, to what is said of one target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isinf

import numpy as np

from bandits.ope.diagnostics import MEAN_WEIGHT_LEVEL, Diagnostics, Verdict, diagnose, effective, verdict_on
from bandits.ope.estimators import Estimate, mean_of
from bandits.ope.estimators import ips as plain_ips
from bandits.ope.intervals import Interval, bootstrap, normal
from bandits.ope.sums import Sums
from home.replay.checks import Checks, checked
from home.replay.estimators import DEFAULTS, ESTIMATORS, STREAMED, View
from home.replay.options import EVERY, Options
from home.replay.report import Estimated, Judgement, Segment, Support, WeightClass
from home.replay.tally import EDGES, Cell, Tally, logged_mean

NEGLIGIBLE = 0.01
"""A share outside the log up to which the rest may still be believed."""

_STREAMED = "needs the rounds in memory: the log is longer than --keep rounds"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that is known of a target.

    `tally` has its sums; `view` its rounds, None where the log is too long. `rewards` bound what a page or
    round can earn: those that were seen, if None.
    """

    target: str
    tally: Tally
    view: View | None
    rewards: tuple[float, float] | None = None
    unknowable: dict[str, int] = field(default_factory=dict)


def judged(evidence: Evidence, options: Options) -> Judgement:
    """What is said of a target. Raises ValueError for one without a single round."""
    whole = evidence.tally.whole
    if whole is None or evidence.tally.ips is None:
        raise ValueError(f"target {evidence.target}: no round is left to judge it on")
    support = _support(evidence, evidence.tally.ips, options)
    checks = None if evidence.view is None else checked(evidence.view)
    diagnostics = _too_alike(_too_rare(_diagnosed(evidence, whole), evidence.tally), evidence.tally)
    return Judgement(
        target=evidence.target,
        estimates=tuple(_estimates(evidence, options)),
        diagnostics=_with_support(_with_checks(diagnostics, checks), support),
        support=support,
        checks=checks,
        unknowable=evidence.unknowable,
        weights=tuple(_classes(whole)),
        slots=tuple(_slots(evidence.view, options)),
        breakdowns={
            name: tuple(_segment(label, cells[label], options) for label in sorted(cells))
            for name, cells in evidence.tally.cells.items()
        },
    )


def on_policy(evidence: Evidence, options: Options) -> Interval:
    """The plain mean of what was logged. Raises ValueError without a single round."""
    if evidence.view is not None:
        return interval_of(logged_mean(evidence.view.rounds), options)
    if evidence.tally.whole is None:
        raise ValueError("no round is left to take a mean of")
    return interval_of(evidence.tally.whole.mean, options)


def interval_of(estimate: Estimate | Sums, options: Options) -> Interval:
    """The interval asked for; of no width where all rounds are of one group, which the verdict says too."""
    if _groups(estimate) < 2:
        return Interval(estimate.value, estimate.value, estimate.value, options.level, "one group")
    if options.interval == "normal":
        return normal(estimate, options.level)
    return bootstrap(estimate, np.random.default_rng(options.seed), options.level, options.replicates)


def _groups(estimate: Estimate | Sums) -> int:
    if isinstance(estimate, Sums):
        return int((estimate.rounds > 0.0).sum())
    return len(np.unique(estimate.group))


def _estimates(evidence: Evidence, options: Options) -> Iterator[Estimated]:
    for name in _chosen(evidence.view, options):
        try:
            if evidence.view is None:
                yield Estimated(name, interval_of(_streamed(name, evidence.tally), options))
            else:
                estimate, note = ESTIMATORS[name].compute(evidence.view)
                yield Estimated(name, interval_of(estimate, options), note)
        except ValueError as error:
            yield Estimated(name, None, str(error))


def _chosen(view: View | None, options: Options) -> tuple[str, ...]:
    if options.estimators is not None and options.estimators != EVERY:
        return options.estimators
    if view is None:
        return STREAMED
    if options.estimators == EVERY:
        return tuple(name for name, one in ESTIMATORS.items() if one.needs in view.has)
    return DEFAULTS[next(one for one in DEFAULTS if one in view.has)]


def _streamed(name: str, tally: Tally) -> Sums:
    if name == "ips" and tally.ips is not None:
        return tally.ips
    if name == "snips" and tally.whole is not None:
        if not tally.whole.weights.total:
            raise ValueError("target is 0 on every round: the target policy never shows what was logged")
        return tally.whole.snips
    raise ValueError(_STREAMED)


def _segment(label: str, cell: Cell, options: Options) -> Segment:
    plain = replace(options, interval="normal")
    weighted = cell.weights.total > 0.0
    return Segment(
        label=label,
        rounds=cell.weights.rounds,
        logged=interval_of(cell.mean, plain),
        target=interval_of(cell.snips, plain) if weighted else None,
        effective=cell.weights.effective,
    )


def _slots(view: View | None, options: Options) -> Iterator[Segment]:
    """Each slot's value with the weight of what stands above and in it, normalised."""
    if view is None or view.slates is None:
        return
    rounds, plain = view.slates, replace(options, interval="normal")
    weights, rewards = rounds.prefix_weights, rounds.filled_reward
    for slot in range(rounds.slots):
        rows = rounds.filled[:, slot]
        w, r, group = weights[rows, slot], rewards[rows, slot], rounds.group[rows]
        yield Segment(
            label=str(slot + 1),
            rounds=int(rows.sum()),
            logged=interval_of(mean_of("mean", r, group), plain),
            target=interval_of(Estimate("snips", w * r, w, group), plain) if w.any() else None,
            effective=effective(w),
        )


def _classes(whole: Cell) -> Iterator[WeightClass]:
    counts = whole.weights.counts
    held = np.flatnonzero(counts)
    for at in range(int(held[0]), int(held[-1]) + 1):
        high = float(EDGES[at + 1])
        yield WeightClass(float(EDGES[at]), None if isinf(high) else high, int(counts[at]))


def _support(evidence: Evidence, ips: Sums, options: Options) -> Support | None:
    tally = evidence.tally
    if tally.outside is None or not tally.cut:
        return None
    view = evidence.view
    share = interval_of(tally.outside, options)
    value = interval_of(ips if view is None else plain_ips(view.rounds), options)
    low, high = evidence.rewards or tally.rewards
    return Support(
        outside=share,
        decisions=tally.cut,
        low=value.low + min(low * share.low, low * share.high),
        high=value.high + max(high * share.low, high * share.high),
    )


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


def _diagnosed(evidence: Evidence, whole: Cell) -> Diagnostics:
    if evidence.view is not None:
        return diagnose(evidence.view.rounds)
    weights, groups = whole.weights, _groups(whole.mean)
    rounds, total = weights.rounds, weights.total
    # The normaliser of SNIPS is Σw: over the number of rounds it is the mean weight.
    mean = Sums(
        whole.snips.denominator, whole.mean.denominator, np.zeros(len(whole.mean.rounds)), whole.mean.rounds
    )
    spread = (
        normal(mean, MEAN_WEIGHT_LEVEL)
        if groups > 1
        else Interval(mean.value, mean.value, mean.value, 1.0, "")
    )
    largest = weights.largest / total if total else 1.0
    worth = effective(whole.snips.denominator)
    verdict, reason = verdict_on(rounds, worth, weights.effective, largest, spread.low, spread.high)
    return Diagnostics(
        rounds=rounds,
        groups=groups,
        effective_sample_size=weights.effective,
        max_weight=weights.largest,
        largest_share=largest,
        mean_weight=mean.value,
        mean_weight_low=spread.low,
        mean_weight_high=spread.high,
        support=1.0 - weights.zeros / rounds,
        verdict=verdict,
        reason=reason,
    )
