"""The policies that a log can judge exactly.

Under the anchored mixture a page has probability π(page) = (1 − ε)·[page = anchor] + ε·∏ₖ qₖ, and the log
holds the anchor and the qₖ of what was shown. So the probability of a logged page is known exactly under any
other ε as well, from ε = 0 (always the optimum) to ε = 1 (always explore), with the models, rules, floor and
regret cap that were live at the time. A page from a portfolio was drawn with ε = 1 from the portfolio, so
targets choose within it: with probability 1 − ε its anchor, else by the portfolio's probabilities. Targets
with another model or other rules are in `home.replay.what_if`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np

from bandits.types import Page, Probabilities
from home.records import DecisionRecord


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """What a target makes of a logged decision.

    `prefixes` (k,): the probability of the first 1 … k shelves of the page that was shown, the last being the
    page's own. `outside`: the share of the target's pages that the log could not hold there; where it is
    estimated, from `drawn` pages, which speak for a share of `reach` of the target. `weight_bound` holds for
    the weight of every page that could have been shown.
    """

    prefixes: Probabilities
    outside: float = 0.0
    drawn: int = 0
    reach: float = 0.0
    weight_bound: float = inf

    @property
    def page(self) -> float:
        """The probability of the page that was shown."""
        return float(self.prefixes[-1])


class PageTarget(Protocol):
    """A policy over pages, to be judged on pages that another one showed."""

    @property
    def name(self) -> str:
        """The target in a word."""
        ...

    def likelihood(self, record: DecisionRecord) -> Likelihood:
        """Exact, but `outside` may be estimated. Raises NotExplainableError where it cannot be known."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """A policy to judge: the logged models and anchors with another share `epsilon` of exploration.

    None keeps the share each page was served with: the logging policy itself. Raises ValueError for a share
    outside [0, 1].
    """

    epsilon: float | None

    def __post_init__(self) -> None:
        if self.epsilon is not None and not 0.0 <= self.epsilon <= 1.0:
            raise ValueError(f"epsilon = {self.epsilon}: must be a share between 0 and 1")

    @property
    def name(self) -> str:
        """The target in a word."""
        return "as logged" if self.epsilon is None else f"epsilon={self.epsilon:g}"

    def likelihood(self, record: DecisionRecord) -> Likelihood:
        """Both parts are exact."""
        epsilon = record.epsilon if self.epsilon is None else self.epsilon
        explored = np.cumprod(record.exploration_conditionals)
        if record.drawing.method == "portfolio":
            explored[-1] = _listed(record)
        prefixes = (1.0 - epsilon) * agreement(record.page, record.anchor) + epsilon * explored
        return Likelihood(prefixes, self._outside(record), weight_bound=_weight_bound(epsilon, record))

    def probability(self, record: DecisionRecord) -> float:
        """The probability of the record's page under this policy, exact."""
        return self.likelihood(record).page

    def _outside(self, record: DecisionRecord) -> float:
        """Pages of exploration that was switched off, or an anchor that exploration could not have drawn."""
        epsilon = record.epsilon if self.epsilon is None else self.epsilon
        if record.epsilon == 0.0:
            return epsilon * (1.0 - record.anchor_exploration)
        if record.epsilon == 1.0 and record.anchor_exploration == 0.0:
            return 1.0 - epsilon
        return 0.0


def _weight_bound(epsilon: float, record: DecisionRecord) -> float:
    """Both policies mix the same two parts, so no weight is above the larger ratio of their shares."""
    if record.epsilon == 0.0:
        return 1.0
    if record.epsilon < 1.0:
        return max((1.0 - epsilon) / (1.0 - record.epsilon), epsilon / record.epsilon)
    if epsilon == 1.0:
        return 1.0
    alone = record.anchor_exploration
    return epsilon + (1.0 - epsilon) / alone if alone > 0.0 else inf


def agreement(page: Page, anchor: Page) -> Probabilities:
    """1 while the first shelves of a page are those of the anchor, then 0: (k,)."""
    agrees = np.array(page, dtype=np.int64) == np.array(anchor, dtype=np.int64)
    return np.logical_and.accumulate(agrees).astype(np.float64)


def _listed(record: DecisionRecord) -> float:
    """What the record says of its own page: conditionals multiply to it but for rounding."""
    return dict(zip(record.drawing.pages, record.drawing.probabilities, strict=True))[record.page]
