"""What is remembered of responses: counts that fade, in any order, and what they say beside everybody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.responses import (
    HALF_LIFE,
    SHELF_HALF_LIFE,
    STRANGER,
    Response,
    ResponseMemory,
    leaning_of,
    responses_to,
)
from bandits.rewards import ShelfOutcome
from shelves.types import ShelfKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHART: ShelfKind = ("trending", "chart", "music")
TALK: ShelfKind = ("podcasts", "spoken", "podcast")
some_responses = st.lists(
    st.builds(
        Response,
        st.sampled_from("abc"),
        st.sampled_from([CHART, TALK]),
        st.integers(0, 90).map(lambda days: NOON + timedelta(days=days)),
        st.booleans(),
    ),
    min_size=1,
)


def test_a_response_counts_half_after_its_half_life() -> None:
    memory = ResponseMemory().with_more([Response("a", CHART, NOON, True), Response("b", CHART, NOON, False)])
    assert memory.as_of(NOON).kinds == {CHART: (2.0, 1.0)}
    assert memory.as_of(NOON + HALF_LIFE).kinds == {CHART: (1.0, 0.5)}
    assert memory.as_of(NOON + SHELF_HALF_LIFE).shelves == {"a": (0.5, 0.5), "b": (0.5, 0.0)}
    assert memory.as_of(NOON + 5 * SHELF_HALF_LIFE).shelves == {}, "faded to a 32nd"
    assert memory.with_more([]) is memory


@given(some_responses, some_responses)
def test_responses_are_the_same_in_any_order_and_any_batches(
    first: list[Response], second: list[Response]
) -> None:
    later = NOON + timedelta(days=100)
    forward = ResponseMemory().with_more(first).with_more(second).as_of(later)
    backward = ResponseMemory().with_more([*second, *first][::-1]).as_of(later)
    for kind, counts in forward.kinds.items():
        assert counts == pytest.approx(backward.kinds[kind])
    for shelf in "abc":
        looks = (memory.shelves.get(shelf, (0.0, 0.0))[0] for memory in (forward, backward))
        assert abs(next(looks) - next(looks)) < 0.1, "what has faded may be forgotten sooner or later"


def test_everybodys_memory_knows_no_shelves() -> None:
    memory = ResponseMemory().with_more([Response("a", CHART, NOON, True)], shelves=False)
    assert (memory.kinds, memory.shelves) == ({CHART: (1.0, 1.0)}, {})


@given(some_responses)
def test_a_memory_comes_back_from_its_rows(responses: list[Response]) -> None:
    memory = ResponseMemory().with_more(responses)
    assert memory.at is not None
    assert ResponseMemory.read(memory.at, memory.kind_rows(), memory.shelf_rows()) == memory


def test_only_shelves_that_were_looked_at_are_responded_to() -> None:
    outcomes = [
        ShelfOutcome("a", examined=True, clicked=True),
        ShelfOutcome("b"),
        ShelfOutcome("c", examined=True),
    ]
    found = responses_to("abc", [CHART, CHART, TALK], outcomes, NOON)
    assert found == (Response("a", CHART, NOON, True), Response("c", TALK, NOON, False))


def test_a_leaning_is_the_difference_from_everybody_held_back_by_ten_looks() -> None:
    everyone = {CHART: (80.0, 8.0), TALK: (80.0, 24.0)}
    leaning = leaning_of({TALK: (10.0, 6.0)}, everyone)
    rate = (24.0 + 20.0 * 0.2) / 100.0
    assert leaning.source == {"podcasts": pytest.approx((6.0 - 10.0 * rate) / 20.0)}
    assert leaning.family.keys() == {"spoken"}
    assert leaning.content_type.keys() == {"podcast"}


def test_sources_of_a_family_add_up() -> None:
    hits: ShelfKind = ("hits", "chart", "video")
    everyone = {CHART: (50.0, 5.0), hits: (50.0, 5.0)}
    leaning = leaning_of({CHART: (4.0, 2.0), hits: (6.0, 3.0)}, everyone)
    assert leaning.family["chart"] == pytest.approx((5.0 - 10.0 * 0.1) / 20.0)
    assert leaning.source["hits"] == pytest.approx((3.0 - 6.0 * 0.1) / 16.0)


def test_a_stranger_leans_nowhere_and_the_only_listener_hardly() -> None:
    own = {CHART: (20.0, 5.0)}
    assert leaning_of({}, own) is STRANGER
    assert leaning_of(own, own).family["chart"] == pytest.approx(0.0)


@given(st.floats(0.0, 500.0), st.floats(0.0, 1.0), st.floats(0.0, 500.0), st.floats(0.0, 1.0))
def test_leanings_lie_within_one(looks: float, rate: float, all_looks: float, all_rate: float) -> None:
    leaning = leaning_of({CHART: (looks, looks * rate)}, {TALK: (all_looks, all_looks * all_rate)})
    assert -1.0 < leaning.source["trending"] < 1.0
