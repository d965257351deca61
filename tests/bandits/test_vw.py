"""The learning policy on the real learner."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.policies import UniformPolicy, VwConfig, VwPolicy, build
from bandits.policies.encoding import encode, slot_bucket
from bandits.types import Example, Features
from tests.bandits.builders import EVENING, MORNING, action, actions, example

NEWS, MUSIC, DRAMA = action("news"), action("music"), action("drama")
SHELVES = [NEWS, MUSIC, DRAMA]
CLICK_RATE = {"morning": (0.6, 0.2, 0.1), "evening": (0.1, 0.2, 0.6)}


AWKWARD = st.text(alphabet="a1%é |:=\n\r\t\0", max_size=6)


def trained(config: VwConfig, rounds: int, seed: int) -> VwPolicy:
    """Rounds of a uniform logging policy on the click rates above."""
    rng, policy = np.random.default_rng(seed), VwPolicy(config)
    for context in (MORNING, EVENING) * (rounds // 2):
        rates = CLICK_RATE[str(context["context"]["hour"])]
        shown = int(rng.integers(3))
        reward = float(rng.random() < rates[shown])
        policy.learn([Example(context, SHELVES[shown], 0, reward, 1 / 3)])
    return policy


def value_of(policy: VwPolicy | UniformPolicy) -> float:
    """The exact click rate of drawing from the policy's pmf, both contexts equally likely."""
    return float(
        np.mean(
            [
                policy.score(context, SHELVES, 1).pmf @ CLICK_RATE[str(context["context"]["hour"])]
                for context in (MORNING, EVENING)
            ]
        )
    )


def test_learns_what_suits_the_hour() -> None:
    policy = trained(VwConfig(), rounds=6000, seed=0)

    for context in (MORNING, EVENING):
        rates = np.array(CLICK_RATE[str(context["context"]["hour"])])
        # Values scatter by 0.04 between seeds at this step size, measured over six: three times that.
        np.testing.assert_allclose(policy.score(context, SHELVES, 1).values, rates, atol=0.12)
    # Uniform earns 0.3 by construction. A policy blind to the hour cannot pass 0.35, the best constant shelf.
    assert value_of(UniformPolicy()) == pytest.approx(0.3)
    assert value_of(policy) > 0.5


def test_without_examples_everything_is_worth_nothing_and_equally_likely() -> None:
    scores = VwPolicy().score(MORNING, SHELVES, 1)
    np.testing.assert_allclose(scores.values, 0.0, atol=1e-7)
    np.testing.assert_allclose(scores.pmf, 1 / 3, atol=1e-7)


def test_values_are_measured_from_zero_and_not_from_the_average() -> None:
    # Whatever every shelf and context has in common must end up in the values, not in the reference.
    policy = VwPolicy()
    policy.learn([Example(context, NEWS, 0, 0.8, 0.5) for context in (MORNING, EVENING)] * 400)
    for context in (MORNING, EVENING):
        assert policy.score(context, [NEWS], 1).values[0] == pytest.approx(0.8, abs=0.01)
    assert policy.score(MORNING, [{"shelf": {}}], 1).values[0] == 0.0


@pytest.mark.parametrize("sharpness", [1.0, 10.0, 40.0])
def test_pmf_is_the_softmax_of_the_values(sharpness: float) -> None:
    scores = trained(VwConfig(sharpness=sharpness), 400, 1).score(MORNING, SHELVES, 1)
    weights = np.exp(sharpness * (scores.values - scores.values.max()))
    np.testing.assert_allclose(scores.pmf, weights / weights.sum(), rtol=1e-9)


def test_values_do_not_depend_on_how_sharply_they_are_read() -> None:
    # The learner regresses costs the same way whatever λ; only the reading through float32 differs.
    soft = trained(VwConfig(sharpness=1.0), 400, 1).score(MORNING, SHELVES, 1).values
    sharp = trained(VwConfig(sharpness=40.0), 400, 1).score(MORNING, SHELVES, 1).values
    np.testing.assert_allclose(soft, sharp, atol=1e-5)
    assert np.ptp(soft) > 0.1


def test_values_stay_finite_at_the_ends_of_the_reward_range() -> None:
    policy = VwPolicy(VwConfig(sharpness=40.0))
    policy.learn([Example(MORNING, NEWS, 0, 1.0, 0.3), Example(MORNING, MUSIC, 0, -1.0, 0.3)] * 800)
    values = policy.score(MORNING, SHELVES, 1).values
    np.testing.assert_allclose(values[:2], [1.0, -1.0], atol=0.05)


