"""`home simulate`: closed loop against listeners whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.schemas import MAX_SEED
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import live_snapshot, load_catalog, open_database, open_tools, policy_loader
from home.errors import ConfigurationError
from home.rewards import load_rewards
from home.sampling import sample_contexts
from home.service import utc_now
from home.settings import Settings
from home.simulate.export import write_trace
from home.simulate.journal import Journal
from home.simulate.parameters import load_listener_model
from home.simulate.participants import PARTICIPANTS, Participant, participants
from home.simulate.report import report
from home.simulate.run import OnPage, SimulationConfig, SimulationResult
from home.simulate.run import simulate as run
from home.simulate.show import render
from shelves.catalog import Catalog

_NAMES = "; ".join(f"{name}: {what}" for name, what in PARTICIPANTS.items())


def simulate(
    context: typer.Context,
    policies: Annotated[
        str, typer.Option(help=f"Policies to run, comma separated. {_NAMES}.", metavar="A,B,…")
    ] = "vw,frozen,order",
    visits: Annotated[int, typer.Option(help="Visits, the same ones for every policy.", min=1)] = 1000,
    listeners: Annotated[int, typer.Option(help="How many listeners visit.", min=2)] = 300,
    batch: Annotated[int, typer.Option(help="Visits of a day; policies learn at its end.", min=1)] = 100,
    seed: Annotated[
        int, typer.Option(help="Seed of everything; the same seed, the same result.", min=0, max=MAX_SEED)
    ] = 1,
    surface: Annotated[
        list[str] | None,
        typer.Option(help="Only this surface; repeatable.", show_default="those of the model"),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Policy to compare with.", show_default="frozen, else the last")
    ] = None,
    from_live: Annotated[
        bool,
        typer.Option(
            "--from-live", help="Start serving and frozen from the live model instead of untrained."
        ),
    ] = False,
    regret: Annotated[bool, typer.Option(help="Compare each page with the best known; costs time.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    trace: Annotated[
        Path | None, typer.Option(help="Write every page as a row: .parquet or .csv.", show_default=False)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw regret and reward: .png, .svg or .pdf.", show_default=False)
    ] = None,
    log_to: Annotated[
        str | None,
        typer.Option(
            help="Log the first policy's pages and feedback to this database, for `home replay`.",
            metavar="URL",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run policies in closed loop against simulated listeners and compare them.

    Every page goes through the code that serves: sources, model, rules, solver and draw. All policies meet
    the same visits with the same luck. The listener model and its assumptions are in
    home/defaults/listener_model.toml. Intervals are 95 % and resample listeners.
    """
    settings = settings_of(context)
    engine = open_database(settings)
    catalog = load_catalog(engine, settings)
    contexts = sample_contexts(engine, listeners, "phone", seed, utc_now())
    config = SimulationConfig(visits, batch, seed, tuple(surface or ()), regret)
    names = _names(policies)
    snapshot = live_snapshot(engine) if from_live else None
    with TerminalProgress(STDERR) as progress:
        result = run(
            contexts,
            open_tools(settings, catalog),
            _participants(names, settings, snapshot, baseline),
            load_listener_model(),
            load_rewards(settings.rewards_file),
            config,
            progress,
            _journal(log_to, settings, catalog, names[0]),
        )
    engine.dispose()
    _write(result, trace, plot)
    found = report(result, baseline)
    if as_json:
        print(found.to_json().decode())
    else:
        render(found, STDOUT)


def _names(policies: str) -> list[str]:
    names = [name.strip() for name in policies.split(",") if name.strip()]
    if not names:
        raise ConfigurationError(f"policies is {policies!r}: name one or more of {', '.join(PARTICIPANTS)}")
    return names


def _participants(
    names: list[str], settings: Settings, snapshot: bytes | None, baseline: str | None
) -> dict[str, Participant]:
    if baseline is not None and baseline not in names:
        raise ConfigurationError(f"baseline is {baseline!r}: choose among the policies, {', '.join(names)}")
    try:
        return dict(participants(names, policy_loader(settings), snapshot))
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _journal(url: str | None, settings: Settings, catalog: Catalog, policy: str) -> OnPage | None:
    if url is None:
        return None
    engine = open_database(settings.model_copy(update={"database_url": url}))
    return Journal(engine, catalog, load_rewards(settings.rewards_file).horizon, policy)


def _write(result: SimulationResult, trace: Path | None, plot: Path | None) -> None:
    if trace is not None:
        write_trace(result, trace)
    if plot is not None:
        # matplotlib takes a second to import, which only pictures should cost.
        from home.simulate.plot import write_plot

        write_plot(result, plot)
