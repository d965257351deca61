"""`home simulate`: closed loop against listeners whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands import simulate_studies as studies
from api.commands.carousel import carousel
from api.commands.simulate_options import (
    HOW,
    OUTPUT,
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
    chosen,
    interruptible,
    written_as,
)
from api.progress import TerminalProgress
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_database
from home.errors import ConfigurationError
from home.rewards import reward_formula
from home.settings import Settings
from home.simulate.export import write_decisions, write_trace
from home.simulate.journal import Journal
from home.simulate.logged import LoggedReport, open_log, replay_log
from home.simulate.parameters import DEFAULT_LISTENER_MODEL
from home.simulate.participants import PARTICIPANTS
from home.simulate.player import OnPage
from home.simulate.prices import rule_prices
from home.simulate.report import SimulationReport, report
from home.simulate.rows import SimulationConfig, SimulationResult
from home.simulate.show import render, render_logged
from home.simulate.world import World, open_world
from shelves.catalog import Catalog

_POLICIES = "\n\n".join(f"[bold]{name}[/]: {what}" for name, what in PARTICIPANTS.items())
_EPILOG = f"Policies:\n\n{_POLICIES}\n\nMore in docs/simulator.md."

app = typer.Typer(invoke_without_command=True, epilog=_EPILOG)
app.command("carousel")(carousel)
app.command("sweep")(studies.sweep_settings)
app.command("compare")(studies.compare_rulebooks)
app.command("scenario")(studies.run_scenarios)
app.command("calibrate")(studies.calibrate_listeners)

_REPLAY = "replay:"
_OF_REPLAY = ("policies", "env", "visits", "batch", "seed", "as_json")


@app.callback()
def simulate(
    context: typer.Context,
    policies: Annotated[
        str,
        typer.Option(
            help="Policies to run, comma separated; they are listed below.",
            metavar="A,B,…",
            rich_help_panel=WHAT,
        ),
    ] = "vw,frozen,order",
    env: Annotated[
        str,
        typer.Option(
            help="page: simulated listeners on whole pages. replay:DIR/POLICY/CAMPAIGN: rows of a real log "
            "in the layout of the Open Bandit Dataset. The carousel is a command of its own.",
            metavar="ENV",
            rich_help_panel=WHAT,
        ),
    ] = "page",
    visits: Visits = 1000,
    listeners: Listeners = 300,
    batch: Batch = 100,
    seed: Seed = 1,
    surface: Surfaces = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="Policy to compare with.",
            show_default="frozen, else the last",
            metavar="NAME",
            rich_help_panel=WHAT,
        ),
    ] = None,
    from_live: FromLive = False,
    regret: Annotated[
        bool, typer.Option(help="Compare each page with the best known; costs time.", rich_help_panel=HOW)
    ] = True,
    measures: Annotated[bool, typer.Option(help="Measure each page as a whole.", rich_help_panel=HOW)] = True,
    returns: Annotated[
        bool,
        typer.Option(
            "--returns", help="Listeners come more often when earlier visits were good.", rich_help_panel=WHO
        ),
    ] = False,
    model: Model = None,
    workers: Workers = 1,
    out: Out = None,
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a report with pictures, one file: .html.",
            rich_help_panel=OUTPUT,
            show_default=False,
            callback=written_as(".html", ".htm"),
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Write every page as a row: .parquet or .csv.",
            rich_help_panel=OUTPUT,
            show_default=False,
            callback=written_as(".parquet", ".csv"),
        ),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(
            help="Write every policy's decisions to this directory, as Parquet that `home replay` reads.",
            rich_help_panel=OUTPUT,
            metavar="DIR",
            show_default=False,
            file_okay=False,
        ),
    ] = None,
    plot: Plot = None,
    log_to: Annotated[
        str | None,
        typer.Option(
            help="Log the first policy's pages and feedback to this database, for `home replay`.",
            rich_help_panel=OUTPUT,
            metavar="URL",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run policies in closed loop against simulated listeners and compare them.

    Every page goes through the code that serves: sources, model, rules, solver and draw. All policies meet
    the same visits with the same luck. Intervals are 95 % and resample listeners.

    [bold]A first look[/]: home simulate --policies vw,order --visits 300

    [bold]To keep[/]: home simulate --policies serving,frozen,order --out var/run --html report.html
    goes on where it was interrupted when the same command is given again.

    [bold]Other questions[/] have commands of their own: two rulebooks side by side, many settings, what if
    a source fails, how real the listeners are.
    """
    if context.invoked_subcommand is not None:
        _nothing_before(context, context.invoked_subcommand)
        return
    names = chosen(policies, PARTICIPANTS, baseline)
    if env != "page":
        _replay(context, env, names, visits, batch, seed, as_json)
        return
    if log_to is not None and workers > 1:
        raise ConfigurationError(f"log-to with workers = {workers}: one process logs; give --workers 1")
    config = SimulationConfig(
        visits, batch, seed, tuple(surface or ()), regret, measures, returns, decisions is not None
    )
    settings = settings_of(context)
    world = open_world(
        settings,
        listeners=listeners,
        seed=seed,
        model=model or DEFAULT_LISTENER_MODEL,
        from_live=from_live,
    )
    with interruptible(out), TerminalProgress(STDERR) as progress:
        result = world.run(
            world.participants(names),
            config,
            progress=progress,
            on_page=_journal(log_to, settings, world.catalog, names[0]),
            workers=workers,
            out=out,
        )
    found = report(result, baseline, catalog=world.catalog)
    _write(result, trace, plot, decisions)
    if html is not None:
        _write_html(result, found, world, html)
        STDERR.print(f"wrote {html}", soft_wrap=True)
    if as_json:
        print(found.to_json().decode())
    else:
        render(found, STDOUT)


