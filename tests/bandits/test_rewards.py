from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.rewards import Aggregation, RewardFormula, page_clicked, page_reward, shelf_rewards
from bandits.types import EventKind, RewardEvent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEIGHTS: Mapping[EventKind, float] = {
    EventKind.CLICK: 0.4,
    EventKind.PLAY_30S: 0.6,
    EventKind.SAVE: 0.5,
    EventKind.SKIP: -0.3,
    EventKind.DISMISS: -1.0,
}
FORMULA = RewardFormula(version="t", weights=WEIGHTS, horizon=timedelta(minutes=30))


def event(
    id_: str, kind: EventKind, seconds: float, shelf: str = "a", item: str | None = None
) -> RewardEvent:
    return RewardEvent(id_, "d", kind, shelf, NOON + timedelta(seconds=seconds), item)


def reward_of(*events: RewardEvent, formula: RewardFormula = FORMULA) -> float:
    return shelf_rewards(formula, NOON, ["a"], events)[0].reward


def test_shelves_keep_their_order_and_unexamined_ones_have_no_reward() -> None:
    formula = replace(FORMULA, default=0.1)
    seen, unseen, clicked = shelf_rewards(
        formula,
        NOON,
        ["a", "b", "c"],
        [
            event("1", EventKind.IMPRESSION, 1),
            event("2", EventKind.CLICK, 5, "c"),
            event("3", EventKind.CLICK, 5, "z"),
        ],
    )
    assert (seen.shelf_id, seen.examined, seen.reward, seen.clicked, seen.counted) == (
        "a",
        True,
        0.1,
        False,
        1,
    )
    assert (unseen.shelf_id, unseen.examined, unseen.reward, unseen.counted) == ("b", False, 0.0, 0)
    assert (clicked.shelf_id, clicked.examined, clicked.reward, clicked.clicked) == ("c", True, 0.4, True)
    assert page_reward([seen, unseen, clicked]) == pytest.approx(0.5)
    assert page_clicked([seen, unseen, clicked])
    assert not page_clicked([seen, unseen])


@pytest.mark.parametrize(("aggregation", "expected"), [("sum", 0.7), ("max", 0.6), ("earliest", -0.3)])
def test_aggregations(aggregation: Aggregation, expected: float) -> None:
    events = [
        event("1", EventKind.IMPRESSION, 1),
        event("2", EventKind.SKIP, 2),
        event("3", EventKind.CLICK, 3),
        event("4", EventKind.PLAY_30S, 40),
    ]
    assert reward_of(*events, formula=replace(FORMULA, aggregation=aggregation)) == pytest.approx(expected)


def test_a_kind_counts_once_however_many_items_it_hits() -> None:
    assert reward_of(*(event(str(i), EventKind.CLICK, i, item=f"i{i}") for i in range(9))) == 0.4


@pytest.mark.parametrize("aggregation", ["sum", "max", "earliest"])
def test_an_impression_never_hides_feedback(aggregation: Aggregation) -> None:
    formula = replace(FORMULA, aggregation=aggregation, weights={**WEIGHTS, EventKind.IMPRESSION: 0.0})
    assert (
        reward_of(event("1", EventKind.IMPRESSION, 1), event("2", EventKind.DISMISS, 2), formula=formula)
        == -1.0
    )


def test_being_seen_can_have_a_price_that_every_examined_shelf_pays() -> None:
    formula = replace(FORMULA, weights={**WEIGHTS, EventKind.IMPRESSION: -0.1})
    assert reward_of(event("1", EventKind.IMPRESSION, 1), formula=formula) == -0.1
    assert reward_of(event("1", EventKind.CLICK, 1), formula=formula) == pytest.approx(0.3)


def test_kinds_without_weight_examine_but_pay_the_default() -> None:
    formula = replace(FORMULA, default=0.2)
    assert reward_of(event("1", EventKind.PLAY, 1), formula=formula) == 0.2


def test_rewards_are_clipped() -> None:
    formula = replace(FORMULA, clip=(-0.5, 0.7))
    assert (
        reward_of(event("1", EventKind.CLICK, 1), event("2", EventKind.PLAY_30S, 40), formula=formula) == 0.7
    )
    assert reward_of(event("1", EventKind.DISMISS, 1), formula=formula) == -0.5


def test_the_horizon_closes_and_says_what_it_shut_out() -> None:
    outcome = shelf_rewards(
        FORMULA,
        NOON,
        ["a"],
        [
            event("1", EventKind.CLICK, 1800),
            event("2", EventKind.SAVE, 1800.001),
            event("3", EventKind.SAVE, -1),
            event("4", EventKind.SAVE, 9999),
        ],
    )[0]
    assert (outcome.reward, outcome.counted, outcome.late, outcome.early) == (0.4, 1, 2, 1)


def test_late_events_alone_do_not_examine() -> None:
    outcome = shelf_rewards(FORMULA, NOON, ["a"], [event("1", EventKind.IMPRESSION, 4000)])[0]
    assert (outcome.examined, outcome.late) == (False, 1)


events = st.lists(
    st.builds(
        event,
        st.sampled_from("123456"),
        st.sampled_from(EventKind),
        st.integers(-5, 2000),
        st.sampled_from("ab"),
        st.sampled_from([None, "x", "y"]),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(events, st.randoms(use_true_random=False), st.sampled_from(["sum", "max", "earliest"]))
def test_neither_order_nor_repetition_matters(
    batch: list[RewardEvent], random: Any, aggregation: Aggregation
) -> None:
    formula = replace(FORMULA, aggregation=aggregation)
    shuffled = batch + batch[: len(batch) // 2]
    random.shuffle(shuffled)
    assert shelf_rewards(formula, NOON, ["a", "b"], batch) == shelf_rewards(
        formula, NOON, ["a", "b"], shuffled
    )


def test_times_need_a_timezone() -> None:
    naive = RewardEvent("7", "d", EventKind.CLICK, "a", datetime(2026, 3, 2, 12))
    with pytest.raises(ValueError, match="event '7': at"):
        shelf_rewards(FORMULA, NOON, ["a"], [event("1", EventKind.CLICK, 1), naive])
    with pytest.raises(ValueError, match="decision_at"):
        shelf_rewards(FORMULA, NOON.replace(tzinfo=None), ["a"], [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": {EventKind.CLICK: float("nan")}}, r"weights\.click = nan"),
        ({"default": float("inf")}, "default = inf"),
        ({"clip": (1.0, 1.0)}, "clip = "),
        ({"clip": (0.0, float("nan"))}, r"clip\[1\] = nan"),
        ({"horizon": timedelta(0)}, "horizon = "),
        ({"aggregation": "median"}, "aggregation = 'median'"),
    ],
)
def test_a_formula_that_cannot_be_is_refused_by_field(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(FORMULA, **changes)
