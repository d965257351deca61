"""All policies on all seeds: resumable, and the same whoever computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import orjson

from home.errors import ConfigurationError
from home.ingest.progress import Progress, Silent
from home.simulate.carousel.engines import Block, Engine
from home.simulate.carousel.play import Curve, Job, Protocol, read_curve
from home.simulate.carousel.policies import POLICIES
from home.simulate.carousel.world import World, load_world, save_world

BLOCK = 10
"""Rounds between two checkpoints of a job."""

_ABOUT = "simulation.json"


@dataclass(frozen=True, slots=True, eq=False)
class CarouselResult:
    """Curves of every policy on every seed, and where the users came from."""

    protocol: Protocol
    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    curves: dict[Job, Curve]
    origin: str
    synthetic: bool


def simulate(
    directory: Path,
    protocol: Protocol,
    policies: Sequence[str],
    seeds: Sequence[int],
    engine: Engine,
    progress: Progress | None = None,
) -> CarouselResult:
    """Play every policy on every seed in the world that `prepare` left in `directory`.

    Jobs that `directory` holds already are not played again; those it holds in part go on. Raises
    ConfigurationError for an unknown policy.
    """
    progress = progress or Silent()
    for name in policies:
        if name not in POLICIES:
            raise ConfigurationError(f"policies has {name!r}: choose among {', '.join(POLICIES)}")
    jobs = [Job(policy, seed) for seed, policy in product(seeds, policies)]
    curves = {job: read_curve(directory / "jobs", job) for job in jobs}
    progress.start("Playing rounds", len(jobs) * protocol.rounds)
    progress.advance(sum(len(curve.optimal) for curve in curves.values()))

    def on_curve(job: Job, curve: Curve) -> bool:
        progress.advance(len(curve.optimal) - len(curves[job].optimal))
        curves[job] = curve
        return len(curve.optimal) < protocol.rounds

    left = [job for job in jobs if len(curves[job].optimal) < protocol.rounds]
    engine.run([Block(directory, protocol, job, BLOCK) for job in left], on_curve)
    progress.finish()
    world = load_world(directory / "world")
    return CarouselResult(
        protocol, tuple(policies), tuple(seeds), curves, world.origin, synthetic=world.synthetic
    )


def prepare(
    directory: Path, protocol: Protocol, request: dict[str, str | int | float], make: Callable[[], World]
) -> None:
    """Make `directory` ready: its world, and what is asked of it.

    `request` tells one world from another. Raises ConfigurationError when `directory` holds a simulation of
    another protocol or world, which must not be mixed.
    """
    about = {**asdict(protocol), **request}
    path = directory / _ABOUT
    if path.exists():
        _check_same(directory, orjson.loads(path.read_bytes()), about)
        return
    (directory / "jobs").mkdir(parents=True, exist_ok=True)
    save_world(make(), directory / "world")
    path.write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))


def _check_same(directory: Path, before: dict[str, object], now: dict[str, object]) -> None:
    for name, value in now.items():
        if before.get(name) != value:
            raise ConfigurationError(
                f"{directory} holds a simulation with {name} = {before.get(name)}, not {value}: "
                "name another directory, or repeat the options of that one"
            )