def test_position_is_seen_only_when_switched_on() -> None:
    top = [Example(MORNING, NEWS, 0, 1.0, 0.5), Example(MORNING, NEWS, 9, 0.0, 0.5)] * 300
    blind, sighted = VwPolicy(), VwPolicy(VwConfig(position=True))
    blind.learn(top)
    sighted.learn(top)

    assert blind.score(MORNING, SHELVES, 12).values.shape == (3,)
    values = sighted.score(MORNING, SHELVES, 12).values
    assert values.shape == (3, 12)
    assert values[0, 0] > values[0, 9] + 0.5
    np.testing.assert_array_equal(values[:, 8], values[:, 11])


def test_shown_rarely_weighs_more_down_to_the_floor() -> None:
    def after(probability: float) -> float:
        policy = VwPolicy(VwConfig(min_probability=0.2))
        policy.learn([example(1.0, probability)])
        return float(policy.score(MORNING, [action("source 1")], 1).values[0])

    assert after(1.0) < after(0.4) < after(0.2)
    assert after(0.2) == after(0.001)


def test_snapshot_of_other_settings_is_refused_by_name() -> None:
    snapshot = VwPolicy(VwConfig(bits=16)).snapshot()
    with pytest.raises(ValueError, match=r"config\.bits = 16 but 18 is configured"):
        build("vw", {}, snapshot)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 40}, "bits = 40"),
        ({"sharpness": 0.0}, "sharpness = 0"),
        ({"learning_rate": -1.0}, "learning_rate = -1"),
        ({"min_probability": 0.0}, "min_probability = 0"),
        ({"decay": 2.0}, "decay = 2"),
        ({"interactions": ["context*weather"]}, r"'context\*weather'"),
        ({"interactions": ["kind*kind"]}, r"'kind\*kind' must cross two different namespaces"),
        ({"interactions": ["kind*shelf", "shelf*kind"]}, r"'shelf\*kind' crosses what another one has"),
        ({"interactions": ["position*kind"], "position": True}, r"'position\*kind' crosses what another"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build("vw", options)


@pytest.mark.parametrize(
    ("reward", "probability", "slot"),
    [
        (float("nan"), 0.5, 0),
        (float("inf"), 0.5, 0),
        (1.0, 0.0, 0),
        (1.0, 1.5, 0),
        (1.0, float("nan"), 0),
        (1.0, 0.5, -1),
    ],
)
def test_examples_that_would_poison_a_learner_cannot_be_made(
    reward: float, probability: float, slot: int
) -> None:
    with pytest.raises(ValueError, match=r"(reward|probability|slot) = "):
        example(reward, probability, slot)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(value=AWKWARD, other=AWKWARD)
def test_no_value_can_break_out_of_its_feature(value: str, other: str) -> None:
    line = encode({"shelf": {"genre": value}})
    assert line.startswith("|s genre=")
    assert line.count(" ") == line.count("|") == 1
    assert not set(line) & set(":\n\r\t\0")
    assert (line == encode({"shelf": {"genre": other}})) == (value == other)


def test_hostile_values_do_not_reach_other_features() -> None:
    hostile: Features = {"shelf": {"source": "x |s source=music", "family": "a:1e9\n0:-9:1"}}
    policy = VwPolicy()
    policy.learn([Example(MORNING, hostile, 0, 1.0, 1.0)] * 100)
    clean: Features = {"shelf": {"source": "music"}}
    values = policy.score(MORNING, [hostile, clean], 1).values
    assert values[0] > 0.5
    assert abs(values[1]) < 1e-6


def test_unknown_namespaces_are_refused() -> None:
    with pytest.raises(ValueError, match="namespace 'weather' is not known"):
        VwPolicy().score({"weather": {"rain": "yes"}}, SHELVES, 1)


def test_slot_buckets_widen_down_the_page() -> None:
    assert [slot_bucket(slot) for slot in range(10)] == [
        "0",
        "1",
        "2",
        "3-4",
        "3-4",
        "5-7",
        "5-7",
        "5-7",
        "8+",
        "8+",
    ]


def test_scoring_and_learning_from_many_threads_agree_with_one() -> None:
    policy, alone = VwPolicy(), VwPolicy()
    batch = [example(1.0)] * 50

    def work() -> None:
        for _ in range(10):
            policy.score(MORNING, actions(10), 3)
            policy.learn(batch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone.learn(batch * 40)

    ours, theirs = policy.score(MORNING, actions(10), 3), alone.score(MORNING, actions(10), 3)
    np.testing.assert_array_equal(ours.values, theirs.values)
