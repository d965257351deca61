"""`home learn`: turn feedback into the next model."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_learner
from home.learn import LeaseHeldError
from home.registry import StaleModelError
from home.service import check_learns


def learn(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Keep learning until interrupted.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between runs with --watch.", min=0.1)] = 10.0,
    workers: Annotated[
        int, typer.Option(help="Processes that share a batch; their models are merged.", min=1)
    ] = 1,
) -> None:
    """Learn from every decision whose reward horizon has closed, once each, and publish a snapshot.

    One learner writes at a time; a second one is refused while the first holds the lease. Servers pick the
    new snapshot up by themselves.
    """
    settings = settings_of(context)
    check_learns(settings)
    learner = open_learner(settings, workers=workers)
    while True:
        try:
            report = learner.catch_up()
        except (LeaseHeldError, StaleModelError) as busy:
            if not watch:
                raise
            STDERR.print(f"waiting: {busy}", highlight=False)
        else:
            STDOUT.print(
                f"{report.decisions} decisions, {report.examples} examined shelves, "
                f"{report.corrections} corrected, model version {report.version}",
                highlight=False,
            )
        if not watch:
            return
        time.sleep(every)
