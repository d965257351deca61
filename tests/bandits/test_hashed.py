"""Values read off the weights are those that the learner itself answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import vowpal_wabbit_next as vw
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bandits.feature_table import FeatureTable, categories, joined, table_of
from bandits.policies import VwConfig, VwPolicy
from bandits.policies.encoding import encode, encode_slot
from bandits.policies.vw import training_lines
from bandits.types import Example, Features

CONFIG = VwConfig(
    bits=10,  # so few that features collide
    learning_rate=0.5,
    interactions=("context*kind", "leanings*kind", "numbers*responses", "kind*presentation", "shelf*numbers"),
    position=True,
)
NAMES = st.sampled_from(["a", "b", "c d", "e:f", "|g"])
NUMBERS = st.dictionaries(NAMES, st.sampled_from([0.0, 1.0, -0.25, 1 / 3, 1e-9, 12.5]), max_size=4)
CATEGORIES = st.dictionaries(NAMES, NAMES, max_size=3)
MIXED = st.builds(lambda words, size: {**words, "size": size}, CATEGORIES, st.sampled_from([0.0, 2.0]))
CONTEXTS = st.fixed_dictionaries({"context": CATEGORIES}, optional={"leanings": NUMBERS, "user": CATEGORIES})
ACTIONS = st.fixed_dictionaries(
    {},
    optional={
        "kind": CATEGORIES,
        "shelf": MIXED,
        "numbers": NUMBERS,
        "items": NUMBERS,
        "responses": NUMBERS,
        "presentation": CATEGORIES,
    },
)
REWARDS = st.sampled_from([0.0, 1.0, -1.0, 0.5])
SHOWN = st.builds(Example, CONTEXTS, ACTIONS, st.integers(0, 12), REWARDS, st.just(0.5))


def answered(peer: vw.Workspace[Any], context: Features, actions: Sequence[Features]) -> NDArray[np.float64]:
    """The learner's own costs (n,) in the first slot, from lines of text."""
    lines = [f"shared {encode(context)} {encode_slot(0)}", *(f" {encode(action)} |" for action in actions)]
    parser = vw.TextFormatParser(peer)
    costs = np.empty(len(actions))
    predicted: Any = peer.predict_one([parser.parse_line(line) for line in lines])
    for action, cost in predicted:
        costs[action] = cost
    return costs


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    shown=st.lists(SHOWN, max_size=20), context=CONTEXTS, actions=st.lists(ACTIONS, min_size=1, max_size=5)
)
def test_values_are_the_learners_own_costs(
    shown: list[Example], context: Features, actions: list[Features]
) -> None:
    policy = VwPolicy(CONFIG)
    peer: vw.Workspace[Any] = vw.Workspace(["--cb_adf", *CONFIG.regression()])
    parser = vw.TextFormatParser(peer)
    policy.score(context, actions, 3)  # what is remembered of categories must not outlive what is learned
    policy.learn(shown)
    for example in shown:
        peer.learn_one([parser.parse_line(line) for line in training_lines(CONFIG, example)])

    values = policy.score(context, actions, 3).values[:, 0]
    np.testing.assert_allclose(-values, answered(peer, context, actions), rtol=1e-5, atol=1e-6)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(context=CONTEXTS, actions=st.lists(ACTIONS, min_size=1, max_size=5), seed=st.integers(0, 9))
