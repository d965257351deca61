"""What is true of a page as lessons: a teacher for models that start from simulated listeners."""

from __future__ import annotations

import numpy as np

from bandits.types import Example
from home.compose import ComposedPage
from home.simulate.encounter import Encounter
from home.simulate.listener import ListenerModel


def true_lessons(
    model: ListenerModel, page: ComposedPage, met: Encounter, count: int, seed: int
) -> tuple[Example, ...]:
    """What `count` options of a page, drawn at random, bring if looked at, in expectation.

    `met` is how the listener meets all of them (`home.simulate.best.meet_options`). What an option is worth
    if looked at depends on no slot, so lessons go around the slots. All weigh the same.
    """
    rewards, slots = model.reward_if_seen(met), len(page.grid.slots)
    chosen = np.random.default_rng(seed).permutation(len(page.options))[:count].tolist()
    return tuple(
        Example(page.context_features, page.features[option], turn % slots, float(rewards[option]), 1.0)
        for turn, option in enumerate(chosen)
    )
