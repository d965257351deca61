"""Folds for cross-fitting, in which groups stay whole."""

from __future__ import annotations

import numpy as np

from bandits.ope.actions import Indices
from bandits.ope.rounds import Groups


def folds_of(group: Groups, folds: int, rng: np.random.Generator) -> Indices:
    """The fold (m,) of each round, at random by group, as even as groups allow.

    Raises ValueError for less than two folds, or fewer groups than folds.
    """
    groups, index = np.unique(group, return_inverse=True)
    if not 2 <= folds <= len(groups):
        raise ValueError(f"folds = {folds}: must lie between 2 and the {len(groups)} independent groups")
    return (rng.permutation(len(groups)) % folds)[index]
