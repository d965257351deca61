"""Importance weights over what actions have in common, for action spaces too large for weights per action."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from bandits.ope.actions import ActionRounds, Indices, Table
from bandits.ope.estimators import Estimate, check_normaliser, mean_of
from bandits.ope.rounds import Column


def known_marginal_weights(target: Table, logging: Table, likelihood: Table) -> Column:
    """Weights w(x, e) = Σ_a π(a | x) p(e | a) / Σ_a π₀(a | x) p(e | a) of the embeddings shown (m,).

    `target`, `logging` (m, n): distributions π and π₀ over actions. `likelihood` (m, n): p(e | a) of each
    round's embedding under every action; for an embedding that the action determines, such as a category, 1
    where they match and 0 elsewhere. Raises ValueError where the logging policy could not show the embedding.
    """
    below = np.einsum("ij,ij->i", logging, likelihood)
    if not (below > 0.0).all():
        raise ValueError(
            f"logging: row {int(np.argmin(below))} shows an embedding that it gives probability 0; check"
            " likelihood and logging"
        )
    return np.asarray(np.einsum("ij,ij->i", target, likelihood) / below, dtype=np.float64)


def fitted_marginal_weights(rounds: ActionRounds, logging: Table, embedding: Indices) -> Column:
    """Weights ŵ(x, e) = Σ_a p̂(a | x, e) π(a | x) / π₀(a | x) (m,), p̂ from multinomial logistic regression.

    `logging` (m, n): the logging distribution. `embedding` (m, k): categories of what was shown. Actions that
    the logging policy never shows count as weight 0. Source: Saito and Joachims, "Off-Policy Evaluation for
    Large Action Spaces via Embeddings", ICML 2022, section 3.
    """
    ratio = np.divide(rounds.target, logging, out=np.zeros_like(rounds.target), where=logging > 0.0)
    features = np.hstack(
        [rounds.context, OneHotEncoder(sparse_output=False, drop="first").fit_transform(embedding)]
    )
    model = LogisticRegression(max_iter=1000).fit(features, rounds.action)
    return np.asarray(
        np.einsum("ij,ij->i", ratio[:, model.classes_], model.predict_proba(features)), dtype=np.float64
    )


def mips(rounds: ActionRounds, weights: Column) -> Estimate:
    """Marginalised IPS: (1/m) Σ w(x, e) r, with `weights` (m,) over embeddings.

    Source: Saito and Joachims, "Off-Policy Evaluation for Large Action Spaces via Embeddings", ICML 2022.
    Assumes that the logging policy could show every embedding that the target would, which is weaker than
    support of every action, and that an action acts on the reward only through its embedding; under both it
    is unbiased with known weights, and varies less than IPS. It fails by exactly what the embedding leaves
    out: the direct effect of actions that share an embedding but are shown in other proportions.
    """
    return mean_of("mips", weights * rounds.reward, rounds.group)


def snmips(rounds: ActionRounds, weights: Column) -> Estimate:
    """Self-normalised marginalised IPS: Σ w(x, e) r / Σ w(x, e).

    Source and assumptions as `mips`; consistent with a bias of order 1/m, and hides missing support like
    SNIPS. Raises ValueError when every weight is 0.
    """
    check_normaliser(weights)
    return Estimate("snmips", weights * rounds.reward, weights, rounds.group)
