from __future__ import annotations

from collections import Counter

from home.demo.dice import Dice


def test_the_same_seed_and_label_give_the_same_draws() -> None:
    def draws(seed: int, label: str) -> list[float]:
        dice = Dice(seed, label)
        return [dice.uniform() for _ in range(20)]

    assert draws(1, "a") == draws(1, "a")
    assert len({tuple(draws(seed, label)) for seed in (1, 2) for label in "ab"}) == 4


def test_the_stream_never_changes() -> None:
    dice = Dice(7, "pinned")
    assert [dice.integer(0, 999) for _ in range(6)] == [175, 91, 849, 441, 649, 737]


def test_sampling_follows_the_weights_and_never_repeats() -> None:
    dice = Dice(3, "sample")
    first = Counter(dice.weighted_sample("abc", [1.0, 3.0, 0.0], 1)[0] for _ in range(4000))
    # Binomial(4000, 3/4) has standard deviation 27; five of them.
    assert abs(first["b"] - 3000) < 137
    assert first["c"] == 0
    assert sorted(dice.sample(range(50), 80)) == list(range(50))


def test_weighted_choice_follows_the_weights() -> None:
    dice = Dice(4, "weighted")
    seen = Counter(dice.weighted("abc", [1.0, 0.0, 1.0]) for _ in range(4000))
    # Binomial(4000, 1/2) has standard deviation 32; five of them.
    assert abs(seen["a"] - 2000) < 158
    assert seen["b"] == 0
