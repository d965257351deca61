"""`home simulate carousel`: bandits for a carousel of playlists, against published results."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.commands.simulate_options import chosen, interruptible
from api.progress import TerminalProgress
from api.schemas import MAX_SEED
from api.terminal import STDERR, STDOUT
from home.simulate.carousel.engines import Engine, Processes
from home.simulate.carousel.environment import Feedback
from home.simulate.carousel.play import Protocol
from home.simulate.carousel.policies import POLICIES
from home.simulate.carousel.population import PopulationModel
from home.simulate.carousel.ray_engine import Ray
from home.simulate.carousel.report import CarouselReport, report
from home.simulate.carousel.run import CarouselResult, simulate
from home.simulate.carousel.show import render
from home.simulate.carousel.worlds import WorldRequest


class EngineName(StrEnum):
    """Who computes."""

    PROCESSES = "processes"
    RAY = "ray"


def carousel(
    policies: Annotated[
        str, typer.Option(help=f"Policies, comma separated: {', '.join(POLICIES)}.", metavar="A,B,…")
    ] = ",".join(POLICIES),
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Directory of playlist_features.csv and user_features_small.csv, or of their folder "
            '"deezer-carousel". Without it, playlists are invented.',
            show_default=False,
        ),
    ] = None,
    users_file: Annotated[
        Path | None,
        typer.Option(
            help="The full user_features.csv, instead of a synthetic population.", show_default=False
        ),
    ] = None,
    population: Annotated[
        int, typer.Option(help="Users of the synthetic population.", min=1_000)
    ] = PopulationModel().users,
    own_taste: Annotated[
        float,
        typer.Option(
            help="How much synthetic segments differ: own taste for each part of shared taste.", min=0.0
        ),
    ] = PopulationModel().own_taste,
    rounds: Annotated[int, typer.Option(help="Rounds; policies learn at the end of each.", min=1)] = 100,
    users: Annotated[int, typer.Option(help="Users in a round, drawn with replacement.", min=1)] = 20_000,
    seeds: Annotated[int, typer.Option(help="Independent repetitions; intervals need 2 or more.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The first seed.", min=0, max=MAX_SEED)] = 1,
    feedback: Annotated[
        Feedback,
        typer.Option(
            help="Slots that count as seen without a stream: the first 3 (paper), all 12 (code, as "
            "published), or all 12 and also those after a stream (all)."
        ),
    ] = Feedback.CODE,
    baseline: Annotated[
        str | None,
        typer.Option(help="Policy to compare with.", show_default="ts-seg-pessimistic, else the last"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write report.json, trace.parquet, regret.png and checkpoints here; the same command goes "
            "on where an interrupted one stopped.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Processes; results do not depend on them.", min=1, show_default="all cores")
    ] = os.cpu_count() or 1,
    engine: Annotated[
        EngineName, typer.Option(help="Who computes: processes of this machine, or Ray (extra: scale).")
    ] = EngineName.PROCESSES,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run bandits that fill a carousel of 12 playlists, and compare their regret.

    The protocol is that of Bendada et al., RecSys 2020: the same 20,000 users a round for every policy, at
    most one stream each, and policies that learn once a round. With the published user file it applies
    unchanged; without, users are synthetic and every output says so. See docs/carousel.md.
    """
    protocol = Protocol(rounds, users, feedback)
    names = chosen(policies, POLICIES, baseline)
    request = WorldRequest(data_dir, users_file, PopulationModel(population, own_taste=own_taste))
    with ExitStack() as stack:
        directory = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="home-carousel-")))
        stack.enter_context(interruptible(out))
        progress = stack.enter_context(TerminalProgress(STDERR))
        players, numbers = _engine(engine, workers), range(seed, seed + seeds)
        result = simulate(directory, request, protocol, names, numbers, players, progress)
    found = report(result, baseline)
    if out is not None:
        _write(result, found, out)
    if as_json:
        print(found.to_json().decode())
    else:
        render(found, STDOUT)


def _engine(name: EngineName, workers: int) -> Engine:
    return Ray(workers) if name is EngineName.RAY else Processes(workers)


def _write(result: CarouselResult, found: CarouselReport, out: Path) -> None:
    # polars and matplotlib take a second to import, which only files should cost.
    from home.simulate.carousel.export import write_trace
    from home.simulate.carousel.plot import write_plot

    (out / "report.json").write_bytes(found.to_json())
    write_trace(result, out / "trace.parquet")
    write_plot(result, found, out / "regret.png")
