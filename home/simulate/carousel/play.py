"""One policy on one seed, some rounds at a time."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from home.errors import ConfigurationError
from home.simulate.carousel.environment import Feedback, Outcome, answer, draw_batch, present
from home.simulate.carousel.policies import POLICIES, CarouselPolicy, Task
from home.simulate.carousel.streams import Purpose, stream
from home.simulate.carousel.world import Floats, World

SHARD = 20_000
"""Visits that are drawn, answered and ranked at a time, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How long and how many: `users` visit in each of `rounds`; policies learn once at a round's end."""

    rounds: int = 100
    users: int = 20_000
    feedback: Feedback = Feedback.CODE


@dataclass(frozen=True, slots=True)
class Job:
    """One policy on one seed. Jobs do not depend on each other."""

    policy: str
    seed: int

    @property
    def name(self) -> str:
        """The job in words, fit for a file name."""
        return f"{self.policy}-seed-{self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What was earned in the rounds (r,) played so far, summed over the users of each.

    `optimal` is the expected reward of everyone's best list, `expected` that of the lists shown, `rewards`
    what was streamed. `seconds` is CPU time in all.
    """

    optimal: Floats
    expected: Floats
    rewards: Floats
    seconds: float

    @property
    def regret(self) -> Floats:
        """Regret of each round (r,) as the paper defines it: `optimal` − `rewards`."""
        return self.optimal - self.rewards


_NOTHING = Curve(np.empty(0), np.empty(0), np.empty(0), 0.0)


def play(world: World, protocol: Protocol, job: Job, directory: Path, rounds: int) -> Curve:
    """Play up to `rounds` more rounds of a job from where its checkpoint in `directory` stands, and write it.

    The result does not depend on how the rounds are divided among calls, nor on the machine's cores: how many
    threads share a matrix product can change its last bits, so there is one. A checkpoint is replaced as a
    whole, so that a call that is cut off leaves the one before.
    """
    path = directory / f"{job.name}.npz"
    with threadpool_limits(1):
        policy = POLICIES[job.policy](Task(world.playlists, world.segment_count, world.features.shape[1]))
        before = _resume(path, policy)
        started = time.process_time()
        first = len(before.optimal)
        last = min(first + rounds, protocol.rounds)
        sums = [_round(world, protocol, job.seed, policy, number) for number in range(first, last)]
        seconds = time.process_time() - started
    optimal, expected, rewards = np.array(sums).reshape(-1, 3).T
    curve = Curve(
        np.append(before.optimal, optimal),
        np.append(before.expected, expected),
        np.append(before.rewards, rewards),
        before.seconds + seconds,
    )
    _write(path, curve, policy, finished=last == protocol.rounds)
    return curve


def read_curve(directory: Path, job: Job) -> Curve:
    """What a job's checkpoint has so far. Raises ConfigurationError for a damaged one."""
    path = directory / f"{job.name}.npz"
    if not path.exists():
        return _NOTHING
    try:
        with np.load(path) as found:
            return Curve(found["optimal"], found["expected"], found["rewards"], float(found["seconds"]))
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, EOFError) as error:
        raise ConfigurationError(f"{path}: cannot be taken up again ({error}); remove it") from error


def _round(
    world: World, protocol: Protocol, seed: int, policy: CarouselPolicy, number: int
) -> tuple[float, float, float]:
    outcomes: list[Outcome] = []
    optimal = expected = 0.0
    for shard, start in enumerate(range(0, protocol.users, SHARD)):
        key = number, shard
        rng = stream(seed, Purpose.CHOICE, *key)
        batch = draw_batch(world, seed, key, min(SHARD, protocol.users - start))
        lists = present(batch, policy.choose(batch, rng), protocol.feedback, rng)
        outcome, values = answer(world, batch, lists, protocol.feedback, seed, key)
        outcomes.append(outcome)
        optimal += float(world.optimal[batch.users].sum())
        expected += float(values.sum())
    outcome = _joined(outcomes)
    policy.learn(outcome)
    return optimal, expected, float(outcome.rewards.sum())


def _joined(outcomes: list[Outcome]) -> Outcome:
    if len(outcomes) == 1:
        return outcomes[0]
    return replace(
        outcomes[0],
        **{
            name: np.concatenate([getattr(outcome, name) for outcome in outcomes])
            for name in ("segments", "features", "lists", "streamed", "seen")
        },
    )


def _resume(path: Path, policy: CarouselPolicy) -> Curve:
    if not path.exists():
        return _NOTHING
    with np.load(path) as found:
        policy.restore({name[6:]: found[name] for name in found if name.startswith("state_")})
        return Curve(found["optimal"], found["expected"], found["rewards"], float(found["seconds"]))


def _write(path: Path, curve: Curve, policy: CarouselPolicy, *, finished: bool) -> None:
    """A finished job keeps its curve alone: what it learned can take megabytes."""
    state = {} if finished else policy.state()
    arrays: dict[str, NDArray[np.generic]] = {
        **{f"state_{name}": array for name, array in state.items()},
        "optimal": curve.optimal,
        "expected": curve.expected,
        "rewards": curve.rewards,
        "seconds": np.array(curve.seconds),
    }
    written = path.with_suffix(".part")
    with written.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    os.replace(written, path)
