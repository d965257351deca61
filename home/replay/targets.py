"""The policies that a log can judge exactly.

Under the anchored mixture a page has probability π(page) = (1 − ε)·[page = anchor] + ε·∏ₖ qₖ, and the log
holds the anchor and the qₖ of what was shown. So the probability of a logged page is known exactly under any
other ε as well, from ε = 0 (always the optimum) to ε = 1 (always explore), with the models, rules, floor and
regret cap that were live at the time. A page from a portfolio was drawn with ε = 1 from the portfolio, so
targets choose within it: with probability 1 − ε its anchor, else by the portfolio's probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from home.records import DecisionRecord


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

    def probability(self, record: DecisionRecord) -> float:
        """The probability of the record's page under this policy, exact."""
        on_anchor = float(record.page == record.anchor)
        epsilon = record.epsilon if self.epsilon is None else self.epsilon
        return (1.0 - epsilon) * on_anchor + epsilon * _explored(record)

    def within(self, record: DecisionRecord) -> bool:
        """Whether every page that this policy could show there could have been logged.

        Where not, the log says nothing of part of what the policy does, and no weights make up for that:
        pages of exploration that was switched off, or an anchor that exploration could never have drawn.
        """
        epsilon = record.epsilon if self.epsilon is None else self.epsilon
        explores = epsilon > 0.0 and record.anchor_exploration < 1.0
        return (record.epsilon > 0.0 or not explores) and (
            record.epsilon < 1.0 or epsilon == 1.0 or record.anchor_exploration > 0.0
        )


def _explored(record: DecisionRecord) -> float:
    """The probability of the record's page under exploration alone."""
    drawing = record.drawing
    if drawing.method == "portfolio":
        return dict(zip(drawing.pages, drawing.probabilities, strict=True))[record.page]
    # The same operations in the same order as in the draw, so that equal policies give equal floats.
    return float(np.concatenate(([1.0], np.cumprod(record.exploration_conditionals)))[-1])
