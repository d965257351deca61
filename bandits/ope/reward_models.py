"""Reward models q̂(x, a) for the estimators that need one, fitted to other rounds than they are used on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from bandits.ope.actions import ActionRounds, Table
from bandits.ope.folds import folds_of
from bandits.ope.rounds import Column, Rounds


class RewardModel(Protocol):
    """Predicts rewards (m,) from features (m, d); scikit-learn regressors are such models."""

    def fit(self, features: Table, reward: Column, sample_weight: Column | None = None) -> object:
        """Learn from these rounds."""

    def predict(self, features: Table) -> Column:
        """The expected reward (m,)."""


class RidgeReward:
    """Ridge regression, for rewards of any range; predictions stay in the range of rewards it has seen."""

    def __init__(self, penalty: float = 1.0) -> None:
        self._model = Ridge(alpha=penalty)
        self._range = (0.0, 0.0)

    def fit(self, features: Table, reward: Column, sample_weight: Column | None = None) -> None:
        """Learn from these rounds."""
        self._range = float(reward.min()), float(reward.max())
        self._model.fit(features, reward, sample_weight=sample_weight)

    def predict(self, features: Table) -> Column:
        """The expected reward (m,)."""
        return np.asarray(np.clip(self._model.predict(features), *self._range), dtype=np.float64)


class LogisticReward:
    """Logistic regression, for rewards of 0 and 1; `inverse_penalty` is scikit-learn's C."""

    def __init__(self, inverse_penalty: float = 1.0) -> None:
        self._model = LogisticRegression(C=inverse_penalty, max_iter=1000)
        self._constant: float | None = None

    def fit(self, features: Table, reward: Column, sample_weight: Column | None = None) -> None:
        """Learn from these rounds. Raises ValueError for rewards other than 0 and 1."""
        if not np.isin(reward, (0.0, 1.0)).all():
            raise ValueError("reward: logistic regression needs rewards of 0 and 1; use ridge regression")
        self._constant = float(reward[0]) if (reward == reward[0]).all() else None
        if self._constant is None:
            self._model.fit(features, reward, sample_weight=sample_weight)

    def predict(self, features: Table) -> Column:
        """The probability of reward 1 (m,)."""
        if self._constant is not None:
            return np.full(len(features), self._constant)
        return np.asarray(self._model.predict_proba(features)[:, 1], dtype=np.float64)


def cross_fit(
    rounds: ActionRounds,
    make: Callable[[], RewardModel],
    rng: np.random.Generator,
    folds: int = 3,
    weights: Column | None = None,
    action_features: Table | None = None,
) -> Table:
    """Predictions (m, n) of every action's reward, each from a model that has not seen the round's group.

    Features are the context, an indicator of the action or its `action_features` (n, k), and an indicator of
    the position. `weights` (m,) count rounds in fitting, such as `mrdr_weights`. Cross-fitting as
    Chernozhukov et al., "Double/Debiased Machine Learning", The Econometrics Journal 2018: doubly robust
    estimates keep their unbiasedness, and intervals their coverage, for any model. Raises ValueError for less
    than two folds or fewer groups than folds.
    """
    fold = folds_of(rounds.group, folds, rng)
    actions = np.eye(rounds.actions) if action_features is None else action_features
    shared, q = _shared(rounds), np.empty_like(rounds.target)
    for held in range(folds):
        inside, outside = fold != held, fold == held
        model = make()
        model.fit(
            np.hstack([shared[inside], actions[rounds.action[inside]]]),
            rounds.reward[inside],
            sample_weight=None if weights is None else weights[inside],
        )
        q[outside] = _predict(model, shared[outside], actions)
    return q


def mrdr_weights(rounds: Rounds) -> Column:
    """Weights π (1 − p) / p² (m,), with which a regression minimises the variance of DR instead of its error.

    Source: Farajtabar, Chow and Ghavamzadeh, "More Robust Doubly Robust Off-policy Evaluation", ICML 2018.
    Exact for a deterministic target π; for a stochastic one it leaves out the covariance between actions.
    The model is chosen for the rounds that DR corrects most, so it gains where the model is misspecified, and
    fails by overfitting them when few rounds carry most of the weight. Rounds shown with certainty count 0.
    """
    return np.asarray(rounds.target * (1.0 - rounds.propensity) / rounds.propensity**2, dtype=np.float64)


def _shared(rounds: ActionRounds) -> Table:
    positions = np.unique(rounds.position)
    indicators = (rounds.position[:, None] == positions[None, 1:]).astype(np.float64)
    return np.hstack([rounds.context, indicators])


def _predict(model: RewardModel, shared: Table, actions: Table) -> NDArray[np.float64]:
    features = np.hstack([shared, np.empty((len(shared), actions.shape[1]))])
    predictions = np.empty((len(shared), len(actions)))
    for action, described in enumerate(actions):
        features[:, shared.shape[1] :] = described
        predictions[:, action] = model.predict(features)
    return predictions
