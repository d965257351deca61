"""A log as an environment: rejection sampling is unbiased where its truth is known."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from home.errors import ConfigurationError
from home.simulate.logged import LoggedRounds, open_log, replay_log
from home.simulate.show import render_logged

RATES = np.array([0.1, 0.2, 0.6, 0.3])


def made(rounds: int = 6000, *, uniform: bool = True) -> LoggedRounds:
    """A log over four actions of known click rates, whatever the context."""
    rng = np.random.default_rng(4)
    pmf = np.full(4, 0.25) if uniform else np.array([0.4, 0.3, 0.1, 0.2])
    action = rng.choice(4, size=rounds, p=pmf)
    return LoggedRounds(
        name="made",
        contexts=[{"context": {"day": str(i % 2)}} for i in range(rounds)],
        actions=[{"shelf": {"source": str(a)}, "numbers": {"x": float(a)}} for a in range(4)],
        action=action,
        propensity=pmf[action],
        reward=(rng.random(rounds) < RATES[action]).astype(np.float64),
    )


@pytest.mark.parametrize("uniform", [True, False])
def test_a_random_policy_is_worth_the_mean_rate_whatever_the_log(uniform: bool) -> None:
    found = replay_log(made(uniform=uniform), ["random"]).policies[0]
    # Uniform: a quarter of the rows. Else c = 0.1, and c · Σ π(a) = 0.1. Mean rate 0.3; 4.5 standard errors.
    expected = 1500 if uniform else 600
    assert abs(found.accepted - expected) < 4.5 * np.sqrt(expected)
    assert found.value is not None
    assert abs(found.value.value - RATES.mean()) < 4.5 * np.sqrt(0.21 / found.accepted)
    assert found.value.low < RATES.mean() < found.value.high


def test_a_learner_finds_the_best_action_from_what_it_is_shown() -> None:
    found = replay_log(made(), ["epsilon_greedy", "random"], batch=20)
    learner, chance = found.policies
    assert learner.value is not None
    assert chance.value is not None
    assert learner.value.low > chance.value.high
    assert learner.value.value > 0.45


def test_the_same_seed_gives_the_same_replay_and_rows_can_be_limited() -> None:
    log = made(500)
    first, again = (replay_log(log, ["epsilon_greedy"], seed=3) for _ in range(2))
    assert first == again
    assert first != replay_log(log, ["epsilon_greedy"], seed=4)
    assert replay_log(log, ["random"], rows=100).rows == 100


def test_policies_of_shelves_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'serving' cannot choose among a log's actions"):
        replay_log(made(10), ["serving"])


HEAD = ",timestamp,item_id,position,click,propensity_score," + ",".join(f"user_feature_{i}" for i in range(4))


def write(directory: Path, rows: list[str], head: str = HEAD) -> Path:
    directory.mkdir(parents=True)
    (directory / f"{directory.name}.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    items = [",item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3"]
    items += [f"{i},{i},{i / 10},a{i},b,c" for i in range(3)]
    (directory / "item_context.csv").write_text("\n".join(items) + "\n", "utf-8")
    return directory


def test_the_open_bandit_layout_is_read_in_order_of_time(tmp_path: Path) -> None:
    log = open_log(
        write(
            tmp_path / "random" / "men",
            [
                "0,2019-11-24 02:00:00+00:00,2,3,1,0.333,u,v,w,x",
                "1,2019-11-24 01:00:00+00:00,0,1,0,0.333,u,v,w,y",
            ],
        )
    )
    assert log.name == "random/men"
    assert log.action.tolist() == [0, 2]
    assert log.reward.tolist() == [0.0, 1.0]
    assert log.contexts[0]["context"]["position"] == "1"
    assert log.actions[1] == {
        "shelf": {"source": "1", "item_feature_1": "a1", "item_feature_2": "b", "item_feature_3": "c"},
        "numbers": {"item_feature_0": 0.1},
    }
    console = Console(file=io.StringIO(), width=100)
    render_logged(replay_log(log, ["random"]), console)
    assert "say next to nothing" in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_is_no_log_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Open Bandit"):
        open_log(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="click"):
        open_log(write(tmp_path / "a" / "b", ["0,t,0,1,0,0.5,u,v,w,x"], HEAD.replace("click", "tap")))
    with pytest.raises(ConfigurationError, match=r"propensity_score is 0.0 in 1 rows"):
        open_log(write(tmp_path / "a" / "c", ["0,t,0,1,0,0.0,u,v,w,x"]))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0,t,3,1,0,0.5,u,v,w,x", "item_id is 3 in 1 rows; give 0 to 2"),
        ("0,t,,1,0,0.5,u,v,w,x", "item_id is None in 1 rows"),
        ("0,t,0,1,7,0.5,u,v,w,x", "click is 7.0 in 1 rows; give 0 to 1"),
        ("0,t,0,1,,0.5,u,v,w,x", "click is None in 1 rows"),
        ("0,t,0,1,0,half,u,v,w,x", "half"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_log(write(tmp_path / "a" / "b", [row]))


def test_a_log_without_rows_or_with_gaps_among_its_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there are no rows"):
        open_log(write(tmp_path / "a" / "b", []))
    log = write(tmp_path / "a" / "c", ["0,t,0,1,0,0.5,u,v,w,x"])
    items = log / "item_context.csv"
    items.write_text(items.read_text("utf-8").replace("1,1,0.1", "1,9,0.1"), "utf-8")
    with pytest.raises(ConfigurationError, match="item_id must number the items"):
        open_log(log)
