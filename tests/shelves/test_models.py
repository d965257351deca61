from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from shelves.models.item2vec import Config, train
from shelves.models.metrics import (
    embedding_ranks,
    leave_one_out,
    ndcg_at_k,
    popularity_ranks,
    recall_at_k,
)

CLUSTERS, ITEMS, LISTENERS = 8, 400, 300


def histories(seed: int = 3) -> list[NDArray[np.int32]]:
    """Every listener hears 12 items, 10 of one of eight clusters; within a cluster all are equally likely."""
    rng = np.random.default_rng(seed)
    per = ITEMS // CLUSTERS
    found = []
    for who in range(LISTENERS):
        own = rng.choice(per, 10, replace=False) + per * (who % CLUSTERS)
        found.append(np.unique(np.concatenate([own, rng.choice(ITEMS, 2, replace=False)])).astype(np.int32))
    return found


def test_embeddings_beat_popularity_by_a_wide_margin() -> None:
    split = leave_one_out(histories(), np.random.default_rng(1))
    vectors = train(split.train, ITEMS, Config(epochs=15, seed=1))
    learned, popular = embedding_ranks(vectors, split), popularity_ranks(ITEMS, split)
    assert recall_at_k(learned, 50) > 0.6
    assert recall_at_k(learned, 50) > 3 * recall_at_k(popular, 50)
    assert ndcg_at_k(learned, 50) > 2.5 * ndcg_at_k(popular, 50)


def test_training_is_the_same_for_the_same_seed_and_leaves_global_state_alone() -> None:
    config = Config(epochs=2, seed=5)
    np.random.seed(0)  # noqa: NPY002 - the global generator is what must not matter
    first = train(histories(), ITEMS, config)
    np.random.seed(1)  # noqa: NPY002
    second = train(histories(), ITEMS, config)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, train(histories(), ITEMS, Config(epochs=2, seed=6)))


def test_rare_items_have_no_vector() -> None:
    given = [*histories(), np.array([ITEMS, ITEMS + 1], dtype=np.int32)]
    vectors = train(given, ITEMS + 3, Config(epochs=1, min_count=2))
    assert vectors.shape == (ITEMS + 3, 32)
    assert vectors.dtype == np.float32
    assert not vectors[ITEMS:].any()
    assert vectors[:ITEMS].any(axis=1).mean() > 0.95


@pytest.mark.parametrize("given", [[], [np.array([1], dtype=np.int32)] * 5, [np.zeros(0, dtype=np.int32)]])
def test_nothing_to_learn_gives_zeros(given: list[NDArray[np.int32]]) -> None:
    assert not train(given, 4, Config(epochs=1)).any()


def test_rows_outside_the_catalogue_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"rows span 0\.\.9; they must lie in \[0, 5\)"):
        train([np.array([0, 9], dtype=np.int32)], 5)


def test_a_config_names_the_bad_field() -> None:
    with pytest.raises(ValueError, match="dim=0"):
        Config(dim=0)


def test_progress_reports_every_epoch_with_a_falling_loss() -> None:
    seen: list[tuple[int, int, float]] = []
    train(histories(), ITEMS, Config(epochs=4), lambda *args: seen.append(args))
    assert [(epoch, epochs) for epoch, epochs, _ in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert seen[-1][2] < seen[0][2]


def test_metrics_on_known_ranks() -> None:
    ranks = np.array([0, 2, 9, 10])
    assert recall_at_k(ranks, 10) == 0.75
    assert ndcg_at_k(ranks, 3) == pytest.approx((1 + 1 / 2) / 4)
    assert recall_at_k(np.zeros(0, dtype=np.int64), 10) == 0


def test_ranks_count_unheard_items_only_and_share_ties() -> None:
    split = leave_one_out([np.array([0, 1], dtype=np.int32)], np.random.default_rng(0))
    hidden, kept = int(split.held_out[0]), int(split.train[0][0])
    vectors = np.zeros((6, 2), dtype=np.float32)
    vectors[kept], vectors[hidden], vectors[2] = (1, 0), (1, 1), (1, 0.1)
    assert embedding_ranks(vectors, split).tolist() == [1]
    assert popularity_ranks(6, split).tolist() == [2]


def test_serving_never_imports_torch() -> None:
    code = "import sys, shelves.build, shelves.registry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
