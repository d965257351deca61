"""`home models`: see, compare and move the models of a database."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from api.commands.models_show import show_difference, show_features, show_health, show_list, show_model
from api.progress import TerminalProgress
from api.terminal import STDERR, STDOUT, settings_of
from home.model_desk import ModelDesk
from home.promotion import in_words

app = typer.Typer(
    no_args_is_help=True,
    help="""See, compare and move models: candidate → shadow → canary → live → retired.

    A shadow scores pages without serving them, a canary serves a share of listeners, and one model is live.
    Servers follow every move within HOME_RELOAD_EVERY_S seconds, without restart.
    """,
)

Version = Annotated[int, typer.Argument(help="Version of the model, as `home models list` shows it.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; recorded with the move.", metavar="TEXT")]


@app.command("list")
def list_models(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many models, newest first.", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """List models, newest first: state, parent, when each was made, and its metrics.

    Metadata of every model is kept for good. Snapshots of old retired ones are pruned, see HOME_KEEP_MODELS;
    such a model cannot serve again and is marked so.
    """
    with _desk(context) as desk:
        found = desk.list(limit)
    if as_json:
        _print_json([asdict(model) for model in found])
    else:
        show_list(found, STDOUT)


@app.command("show")
def show(context: typer.Context, version: Version, as_json: Json = False) -> None:
    """Show one model: its arguments, data, code and feature-schema version, hash, metrics, and every move.

    Each move says who made it, when and why; a promotion to live also what evidence there was, and whether
    it was forced against it.
    """
    with _desk(context) as desk:
        model, moves = desk.show(version)
    if as_json:
        _print_json({**asdict(model), "transitions": [asdict(one) for one in moves]})
    else:
        show_model(model, moves, STDOUT)


@app.command("promote")
def promote(
    context: typer.Context,
    version: Version,
    share: Annotated[
        float, typer.Option(help="Share of listeners that a canary serves, between 0 and 1.")
    ] = 0.1,
    reason: Reason = "",
    force: Annotated[
        bool, typer.Option("--force", help="Go live against the evidence; needs --reason.")
    ] = False,
    decisions: Annotated[int, typer.Option(help="Newest closed decisions to judge by.", min=1)] = 1000,
) -> None:
    """Take a model one state on: candidate → shadow → canary → live.

    The last step asks the decision log: the lower 95 % bound of the model's reward per page less that of the
    live model must be above 0, by replay or by the canary's own pages, where either can be trusted. Otherwise
    nothing is moved and the exit status is 1. --force --reason TEXT goes live all the same, and the record
    says so.
    """
    with _desk(context) as desk, TerminalProgress(STDERR) as progress:
        progress.start("Promoting", None)
        done = desk.promote(
            version,
            who=_who(),
            why=reason,
            share=share,
            force=force,
            limit=decisions,
            advance=progress.advance,
        )
        progress.finish()
    for piece in done.evidence:
        STDOUT.print(f"{in_words(piece)}.", highlight=False)
    forced = " against the evidence" if done.forced else ""
    STDOUT.print(f"model {version}: {done.before} → {done.after}{forced}", highlight=False)


@app.command("retire")
def retire(context: typer.Context, version: Version, reason: Reason = "retired") -> None:
    """Take a candidate, shadow or canary out of the running.

    Its listeners are served by the live model from then on. The live model is not retired this way: promote
    another one or roll back instead.
    """
    with _desk(context) as desk:
        desk.retire(version, who=_who(), why=reason)
    STDOUT.print(f"model {version} is retired", highlight=False)


@app.command("rollback")
def rollback(
    context: typer.Context,
    to: Annotated[
        int | None,
        typer.Option(help="Version to return to.", min=1, show_default="the one that was live before"),
    ] = None,
    reason: Reason = "rolled back",
) -> None:
    """Make an earlier live model live again, at once and without restart.

    Its snapshot is read and checked before anything moves. The learner goes on from it; what the models after
    it learned is set aside with them.
    """
    with _desk(context) as desk:
        done = desk.rollback(to, who=_who(), why=reason)
    STDOUT.print(f"model {done.version} is live again; model {done.left} is retired", highlight=False)


@app.command("diff")
def diff(
    context: typer.Context,
    left: Version,
    right: Version,
    decisions: Annotated[int, typer.Option(help="Newest closed decisions to score with both.", min=1)] = 100,
    as_json: Json = False,
) -> None:
    """Compare two models: what they were made of, their metrics, and what they make of the same decisions.

    Each logged decision is scored and laid out again with both models: how often their optimum pages are the
    same, how alike they order shelves, and by how much the scores of each source's shelves differ.
    """
    with _desk(context) as desk:
        found = desk.diff(left, right, decisions)
    if as_json:
        print(found.to_json().decode())
    else:
        show_difference(found, STDOUT)


@app.command("features")
def features(
    context: typer.Context,
    version: Version,
    decisions: Annotated[int, typer.Option(help="Newest closed decisions to look at.", min=1)] = 100,
    as_json: Json = False,
) -> None:
    """Show what the features of a Vowpal Wabbit model do to the ranking, and how many share a weight.

    The importance of a feature is the standard deviation of what it adds to the values of a page's options,
    on average over logged pages. Features are hashed into 2^bits weights; those that share one are counted.
    """
    with _desk(context) as desk:
        found = desk.features(version, decisions)
    if as_json:
        _print_json({**asdict(found), "expected_colliding": found.expected})
    else:
        show_features(version, found, STDOUT)


@app.command("health")
def health(
    context: typer.Context,
    pages: Annotated[
        int | None,
        typer.Option(help="Newest closed decisions to check.", min=50, show_default="HOME_HEALTH_PAGES"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the newest decisions against those before them; exit status 1 when something is wrong.

    Reward rate, propensity calibration (weights that must average 1, the share that explored), effective
    sample size, features that went missing, and the distribution of scores. Servers publish the same numbers
    in /metrics.
    """
    with _desk(context) as desk:
        found = desk.health(pages)
    if as_json:
        print(found.to_json().decode())
    else:
        show_health(found, STDOUT)
    if not found.well:
        raise typer.Exit(1)


@contextmanager
def _desk(context: typer.Context) -> Iterator[ModelDesk]:
    desk = ModelDesk(settings_of(context))
    try:
        yield desk
    finally:
        desk.close()


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        return "unknown user"


def _print_json(value: object) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
