"""What another model or another rulebook would have shown: the same decisions, decided again.

The record holds what was scored and all that its layout problem is made of. Scored by another model, or laid
out under other rules, and drawn as the record was, it gives the target's own distribution over pages, and so
the exact probability of the page that was shown.

What the log could not hold is another matter. Pages that the old rules forbade, or that the regret cap of the
time kept out, were never shown, and no weight makes up for that. Their share of the target's pages is worked
out exactly where few pages could be shown, and otherwise estimated: pages are drawn from the target with a
seed, and each is checked against what the decision could have drawn. The mean over decisions is unbiased; its
interval, over listeners, holds the error of the draws as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bandits.policy import Policy
from bandits.types import Page, Scores
from home.compose import lay_out, scored
from home.configuration import Setup
from home.draw import source_of
from home.errors import NotExplainableError
from home.explain import problem_under, whole_problem
from home.records import DecisionRecord
from home.redraw import draw_of, exploration_of
from home.replay.page_law import PageLaw, Share, logged_law
from home.replay.targets import Likelihood, Target
from layout.errors import LayoutError
from layout.rules import BaseRule
from layout.solve import effective
from layout.types import Problem

_PATIENCE_S = 60.0
"""Wall time for a page; what a page may cost is limited in deterministic time, as when it was served."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A policy to decide with; `version` is that of a stored model, None for one that never served."""

    policy: Policy
    version: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """A policy to judge: the logged decisions with another `model`, other `rules` or another `epsilon`.

    What is None stays as it was. `setup_of` gives the rulebook and grid of a decision. `draws` pages for each
    decision, seeded by `seed` and the decision, estimate the share that the log could not hold where it is
    not known exactly. Raises ValueError for a share outside [0, 1] or without a draw.
    """

    name: str
    setup_of: Callable[[DecisionRecord], Setup]
    model: Model | None = None
    rules: tuple[BaseRule, ...] | None = None
    epsilon: float | None = None
    draws: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        _ = Target(self.epsilon)
        if self.draws < 1:
            raise ValueError(f"draws = {self.draws}: at least one page must be drawn for each decision")

    def likelihood(self, record: DecisionRecord) -> Likelihood:
        """The probabilities are exact; `outside` is where few pages could be shown, else estimated.

        Raises NotExplainableError where the decision cannot be decided again.
        """
        if self.same_but_for_epsilon(record):
            return Target(self.epsilon).likelihood(record)
        try:
            return self._decided_again(record)
        except (LayoutError, ValueError) as error:
            raise NotExplainableError(record.id, f"it cannot be decided again: {error}") from error

    def law(self, record: DecisionRecord) -> PageLaw:
        """The whole distribution over pages that the decision would have been drawn from.

        Raises NotExplainableError where the decision cannot be decided again.
        """
        try:
            if self.same_but_for_epsilon(record):
                logged = logged_law(record, problem_under(record, self.setup_of(record)))
                return logged if self.epsilon is None else replace(logged, epsilon=self.epsilon)
            return self._pages(record, self.setup_of(record)).law
        except (LayoutError, ValueError) as error:
            raise NotExplainableError(record.id, f"it cannot be decided again: {error}") from error

    def same_but_for_epsilon(self, record: DecisionRecord) -> bool:
        """Whether it decides as the record was decided, and differs in its share of exploration at most."""
        same_model = self.model is None or self.model.version == record.policy_version
        return same_model and self.rules is None

    def _decided_again(self, record: DecisionRecord) -> Likelihood:
        setup = self.setup_of(record)
        pages = self._pages(record, setup)
        rng = np.random.default_rng([self.seed, record.seed])
        outside = _outside(pages, record, setup, self.draws, rng)
        return Likelihood(pages.law.prefixes(record.page), outside.value, outside.drawn, outside.reach)

    def _pages(self, record: DecisionRecord, setup: Setup) -> _Pages:
        under = setup if self.rules is None else Setup(self.rules, setup.grid)
        return _pages(record, under, _scores(record, setup, self.model), self.epsilon)


@dataclass(frozen=True, slots=True, eq=False)
class _Pages:
    """The pages of a `problem`, with the law that they are drawn from."""

    problem: Problem
    law: PageLaw


def _scores(record: DecisionRecord, setup: Setup, model: Model | None) -> Scores:
    if model is None:
        return Scores(record.values, record.pmf)
    features = [option.features for option in record.options]
    scores, fault = scored(model.policy, record.context, features, len(setup.grid.slots))
    if fault:
        raise ValueError(fault)
    return scores


def _pages(record: DecisionRecord, setup: Setup, scores: Scores, epsilon: float | None) -> _Pages:
    """What the decision would have been drawn from with these scores, under this setup."""
    if not record.limits:
        raise ValueError("it was logged before pages could be computed again")
    whole = whole_problem(replace(record, values=scores.values), setup)
    result, fault = lay_out(whole, _PATIENCE_S, record.limits["deterministic_time"])
    if fault:
        raise ValueError(fault)
    problem, exploration = effective(whole, result), exploration_of(record)
    if epsilon is not None:
        exploration = replace(exploration, epsilon=epsilon)
    least = exploration.least_value(problem, result.page)
    source = source_of(problem, result, scores.pmf, exploration, least)
    law = PageLaw(result.page, exploration.epsilon, source, len(record.options))
    return _Pages(problem, law)


def _outside(
    pages: _Pages, record: DecisionRecord, setup: Setup, draws: int, rng: np.random.Generator
) -> Share:
    """The share of the target's pages that the decision could not have drawn."""
    if record.epsilon == 0.0:
        return Share(1.0 - pages.law.probability(record.anchor))
    if record.drawing.method == "portfolio":
        listed = zip(record.drawing.pages, record.drawing.probabilities, strict=True)
        loggable = frozenset(page for page, p in listed if p > 0.0)
        return pages.law.share(lambda page: page not in loggable, draws, rng)
    old = problem_under(record, setup)
    if _explores_alike(pages, record, old):
        return Share(0.0)
    return pages.law.share(_Unloggable(record, old), draws, rng)


def _explores_alike(pages: _Pages, record: DecisionRecord, old: Problem) -> bool:
    """Whether exploration reached every page of the target: as when both obey the same rules, and no cap."""
    same = pages.problem.rules == old.rules and pages.problem.grid == old.grid
    return same and record.floor > 0.0 and record.drawing.regret_cap is None


class _Unloggable:
    """Whether a decision could not have drawn a page."""

    def __init__(self, record: DecisionRecord, problem: Problem) -> None:
        self._record = record
        self._source = draw_of(record, problem)

    def __call__(self, page: Page) -> bool:
        if len(page) != len(self._record.page):
            return True
        if page == self._record.anchor and self._record.epsilon < 1.0:
            return False
        return self._source.exploration_probability(page) == 0.0
