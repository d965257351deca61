"""What a simulation of the carousel says: cumulative regret by policy, and paired differences.

A seed draws other visits, other luck and other choices, so seeds are independent and intervals are Student's
t over seeds. All policies meet the same visits with the same luck on a seed, so differences are taken seed by
seed first: what they share cancels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import orjson
from scipy import stats

from bandits.ope.intervals import Interval
from home.errors import ConfigurationError
from home.simulate.carousel.play import Job
from home.simulate.carousel.published import REGRET_50, REGRET_100
from home.simulate.carousel.run import CarouselResult
from home.simulate.carousel.world import Floats

BASELINE = "ts-seg-pessimistic"
"""The best published policy."""

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """One policy over all seeds.

    `regret` and `halfway` are cumulative, over all rounds and over their first half; `last_round` is the
    expected regret per user in the last round. `published` and `published_halfway` are the paper's values,
    where it gives them and the rounds and users are its own. `per_minute`: carousels per minute of CPU.
    """

    policy: str
    regret: Interval
    halfway: Interval
    last_round: float
    published: float | None
    published_halfway: float | None
    per_minute: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Cumulative regret of a policy less that of `baseline`, and as a ratio to it, paired by seed."""

    policy: str
    baseline: str
    difference: Interval
    ratio: Interval


@dataclass(frozen=True, slots=True)
class CarouselReport:
    """A simulation in numbers; `summaries` in the order of regret."""

    origin: str
    synthetic: bool
    rounds: int
    users: int
    feedback: str
    seeds: tuple[int, ...]
    summaries: tuple[PolicySummary, ...]
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def report(result: CarouselResult, baseline: str | None = None) -> CarouselReport:
    """Summarise a simulation, comparing with `baseline`: by default the best published policy, if it played.

    Raises ConfigurationError when the baseline took no part.
    """
    if baseline is not None and baseline not in result.policies:
        raise ConfigurationError(f"baseline is {baseline!r}: choose among {', '.join(result.policies)}")
    against = baseline or (BASELINE if BASELINE in result.policies else result.policies[-1])
    regrets = {policy: _regrets(result, policy) for policy in result.policies}
    totals = {policy: found.sum(axis=1) for policy, found in regrets.items()}
    ordered = sorted(result.policies, key=lambda policy: float(totals[policy].mean()))
    return CarouselReport(
        origin=result.origin,
        synthetic=result.synthetic,
        rounds=result.protocol.rounds,
        users=result.protocol.users,
        feedback=result.protocol.feedback.value,
        seeds=result.seeds,
        summaries=tuple(_summary(result, policy, regrets[policy]) for policy in ordered),
        comparisons=tuple(
            _comparison(policy, against, totals[policy], totals[against])
            for policy in ordered
            if policy != against
        ),
    )


def over_seeds(values: Floats) -> Interval:
    """The mean of independent values (seeds,) with Student's t interval; infinitely wide for a single one."""
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, -np.inf, np.inf, _LEVEL, "student t over seeds")
    reach = float(stats.t.ppf(0.5 + _LEVEL / 2.0, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - reach, mean + reach, _LEVEL, "student t over seeds")


def _regrets(result: CarouselResult, policy: str) -> Floats:
    """Regret (seeds, rounds) of a policy."""
    return np.array([result.curves[Job(policy, seed)].regret for seed in result.seeds])


def _summary(result: CarouselResult, policy: str, regrets: Floats) -> PolicySummary:
    curves = [result.curves[Job(policy, seed)] for seed in result.seeds]
    rounds, users = result.protocol.rounds, result.protocol.users
    as_published = rounds == 100 and users == 20_000
    last = np.mean([curve.optimal[-1] - curve.expected[-1] for curve in curves]) / users
    return PolicySummary(
        policy=policy,
        regret=over_seeds(regrets.sum(axis=1)),
        halfway=over_seeds(regrets[:, : rounds // 2].sum(axis=1)),
        last_round=float(last),
        published=REGRET_100.get(policy) if as_published else None,
        published_halfway=REGRET_50.get(policy) if as_published else None,
        per_minute=60.0 * len(curves) * rounds * users / sum(curve.seconds for curve in curves),
    )


def _comparison(policy: str, baseline: str, own: Floats, base: Floats) -> Comparison:
    """The ratio's interval is that of the mean of ratios by seed, which vary little."""
    return Comparison(policy, baseline, over_seeds(own - base), over_seeds(own / base))
