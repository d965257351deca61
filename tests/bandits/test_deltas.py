"""Learning in parallel gives the values of learning in order, within a tolerance, and as good choices."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.policies.deltas import learn_in_parallel, merge
from bandits.policies.vw import VwConfig, VwPolicy
from bandits.types import Example, Features

_CONFIG = VwConfig(learning_rate=0.5, decay=0.5)
_MARKETS = ("DE", "SE", "US")
_SHELVES = tuple(f"s{i}" for i in range(8))
_TRUTH = np.random.default_rng(11).uniform(0.0, 1.0, (len(_MARKETS), len(_SHELVES)))
_TOLERANCE = 0.1
"""A cell has about 4000 / 24 = 167 rewards of standard deviation at most 0.5, so its mean is known to 0.04;
two estimates of it from the same rewards that differ in the order and size of their steps stay within 2.5 of
that."""


def _context(market: int) -> Features:
    return {"context": {"market": _MARKETS[market]}}


def _action(shelf: int) -> Features:
    return {"kind": {"name": _SHELVES[shelf]}}


def _examples(count: int, seed: int) -> list[Example]:
    rng = np.random.default_rng(seed)
    markets, shelves = rng.integers(len(_MARKETS), size=count), rng.integers(len(_SHELVES), size=count)
    rewards = rng.random(count) < _TRUTH[markets, shelves]
    return [
        Example(_context(m), _action(s), 0, float(r), 1.0)
        for m, s, r in zip(markets, shelves, rewards, strict=True)
    ]


def _values(policy: VwPolicy) -> np.ndarray:
    actions = [_action(s) for s in range(len(_SHELVES))]
    return np.array([policy.score(_context(m), actions, 1).values for m in range(len(_MARKETS))])


def _regret(values: np.ndarray) -> float:
    chosen = np.take_along_axis(_TRUTH, values.argmax(axis=1)[:, None], axis=1)
    return float((_TRUTH.max(axis=1) - chosen[:, 0]).mean())


def test_parallel_equals_sequential_within_the_tolerance() -> None:
    base = VwPolicy(_CONFIG)
    base.learn(_examples(500, seed=1))
    batch = _examples(4000, seed=2)
    before = base.snapshot()
    parallel = learn_in_parallel(base, batch, workers=2)
    assert base.snapshot() == before, "the base stays as it is"
    untouched = _values(base)
    base.learn(batch)
    sequential = _values(base)

    assert np.abs(_values(parallel) - sequential).max() < _TOLERANCE
    assert np.abs(_values(parallel) - _TRUTH).max() < 2 * _TOLERANCE
    assert np.abs(untouched - sequential).max() > _TOLERANCE, "the batch must have taught something"
    assert abs(_regret(_values(parallel)) - _regret(sequential)) < _TOLERANCE / 2


def test_one_worker_is_learning_in_order() -> None:
    batch = _examples(300, seed=3)
    alone = VwPolicy(_CONFIG)
    alone.learn(batch)
    parallel = learn_in_parallel(VwPolicy(_CONFIG), batch, workers=1)
    assert _values(parallel) == pytest.approx(_values(alone), abs=1e-5)


def test_nothing_to_learn_changes_nothing() -> None:
    base = VwPolicy(_CONFIG)
    base.learn(_examples(50, seed=4))
    assert np.array_equal(_values(learn_in_parallel(base, [], workers=2)), _values(base))


def test_wrong_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="workers = 0"):
        learn_in_parallel(VwPolicy(_CONFIG), [], workers=0)
    with pytest.raises(ValueError, match="derived"):
        merge(_CONFIG, VwPolicy(_CONFIG).snapshot(), [])
    small = VwConfig(bits=14)
    with pytest.raises(ValueError, match="bits = 14"):
        merge(small, VwPolicy(small).snapshot(), [VwPolicy(small).snapshot()] * 2)
