"""`home simulate sweep`, `compare`, `scenario` and `calibrate`: questions asked of a simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.simulate_options import (
    WHAT,
    WHO,
    AsJson,
    Batch,
    FromLive,
    Listeners,
    Model,
    Out,
    Plot,
    Seed,
    Surfaces,
    Visits,
    Workers,
    interruptible,
)
from api.progress import TerminalProgress
from api.schemas import MAX_SEED
from api.terminal import STDERR, STDOUT, settings_of
from home.errors import ConfigurationError
from home.simulate.calibrate import calibrate
from home.simulate.parameters import DEFAULT_LISTENER_MODEL
from home.simulate.rows import SimulationConfig
from home.simulate.scenario import load_scenario, run_scenario, scenario_names
from home.simulate.show_studies import render_calibration, render_scenario, render_sweep, render_versus
from home.simulate.sweep import settings as settings_to_try
from home.simulate.sweep import sweep
from home.simulate.versus import versus
from home.simulate.world import World, open_world
from shelves.types import ContentType

_Policy = Annotated[
    str,
    typer.Option(help="The policy that composes; `home simulate --help` lists them.", rich_help_panel=WHAT),
]


def sweep_settings(
    context: typer.Context,
    policy: _Policy = "frozen",
    epsilon: Annotated[
        list[float] | None,
        typer.Option(
            help="Try this share of exploration; repeatable.",
            show_default="0, 0.05, 0.1, 0.2, 0.5",
            rich_help_panel=WHAT,
        ),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            help="Try this rulebook; repeatable.",
            show_default="HOME_RULEBOOK_FILE",
            metavar="FILE",
            rich_help_panel=WHAT,
        ),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            help="Try a soft rule's weight times these factors, such as taste-mix=0.5,1,4; repeatable.",
            metavar="RULE=FACTOR,…",
            show_default=False,
            rich_help_panel=WHAT,
        ),
    ] = None,
    visits: Visits = 500,
    listeners: Listeners = 300,
    batch: Batch = 100,
    seed: Seed = 1,
    surface: Surfaces = None,
    from_live: FromLive = True,
    model: Model = None,
    workers: Workers = 1,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Try combinations of exploration, rulebooks and weights, and find those that no other beats.

    Every combination meets the same visits with the same luck. Prints reward, diversity of a page's shelves
    and how many providers share exposure, and marks the Pareto front of the three: settings that are worse
    than another at nothing are starred. Without options, sweeps the share of exploration.
    """
    factors: dict[str, list[float]] = {}
    for rule, tried in map(_factors, weight or []):
        factors.setdefault(rule, []).extend(tried)
    epsilons = epsilon or ([] if rules or factors else [0.0, 0.05, 0.1, 0.2, 0.5])
    world = _world(context, listeners, seed, model, from_live)
    with interruptible(out), TerminalProgress(STDERR) as progress:
        found = sweep(
            world,
            policy,
            settings_to_try(epsilons, rules or [], factors),
            SimulationConfig(visits, batch, seed, tuple(surface or ()), regret=False),
            progress=progress,
            workers=workers,
            out=out,
        )
    if plot is not None:
        from home.simulate.plot_studies import write_sweep

        write_sweep(found, plot)
    if as_json:
        print(found.to_json().decode())
    else:
        render_sweep(found, STDOUT)


def compare_rulebooks(
    context: typer.Context,
    rules_a: Annotated[Path, typer.Argument(help="The rulebook as it is.", metavar="RULES_A")],
    rules_b: Annotated[Path, typer.Argument(help="The rulebook that may replace it.", metavar="RULES_B")],
    policy: _Policy = "frozen",
    visits: Visits = 500,
    listeners: Listeners = 300,
    batch: Batch = 100,
    seed: Seed = 1,
    surface: Surfaces = None,
    from_live: FromLive = True,
    model: Model = None,
    workers: Workers = 1,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Compare two rulebooks on the same simulated visits, in one screen.

    Says in a sentence whether B is better, worse, or cannot be told apart; then what changes per page with
    95 % intervals, which sources and content types gain and lose exposure, how concentrated exposure on
    providers is, and which rules differ. The policy, by default the live model, does not learn meanwhile, so
    that only the rules differ.
    """
    world = _world(context, listeners, seed, model, from_live)
    with interruptible(out), TerminalProgress(STDERR) as progress:
        found = versus(
            world,
            rules_a,
            rules_b,
            policy,
            SimulationConfig(visits, batch, seed, tuple(surface or ()), regret=False),
            progress=progress,
            workers=workers,
            out=out,
        )
    if as_json:
        print(found.to_json().decode())
    else:
        render_versus(found, STDOUT)


def run_scenarios(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(help=f"One of {', '.join(scenario_names())}, or a .toml file.", metavar="NAME|FILE"),
    ],
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of everything, in place of the file's.",
            min=0,
            max=MAX_SEED,
            metavar="N",
            show_default=False,
            rich_help_panel=WHO,
        ),
    ] = None,
    model: Model = None,
    workers: Workers = 1,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Run a scenario: something happens to the world, and the file says what should come of it.

    Prints each expectation as met or not, with the value that was measured, and the mean reward of every day
    beside that of a calm world. Exits with status 1 when an expectation is not met.
    """
    scenario = load_scenario(name)
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    world = _world(context, scenario.listeners, scenario.seed, model, from_live=False)
    with interruptible(out), TerminalProgress(STDERR) as progress:
        found = run_scenario(scenario, world, progress=progress, workers=workers, out=out)
    if as_json:
        print(found.to_json().decode())
    else:
        render_scenario(found, STDOUT)
    if not found.met:
        raise typer.Exit(1)


def calibrate_listeners(
    context: typer.Context,
    policy: _Policy = "order",
    content_type: Annotated[ContentType, typer.Option(help="Which plays are compared.")] = ContentType.MUSIC,
    visits: Visits = 2000,
    listeners: Listeners = 100,
    batch: Batch = 100,
    seed: Seed = 1,
    model: Model = None,
    workers: Workers = 1,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Compare what simulated listeners play with what the same listeners really played.

    The popularity curve, repeats, tag entropy, diversity and genres of simulated plays stand beside those of
    equally many plays drawn from the histories in the database. Needs histories, such as `home ingest lastfm`
    loads; those of the embedded catalogue are made up.
    """
    world = _world(context, listeners, seed, model, from_live=False)
    config = SimulationConfig(visits, batch, seed, regret=False, measures=False)
    with TerminalProgress(STDERR) as progress:
        found = calibrate(
            world, policy, config, content_type=content_type, progress=progress, workers=workers
        )
    if plot is not None:
        from home.simulate.plot_studies import write_calibration

        write_calibration(found, plot)
    if as_json:
        print(found.to_json().decode())
    else:
        render_calibration(found, STDOUT)


def _world(context: typer.Context, listeners: int, seed: int, model: Path | None, from_live: bool) -> World:
    return open_world(
        settings_of(context),
        listeners=listeners,
        seed=seed,
        model=model or DEFAULT_LISTENER_MODEL,
        from_live=from_live,
    )


def _factors(text: str) -> tuple[str, list[float]]:
    rule, separator, factors = text.partition("=")
    wrong = ConfigurationError(f"weight is {text!r}: give RULE=FACTOR,FACTOR, such as taste-mix=0.5,1,4")
    if not separator or not rule:
        raise wrong
    try:
        return rule, [float(factor) for factor in factors.split(",")]
    except ValueError:
        raise wrong from None
