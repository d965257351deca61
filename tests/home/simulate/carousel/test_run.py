"""Whole simulations: resumed, divided and shared among processes, they stay the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from home.errors import ConfigurationError
from home.simulate.carousel import run as module
from home.simulate.carousel.engines import Block, InProcess, OnCurve, Processes, play_block
from home.simulate.carousel.environment import Feedback
from home.simulate.carousel.play import SHARD, Job, Protocol, play, read_curve
from home.simulate.carousel.policies import OURS
from home.simulate.carousel.run import CarouselResult, simulate
from home.simulate.carousel.worlds import WorldRequest
from home.simulate.lock import locked
from tests.home.simulate.carousel.small import small_world

_POLICIES = ("epsilon-greedy-explore", "ts-seg-pessimistic", OURS)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorldRequest, "make", lambda self: small_world())


def _simulate(
    directory: Path,
    engine: InProcess | Processes | None = None,
    protocol: Protocol | None = None,
    policies: tuple[str, ...] = _POLICIES,
) -> CarouselResult:
    protocol = protocol or Protocol(rounds=25, users=100)
    return simulate(directory, WorldRequest(), protocol, policies, (1, 2), engine or InProcess())


def _same(a: CarouselResult, b: CarouselResult) -> None:
    assert a.curves.keys() == b.curves.keys()
    for job, curve in a.curves.items():
        for name in ("optimal", "expected", "rewards"):
            np.testing.assert_array_equal(getattr(curve, name), getattr(b.curves[job], name))


def test_every_policy_meets_the_same_visits(tmp_path: Path) -> None:
    result = _simulate(tmp_path)
    for seed in result.seeds:
        curves = [result.curves[Job(policy, seed)] for policy in _POLICIES]
        assert all(len(curve.rewards) == 25 for curve in curves)
        for curve in curves[1:]:
            np.testing.assert_array_equal(curve.optimal, curves[0].optimal)
    assert result.synthetic


def test_how_rounds_are_divided_does_not_matter(tmp_path: Path) -> None:
    world, protocol, job = small_world(), Protocol(rounds=12, users=100), Job(OURS, 1)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for rounds in (1, 4, 5, 7):
        divided = play(world, protocol, job, tmp_path / "a", rounds)
    whole = play(world, protocol, job, tmp_path / "b", 12)
    np.testing.assert_array_equal(divided.rewards, whole.rewards)
    np.testing.assert_array_equal(divided.expected, whole.expected)
    np.testing.assert_array_equal(read_curve(tmp_path / "a", job).rewards, whole.rewards)


def test_an_interrupted_simulation_goes_on_where_it_stopped(tmp_path: Path) -> None:
    class Interrupted(InProcess):
        def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
            for block in blocks[:4]:
                on_curve(block.job, play_block(block))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _simulate(tmp_path / "cut", Interrupted())
    played = len(list((tmp_path / "cut" / "jobs").glob("*.npz")))
    assert played == 4
    _same(_simulate(tmp_path / "cut"), _simulate(tmp_path / "whole"))


def test_what_is_finished_is_not_played_again_and_more_can_be_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _simulate(tmp_path, policies=("random", OURS))
    played: list[str] = []

    class Counting(InProcess):
        def run(self, blocks: list[Block], on_curve: OnCurve) -> None:
            played.extend(block.job.policy for block in blocks)
            super().run(blocks, on_curve)

    again = _simulate(tmp_path, Counting(), policies=("random", OURS, "ts-seg-naive"))
    assert played == ["ts-seg-naive", "ts-seg-naive"]
    np.testing.assert_array_equal(again.curves[Job(OURS, 1)].rewards, first.curves[Job(OURS, 1)].rewards)


def test_a_finished_job_keeps_its_curve_alone(tmp_path: Path) -> None:
    _simulate(tmp_path, policies=(OURS,))
    with np.load(tmp_path / "jobs" / f"{OURS}-seed-1.npz") as found:
        assert set(found) == {"optimal", "expected", "rewards", "seconds"}


@pytest.mark.slow
def test_processes_give_the_same_result_as_this_one(tmp_path: Path) -> None:
    alone = _simulate(tmp_path / "alone")
    _same(alone, _simulate(tmp_path / "two", Processes(2)))
    _same(alone, _simulate(tmp_path / "one", Processes(1)))


def test_another_protocol_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    _simulate(tmp_path, policies=("random",))
    with pytest.raises(ConfigurationError, match="feedback = code, not paper: name another directory"):
        _simulate(
            tmp_path, protocol=Protocol(rounds=25, users=100, feedback=Feedback.PAPER), policies=("random",)
        )


def test_playlists_that_have_changed_are_refused(tmp_path: Path) -> None:
    for name in ("playlist_features.csv", "user_features_small.csv"):
        (tmp_path / name).write_text("0,1", "utf-8")
    protocol, request = Protocol(rounds=2, users=100), WorldRequest(tmp_path)
    simulate(tmp_path / "out", request, protocol, ("random",), (1,), InProcess())
    (tmp_path / "playlist_features.csv").write_text("0,2", "utf-8")
    with pytest.raises(ConfigurationError, match="holds a simulation with playlists = "):
        simulate(tmp_path / "out", request, protocol, ("random",), (1,), InProcess())


def test_two_simulations_do_not_share_a_directory(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ConfigurationError, match="another simulation is at work there"):
        _simulate(tmp_path, policies=("random",))


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_damaged_description_is_one_message(tmp_path: Path, text: str) -> None:
    (tmp_path / "simulation.json").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=r"simulation\.json: not a simulation"):
        _simulate(tmp_path, policies=("random",))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04nonsense"])
def test_a_damaged_checkpoint_is_one_message(tmp_path: Path, content: bytes) -> None:
    _simulate(tmp_path, policies=("random",))
    next((tmp_path / "jobs").glob("*.npz")).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"\.npz: cannot be taken up again"):
        _simulate(tmp_path, policies=("random",))


def test_an_unknown_policy_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="policies has 'best': choose among random, "):
        _simulate(tmp_path / "new", policies=("best",))
    assert not (tmp_path / "new").exists()


def test_many_users_are_drawn_shard_by_shard(tmp_path: Path) -> None:
    world, users = small_world(), SHARD + 500
    curve = play(world, Protocol(rounds=1, users=users), Job("random", 1), tmp_path, 1)
    assert curve.optimal[0] == pytest.approx(users * world.optimal.mean(), rel=0.02)


def test_blocks_are_shorter_than_the_protocol() -> None:
    assert 1 <= module.BLOCK < Protocol().rounds
