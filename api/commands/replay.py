"""`home replay`: off-policy evaluation on the decision log."""

from __future__ import annotations

from typing import Annotated

import typer

from api.progress import TerminalProgress
from api.spans import Since, Until, utc
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_database
from home.errors import ConfigurationError
from home.replay.judge import replay as judge
from home.replay.show import render
from home.replay.targets import Target
from home.rewards import load_rewards
from home.service import utc_now


def replay(
    context: typer.Context,
    epsilon: Annotated[
        list[float] | None,
        typer.Option(
            help="Judge the logged optimum with this share of exploration; repeatable.",
            show_default="0 and 1",
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Estimate from the decision log what another share of exploration would have earned.

    Reads decisions whose reward horizon has closed and that have an exact propensity; the others are left
    out and counted. Prints the mean reward per page as it was, and for each target the inverse propensity
    estimate (IPS), its self-normalised form (SNIPS), intervals over listeners, and how far to trust them.
    """
    settings = settings_of(context)
    with TerminalProgress(STDERR) as progress:
        report = judge(
            open_database(settings),
            load_rewards(settings.rewards_file),
            _targets(epsilon or [0.0, 1.0]),
            now=utc_now(),
            start=utc(since),
            end=utc(until),
            progress=progress,
        )
    if as_json:
        print(report.to_json().decode())
    else:
        render(report, STDOUT)


def _targets(shares: list[float]) -> list[Target]:
    try:
        return [Target(None), *map(Target, shares)]
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
