"""`home replay obd`: the policies of the Open Bandit Dataset on each other's logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.replay_options import (
    By,
    Estimators,
    Html,
    IntervalMethod,
    Json,
    Keep,
    Level,
    Replicates,
    Seed,
    options_of,
)
from api.terminal import STDERR, STDOUT
from home.errors import ConfigurationError
from home.replay.open_bandit import ESTIMATORS, judge_campaign, to_json
from home.replay.show import render_campaigns
from home.replay.sources.obd import BEHAVIOURS, UNIFORM, campaigns, dataset_in

_OBD_ESTIMATORS = ",".join(ESTIMATORS)


def open_bandit(
    data_dir: Annotated[
        Path,
        typer.Option(
            help="Directory with random/, bts/ and prior_bts.yaml of the Open Bandit Dataset, or its parent."
        ),
    ],
    campaign: Annotated[
        list[str] | None,
        typer.Option(help="Only this campaign; repeatable.", show_default="all that are there"),
    ] = None,
    behaviour: Annotated[
        str,
        typer.Option(help=f"Whose log to judge on: {' or '.join(BEHAVIOURS)}; the other policy is judged."),
    ] = UNIFORM,
    estimators: Estimators = _OBD_ESTIMATORS,
    level: Level = 0.95,
    interval: IntervalMethod = "bootstrap",
    replicates: Replicates = 1000,
    seed: Seed = 0,
    keep: Keep = 1_000_000,
    by: By = None,
    as_json: Json = False,
    html: Html = None,
) -> None:
    """Judge a policy of the Open Bandit Dataset on the other's log, beside what it really earned.

    By default Bernoulli Thompson sampling (bts) on the uniformly random log, campaign by campaign: estimates
    with intervals and their relative errors, next to the published ones. A round is one slot; positions count
    from the left.
    """
    if behaviour not in BEHAVIOURS:
        raise ConfigurationError(f"behaviour is {behaviour!r}: choose {' or '.join(BEHAVIOURS)}")
    options = options_of(estimators, level, interval, replicates, by, seed, keep)
    folder = dataset_in(data_dir)
    names = tuple(campaign or campaigns(folder))
    with TerminalProgress(STDERR) as progress:
        results = [judge_campaign(folder, name, behaviour, options, progress) for name in names]
    if html is not None:
        # matplotlib takes a second to import, which only pictures should cost.
        from home.replay.page import write_campaigns

        write_campaigns(results, html)
    if as_json:
        print(to_json(results).decode())
    else:
        render_campaigns(results, STDOUT)
