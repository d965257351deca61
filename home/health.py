"""Whether the loop is well: the newest decisions against those before them, check by check.

Every check names what it measured, what it compares with, and a verdict. Thresholds are stated assumptions:
a check on a rate alerts beyond four standard errors, which chance alone exceeds once in 16,000 times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.features import SPARSE
from bandits.ope.diagnostics import Diagnostics, diagnose
from bandits.ope.rounds import Rounds
from bandits.rewards import RewardFormula
from home.evidence import Judged, judged
from home.records import DecisionRecord
from home.replay.targets import Target

_MIN_PAGES = 50
_ERRORS = 4.0
_INEXACT_SHARE = 0.05
_MISSING_SHARE = 0.1
_MIN_ESS_SHARE = 0.2
_PSI = 0.25
_BINS = 10
_REFERENCE_FACTOR = 3


class Verdict(StrEnum):
    """OK, ALERT, or UNKNOWN where there is too little to say."""

    OK = "ok"
    ALERT = "alert"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the `value` measured in the newest window, what it should be in words, and the verdict."""

    name: str
    value: float | None
    expected: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """All checks over `pages` decisions against `reference` earlier ones."""

    pages: int
    reference: int
    checks: tuple[Check, ...]

    @property
    def well(self) -> bool:
        """True when no check alerts."""
        return all(check.verdict is not Verdict.ALERT for check in self.checks)

    def to_json(self) -> bytes:
        """The checks as indented JSON."""
        return orjson.dumps({"well": self.well, **asdict(self)}, option=orjson.OPT_INDENT_2)


def examine(engine: Engine, formula: RewardFormula, now: datetime, pages: int) -> Health:
    """Check the newest `pages` closed decisions against the three times as many before them."""
    with Session(engine) as session:
        log = judged(session, formula, now, pages * (1 + _REFERENCE_FACTOR))
    return compare(log[:pages], log[pages:])


def compare(recent: Sequence[Judged], reference: Sequence[Judged]) -> Health:
    """Check some decisions, newest first, against earlier ones."""
    if len(recent) < _MIN_PAGES:
        detail = f"{len(recent)} closed decisions; {_MIN_PAGES} are needed"
        return Health(
            len(recent), len(reference), (Check("decisions", len(recent), "enough", Verdict.UNKNOWN, detail),)
        )
    exact = [one for one in recent if one.record.propensity is not None]
    checks = [_inexact(recent, exact), _explored(exact), *_weights(exact)]
    if len(reference) < _MIN_PAGES:
        detail = f"{len(reference)} earlier decisions; {_MIN_PAGES} are needed"
        checks.append(Check("reference", len(reference), "enough", Verdict.UNKNOWN, detail))
    else:
        checks += [_reward(recent, reference), _missing(recent, reference), _drift(recent, reference)]
    return Health(len(recent), len(reference), tuple(checks))


def _inexact(recent: Sequence[Judged], exact: Sequence[Judged]) -> Check:
    share = 1.0 - len(exact) / len(recent)
    why = Counter(one.record.fallback.partition(":")[0] for one in recent if one.record.propensity is None)
    return Check(
        "inexact_share",
        share,
        f"at most {_INEXACT_SHARE:.0%} of pages without an exact propensity",
        _verdict(share > _INEXACT_SHARE),
        ", ".join(f"{name}: {pages}" for name, pages in why.most_common(3)),
    )


def _explored(exact: Sequence[Judged]) -> Check:
    rates = np.array([one.record.epsilon for one in exact])
    explored = np.array([one.record.explored for one in exact])
    spread = sqrt(float((rates * (1.0 - rates)).sum()))
    apart = abs(float(explored.sum() - rates.sum()))
    return Check(
        "explored_share",
        float(explored.mean()) if len(exact) else None,
        f"epsilon, {float(rates.mean()) if len(exact) else 0.0:.3f} on average",
        _verdict(apart > _ERRORS * spread + 1e-9),
        f"{apart / spread:.1f} standard errors apart" if spread else "",
    )


