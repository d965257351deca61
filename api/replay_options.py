"""Options that every command of `home replay` takes, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.terminal import STDOUT
from home.errors import ConfigurationError
from home.replay.estimators import ESTIMATORS
from home.replay.known import TERMS
from home.replay.options import Options
from home.replay.report import ReplayReport
from home.replay.show import render

_HOW = "How"
_OUT = "What to print"

Estimators = Annotated[
    str | None,
    typer.Option(
        help=f"Comma separated, or all that the log has enough for: {', '.join(ESTIMATORS)}.",
        metavar="A,B,…",
        show_default="those that suit the log",
        rich_help_panel=_HOW,
    ),
]
Level = Annotated[float, typer.Option(help="Level of intervals.", rich_help_panel=_HOW)]
IntervalMethod = Annotated[
    str,
    typer.Option(
        "--interval",
        help="bootstrap; bca, for heavy weights; normal; or, for means with known bounds"
        f" ({', '.join(TERMS)}), empirical-bernstein, which holds at every size, and confidence-sequence,"
        " which holds at all sizes at once.",
        metavar="METHOD",
        rich_help_panel=_HOW,
    ),
]
WeightBound = Annotated[
    float | None,
    typer.Option(
        help="The largest weight that can occur, as a floor of the logging policy ensures. For rejection"
        " sampling, empirical-bernstein and confidence-sequence.",
        show_default="from the distributions of both policies, where they are known",
        metavar="NUMBER",
        rich_help_panel=_HOW,
    ),
]
RewardRange = Annotated[
    str | None,
    typer.Option(
        help="The least and the most that a row can earn, for empirical-bernstein and confidence-sequence.",
        show_default="on our own log what the reward formula allows",
        metavar="LOW,HIGH",
        rich_help_panel=_HOW,
    ),
]
Replicates = Annotated[int, typer.Option(help="Resamples of the bootstrap.", rich_help_panel=_HOW)]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", min=0, rich_help_panel=_HOW)]
Keep = Annotated[
    int,
    typer.Option(
        help="Rounds held in memory at most. Longer logs are summed up as they are read: without reward"
        " models and tuned parameters.",
        min=1,
        rich_help_panel=_HOW,
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        help="Break down by these, comma separated: facts of a request or model on our own log, columns of"
        " tables, namespace.feature of dsjson.",
        metavar="A,B,…",
        show_default="surface and market on our own log",
        rich_help_panel=_OUT,
    ),
]
Details = Annotated[bool, typer.Option("--details", help="Print breakdowns as well.", rich_help_panel=_OUT)]
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON.", rich_help_panel=_OUT)]
Html = Annotated[
    Path | None,
    typer.Option(
        help="Write the report with plots as one self-contained page.",
        metavar="FILE",
        show_default=False,
        rich_help_panel=_OUT,
    ),
]
RejectsFile = Annotated[
    Path | None,
    typer.Option(
        "--rejects",
        help="Write every faulty row to this file, as JSON Lines.",
        show_default=False,
        rich_help_panel=_OUT,
    ),
]


def options_of(
    estimators: str | None,
    level: float,
    interval: str,
    replicates: int,
    by: str | None,
    seed: int,
    keep: int,
    weight_bound: float | None = None,
    reward_range: str | None = None,
) -> Options:
    """The options as given. Raises ConfigurationError naming the one that is wrong."""
    return Options(
        estimators=None if estimators is None else _names("estimators", estimators),
        level=level,
        interval=interval,  # type: ignore[arg-type]
        replicates=replicates,
        by=() if by is None else _names("by", by),
        seed=seed,
        keep=keep,
        weight_bound=weight_bound,
        rewards=None if reward_range is None else _range(reward_range),
    )


def show(report: ReplayReport, *, as_json: bool, html: Path | None, details: bool) -> None:
    """Print a report, and write its page."""
    if html is not None:
        # matplotlib takes a second to import, which only pictures should cost.
        from home.replay.page import write_page

        write_page(report, html)
    if as_json:
        print(report.to_json().decode())
    else:
        render(report, STDOUT, breakdowns=details)


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigurationError(
            f"reward-range is {text!r}: give two numbers, the least and the most that a row can earn, as 0,1"
        ) from error
    return low, high


def _names(option: str, text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ConfigurationError(f"{option} is {text!r}: give one or more names, comma separated")
    return names