def test_an_action_is_worth_the_same_whoever_stands_beside_it(
    context: Features, actions: list[Features], seed: int
) -> None:
    policy = VwPolicy(CONFIG)
    rng = np.random.default_rng(seed)
    policy.learn(Example(context, action, 0, float(rng.random()), 0.5) for action in actions * 3)
    together = policy.score(context, actions, 1).values[:, 0]
    alone = [float(policy.score(context, [action], 1).values[0, 0]) for action in actions]
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    shown=st.lists(SHOWN, min_size=1, max_size=10),
    before=st.lists(st.tuples(CONTEXTS, st.lists(ACTIONS, min_size=1, max_size=4)), max_size=4),
    context=CONTEXTS,
    actions=st.lists(ACTIONS, min_size=1, max_size=4),
)
def test_what_was_scored_before_changes_no_bit(
    shown: list[Example],
    before: list[tuple[Features, list[Features]]],
    context: Features,
    actions: list[Features],
) -> None:
    fresh, seasoned = VwPolicy(CONFIG), VwPolicy(CONFIG)
    for about, others in before[:2]:
        seasoned.score(about, others, 3)
    fresh.learn(shown)
    seasoned.learn(shown)
    wide = {"shelf": {f"c{i}": str(i) for i in range(12)}, "kind": {f"k{i}": str(i) for i in range(9)}}
    for about, others in before:
        seasoned.score(about, [*others, wide], 3)
    expected = fresh.score(context, actions, 3)
    found = seasoned.score(context, actions, 3)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.pmf, expected.pmf)


def test_a_wider_action_beside_it_before_changes_no_bit() -> None:
    rng = np.random.default_rng(3)
    fresh, seasoned = VwPolicy(CONFIG), VwPolicy(CONFIG)

    def about() -> Features:
        return {"leanings": {f"l{i}": float(x) for i, x in enumerate(rng.normal(size=6))}}

    kinds: list[Features] = [{"kind": {f"k{i}": f"{row}" for i in range(6)}} for row in range(20)]
    for policy in (fresh, seasoned):
        rng = np.random.default_rng(4)
        policy.learn(Example(about(), action, 0, float(rng.random()), 0.5) for action in kinds * 3)
    seasoned.score({}, [{"kind": {f"w{i}": "wide" for i in range(12)}}], 1)
    for action in kinds:
        context = about()
        expected, found = (policy.score(context, [action], 1).values for policy in (fresh, seasoned))
        np.testing.assert_array_equal(found, expected)


def test_more_categories_than_are_remembered_cost_only_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bandits.policies.places.MOST", 8)
    policy = VwPolicy()
    many: list[Features] = [{"kind": {"family": f"f{i}"}, "numbers": {f"n{i}": 1.0}} for i in range(6)]
    policy.learn(Example({}, action, 0, i / 10, 1.0) for _ in range(300) for i, action in enumerate(many))
    first = policy.score({}, many, 1).values
    for i in range(40):
        policy.score({"context": {"hour": f"h{i}"}}, [{"kind": {"family": f"other {i}"}}], 1)
    np.testing.assert_array_equal(policy.score({}, many, 1).values, first)
    assert first == pytest.approx(np.arange(6) / 10, abs=0.02)


@given(actions=st.lists(ACTIONS, min_size=1, max_size=5))
def test_a_table_holds_what_it_was_made_of(actions: list[Features]) -> None:
    table = table_of(actions)
    assert len(table) == len(actions)
    for i, (action, found) in enumerate(zip(actions, table, strict=True)):
        named = {space: {k: v for k, v in own.items() if v} for space, own in found.items()}
        assert {s: o for s, o in named.items() if o} == {
            s: o for s, own in action.items() if (o := {k: v for k, v in own.items() if v})
        }
        assert table[i] == found == table[-1 - (len(table) - 1 - i)]
    assert list(table[1:]) == list(table)[1:]
    assert table_of(table) is table


def test_equal_categories_are_one_object() -> None:
    kind, shown = categories((("kind", "family", "mix"),)), categories((("presentation", "name", "hero"),))
    assert categories((("kind", "family", "mix"),)) is kind
    both = joined[kind, shown]
    assert both is joined[kind, shown]
    row = FeatureTable((both,), (("numbers", "taste"),), np.array([[0.5]]))[0]
    assert row == {"kind": {"family": "mix"}, "presentation": {"name": "hero"}, "numbers": {"taste": 0.5}}
