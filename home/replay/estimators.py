"""The estimators that `home replay` offers, by name, and what each needs of a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from bandits.ope.actions import ActionRounds, ModelledRounds
from bandits.ope.cascade import cascade_dr, cascade_ips
from bandits.ope.cascade_model import SlotFeatures, fit
from bandits.ope.classified import balanced_snips, classified_weights
from bandits.ope.doubly_robust import dm, dr, dros, sndr, sub_gaussian_dr, switch_dr
from bandits.ope.estimators import (
    Estimate,
    accepting,
    clipped_ips,
    ips,
    rejection,
    replay,
    snips,
    sub_gaussian_ips,
)
from bandits.ope.independent_ips import independent_ips, independent_snips
from bandits.ope.marginalised import fitted_marginal_weights, mips, snmips
from bandits.ope.multi_logger import LoggedBySeveral, balanced_dr, balanced_ips, weighted_dr, weighted_ips
from bandits.ope.pseudo_inverse import pseudo_inverse, pseudo_inverse_cv, pseudo_inverse_sn
from bandits.ope.reward_interaction import reward_interaction_ips
from bandits.ope.reward_models import LogisticReward, RewardModel, RidgeReward, cross_fit, mrdr_weights
from bandits.ope.rounds import Column, Groups, Rounds
from bandits.ope.slates import SlateRounds
from bandits.ope.tuning import LIMITS, SMOOTHINGS, limits, slope
from home.replay.found import Found, Listed
from home.replay.sources.chunk import Labels

Seen = TypeVar("Seen", Rounds, ModelledRounds)

_FOLDS = 3


class Needs(StrEnum):
    """What an estimator needs of a log besides rewards and probabilities of what was shown."""

    NOTHING = "nothing"
    ACTIONS = "actions"
    EMBEDDING = "embedding"
    LOGGERS = "loggers"
    SLOTS = "slots"


@dataclass(slots=True, eq=False)
class View:
    """A target seen on a log that is held in memory.

    `rounds` has whole pages or single actions, with their `labels`; `actions`, where the log has them, what
    the target would do with every action, with `expected` (m, n) rewards where the log predicts them, and
    `logging` (m, n), what the logging policy would, where it is known, and the `embedding` (m, 1) of what was
    shown; `logged` who showed what, where several policies logged; `slates` the slots of pages, with
    `features` of them and what is known where pages are `listed`, or why they are `unknown` or `unlisted`.
    `weight_bound` holds for every weight that could have been, where it is given; `outside` (m,) is the share
    of the target that the log could not hold, where that is known. `seed` is that of cross-fitting and of
    rejection sampling.
    """

    rounds: Rounds
    actions: ActionRounds | None = None
    expected: Column | None = None
    logging: Column | None = None
    embedding: Groups | None = None
    logged: LoggedBySeveral | None = None
    labels: Mapping[str, Labels] = field(default_factory=dict)
    slates: SlateRounds | None = None
    features: Found[SlotFeatures] | None = None
    listed: Found[Listed] | None = None
    unknown: str = ""
    unlisted: str = ""
    weight_bound: float | None = None
    outside: Column | None = None
    seed: int = 0
    _fitted: dict[bool, ModelledRounds] = field(default_factory=dict)

    def modelled(self, *, robust: bool = False) -> ModelledRounds:
        """The rounds with a reward model, which is fitted once; `robust` weighs them for MRDR."""
        actions = self.action_rounds()
        if robust not in self._fitted:
            q = self.expected if self.expected is not None and not robust else self._cross_fit(robust)
            self._fitted[robust] = actions.modelled(q)
        return self._fitted[robust]

    def _cross_fit(self, robust: bool) -> Column:
        actions = self.action_rounds()
        binary = bool(np.isin(actions.reward, (0.0, 1.0)).all())
        make: Callable[[], RewardModel] = LogisticReward if binary else RidgeReward
        weights = mrdr_weights(actions.rounds) if robust else None
        return cross_fit(actions, make, np.random.default_rng(self.seed), _FOLDS, weights)

    def action_rounds(self) -> ActionRounds:
        """What the target would do with every action. Raises ValueError where nobody knows."""
        if self.actions is None:
            raise ValueError(
                "needs a reward model: the log must name actions, and the target give each a probability"
            )
        return self.actions

    def marginal_weights(self) -> Column:
        """Weights (m,) over embeddings. Raises ValueError where the log has none."""
        actions = self.action_rounds()
        if self.embedding is None or self.logging is None:
            raise ValueError("needs the embedding of what was shown, and the distribution it was drawn from")
        return fitted_marginal_weights(actions, self.logging, self.embedding)

    def loggers(self) -> LoggedBySeveral:
        """Who logged what. Raises ValueError for a log of one policy."""
        if self.logged is None:
            raise ValueError(
                "needs several logging policies: columns logger and logger_propensities of a table; why our"
                " own log has none: docs/replay.md, Several loggers"
            )
        return self.logged

    @property
    def has(self) -> frozenset[Needs]:
        """What estimators may need that is there."""
        there = {
            Needs.NOTHING: True,
            Needs.ACTIONS: self.actions is not None,
            Needs.EMBEDDING: all(x is not None for x in (self.actions, self.embedding, self.logging)),
            Needs.LOGGERS: self.logged is not None,
            Needs.SLOTS: self.slates is not None,
        }
        return frozenset(need for need, found in there.items() if found)

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """Decisions that could not be looked into: reason → ids."""
        found = (one.left_out for one in (self.features, self.listed) if one is not None)
        return {why: ids for left in found for why, ids in left.items()}

    def slots(self) -> SlateRounds:
        """The slots of pages. Raises ValueError for a log of single actions."""
        if self.slates is None:
            raise ValueError("needs whole pages: this log has rounds of single actions")
        return self.slates


@dataclass(frozen=True, slots=True)
class Estimator:
    """An estimator by name: what it `needs`, `what` it is in a few words, and how it is computed.

    The function returns the estimate and a note, such as the parameter that was chosen. Raises ValueError
    where the view lacks what it needs.
    """

    needs: Needs
    what: str
    compute: Callable[[View], tuple[Estimate, str]]


def _plain(function: Callable[[Rounds], Estimate]) -> Callable[[View], tuple[Estimate, str]]:
    return lambda view: (function(view.rounds), "")


def _rejection(view: View) -> tuple[Estimate, str]:
    bound = float(view.rounds.weights.max()) if view.weight_bound is None else view.weight_bound
    if bound == 0.0:
        raise ValueError("the target never shows what was logged")
    estimate = rejection(view.rounds, bound, accepting(view.seed))
    whence = "taken from the log" if view.weight_bound is None else "was given"
    return estimate, f"{int(estimate.denominator.sum())} rounds accepted; bound {bound:.3g} {whence}"


def _tuned(
    seen: Callable[[View], Seen],
    function: Callable[[Seen, float], Estimate],
    name: str,
    tries: Callable[[Column], tuple[float, ...]] = limits,
) -> Callable[[View], tuple[Estimate, str]]:
    """An estimator on what it has `seen` of a view; the parameter `name` is chosen among `tries`."""

    def compute(view: View) -> tuple[Estimate, str]:
        rounds, parameters = seen(view), tries(view.rounds.weights)
        try:
            tuned = slope(partial(function, rounds), parameters)
        except ValueError as error:
            raise ValueError(f"the {name} cannot be tuned: {error}") from error
        return tuned.estimate, f"{name} {tuned.parameter:.3g} by SLOPE"

    return compute


def _limits(_: Column) -> tuple[float, ...]:
    return LIMITS


def _smoothings(_: Column) -> tuple[float, ...]:
    return SMOOTHINGS


def _rounds(view: View) -> Rounds:
    return view.rounds


def _modelled(function: Callable[[ModelledRounds], Estimate]) -> Callable[[View], tuple[Estimate, str]]:
    return lambda view: (function(view.modelled()), "")


def _shrinkages(weights: Column) -> tuple[float, ...]:
    """λ to try: weights of √λ are halved, so it goes with the square of the weights."""
    return tuple(limit**2 for limit in limits(weights))


def _mrdr(view: View) -> tuple[Estimate, str]:
    return dr(view.modelled(robust=True)), ""


def _balanced_classes(view: View) -> tuple[Estimate, str]:
    actions = view.action_rounds()
    weights = classified_weights(actions, np.random.default_rng(view.seed))
    return balanced_snips(actions, weights), "weights by a classifier; propensities are not used"


def _slots(function: Callable[[SlateRounds], Estimate]) -> Callable[[View], tuple[Estimate, str]]:
    return lambda view: (function(view.slots()), "")


def _cascade_dr(view: View) -> tuple[Estimate, str]:
    rounds, found = view.slots(), view.features
    if found is None:
        raise ValueError(
            view.unknown or "needs the target's choice in every slot, which this log cannot give"
        )
    studied = rounds.take(found.rows)
    predicted = fit(studied, found.value, np.random.default_rng(view.seed))
    return cascade_dr(studied, predicted.shown, predicted.expected), found.note


def _listed(function: Callable[[SlateRounds, Column], Estimate]) -> Callable[[View], tuple[Estimate, str]]:
    """An estimator on the pages that could be listed, and their pseudo-inverse weights."""

    def compute(view: View) -> tuple[Estimate, str]:
        rounds, found = view.slots(), view.listed
        if found is None:
            raise ValueError(
                view.unlisted or "needs every page that could be shown, which this log does not list"
            )
        known = found.value
        studied = replace(
            rounds.take(found.rows), slot_propensity=known.slot_propensity, slot_target=known.slot_target
        )
        return function(studied, known.weights), found.note

    return compute


def _estimators() -> dict[str, Estimator]:
    nothing, actions, slots = Needs.NOTHING, Needs.ACTIONS, Needs.SLOTS
    return {
        "ips": Estimator(nothing, "inverse propensity scoring", _plain(ips)),
        "snips": Estimator(nothing, "self-normalised IPS", _plain(snips)),
        "clipped_ips": Estimator(
            nothing, "IPS with clipped weights", _tuned(_rounds, clipped_ips, "limit", _limits)
        ),
        "sub_gaussian_ips": Estimator(
            nothing, "IPS with smoothed weights", _tuned(_rounds, sub_gaussian_ips, "smoothing", _smoothings)
        ),
        "replay": Estimator(nothing, "mean where a deterministic target agrees", _plain(replay)),
        "rejection": Estimator(nothing, "mean of rounds accepted by weight", _rejection),
        "dm": Estimator(actions, "direct method, a reward model alone", _modelled(dm)),
        "dr": Estimator(actions, "doubly robust", _modelled(dr)),
        "sndr": Estimator(actions, "self-normalised DR", _modelled(sndr)),
        "switch_dr": Estimator(
            actions, "DR up to a weight, then the model", _tuned(View.modelled, switch_dr, "threshold")
        ),
        "dros": Estimator(
            actions, "DR with optimistic shrinkage", _tuned(View.modelled, dros, "shrinkage", _shrinkages)
        ),
        "mrdr": Estimator(actions, "more robust DR", _mrdr),
        "sub_gaussian_dr": Estimator(
            actions,
            "DR with smoothed weights",
            _tuned(View.modelled, sub_gaussian_dr, "smoothing", _smoothings),
        ),
        "mips": Estimator(
            Needs.EMBEDDING,
            "marginalised IPS over embeddings",
            lambda v: (mips(v.action_rounds(), v.marginal_weights()), ""),
        ),
        "snmips": Estimator(
            Needs.EMBEDDING,
            "the same, normalised",
            lambda v: (snmips(v.action_rounds(), v.marginal_weights()), ""),
        ),
        "balanced_snips": Estimator(
            actions, "weights by a classifier, without propensities", _balanced_classes
        ),
        "balanced_ips": Estimator(
            Needs.LOGGERS,
            "several loggers, as one mixture",
            lambda v: (balanced_ips(v.rounds, v.loggers()), ""),
        ),
        "weighted_ips": Estimator(
            Needs.LOGGERS, "several loggers, by variance", lambda v: (weighted_ips(v.rounds, v.loggers()), "")
        ),
        "balanced_dr": Estimator(
            Needs.LOGGERS,
            "the same with a reward model",
            lambda v: (balanced_dr(v.modelled(), v.loggers()), ""),
        ),
        "weighted_dr": Estimator(
            Needs.LOGGERS,
            "the same with a reward model",
            lambda v: (weighted_dr(v.modelled(), v.loggers()), ""),
        ),
        "cascade_ips": Estimator(slots, "each slot weighed by what stands above", _slots(cascade_ips)),
        "cascade_dr": Estimator(slots, "cascade IPS with a reward model", _cascade_dr),
        "reward_interaction_ips": Estimator(
            slots, "cascade IPS, self-normalised", _slots(reward_interaction_ips)
        ),
        "independent_ips": Estimator(
            slots, "each slot weighed alone", _listed(lambda rounds, _: independent_ips(rounds))
        ),
        "independent_snips": Estimator(
            slots, "each slot weighed alone, normalised", _listed(lambda rounds, _: independent_snips(rounds))
        ),
        "pseudo_inverse": Estimator(slots, "pages as sums over slots", _listed(pseudo_inverse)),
        "pseudo_inverse_sn": Estimator(slots, "the same, normalised", _listed(pseudo_inverse_sn)),
        "pseudo_inverse_cv": Estimator(slots, "the same, with a control variate", _listed(pseudo_inverse_cv)),
    }


ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(_estimators())
"""Every estimator by name."""

NEED_CHOICES = frozenset({"cascade_dr"})
"""Those that look into what the target would choose in every slot."""

NEED_LISTING = frozenset(name for name in ESTIMATORS if name.startswith(("independent", "pseudo_inverse")))
"""Those for which every page that could be shown must be listed."""

STREAMED = (
    "ips", "snips", "clipped_ips", "sub_gaussian_ips", "replay", "rejection", "cascade_ips",
    "reward_interaction_ips",
)  # fmt: skip
"""Those that need no more than sums, and so no rounds in memory."""

DEFAULTS: Mapping[Needs, tuple[str, ...]] = MappingProxyType(
    {
        Needs.SLOTS: ("ips", "snips", "cascade_ips", "reward_interaction_ips"),
        Needs.ACTIONS: ("ips", "snips", "dr", "sndr"),
        Needs.NOTHING: ("ips", "snips"),
    }
)
"""What is computed unless others are asked for, by the most that a log has: unbiased or consistent ones."""
