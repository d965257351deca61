"""`home replay`: off-policy evaluation on decision logs, our own and others'."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.commands.replay_obd import open_bandit
from api.commands.replay_validate import validate
from api.progress import TerminalProgress
from api.replay_options import (
    By,
    Details,
    Estimators,
    Html,
    IntervalMethod,
    Json,
    Keep,
    Level,
    RejectsFile,
    Replicates,
    RewardRange,
    Seed,
    WeightBound,
    options_of,
    show,
)
from api.spans import Since, Until, utc
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_database
from home.errors import ConfigurationError
from home.ingest.rejects import Rejects
from home.replay.exports import export, is_export
from home.replay.inputs import given_targets, models_in, open_log, open_rows
from home.replay.judge import replay_entries
from home.replay.options import Options
from home.replay.report import ReplayReport
from home.replay.rows import judge_rows
from home.replay.specs import Context, page_targets, row_targets
from home.replay.targets import Target
from home.rewards import reward_formula
from home.service import utc_now
from home.settings import Settings

Span = tuple[datetime | None, datetime | None]
_WHAT = "What to judge"

app = typer.Typer(invoke_without_command=True)


@app.callback()
def replay(
    context: typer.Context,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="A policy to judge, as explained above; repeatable.",
            show_default="logged, epsilon=0 and epsilon=1; on other logs those they hold, or uniform",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    epsilon: Annotated[
        list[float] | None,
        typer.Option(
            help="Short for --target epsilon=SHARE; repeatable.", show_default=False, rich_help_panel=_WHAT
        ),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            help="Judge the logged decisions under this rulebook; repeatable. Pages that the rules of the"
            " time forbade were never shown: their share is reported, and what they earn is not guessed.",
            show_default=False,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    draws: Annotated[
        int,
        typer.Option(
            help="Pages drawn for each decision to estimate the share that could not have been logged.",
            min=1,
            rich_help_panel=_WHAT,
        ),
    ] = 4,
    log: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help="A log to judge on: what `home replay export` wrote, a table of rounds (.csv, .parquet; see"
            " docs/replay.md for its columns), or Vowpal Wabbit dsjson (.dsjson, .json, .jsonl).",
            show_default="the decision log of the database",
            metavar="FILE",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    estimate_propensities: Annotated[
        bool,
        typer.Option(
            "--estimate-propensities",
            help="Accept a log without propensities, and take how often each action was shown for them. The"
            " report says so.",
            rich_help_panel=_WHAT,
        ),
    ] = False,
    since: Since = None,
    until: Until = None,
    estimators: Estimators = None,
    level: Level = 0.95,
    interval: IntervalMethod = "bootstrap",
    replicates: Replicates = 1000,
    seed: Seed = 0,
    keep: Keep = 1_000_000,
    weight_bound: WeightBound = None,
    reward_range: RewardRange = None,
    by: By = None,
    details: Details = False,
    as_json: Json = False,
    html: Html = None,
    rejects: RejectsFile = None,
) -> None:
    """Estimate from logged decisions what another policy would have earned, and say how far to trust it.

    Without a command, judges targets on the decision log or on --input: each gets a verdict with its reason,
    estimates with intervals, and what the log could not hold. Decisions whose reward horizon is open or
    whose propensity is not exact are left out and counted, faulty rows of other logs listed.

    Targets on our own log: [bold]logged[/]; [bold]epsilon=SHARE[/] of exploration;
    [bold]model:VERSION[/], a stored model; [bold]policy:NAME[/], one that does not learn (uniform, fixed).
    They go together, as in model:7,epsilon=0.1. With --rules, the same decisions under another rulebook.

    Targets on other logs: [bold]logged[/]; [bold]uniform[/]; [bold]epsilon=SHARE[/], what the logging policy
    preferred with so much exploration; [bold]column:NAME[/], a policy whose probabilities are in the log.

    [dim]home replay --target model:7 --html report.html[/]

    [dim]home replay --rules new.toml --details[/]

    [dim]home replay --input rounds.parquet --target column:new --estimators all[/]
    """
    if context.invoked_subcommand is not None:
        return
    settings, span = settings_of(context), (utc(since), utc(until))
    options = options_of(estimators, level, interval, replicates, by, seed, keep, weight_bound, reward_range)
    specs = [*(target or []), *(f"epsilon={share:g}" for share in epsilon or [])]
    if log is None or is_export(log):
        if reward_range is not None:
            raise ConfigurationError(
                "--reward-range is for other logs: on our own the reward formula says what a page can earn"
            )
        report = _pages(settings, log, specs, rules or [], draws, span, options)
    else:
        _check_pages(log, rules, span)
        report = _rows(log, specs, options, estimate_propensities, rejects)
    show(report, as_json=as_json, html=html, details=details)


def _pages(
    settings: Settings,
    path: Path | None,
    specs: list[str],
    rules: list[Path],
    draws: int,
    span: Span,
    options: Options,
) -> ReplayReport:
    engine, formula = open_database(settings), reward_formula(settings)
    log = open_log(engine, path)
    context = Context(log.setup_of, models_in(engine, settings), draws, options.seed)
    if not specs and not rules:
        specs = ["epsilon=0", "epsilon=1"]
    targets = [Target(None), *page_targets(specs, rules, context)]
    with TerminalProgress(STDERR) as progress:
        return replay_entries(
            log.entries(*span, progress), formula, targets,
            now=utc_now(), options=options, source=log.name, setup_of=log.setup_of, progress=progress,
        )  # fmt: skip


def _rows(
    path: Path, specs: list[str], options: Options, estimate_propensities: bool, rejects: Path | None
) -> ReplayReport:
    source = open_rows(path, options.by)
    targets = row_targets(specs, given_targets(source))
    with TerminalProgress(STDERR) as progress, Rejects(rejects) as listed:
        return judge_rows(
            source, targets, options,
            estimate_propensities=estimate_propensities, rejects=listed, progress=progress,
        )  # fmt: skip


def _check_pages(path: Path, rules: list[Path] | None, span: Span) -> None:
    """On logs of other systems there are no rules to change, and times are the reader's own."""
    given = {"--rules": bool(rules), "--since": span[0] is not None, "--until": span[1] is not None}
    for option, used in given.items():
        if used:
            raise ConfigurationError(
                f"{option} is for our own decision log, and {path} is another: leave it out"
            )


@app.command("export")
def export_log(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The Parquet file to write.", show_default=False)],
    since: Since = None,
    until: Until = None,
) -> None:
    """Write the decision log to a Parquet file that replays like the database, wherever it is taken.

    Holds every record, the events that count, and the rulebooks and grids they refer to; reward, propensity,
    group and timestamp are columns of their own, for other tools. Models stay in the database.
    """
    settings = settings_of(context)
    with TerminalProgress(STDERR) as progress:
        written = export(
            open_database(settings), file, reward_formula(settings),
            start=utc(since), end=utc(until), progress=progress,
        )  # fmt: skip
    STDOUT.print(f"{written:,} decisions written to {file}", highlight=False)


app.command("obd")(open_bandit)
app.command("validate")(validate)