def _nothing_before(context: typer.Context, command: str) -> None:
    for name in context.params:
        if _given(context, name):
            raise typer.BadParameter(
                f"--{name.replace('_', '-')} stands before {command!r}; give options after the command's name"
            )


def _given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _replay(
    context: typer.Context, env: str, names: list[str], visits: int, batch: int, seed: int, as_json: bool
) -> None:
    if env == "carousel":
        raise typer.BadParameter(
            "the carousel has policies and options of its own: run `home simulate carousel`",
            param_hint="--env",
        )
    if not env.startswith(_REPLAY) or env == _REPLAY:
        raise ConfigurationError(
            f"env is {env!r}: give page, or replay:DIR/POLICY/CAMPAIGN, or run `home simulate carousel`"
        )
    for name in context.params:
        if name not in _OF_REPLAY and _given(context, name):
            raise typer.BadParameter(f"--{name.replace('_', '-')} says nothing of a log; leave it out")
    log = open_log(Path(env.removeprefix(_REPLAY)))
    with TerminalProgress(STDERR) as progress:
        found: LoggedReport = replay_log(
            log,
            names,
            batch=batch,
            seed=seed,
            rows=visits if _given(context, "visits") else None,
            progress=progress,
        )
    if as_json:
        print(found.to_json().decode())
    else:
        render_logged(found, STDOUT)


def _journal(url: str | None, settings: Settings, catalog: Catalog, policy: str) -> OnPage | None:
    if url is None:
        return None
    engine = open_database(settings.model_copy(update={"database_url": url}))
    return Journal(engine, catalog, reward_formula(settings).horizon, policy)


def _write(result: SimulationResult, trace: Path | None, plot: Path | None, decisions: Path | None) -> None:
    if trace is not None:
        write_trace(result, trace)
    if decisions is not None:
        write_decisions(result, decisions)
    if plot is not None:
        # matplotlib takes a second to import, which only pictures should cost.
        from home.simulate.plot import write_plot

        write_plot(result, plot)


def _write_html(result: SimulationResult, found: SimulationReport, world: World, path: Path) -> None:
    from home.simulate.html import write_report

    with TerminalProgress(STDERR) as progress:
        rules = rule_prices(world, progress=progress)
    write_report(result, found, path, rules)
