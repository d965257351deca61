"""All policies on all seeds: resumable, and the same whoever computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path

import orjson
from threadpoolctl import threadpool_limits

from home.errors import ConfigurationError
from home.ingest.progress import Progress, Silent
from home.simulate.carousel.engines import Block, Engine
from home.simulate.carousel.play import Curve, Job, Protocol, read_curve
from home.simulate.carousel.policies import POLICIES
from home.simulate.carousel.world import load_world, save_world
from home.simulate.carousel.worlds import WorldRequest
from home.simulate.checkpoint import Identity, read_identity, replace_file
from home.simulate.lock import locked

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
    request: WorldRequest,
    protocol: Protocol,
    policies: Sequence[str],
    seeds: Sequence[int],
    engine: Engine,
    progress: Progress | None = None,
) -> CarouselResult:
    """Play every policy on every seed, in `directory`.

    Jobs that `directory` holds already are not played again; those it holds in part go on. Raises
    ConfigurationError for an unknown policy, for a faulty file, when another simulation is at work in
    `directory`, and when it holds one of another protocol or world, which must not be mixed.
    """
    for name in policies:
        if name not in POLICIES:
            raise ConfigurationError(f"policies has {name!r}: choose among {', '.join(POLICIES)}")
    progress = progress or Silent()
    with locked(directory):
        _prepare(directory, protocol, request, progress)
        jobs = [Job(policy, seed) for seed, policy in product(seeds, policies)]
        curves = _play(directory, protocol, jobs, engine, progress)
        world = load_world(directory / "world")
    return CarouselResult(
        protocol, tuple(policies), tuple(seeds), curves, world.origin, synthetic=world.synthetic
    )


def _play(
    directory: Path, protocol: Protocol, jobs: Sequence[Job], engine: Engine, progress: Progress
) -> dict[Job, Curve]:
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
    return curves


def _prepare(directory: Path, protocol: Protocol, request: WorldRequest, progress: Progress) -> None:
    about = {**asdict(protocol), **request.description, "numpy": version("numpy"), "scipy": version("scipy")}
    path = directory / _ABOUT
    if path.exists():
        _check_same(directory, read_identity(path), {name: str(value) for name, value in about.items()})
        return
    progress.start("Preparing users", None)
    with threadpool_limits(1):
        world = request.make()
    (directory / "jobs").mkdir(parents=True, exist_ok=True)
    save_world(world, directory / "world")
    replace_file(path, orjson.dumps(about, option=orjson.OPT_INDENT_2))
    progress.finish()


def _check_same(directory: Path, before: Identity, now: Identity) -> None:
    other = [name for name, value in now.items() if before.get(name) != value]
    if other:
        differences = "; ".join(f"{name} = {before.get(name)}, not {now[name]}" for name in other)
        raise ConfigurationError(
            f"{directory} holds a simulation with {differences}: "
            "name another directory, or repeat the options of that one"
        )
