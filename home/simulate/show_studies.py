"""Sweeps, comparisons, scenarios and calibrations for people: each in one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.intervals import Interval
from home.simulate.calibrate import CalibrationReport
from home.simulate.scenario import ScenarioReport
from home.simulate.sweep import SweepReport
from home.simulate.versus import MEASURED, Change, VersusReport

_MOVES = 4


def render_sweep(report: SweepReport, console: Console) -> None:
    """Print every setting with its goals, and a star on the Pareto front."""
    table = _table(
        f"{report.policy}: {report.visits} visits of {report.listeners} listeners under each setting",
        "setting", "", "reward", "diversity", "providers", "Gini",
    )  # fmt: skip
    for point in report.points:
        table.add_row(
            point.setting,
            "★" if point.best else "",
            f"{point.reward.value:.3f} [{point.reward.low:.3f}, {point.reward.high:.3f}]",
            f"{point.diversity:.3f}",
            f"{point.providers:.0f}",
            f"{point.gini:.3f}",
        )
    console.print(table)
    console.print(
        "★ no other setting is at least as good at reward, diversity of shelves and number of providers that"
        " share exposure. Intervals are 95 % and resample listeners."
    )


def render_versus(report: VersusReport, console: Console) -> None:
    """Print the answer, what changes per page, who gains and loses exposure, and which rules differ."""
    console.print(f"[bold]{answer(report)}[/]")
    table = _table(
        f"{report.policy}: {report.visits} visits of {report.listeners} simulated listeners",
        "per page", f"A {report.a}", f"B {report.b}", "B − A",
    )  # fmt: skip
    for change in report.changes:
        style = "bold" if change.certain else "dim"
        table.add_row(
            MEASURED[change.measure],
            f"{change.a:.3f}",
            f"{change.b:.3f}",
            _signed(change.difference),
            style=style,
        )
    for label, cells in _exposure(report):
        table.add_row(label, *cells, "")
    console.print(table)
    console.print("exposure of sources:", _moves(report.sources))
    console.print("exposure of content types:", _moves(report.content_types))
    for word in ("added", "removed", "changed"):
        rules: tuple[str, ...] = getattr(report, word)
        if rules:
            console.print(f"rules {word}:", ", ".join(rules))


def answer(report: VersusReport) -> str:
    """Whether B is better, in a sentence."""
    reward, clicks = report.change("reward"), report.change("clicks")
    if not reward.certain and not clicks.certain:
        return (
            f"B and A cannot be told apart by reward ({_signed(reward.difference)}) or clicks"
            f" ({_signed(clicks.difference)}) on {report.visits} visits."
        )
    return "; ".join(_sentence(change) for change in (reward, clicks) if change.certain) + "."


def render_scenario(report: ScenarioReport, console: Console) -> None:
    """Print each expectation as met or not, and the reward of every day."""
    console.print(f"[bold]{report.title}[/]\n{report.question}")
    table = _table("", "", "expectation", "measured", "wanted")
    for outcome in report.outcomes:
        mark = "[green]met[/]" if outcome.met else "[red]not met[/]"
        table.add_row(
            mark, f"{outcome.what}\n[dim]{outcome.measure}[/]", f"{outcome.value:.3f}", outcome.bounds
        )
    console.print(table)
    days = _table("Reward per page, day by day", "", *map(str, range(max(map(len, report.daily.values())))))
    for name, values in report.daily.items():
        days.add_row(name, *(f"{value:.2f}" if isfinite(value) else "–" for value in values))
    console.print(days)


def render_calibration(report: CalibrationReport, console: Console) -> None:
    """Print real and simulated marginals side by side."""
    table = _table(
        f"{report.content_type}: {report.plays} plays of {report.listeners} listeners in {report.visits}"
        f" visits, policy {report.policy}",
        "marginal", "real", "simulated", "ratio", "distance",
    )  # fmt: skip
    for one in report.marginals:
        table.add_row(
            f"{one.name}\n[dim]{one.what}[/]",
            f"{one.real:.3f}",
            f"{one.simulated:.3f}",
            f"{one.simulated / one.real:.2f}" if one.real else "–",
            "" if one.distance is None else f"{one.distance:.3f}",
        )
    console.print(table)
    console.print(
        f"{report.skipped:.1%} of simulated plays end before 30 s. Real plays are drawn from the histories,"
        " as many per listener as simulated; distance is that of Kolmogorov and Smirnov, over listeners."
    )


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title or None, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, header in enumerate(headers):
        table.add_column(header, justify="left" if i < 1 or header == "expectation" else "right")
    return table


def _sentence(change: Change) -> str:
    more = "more" if change.difference.value > 0 else "less"
    share = f"{abs(change.difference.value) / abs(change.a):.0%} " if change.a else ""
    return f"B brings {share}{more} {MEASURED[change.measure]} per page ({_signed(change.difference)})"


def _exposure(report: VersusReport) -> Iterator[tuple[str, tuple[str, str]]]:
    a, b = report.shares
    yield (
        "providers that share exposure, effectively",
        (f"{a.providers.effective:.0f}", f"{b.providers.effective:.0f}"),
    )
    yield "Gini of providers", (f"{a.providers.gini:.3f}", f"{b.providers.gini:.3f}")
    if any(report.fallbacks):
        yield "pages that fell back", (f"{report.fallbacks[0]:.1%}", f"{report.fallbacks[1]:.1%}")


def _moves(gains: Mapping[str, float]) -> str:
    ordered = sorted(gains.items(), key=lambda pair: -abs(pair[1]))[: 2 * _MOVES]
    moved = [(name, gain) for name, gain in ordered if abs(gain) >= 0.001]
    return ", ".join(f"{name} {100.0 * gain:+.1f} points" for name, gain in moved) or "none moves"


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
