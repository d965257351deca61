"""What an apprentice learns: to value shelves as the baseline that serves does."""

from __future__ import annotations

from bandits.types import Example
from home.modes import BASELINE_VERSION
from home.records import DecisionRecord


def is_baselines(record: DecisionRecord) -> bool:
    """Whether the baseline made this decision, and not a model."""
    return record.policy_version == BASELINE_VERSION


def imitation_of(record: DecisionRecord) -> tuple[Example, ...]:
    """An example of every option that the baseline scored, seen or not, with its value as the reward.

    Probabilities are 1: nothing was left to chance, for the baseline tells what it holds of everything. This
    is regression on a demonstration (behaviour cloning: Pomerleau, "Efficient Training of Artificial Neural
    Networks for Autonomous Navigation", Neural Computation 1991) on the values, from which layout makes the
    page. It needs features that tell what the baseline looks at; where they do not, the match rate stays low.
    """
    return tuple(
        Example(record.context, option.features, 0, float(value), 1.0)
        for option, value in zip(record.options, record.values, strict=True)
    )
