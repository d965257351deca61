"""Importance weights without propensities: a classifier tells the target's actions from the logged ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from sklearn.linear_model import LogisticRegression

from bandits.ope.actions import ActionRounds, Indices, Table
from bandits.ope.estimators import Estimate, check_normaliser, clip
from bandits.ope.folds import folds_of
from bandits.ope.rounds import Column


class Classifier(Protocol):
    """Tells two classes apart from features (m, d); scikit-learn classifiers do."""

    def fit(self, features: Table, label: Column, sample_weight: Column) -> object:
        """Learn from these rows."""

    def predict_proba(self, features: Table) -> Table:
        """Probabilities (m, 2) of labels 0 and 1."""


def classified_weights(
    rounds: ActionRounds,
    rng: np.random.Generator,
    make: Callable[[], Classifier] = lambda: LogisticRegression(max_iter=1000),
    folds: int = 2,
) -> Column:
    """Weights ŵ = P(target | x, a) / P(logged | x, a) of what was shown (m,), cross-fitted over groups.

    Each round appears once with what was logged, and once with every action, counted by its probability under
    the target. Features are the context, an indicator of the action, and their products. The propensities of
    `rounds` are not used. Source: Sondhi, Arbour and Dimmery, "Balanced Off-Policy Evaluation in General
    Action Spaces", AISTATS 2020. Assumes that the log shows all that the logging policy decided by; what it
    decided by and did not log biases these weights, which no check of the log can see.
    """
    fold = folds_of(rounds.group, folds, rng)
    weights = np.empty(len(rounds))
    for held in range(folds):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        classifier = make()
        classifier.fit(*_labelled(rounds, inside))
        chance = classifier.predict_proba(_features(rounds, outside, rounds.action[outside]))
        weights[outside] = chance[:, 1] / chance[:, 0]
    return weights


def balanced_snips(rounds: ActionRounds, weights: Column, limit: float = np.inf) -> Estimate:
    """Self-normalised IPS with estimated `weights` (m,), clipped at `limit`: Σ ŵ r / Σ ŵ.

    Source, assumptions and failures as `classified_weights`. Raises ValueError for a limit that is not
    positive, or when every weight is 0.
    """
    clipped = clip(weights, limit)
    check_normaliser(clipped)
    return Estimate("balanced_snips", clipped * rounds.reward, clipped, rounds.group)


def _labelled(rounds: ActionRounds, rows: Indices) -> tuple[Table, Column, Column]:
    m, n = len(rows), rounds.actions
    every, action = np.repeat(rows, n), np.tile(np.arange(n), m)
    features = np.vstack([_features(rounds, rows, rounds.action[rows]), _features(rounds, every, action)])
    label = np.concatenate([np.zeros(m), np.ones(m * n)])
    counts = np.concatenate([np.ones(m), rounds.target[rows].ravel()])
    return features, label, counts


def _features(rounds: ActionRounds, rows: Indices, action: Indices) -> Table:
    context, shown = rounds.context[rows], np.eye(rounds.actions)[action]
    products = (context[:, :, None] * shown[:, None, :]).reshape(len(rows), -1)
    return np.hstack([context, shown, products])
