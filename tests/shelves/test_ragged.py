from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shelves.ragged import group, head, ranked, union

SCORES = st.lists(st.integers(-3, 3), max_size=300)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SCORES, st.integers(1, 40))
def test_ranked_is_a_stable_sort_cut_short(values: list[int], limit: int) -> None:
    rows = np.arange(len(values), dtype=np.int32)
    best, scores = ranked(rows, np.array(values, dtype=np.float32), limit)
    expected = sorted(range(len(values)), key=lambda i: -values[i])[:limit]
    assert best.tolist() == expected
    assert scores.tolist() == [values[i] for i in expected]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 4))
def test_group_and_head_keep_the_order_within_each_key(keys: list[int], limit: int) -> None:
    values = np.arange(len(keys), dtype=np.int32)
    grouped = group(np.array(keys, dtype=np.int64), 6, values, values.astype(np.float32))
    cut = head(grouped, limit)
    for key in range(6):
        expected = [i for i, k in enumerate(keys) if k == key]
        assert grouped.row(key).tolist() == expected
        assert cut.row(key).tolist() == expected[:limit]
        assert cut.row_weights(key).tolist() == expected[:limit]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 5), max_size=40), st.lists(st.integers(0, 5), max_size=8))
def test_positions_walk_the_asked_rows_in_order(keys: list[int], asked: list[int]) -> None:
    values = np.arange(len(keys), dtype=np.int32)
    grouped = group(np.array(keys, dtype=np.int64), 6, values, values.astype(np.float32))
    at, owner = grouped.positions(np.array(asked, dtype=np.int64))
    expected = [(int(v), i) for i, key in enumerate(asked) for v in grouped.row(key)]
    assert list(zip(grouped.values[at].tolist(), owner.tolist(), strict=True)) == expected


def test_union_is_sorted_and_unique() -> None:
    parts = [np.array([4, 1], dtype=np.int32), np.array([1, 0], dtype=np.int32)]
    assert union(6, parts).tolist() == [0, 1, 4]
