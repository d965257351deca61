"""`home replay validate`: progressive validation of a policy that learns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.replay_options import Html, IntervalMethod, Json, Level, Replicates, Seed, options_of
from api.spans import Since, Until, utc
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_database, policy_loader
from home.errors import ConfigurationError
from home.replay.exports import is_export
from home.replay.inputs import open_log
from home.replay.progressive import validate_policy, validate_vw
from home.replay.show import render_curve
from home.replay.sources.dsjson import DsJsonSource
from home.rewards import reward_formula
from home.service import utc_now
from home.settings import Settings


def validate(
    context: typer.Context,
    log: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help="What `home replay export` wrote, or dsjson with one action each.",
            show_default="the decision log of the database",
            metavar="FILE",
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="On our own log: the policy that learns.", show_default="HOME_POLICY"),
    ] = None,
    policy_options: Annotated[
        str | None,
        typer.Option(help="Its options, as a JSON object.", show_default="HOME_POLICY_OPTIONS"),
    ] = None,
    arguments: Annotated[
        str, typer.Option("--vw", help="On dsjson: the learner's command line.", metavar="ARGUMENTS")
    ] = "--cb_explore_adf",
    since: Since = None,
    until: Until = None,
    level: Level = 0.95,
    interval: IntervalMethod = "bootstrap",
    replicates: Replicates = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    html: Html = None,
) -> None:
    """Let a policy learn on the log and judge it on every decision before it learns from it.

    Prints the curve of progressive reward (what the learner would have earned, by importance weights) and, on
    our own log, of progressive loss (the squared error of its predictions). A decision is learned from once
    its reward horizon has closed, as a live learner would.

    [dim]home replay validate --policy vw --policy-options '{"learning_rate": 0.1}'[/]

    [dim]home replay validate --input log.dsjson --vw "--cb_explore_adf --epsilon 0.1 -q ua"[/]
    """
    settings, options = settings_of(context), options_of(None, level, interval, replicates, None, seed, 1)
    if options.bounded:
        raise ConfigurationError(
            f"interval is {interval!r}: nothing bounds the weights of a learner; use bootstrap, bca or normal"
        )
    if log is None or is_export(log):
        settings = _with_policy(settings, policy, policy_options)
        engine = open_database(settings)
        with TerminalProgress(STDERR) as progress:
            found = validate_policy(
                policy_loader(settings)(None), open_log(engine, log), reward_formula(settings),
                now=utc_now(), start=utc(since), end=utc(until), options=options, progress=progress,
            )  # fmt: skip
        engine.dispose()
    else:
        with TerminalProgress(STDERR) as progress:
            found = validate_vw(DsJsonSource(log), arguments, options, progress)
    if html is not None:
        # matplotlib takes a second to import, which only pictures should cost.
        from home.replay.page import write_curve

        write_curve(found, html)
    if as_json:
        print(found.to_json().decode())
    else:
        render_curve(found, STDOUT)


def _with_policy(settings: Settings, policy: str | None, options: str | None) -> Settings:
    changes: dict[str, object] = {}
    if policy is not None:
        changes |= {"policy": policy, "policy_options": {}}
    if options is not None:
        try:
            changes["policy_options"] = json.loads(options)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"policy_options is {options!r}: {error}; give a JSON object") from error
        if not isinstance(changes["policy_options"], dict):
            raise ConfigurationError(f"policy_options is {options!r}: give a JSON object")
    return settings.model_copy(update=changes)
