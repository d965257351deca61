"""Reserving items: enough for every shelf whenever there are enough, preferably its best."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from layout.dealing import reserved

shelves = st.lists(st.lists(st.integers(0, 11), unique=True, max_size=7), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(shelves, st.data())
def test_enough_is_reserved_exactly_when_no_shelves_have_too_little(
    items: list[list[int]], data: st.DataObject
) -> None:
    wanted = data.draw(st.lists(st.integers(0, 4), min_size=len(items), max_size=len(items)))
    found = reserved(items, wanted)
    every = chain.from_iterable(combinations(range(len(items)), n) for n in range(1, len(items) + 1))
    possible = all(
        len(set().union(*(items[s] for s in some))) >= sum(wanted[s] for s in some) for some in every
    )
    assert (found is not None) == possible
    if found is not None:
        assert [len(own) for own in found] == wanted
        assert all(own <= set(shelf) for own, shelf in zip(found, items, strict=True))
        assert len(frozenset().union(*found)) == sum(wanted)


def test_the_best_items_are_preferred() -> None:
    assert reserved([[5, 3, 1], [9, 8, 7]], [1, 2]) == [frozenset({5}), frozenset({9, 8})]