def _weights(exact: Sequence[Judged]) -> list[Check]:
    """For targets whose weights must average 1 if the logged propensities are true."""
    checks = []
    for name, epsilon in (("optimum", 0.0), ("exploration", 1.0)):
        found = _diagnose(exact, Target(epsilon))
        if found is None:
            continue
        true = found.mean_weight_low <= 1.0 <= found.mean_weight_high or abs(found.mean_weight - 1.0) < 1e-9
        range_ = f"[{found.mean_weight_low:.3f}, {found.mean_weight_high:.3f}]"
        checks.append(
            Check(
                f"mean_weight_{name}", found.mean_weight, "1 within its interval", _verdict(not true), range_
            )
        )
        if epsilon == 0.0:
            share = found.effective_sample_size / found.rounds
            checks.append(
                Check(
                    "effective_sample_share",
                    share,
                    f"at least {_MIN_ESS_SHARE:.0%} for the optimum alone",
                    _verdict(share < _MIN_ESS_SHARE),
                    f"{found.rounds} pages are worth {found.effective_sample_size:.0f}",
                )
            )
    return checks


def _diagnose(exact: Sequence[Judged], target: Target) -> Diagnostics | None:
    # Where nothing explores, exploration has no support and its weights say nothing.
    covered = [one for one in exact if target.epsilon == 0.0 or one.record.epsilon > 0.0]
    if not covered:
        return None
    return diagnose(
        Rounds(
            np.array([one.reward for one in covered]),
            np.array([one.record.propensity for one in covered]),
            np.array([min(1.0, target.probability(one.record)) for one in covered]),
            np.array([one.group for one in covered], dtype=np.int64),
        )
    )


def _reward(recent: Sequence[Judged], reference: Sequence[Judged]) -> Check:
    now, before = ([one.reward for one in window] for window in (recent, reference))
    spread = sqrt(float(np.var(now, ddof=1)) / len(now) + float(np.var(before, ddof=1)) / len(before))
    fall = float(np.mean(before) - np.mean(now))
    return Check(
        "reward_rate",
        float(np.mean(now)),
        f"{np.mean(before):.4f} per page as before, no fall beyond chance",
        _verdict(fall > _ERRORS * spread + 1e-12),
        f"{-fall:+.4f}, {abs(fall) / spread:.1f} standard errors" if spread else "",
    )


def _missing(recent: Sequence[Judged], reference: Sequence[Judged]) -> Check:
    now, before = _presence(recent), _presence(reference)
    changes = {name: before.get(name, 0.0) - now.get(name, 0.0) for name in before | now}
    name = max(changes, key=lambda key: abs(changes[key]))
    return Check(
        "missing_features",
        abs(changes[name]),
        f"no feature comes or goes on {_MISSING_SHARE:.0%} of options",
        _verdict(abs(changes[name]) > _MISSING_SHARE),
        f"{name}: on {before.get(name, 0.0):.1%} of options before, {now.get(name, 0.0):.1%} now",
    )


def _drift(recent: Sequence[Judged], reference: Sequence[Judged]) -> Check:
    value = population_stability(_values(recent), _values(reference))
    return Check(
        "score_distribution",
        value,
        f"population stability index at most {_PSI}",
        _verdict(value > _PSI),
    )


def population_stability(recent: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Σ (p − q) ln(p / q) over the deciles of `reference`, with half a count added to each bin.

    Source: Siddiqi, "Credit Risk Scorecards", 2006, where 0.25 marks a major shift. It sees shifts of the
    distribution, not who they happen to; and it grows with the noise of small samples.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0.0, 1.0, _BINS + 1)[1:-1]))
    shares = []
    for values in (recent, reference):
        counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1) + 0.5
        shares.append(counts / counts.sum())
    p, q = shares
    return float(((p - q) * np.log(p / q)).sum())


def _presence(window: Sequence[Judged]) -> dict[str, float]:
    """Feature → the share of options that have it; those of contexts count once for each decision.

    A feature that is left out where it is 0 is never missing.
    """
    options: Counter[str] = Counter()
    contexts: Counter[str] = Counter()
    total = 0
    for one in window:
        total += len(one.record.options)
        contexts.update(
            f"{space}.{name}"
            for space, known in one.record.context.items()
            if space not in SPARSE
            for name in known
        )
        for option in one.record.options:
            for space, known in option.features.items():
                options.update([f"{space}.{name}" for name in known])
    return {name: count / total for name, count in options.items()} | {
        name: count / len(window) for name, count in contexts.items()
    }


def _values(window: Sequence[Judged]) -> NDArray[np.float64]:
    return np.concatenate([_first_slot(one.record) for one in window])


def _first_slot(record: DecisionRecord) -> NDArray[np.float64]:
    return record.values if record.values.ndim == 1 else record.values[:, 0]


def _verdict(alert: bool) -> Verdict:
    return Verdict.ALERT if alert else Verdict.OK
